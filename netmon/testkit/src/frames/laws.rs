//! What holds for any bytes, however hostile: for property tests and fuzz targets.

use netmon_common::classify::{Concern, Meaning, Message};
use netmon_common::records::Destination;
use netmon_common::wire::Captured;
use netmon_common::wire::dns::HEADER_LEN;
use netmon_common::wire::icmp::Quoted;
use netmon_common::{Classified, DnsPorts, Offload, Outcome};

use super::Counted;

/// Reads and counts a packet of which `bytes` were captured and which had `wire_len` bytes.
///
/// # Panics
/// When it breaks a law.
pub fn check(bytes: &[u8], wire_len: usize, offload: Offload, ports: &DnsPorts) -> (Classified, Counted) {
    let packet = Captured::new(bytes, wire_len);
    let wire_len = wire_len.max(bytes.len());
    let mut counted = Counted::default();
    let classified = counted.count(&packet, offload, ports, wire_len as u64);
    let outcome = classified.meaning.outcome();
    one_outcome(outcome, &counted);
    if bytes.len() == wire_len {
        assert_ne!(outcome, Outcome::Truncated, "nothing was cut off");
    }
    inside(&classified, bytes.len(), wire_len);
    (classified, counted)
}

/// Reads the packet `whole` and what a snap length of `snap` bytes leaves of it: cutting either changes nothing or
/// makes the packet `truncated`.
///
/// # Panics
/// When it does something else, or either reading breaks a law.
pub fn check_cut(whole: &[u8], snap: usize, offload: Offload, ports: &DnsPorts) {
    let (uncut, _) = check(whole, whole.len(), offload, ports);
    let bytes = whole.get(..snap).unwrap_or(whole);
    let (cut, _) = check(bytes, whole.len(), offload, ports);
    // Where both quoted ports are DNS ports, a shorter quote leaves open what the error is about; nothing else changes.
    if cut.meaning.outcome() != Outcome::Truncated && !is_undecided(&cut) {
        assert_eq!(cut, uncut, "cut to {snap} of {} bytes", whole.len());
    }
    assert!(cut.meaning.outcome() == Outcome::Truncated || cut.meaning.outcome() == uncut.meaning.outcome());
}

/// Whether an error quotes too little to say whether it is about a query.
fn is_undecided(classified: &Classified) -> bool {
    matches!(&classified.meaning, Meaning::Unreachable(error) if matches!(error.concern, Concern::Undecided(_)))
}

/// Every packet has one outcome; it has a destination if its outcome is one of those, and is counted there once.
fn one_outcome(outcome: Outcome, counted: &Counted) {
    let totals = &counted.totals;
    assert_eq!(totals.frames, 1);
    assert_eq!(totals.outcomes.iter().sum::<u64>(), 1);
    assert_eq!(totals.outcome(outcome), 1);
    let at_destinations: u64 = counted.destinations.values().map(Destination::counted).sum();
    assert_eq!(at_destinations, u64::from(outcome.is_counted()));
    assert_eq!(totals.counted(), at_destinations);
    let late: u64 = counted
        .destinations
        .values()
        .map(|counters| counters.late_responses)
        .sum();
    assert_eq!(totals.late_responses, late);
    assert!(totals.dns_unreachable + totals.late_responses <= totals.outcome(Outcome::IcmpUnreachable));
    let unreadable = totals.outcome(Outcome::Malformed) + totals.outcome(Outcome::Truncated);
    assert_eq!(
        totals.unreadable.iter().sum::<u64>(),
        unreadable,
        "each has one reason"
    );
}

/// What was found lies in the packet, and what was read of it was captured.
fn inside(classified: &Classified, captured: usize, wire_len: usize) {
    assert!(classified.payload <= wire_len);
    match classified.meaning {
        Meaning::Query(Message { offset, end, .. }) | Meaning::Response(Message { offset, end, .. }) => {
            assert!(classified.payload <= offset);
            assert!(offset + HEADER_LEN <= captured && offset + HEADER_LEN <= end && end <= wire_len);
        }
        Meaning::Unreachable(error) => {
            let Quoted { header, end, ports } = error.unreachable.quoted;
            assert!(header.offset <= end && end <= wire_len);
            if let Some(ports) = ports {
                assert!(ports.offset + 4 <= captured && ports.offset + 4 <= end);
            }
        }
        Meaning::Connect(_)
        | Meaning::Reset(_)
        | Meaning::Segment(_)
        | Meaning::Fragment
        | Meaning::Unreadable(_)
        | Meaning::NotIp
        | Meaning::Other => {}
    }
}
