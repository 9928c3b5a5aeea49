//! The live kernel's door, and the only place that knows aya: load, attach, poll, evidence.
//!
//! It refuses to judge: what it reads goes out as counts and observations.

mod batch;
mod error;
mod load;
mod poll;

pub use error::KernelError;
pub use load::{Kernel, Program, Settings};
pub use poll::Poller;
