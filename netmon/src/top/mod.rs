//! `netmon top`: what a running netmon knows, at a terminal. It asks at the socket, as everybody else does, and changes nothing.
//!
//! What is shown ([`App`]) is apart from the screen: data, keys and clicks go in, a frame comes out, and tests read it as text.

mod app;
mod column;
mod draw;
mod look;
mod own;
mod page;
mod replay;
mod screen;
#[cfg(test)]
mod tests;

pub use app::{App, Data, Wanted};
pub use own::{OwnError, OwnMonitor};
pub use screen::{ask, once, run};
