//! What is handed to a receiver.

use std::sync::Arc;
use std::time::Instant;

use crate::outlets::queue::Item;

/// Something to deliver.
#[derive(Clone, Debug)]
pub struct Notice {
    /// One JSON event, without a newline.
    pub body: Arc<[u8]>,
    /// The incident's id, for the log.
    pub incident: String,
    /// When it was put in the queue.
    pub put: Instant,
}

impl Item for Notice {
    fn bytes(&self) -> usize {
        self.body.len() + self.incident.len()
    }
}
