//! A line between the server and PostgreSQL that a test can cut: to the server the same as a stopped or vanished
//! database, without stopping the cluster that other tests use.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread::JoinHandle,
};

use url::Url;

/// A forwarder on a port of its own.
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    database: (String, u16),
    /// How many times the server may still send something; then every connection is cut.
    left: AtomicI64,
    stopping: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// A line to the database of a URL.
    pub fn to(url: &str) -> Self {
        let url = Url::parse(url).expect("a URL");
        let host = url.host_str().expect("a host").to_owned();
        let shared = Arc::new(Shared {
            database: (host, url.port().unwrap_or(5432)),
            left: AtomicI64::new(i64::MAX),
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut line = Self {
            address: listener.local_addr().expect("its address"),
            shared,
            listening: None,
        };
        line.listen(listener);
        line
    }

    /// The same URL, by way of this line.
    pub fn through(&self, url: &str) -> String {
        let mut url = Url::parse(url).expect("a URL");
        url.set_ip_host(self.address.ip()).expect("an address");
        url.set_port(Some(self.address.port())).expect("a port");
        url.into()
    }

    /// Lets the server send so many times more, then cuts the connection of each message before it arrives.
    pub fn cut_after(&self, count: i64) {
        self.shared.left.store(count, Ordering::SeqCst);
    }

    /// Cuts nothing from now on.
    pub fn mend(&self) {
        self.cut_after(i64::MAX);
    }

    /// Cuts every connection and refuses new ones, like a machine on which nobody listens.
    pub fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener; whether anybody takes the call does not matter.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            listening.join().expect("the listener ends");
        }
        self.shared.cut();
    }

    /// Listens again, at the same address.
    pub fn start(&mut self) {
        self.shared.stopping.store(false, Ordering::SeqCst);
        self.listen(TcpListener::bind(self.address).expect("the same port"));
    }

    fn listen(&mut self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        self.listening = Some(std::thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                if shared.stopping.load(Ordering::SeqCst) {
                    break;
                }
                shared.connect(&caller);
            }
        }));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, caller: &TcpStream) {
        let (host, port) = &self.database;
        let database = TcpStream::connect((host.as_str(), *port)).expect("the cluster listens");
        let twin = |stream: &TcpStream| stream.try_clone().expect("another handle");
        let mut open = self.open.lock().expect("no panic");
        open.extend([twin(caller), twin(&database)]);
        let shared = Arc::clone(self);
        let (from, to) = (twin(caller), twin(&database));
        std::thread::spawn(move || pump(from, to, || shared.may_send()));
        let (from, to) = (database, twin(caller));
        std::thread::spawn(move || pump(from, to, || true));
    }

    /// Only the connection that sends once too often is cut: another one may be waiting for the answer to its
    /// commit, and would not know how that went.
    fn may_send(&self) -> bool {
        self.left.fetch_sub(1, Ordering::SeqCst) > 0
    }

    fn cut(&self) {
        for stream in self.open.lock().expect("no panic").drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Carries over what is sent until either end closes.
fn pump(mut from: TcpStream, mut to: TcpStream, may_send: impl Fn() -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !may_send() || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
