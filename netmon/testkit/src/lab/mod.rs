//! A laboratory: real hosts in network namespaces, real DNS servers, real clients, and the netmon under test.
//!
//! Every part is a guard: what it set up is gone when it is dropped, also when a test panics. Names carry
//! the process id, so that any number of tests can run side by side; addresses may repeat, because
//! namespaces keep them apart. It needs root, and it refuses to touch anything that it did not make: no
//! interface, no setting and no process of the machine itself.

use std::time::Duration;

/// How long a test waits for what must happen, before it gives up. It is no promise of netmon's and no expectation:
/// a machine that is busy with other things takes its time, and the benchmark measures what must be fast.
pub const PATIENCE: Duration = Duration::from_mins(1);

mod asker;
pub mod attack;
mod browser;
mod cards;
pub mod command;
mod cpus;
mod crowd;
mod dig;
mod dns;
mod dnsmasq;
mod dnsperf;
mod end;
mod eventually;
mod forger;
mod forwarder;
mod frame_socket;
mod getent;
pub mod icmp;
mod mounts;
mod namespace;
mod netmon;
mod nft;
mod power;
mod process;
mod recording;
mod resolved;
mod route;
mod scripted;
mod scripted_tcp;
mod server;
mod sweep;
mod switch;
mod tcx_program;
mod tmux;
mod topology;
mod tun;
mod tunnel;
mod unbound;
mod veth;
mod wall_clock;
mod xdp_program;

pub use asker::{Asker, ask_each};
pub use browser::Browser;
pub use cards::Cards;
pub use cpus::on_each_cpu;
pub use crowd::Crowd;
pub use dig::{Reply, dig, kdig};
pub use dns::{TYPE_A, query, respond};
pub use dnsperf::{Burst, Tally};
pub use end::End;
pub use eventually::eventually;
pub use forger::{Flood, Forger};
pub use forwarder::Forwarder;
pub use frame_socket::FrameSocket;
pub use getent::getent;
pub use mounts::{require_own_mounts, show_in_sys, use_resolvers, with_own_mounts};
pub use namespace::Namespace;
pub use netmon::{Event, Netmon};
pub use nft::{Hook, Rules};
pub use power::PoweredOff;
pub use process::{Line, Process, Stream};
pub use recording::{Record, Recording};
pub use resolved::Resolved;
pub use route::Route;
pub use scripted::Scripted;
pub use scripted_tcp::ScriptedTcp;
pub use server::{ANSWER_V4, ANSWER_V6, DnsServer};
pub use switch::Switch;
pub use tcx_program::{Position, Seen, TcxProgram};
pub use tmux::Tmux;
pub use topology::{
    CLIENT_V4, CLIENT_V6, FAMILIES, Family, Routed, SERVER_V4, SERVER_V6, Switched, TwoHosts, switched,
    two_hosts, with_router, with_silent_router,
};
pub use tun::Tun;
pub use tunnel::{Tunnel, Tunnelled};
pub use unbound::Unbound;
pub use veth::cable;
pub use wall_clock::{WallClock, is_guest};
pub use xdp_program::XdpProgram;
