//! The real program, in surroundings that would lead its messages elsewhere.

use std::{io::Write as _, process::Stdio};

use super::*;
use crate::support::{
    ADA, PASSWORD,
    program::{Program, command},
};

/// Makes an admin, and signs in.
fn admin_of(program: &Program, folder: &std::path::Path, variables: &[(&str, &str)]) -> String {
    let words = [
        "account",
        "create",
        "--email",
        ADA,
        "--admin",
        "--password-stdin",
    ];
    let mut create = command(folder, &words, variables);
    let mut create = create.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut pipe = create.stdin.take().expect("its input");
    pipe.write_all(PASSWORD.as_bytes()).expect("read");
    drop(pipe);
    assert!(create.wait().expect("it ends").success());
    let names = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
    let answer = body_of(&program.post("/api/auth/login", &names.to_string()));
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn body_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_proxy_of_the_surroundings_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let (receiver, proxy) = (Receiver::start().await, Receiver::start().await);
    let around = format!("http://{}", proxy.address);
    let variables = [
        ("CONCIERGE_ENV", "test"),
        ("CONCIERGE_ARGON2_MEMORY_KIB", "256"),
        ("CONCIERGE_SECOND_FACTOR", "optional"),
        ("CONCIERGE_ALERT_NETWORKS", "127.0.0.0/8"),
        ("HTTP_PROXY", around.as_str()),
        ("http_proxy", around.as_str()),
        ("ALL_PROXY", around.as_str()),
    ];
    let program = Program::serve(folder.path(), &variables);
    let token = admin_of(&program, folder.path(), &variables);
    let post = |path: &str, body: Value| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}"
        );
        body_of(&program.request(&head, &body.to_string()))
    };
    let new = json!({ "name": "On call", "way": "webhook", "to": receiver.url() });
    let made = post("/api/alerts/channels", new);
    let id = made["channel"]["id"].as_str().expect("an id");
    let tested = post(&format!("/api/alerts/channels/{id}/test"), json!({}));
    assert_eq!(tested["delivered"], true, "{tested}");
    assert_eq!((receiver.got().len(), proxy.got().len()), (1, 0));
}
