//! The same packet, seen at several interfaces or in several files: counted once.
//!
//! A host that forwards shows a packet at each interface that it crosses (`tcpdump -i any`), and merged captures show it
//! once a file. It is the same packet where everything is the same that a router does not change, within [`WINDOW`], at
//! another place: another interface, another direction or another file. What comes again at the same place is sent again.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::wire::Captured;

use super::frame::{Frame, LinkType};
use super::link;
use super::unchanged::unchanged;
use crate::model::{Warning, WarningKind};
use crate::time::Time;

/// How far apart two sights of one packet are at most: a loaded host takes milliseconds from one interface to the next,
/// and no resolver asks again so soon.
const WINDOW: Duration = Duration::from_millis(50);
/// Packets that are remembered at most, whatever their times; about 200 bytes each.
const PACKETS: usize = 16_384;

/// Packets of the last moment, with the places where each was seen.
#[derive(Debug)]
pub struct Duplicates<P, K> {
    seen: HashMap<K, Seen<P>, RandomState>,
    order: VecDeque<(Time, K)>,
    count: u64,
}

#[derive(Debug)]
struct Seen<P> {
    first: Time,
    places: Vec<P>,
}

impl<P, K> Default for Duplicates<P, K> {
    fn default() -> Self {
        Self {
            seen: HashMap::default(),
            order: VecDeque::new(),
            count: 0,
        }
    }
}

impl<P: PartialEq, K: Clone + Eq + Hash> Duplicates<P, K> {
    /// Whether the packet was seen already, not long ago, at another place.
    fn was_elsewhere(&self, time: Time, place: &P, packet: &K) -> bool {
        let seen = self.seen.get(packet);
        seen.is_some_and(|seen| time.since(seen.first) <= WINDOW && !seen.places.contains(place))
    }

    /// Whether this is another sight, at this place, of a packet that was seen already. A bridge's port shows a frame as for
    /// another host (the bridge) before the bridge shows it as for this one: only a sight that counts makes others its duplicates.
    pub fn is_one(&mut self, time: Time, place: P, packet: K, for_another_host: bool) -> bool {
        if for_another_host && !self.was_elsewhere(time, &place, &packet) {
            return false;
        }
        while self.order.len() >= PACKETS
            || self
                .order
                .front()
                .is_some_and(|(first, _)| time.since(*first) > WINDOW)
        {
            let Some((first, old)) = self.order.pop_front() else {
                break;
            };
            if self.seen.get(&old).is_some_and(|seen| seen.first == first) {
                self.seen.remove(&old);
            }
        }
        if self.was_elsewhere(time, &place, &packet)
            && let Some(seen) = self.seen.get_mut(&packet)
        {
            seen.places.push(place);
            self.count += 1;
            return true;
        }
        let places = vec![place];
        self.seen.insert(packet.clone(), Seen { first: time, places });
        self.order.push_back((time, packet));
        false
    }

    /// What to say of them.
    pub fn warning(&self) -> Option<Warning> {
        let (sights, are) = match self.count {
            0 => return None,
            1 => ("1 packet".to_owned(), "is the same as another that was"),
            count => (format!("{count} packets"), "are the same as others that were"),
        };
        let message = format!(
            "{sights} {are} seen at another interface or in another file within {} ms: duplicates are left out, so that each packet is counted once",
            WINDOW.as_millis()
        );
        Some(Warning::new(WarningKind::Duplicates, message))
    }
}

/// Where a frame was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    file: usize,
    interface: Option<u32>,
    outgoing: bool,
    /// Tells sights apart that the capture does not.
    sight: u64,
}

/// Frames that captures show several times.
#[derive(Debug)]
pub struct DuplicateFrames {
    duplicates: Duplicates<Place, Vec<u8>>,
    files: usize,
}

impl DuplicateFrames {
    /// Of so many files.
    pub fn new(files: usize) -> Self {
        Self {
            duplicates: Duplicates::default(),
            files,
        }
    }

