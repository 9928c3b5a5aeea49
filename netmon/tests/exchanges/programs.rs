//! The programs with no interface: frames that they are run over, and what they have counted.

use aya::TestRun as _;
use aya::programs::{TestRunOptions, Xdp};
use netmon::kernel::{Kernel, Poller, Settings};
use netmon_common::records::{Exchanges, Second, ServiceKey};
use netmon_common::{Address, DnsPorts, Transport};
use netmon_testkit::frames::build::prelude::*;
use nix::time::{ClockId, clock_gettime};
use std::net::IpAddr;
use std::time::Duration;

/// Where ports and ids stand in a frame without tags and options.
pub const SOURCE_PORT: usize = 14 + 20;
pub const DESTINATION_PORT: usize = SOURCE_PORT + 2;
pub const ID: usize = SOURCE_PORT + 8;
/// The same in the packet that an error quotes.
pub const QUOTED: usize = 20 + 8;

/// A query of a client's port with an id, and what may become of it.
#[derive(Clone, Copy)]
pub struct Query {
    pub port: u16,
    pub id: u16,
}

pub fn put(frame: &mut [u8], at: usize, value: u16) {
    frame[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

impl Query {
    pub fn asked(self, server_port: u16) -> Vec<u8> {
        let mut frame = (frame() / ipv4(CLIENT, SERVER) / udp(1, server_port) / query("a.test")).bytes();
        put(&mut frame, SOURCE_PORT, self.port);
        put(&mut frame, ID, self.id);
        frame
    }

    pub fn answered(self, rcode: u16) -> Vec<u8> {
        let mut frame =
            (frame() / ipv4(SERVER, CLIENT) / udp(53, 1) / response("a.test").rcode(rcode)).bytes();
        put(&mut frame, DESTINATION_PORT, self.port);
        put(&mut frame, ID, self.id);
        frame
    }

    pub fn refused(self) -> Vec<u8> {
        let quote = packet() / ipv4(CLIENT, SERVER) / udp(1, 53) / query("a.test");
        self.refused_with(&quote.bytes())
    }

    /// An error that quotes so much of the message.
    pub fn refused_in_short(self, message: usize) -> Vec<u8> {
        let quote = packet() / ipv4(CLIENT, SERVER) / udp(1, 53) / query("a.test");
        self.refused_with(&quote.bytes()[..20 + 8 + message])
    }

    fn refused_with(self, quote: &[u8]) -> Vec<u8> {
        let mut frame = (frame() / ipv4(SERVER, CLIENT) / unreachable(3) / raw(quote)).bytes();
        put(&mut frame, SOURCE_PORT + QUOTED, self.port);
        if frame.len() >= ID + QUOTED + 2 {
            put(&mut frame, ID + QUOTED, self.id);
        }
        frame
    }
}

pub fn run(xdp: &Xdp, frame: &[u8]) {
    let options = TestRunOptions {
        data_in: Some(frame),
        ..TestRunOptions::new()
    };
    xdp.test_run(options).unwrap();
}

/// The boot clock.
pub fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap().into()
}

pub fn service(port: u16) -> ServiceKey {
    ServiceKey::new(
        Address::from(IpAddr::from(SERVER)),
        port,
        Transport::Udp,
        0,
        false,
    )
}

pub fn load(ports: &[u16]) -> (Kernel, Poller) {
    let settings = Settings {
        ports: DnsPorts::new(ports).unwrap(),
        ..Settings::default()
    };
    let mut kernel = Kernel::load(&settings).unwrap();
    let poller = kernel.poller().unwrap();
    (kernel, poller)
}

pub fn of(poller: &mut Poller, port: u16) -> Exchanges {
    poller.service(service(port)).unwrap().unwrap_or(Exchanges::ZERO)
}

pub fn sum(exchanges: &Exchanges) -> Second {
    exchanges
        .seconds
        .iter()
        .fold(Second::default(), |sum, second| sum.plus(*second))
}

pub fn seconds(asked: u32, answered: u32, faults: u32, failed: u32) -> Second {
    Second {
        asked,
        answered,
        faults,
        failed,
    }
}
