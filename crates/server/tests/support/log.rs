//! What the program logs, as far as it does so on the test's own thread.
//!
//! One subscriber for the whole run: one per test would be asked about a line first met on another test's thread,
//! and `tracing` would remember the answer.

use std::{cell::RefCell, io, sync::Once};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static STARTED: Once = Once::new();

struct Own;

impl io::Write for Own {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged while the body runs. Only on a runtime with one thread.
pub async fn logged(body: impl Future<Output = ()>) -> String {
    STARTED.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Own)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    });
    LINES.take();
    body.await;
    String::from_utf8(LINES.take()).expect("text")
}
