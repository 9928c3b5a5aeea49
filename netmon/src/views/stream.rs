//! The event stream (server-sent events): `/api/v1/events`.
//!
//! Each message is written once, and all readers share it. A reader that is [`STREAM`] messages behind, or takes nothing for
//! as long as a connection may last, is dropped; it connects again, and begins with a summary.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::BroadcastStream;

use super::limits::STREAM;
use crate::outlets::http::Pulse;

/// Those who read the stream, and what they get.
#[derive(Clone, Debug)]
pub struct Messages(broadcast::Sender<Bytes>);

impl Default for Messages {
    fn default() -> Self {
        Self(broadcast::Sender::new(STREAM))
    }
}

impl Messages {
    /// Whether anybody reads.
    pub fn are_read(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Sends an event to all who read.
    pub fn send(&self, event: &str, data: &[u8]) {
        // An error says that nobody reads any more.
        let _nobody = self.0.send(message(event, data));
    }

    /// The stream of one reader, who gets `first` first.
    pub fn answer(&self, event: &str, first: &impl Serialize, pulse: Pulse) -> Response {
        let first = serde_json::to_vec(first).unwrap_or_default();
        let first = tokio_stream::once(Ok(message(event, &first)));
        // An error says that the reader is too far behind: the stream ends with it.
        let stream = first.chain(BroadcastStream::new(self.0.subscribe()));
        let stream = stream.map(move |message| {
            pulse.beat();
            message
        });
        let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
        (headers, Body::from_stream(stream)).into_response()
    }
}

/// JSON has no line breaks in it, so that the data is one line.
fn message(event: &str, data: &[u8]) -> Bytes {
    let mut message = format!("event: {event}\ndata: ").into_bytes();
    message.extend_from_slice(data.trim_ascii_end());
    message.extend_from_slice(b"\n\n");
    message.into()
}
