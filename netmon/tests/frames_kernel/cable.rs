//! A cable between two hosts, onto which frames are put byte for byte.

use std::time::{Duration, Instant};

use netmon::kernel::{Choice, HookChoice, Interface, Kind, Link};
use netmon_testkit::frames::{Case, Counted, table};
use netmon_testkit::lab::{FrameSocket, Namespace, cable};
use nix::net::if_::if_nametoindex;

use crate::side::Side;
use crate::user_space::difference;

/// A sender at one end and a receiver at the other, with nobody else on the cable.
pub struct Cable {
    sender: Namespace,
    receiver: Namespace,
}

/// What is watched: what leaves at one end, or what arrives at the other, at this hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Sender,
    Receiver(HookChoice),
}

const NEAR: &str = "near";
const FAR: &str = "far";

/// How long a frame may take.
const PATIENCE: Duration = Duration::from_mins(1);

impl Cable {
    /// A new one. IPv6 is off: it would say hello.
    pub fn new() -> Self {
        let (sender, receiver) = (Namespace::new("near").unwrap(), Namespace::new("far").unwrap());
        for end in [&sender, &receiver] {
            end.set("net/ipv6/conf/default/disable_ipv6", "1").unwrap();
        }
        cable((&sender, NEAR), (&receiver, FAR)).unwrap();
        sender.ip(&format!("link set {NEAR} mtu 65535")).unwrap();
        receiver.ip(&format!("link set {FAR} mtu 65535")).unwrap();
        Self { sender, receiver }
    }

    /// Watches one end.
    pub fn watch(&self, side: &mut Side, end: End) {
        let (namespace, name, hook) = match end {
            End::Sender => (&self.sender, NEAR, HookChoice::Tc),
            End::Receiver(hook) => (&self.receiver, FAR, hook),
        };
        namespace
            .enter(|| attach(side, name, (Kind::Veth, Link::Ethernet), hook))
            .unwrap();
    }

    /// A socket at the sending end that takes whole frames. With headers, each frame has one of virtio before it
    /// (`PACKET_VNET_HDR`).
    pub fn socket(&self, headers: bool) -> FrameSocket {
        FrameSocket::open(&self.sender, NEAR, headers).unwrap()
    }
}

/// Attaches to an interface in the namespace of this thread.
pub fn attach(side: &mut Side, name: &str, (kind, link): (Kind, Link), hook: HookChoice) {
    let interface = Interface {
        index: if_nametoindex(name).unwrap(),
        name: name.to_owned(),
        kind,
        link,
        mac: None,
        master: None,
        lower: None,
        xdp: None,
        is_up: true,
    };
    let choice = Choice {
        watched: vec![interface],
        ..Choice::default()
    };
    side.attach(&choice, hook);
}

/// Waits until as many frames as expected are counted, and gives back what was counted.
pub fn counted_when_arrived(side: &mut Side, expected: &Counted) -> Counted {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let counted = side.counted();
        if counted.totals.frames >= expected.totals.frames || Instant::now() > deadline {
            return counted;
        }
        std::thread::yield_now();
    }
}

/// Hands over each frame of the table that is about port 53, and insists that it is counted as expected; `hand_over` says how many
/// bytes of it were sent, or nothing where it cannot be. How many were.
pub fn each_counts(side: &mut Side, mut hand_over: impl FnMut(&Case) -> Option<usize>) -> usize {
    let (mut expected, mut ran, mut failed) = (Counted::default(), 0, Vec::new());
    for case in table().iter().filter(|case| case.ports == [53]) {
        let Some(len) = hand_over(case) else { continue };
        expected.expect(case.expect, len);
        let counted = counted_when_arrived(side, &expected);
        if counted != expected {
            failed.push(format!("{}: {}", case.name, difference(&counted, &expected)));
            expected = counted;
        }
        side.failures();
        ran += 1;
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    ran
}

/// What stands before a frame on a socket with headers: `struct virtio_net_hdr` (virtio 1.3, section 5.1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VirtioHeader {
    /// 1: the checksum from here on is still to be computed, and where it belongs from there.
    pub checksum: Option<(u16, u16)>,
    /// 5: a super-packet of UDP, with so many bytes of payload in each segment.
    pub segment_size: Option<u16>,
    /// How many bytes the kernel puts into the linear part, if all do not fit into a page.
    pub header_len: u16,
}

impl VirtioHeader {
    /// The header and the frame.
    pub fn before(self, frame: &[u8]) -> Vec<u8> {
        let (start, offset) = self.checksum.unwrap_or((0, 0));
        let kinds = [
            u8::from(self.checksum.is_some()),
            if self.segment_size.is_some() { 5 } else { 0 },
        ];
        let words = [self.header_len, self.segment_size.unwrap_or(0), start, offset];
        let words = words.map(u16::to_le_bytes).concat();
        [&kinds, words.as_slice(), frame].concat()
    }
}
