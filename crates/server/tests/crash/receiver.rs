//! A receiver of webhooks that keeps what came, and holds its answers back when told.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;

/// What it knows.
#[derive(Default)]
struct State {
    got: Mutex<Vec<(String, Value)>>,
    /// Those that were not answered.
    held: Mutex<Vec<TcpStream>>,
    holds: AtomicBool,
}

/// A receiver, on a port of its own until the end of the process.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Whoever is killed ends in the middle of a request.
                shared.take(stream);
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The id and the body of each message.
    pub fn got(&self) -> Vec<(String, Value)> {
        self.state.got.lock().expect("not poisoned").clone()
    }

    pub fn forget(&self) {
        self.state.got.lock().expect("not poisoned").clear();
    }

    /// Answers nothing from now on, or everything.
    pub fn hold(&self, holds: bool) {
        self.state.holds.store(holds, Ordering::SeqCst);
    }
}

impl State {
    fn take(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            match name {
                "webhook-id" => value.clone_into(&mut id),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = serde_json::from_slice(&body).ok()?;
        self.got.lock().expect("not poisoned").push((id, body));
        if self.holds.load(Ordering::SeqCst) {
            self.held.lock().expect("not poisoned").push(stream);
            return Some(());
        }
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).ok()
    }
}