    /// Whether the frame is another sight of a packet that was seen already.
    #[inline]
    pub fn has(&mut self, frame: &Frame<'_>) -> bool {
        let several = self.files > 1
            || frame.interface.is_some()
            || matches!(frame.link, LinkType::LinuxCookedV1 | LinkType::LinuxCookedV2);
        several && self.look(frame)
    }

    fn look(&mut self, frame: &Frame<'_>) -> bool {
        let bytes = Captured::new(frame.bytes, frame.wire_len);
        let Ok(payload) = link::payload(frame.link, &bytes) else {
            return false;
        };
        let Some(mut packet) = unchanged(frame.bytes, payload) else {
            return false;
        };
        if is_link_local(&packet) {
            // No router forwards it, and a bridge leaves its sender's link address as it is.
            packet.extend(sender(frame));
        }
        let mut place = Place {
            file: frame.file,
            interface: frame.interface.or(link::interface(frame.link, frame.bytes)),
            outgoing: is_outgoing(frame),
            sight: 0,
        };
        // Cooked captures of the first version do not say at which interface. An IPv4 packet with an identification is one
        // packet all the same, wherever it is seen.
        if link::hides_interface(frame.link)
            && let [4, _, _, _, high, low, ..] = *packet.as_slice()
            && (high, low) != (0, 0)
        {
            place.sight = frame.number;
        }
        let for_another_host = link::is_for_another_host(frame.link, &bytes);
        self.duplicates
            .is_one(frame.time, place, packet, for_another_host)
    }

    /// What to say of them.
    pub fn warning(&self) -> Option<Warning> {
        self.duplicates.warning()
    }
}

/// Whether a cooked header says that this host sent the frame.
fn is_outgoing(frame: &Frame<'_>) -> bool {
    const OUTGOING: u8 = 4;
    match (frame.link, frame.bytes) {
        (LinkType::LinuxCookedV1, [_, kind, ..]) => *kind == OUTGOING,
        (LinkType::LinuxCookedV2, bytes) => bytes.get(10) == Some(&OUTGOING),
        _ => false,
    }
}

/// Whether an IP packet is of IPv6, and link-local.
fn is_link_local(packet: &[u8]) -> bool {
    let is_one = |at: usize| matches!(packet.get(at..), Some([0xfe, 0x80..=0xbf, ..]));
    packet.first() == Some(&6) && (is_one(8) || is_one(24))
}

