//! Who gets to know what happens, one file or room each. Each implements one method, and has a bounded queue where it can
//! be slow: no outlet can hold up the monitor. What found no room is counted.
//!
//! Reading is not for outlets: whoever talks back to the monitor (the history's recall, a scraper's question, the service's
//! sign of life) is a field of its own in `monitor::Partners`.

mod explained;
mod output;
mod severities;

pub mod board;
pub mod http;
pub mod journal;
pub mod limits;
pub mod lines;
pub mod metrics;
pub mod notify;
pub mod people;
pub mod queue;
pub mod service;

pub use output::Output;
pub use queue::Queue;

use crate::model::{Event, Moment};

/// Reports what happens, as it happens.
pub trait Outlet {
    /// Takes an event. Never waits for whoever reads it.
    fn emit(&mut self, at: Moment, event: &Event);
}
