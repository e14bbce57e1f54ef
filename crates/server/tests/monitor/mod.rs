//! The host live, over real connections: who may open a socket, what ends it, and what it tells.

mod door;
mod ending;
mod history;
mod rules;
mod telling;

use std::{net::SocketAddr, time::Duration};

use concierge_core::{
    account::Role,
    monitor::{Metric, Values, live::PATH},
};
use concierge_server::{account::Deed, platform::clock::Clock as _};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::Request},
};

use crate::support::{PASSWORD, app::TestApp, browser::Browser};

/// What takes longer does not come: a test says so and does not hang.
const SOON: Duration = Duration::from_secs(60);
/// The origin of the test's house.
const ORIGIN: &str = "http://localhost:3000";

/// A house with a listener and an admin.
struct House {
    app: TestApp,
    address: SocketAddr,
    admin: Browser,
}

/// An open socket.
struct Watching(WebSocketStream<TcpStream>);

/// What became of an attempt: the socket, or status and code of the plain answer.
type Opened = Result<Watching, (u16, String)>;

impl House {
    async fn open(app: TestApp) -> Self {
        Self {
            address: app.listen().await,
            admin: app.signed_in_admin().await,
            app,
        }
    }

    /// A socket of the admin.
    async fn watch(&self) -> Watching {
        self.watch_from("").await
    }

    /// The same that goes on after a sample.
    async fn watch_from(&self, query: &str) -> Watching {
        let opened = self.knock(request(&self.admin, query)).await;
        let mut watching = opened.expect("a socket");
        assert_eq!(watching.told().await["t"], "hello");
        watching
    }

    /// Sends a request for a socket as it is.
    async fn knock(&self, request: Request<()>) -> Opened {
        let stream = TcpStream::connect(self.address).await.expect("the house");
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Watching(socket)),
            Err(tungstenite::Error::Http(answer)) => {
                let body = answer.body().clone().unwrap_or_default();
                let problem: Value = serde_json::from_slice(&body).expect("a problem");
                let code = problem["code"].as_str().expect("a code");
                Err((answer.status().as_u16(), code.to_owned()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Another admin, signed in, who came from another address: an address may register five.
    async fn another(&self, email: &str) -> Browser {
        let mut browser = self.app.browser();
        let number = u8::try_from(self.app.count("account").await).expect("a few");
        browser.peer = SocketAddr::from(([192, 0, 2, number], 40_000));
        let body = json!({ "email": email, "password": PASSWORD, "name": "Bea" });
        assert_eq!(browser.post("/api/auth/register", body).await.status, 201);
        self.app.act(email, Deed::SetRole(Role::Admin)).await;
        assert_eq!(browser.sign_in(email, PASSWORD).await.status, 200);
        browser
    }

    /// A second passes, and the host is measured.
    async fn second(&self) {
        self.app.advance_seconds(1).await;
        self.measure(12.5);
    }

    /// Resolves once all others are gone.
    async fn only_so_many_watch(&self, wanted: usize) {
        let mut viewers = self.app.services.monitor.viewers();
        let left = timeout(SOON, viewers.wait_for(|viewers| *viewers == wanted)).await;
        assert_eq!(*left.expect("the others go soon").expect("a count"), wanted);
    }

    /// The time in milliseconds.
    fn now(&self) -> i64 {
        self.app.clock.now().as_millis()
    }

    /// Measures the host without time to pass.
    fn measure(&self, cpu: f32) {
        let mut values = Values::default();
        values.set(Metric::Cpu, cpu);
        self.app.services.monitor.record(values, None);
    }
}

/// A request for a socket with everything a browser adds.
fn request(browser: &Browser, query: &str) -> Request<()> {
    let uri = format!("ws://{}{PATH}{query}", browser.host);
    let mut request = uri.into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("origin", ORIGIN.parse().expect("a header"));
    headers.insert("sec-fetch-site", "same-origin".parse().expect("a header"));
    let pairs = browser.cookies.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !pairs.is_empty() {
        let cookies = pairs.join("; ").parse().expect("a header");
        headers.insert("cookie", cookies);
    }
    request
}

impl Watching {
    /// The next words; signs of life are answered on the way.
    async fn told(&mut self) -> Value {
        self.told_after_pings().await.0
    }

    /// The same, and whether a sign of life was asked for before.
    async fn told_after_pings(&mut self) -> (Value, bool) {
        let mut was_asked = false;
        loop {
            match self.message().await {
                Message::Text(text) => {
                    return (serde_json::from_str(&text).expect("JSON"), was_asked);
                }
                Message::Ping(_) => was_asked = true,
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message, whatever it is.
    async fn message(&mut self) -> Message {
        let message = timeout(SOON, self.0.next()).await;
        let message = message.expect("a message comes soon");
        message.expect("a message").expect("a message")
    }

    /// The code it is closed with; what is told before does not matter.
    async fn closed(mut self) -> u16 {
        loop {
            let message = timeout(SOON, self.0.next()).await;
            match message.expect("it is closed soon").expect("a message") {
                Ok(Message::Close(frame)) => return frame.expect("a reason").code.into(),
                Ok(_) => {}
                Err(error) => panic!("cut off: {error}"),
            }
        }
    }

    async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("sent");
    }

    /// Resolves when the server has taken in everything that was sent.
    async fn is_heard(&mut self) {
        self.send(Message::Ping("heard?".into())).await;
        loop {
            match self.message().await {
                Message::Pong(_) => return,
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }
}