/// The link address that sent the frame.
fn sender<'a>(frame: &Frame<'a>) -> &'a [u8] {
    let place = match frame.link {
        LinkType::Ethernet => 6..12,
        LinkType::LinuxCookedV2 => 12..20,
        _ => 0..0,
    };
    frame.bytes.get(place).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::unchanged::tests::frame;
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_packet_at_another_place_is_the_same_and_one_at_the_same_place_is_sent_again() {
        let mut duplicates = Duplicates::default();
        for (millis, place, expected) in [
            (0, "veth in", false),
            (1, "br0 out", true),
            (2, "eth0 out", true),
            // Sent again at once: the same places, in the same order.
            (10, "veth in", false),
            (11, "br0 out", true),
            (12, "eth0 out", true),
            // And later.
            (100, "eth0 out", false),
            (151, "br0 out", false),
        ] {
            assert_eq!(
                duplicates.is_one(at(millis), place, "packet", false),
                expected,
                "{millis} {place}"
            );
        }
        assert!(!duplicates.is_one(at(151), "eth0 out", "another packet", false));
        let warning = duplicates.warning().unwrap();
        assert!(warning.message.starts_with("4 packets"), "{warning:?}");
    }

    #[test]
    fn no_more_than_the_bound_is_remembered() {
        let mut duplicates = Duplicates::default();
        for number in 0..3 * PACKETS {
            duplicates.is_one(at(0), 'a', number, false);
        }
        assert!(duplicates.seen.len() <= PACKETS && duplicates.order.len() <= PACKETS);
        assert!(
            !duplicates.is_one(at(0), 'b', 0, false) && duplicates.is_one(at(0), 'b', 3 * PACKETS - 1, false)
        );
    }

    /// The same in a cooked frame of the second version.
    fn cooked(kind: u8, interface: u8) -> Vec<u8> {
        let mut cooked = vec![
            8, 0, 0, 0, 0, 0, 0, interface, 0, 1, kind, 6, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        cooked.extend(&frame(7, 64, 1, b"a question?!")[14..]);
        cooked
    }

    #[test]
    fn a_sight_for_another_host_makes_no_other_sight_a_duplicate() {
        const THIS_HOST: u8 = 0;
        const OTHER_HOST: u8 = 3;
        let port = cooked(OTHER_HOST, 3);
        let bridge = cooked(THIS_HOST, 2);
        let duplicates = |sights: &[&Vec<u8>]| {
            let mut duplicates = DuplicateFrames::new(1);
            let sights = (1..).zip(sights).map(|(number, bytes)| {
                duplicates.has(&Frame {
                    time: at(number),
                    link: LinkType::LinuxCookedV2,
                    bytes,
                    wire_len: bytes.len(),
                    number,
                    file: 0,
                    interface: None,
                })
            });
            sights.collect::<Vec<_>>()
        };
        assert_eq!(duplicates(&[&port, &bridge]), [false, false]);
        assert_eq!(duplicates(&[&bridge, &port]), [false, true]);
        let out = cooked(4, 4);
        assert_eq!(duplicates(&[&port, &bridge, &out]), [false, false, true]);
    }

    #[test]
    fn a_link_local_packet_of_another_sender_is_another() {
        let look = |prefix: u8, senders: [u8; 2]| {
            let mut duplicates = DuplicateFrames::new(1);
            let found = (1..).zip(senders).filter(|(number, sender)| {
                let mut bytes = vec![2; 12];
                bytes[11] = *sender;
                bytes.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 59, 64]);
                bytes.extend([[prefix, 0x80].repeat(8), [prefix, 0x80].repeat(8)].concat());
                duplicates.has(&Frame {
                    time: at(*number),
                    link: LinkType::Ethernet,
                    bytes: &bytes,
                    wire_len: bytes.len(),
                    number: *number,
                    file: 0,
                    interface: Some(u32::try_from(*number).unwrap()),
                })
            });
            found.count()
        };
        assert_eq!(look(0xfe, [7, 8]), 0);
        assert_eq!(look(0xfe, [7, 7]), 1);
        assert_eq!(look(0x20, [7, 8]), 1);
    }

    #[test]
    fn only_captures_of_several_places_are_looked_at() {
        let bytes = frame(7, 64, 1, b"a question?!");
        let look = |link, frames: &[(Vec<u8>, Option<u32>, usize)], files| {
            let mut duplicates = DuplicateFrames::new(files);
            let found = (1..).zip(frames).filter(|(number, (bytes, interface, file))| {
                duplicates.has(&Frame {
                    time: at(*number),
                    link,
                    bytes,
                    wire_len: bytes.len(),
                    number: *number,
                    file: *file,
                    interface: *interface,
                })
            });
            found.count()
        };
        let twice = |interface, file| [(bytes.clone(), None, 0), (bytes.clone(), interface, file)];
        assert_eq!(look(LinkType::Ethernet, &twice(None, 0), 1), 0);
        assert_eq!(look(LinkType::Ethernet, &twice(None, 1), 2), 1);
        let by_interface = [
            (bytes.clone(), Some(0), 0),
            (bytes.clone(), Some(1), 0),
            (bytes.clone(), Some(1), 0),
        ];
        assert_eq!(look(LinkType::Ethernet, &by_interface, 1), 1);
        let sights = [
            (cooked(0, 3), None, 0),
            (cooked(4, 2), None, 0),
            (cooked(4, 2), None, 0),
        ];
        assert_eq!(look(LinkType::LinuxCookedV2, &sights, 1), 1);
    }
}
