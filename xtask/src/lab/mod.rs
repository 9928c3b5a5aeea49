//! A laboratory: real hosts in network namespaces, real DNS servers, real clients, and the netmon under test.
//!
//! Every part is a guard: what it set up is gone when it is dropped, also when a test panics. Names carry
//! the process id, so that any number of tests can run side by side; addresses may repeat, because
//! namespaces keep them apart. It needs root, and it refuses to touch anything that it did not make: no
//! interface, no setting and no process of the machine itself.

mod command;
mod dig;
mod dns;
mod frame_socket;
mod namespace;
mod netmon;
mod process;
mod server;
mod sweep;
mod topology;
mod veth;

pub use dig::{Reply, dig, kdig};
pub use dns::{TYPE_A, query, respond};
pub use frame_socket::FrameSocket;
pub use namespace::Namespace;
pub use netmon::{Event, Netmon, STARTUP};
pub use process::{Line, Process, Stream};
pub use server::{ANSWER_V4, ANSWER_V6, DnsServer};
pub use topology::{CLIENT_V4, CLIENT_V6, Routed, SERVER_V4, SERVER_V6, TwoHosts, two_hosts, with_router};
pub use veth::VethPair;
