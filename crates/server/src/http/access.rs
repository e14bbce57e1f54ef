//! The access log: one line per request, with target `access`.
//!
//! It names the route's template, never the path or the query, so nothing that travels in an address is in it. Each
//! request that is begun has its line and is counted, whatever becomes of it: also when its client hangs up before
//! there is an answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use concierge_core::time::Timestamp;
use http_body::{Body as _, Frame, SizeHint};

use super::App;

/// What stands for the status of an answer that nobody waited for (nginx's word; no answer ever has it).
const HUNG_UP: u16 = 499;

/// A request without an answer yet.
pub(super) struct Pending {
    app: App,
    began: Instant,
    method: &'static str,
    route: String,
    request_id: String,
    is_answered: bool,
}

impl Pending {
    /// Begins with a method as a label, and a route's template.
    pub(super) fn new(
        app: &App,
        began: Instant,
        method: &'static str,
        route: &str,
        request_id: &str,
    ) -> Self {
        Self {
            app: App::clone(app),
            began,
            method,
            route: route.to_owned(),
            request_id: request_id.to_owned(),
            is_answered: false,
        }
    }

    /// Counts the answer, and writes the line: now where its length is known, else when the body ends or nobody takes
    /// more of it.
    pub(super) fn answered(mut self, response: Response) -> Response {
        self.is_answered = true;
        let line = self.end(response.status().as_u16());
        if let Some(bytes) = response.body().size_hint().exact() {
            line.write(bytes);
            return response;
        }
        response.map(|body| {
            Body::new(Measured {
                body,
                bytes: 0,
                line,
            })
        })
    }

    fn end(&mut self, status: u16) -> Line {
        let (at, took) = (self.app.clock.now(), self.began.elapsed());
        let routes = &self.app.metrics.routes;
        routes.answered(self.method, &self.route, status, took);
        Line {
            at,
            method: self.method,
            route: std::mem::take(&mut self.route),
            status,
            took,
            request_id: std::mem::take(&mut self.request_id),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_answered {
            self.end(HUNG_UP).write(0);
        }
    }
}

/// What a line says, except how long the body is.
#[derive(Debug)]
struct Line {
    /// When the answer's head was ready.
    at: Timestamp,
    method: &'static str,
    route: String,
    status: u16,
    /// Until then.
    took: Duration,
    request_id: String,
}

impl Line {
    fn write(&self, bytes: u64) {
        let Self {
            at,
            method,
            route,
            status,
            took,
            request_id,
        } = self;
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        tracing::info!(
            target: "access",
            at = at.as_millis().unsigned_abs(),
            method,
            route,
            status,
            ms = f64::from(micros) / 1000.0,
            bytes,
            request_id,
            "{method} {route} {status}"
        );
    }
}

/// A body that is counted as it goes.
struct Measured {
    body: Body,
    bytes: u64,
    line: Line,
}

impl http_body::Body for Measured {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let sent = frame.data_ref().map_or(0, Bytes::len);
            self.bytes += u64::try_from(sent).unwrap_or_default();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.line.write(self.bytes);
    }
}
