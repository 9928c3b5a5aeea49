//! Packets that cannot be read, and whether there is a warning of them.

use netmon_common::DnsPorts;

use super::packets::{Path, ethernet, ip, query, response, udp, unreachable};
use super::{Door, Frame, LinkType, at};
use crate::model::WarningKind;

const CUT: &str = " 1 are cut too short to be read and 0 are malformed";
const MALFORMED: &str = " 0 are cut too short to be read and 1 are malformed";

#[test]
fn an_unreadable_packet_that_may_tell_of_a_query_gives_a_warning() {
    let path = Path::new("192.0.2.7", 40_000, "198.51.100.53", 53);
    let elsewhere = Path::new("192.0.2.7", 40_000, "198.51.100.53", 443);
    let v6 = Path::new("2001:db8::7", 40_000, "2001:db8::53", 53);
    let asked = query(path, 7, "a.example");
    let error = unreachable(path.destination, path.source, 3, &asked);
    let error_v6 = unreachable(v6.destination, v6.source, 4, &query(v6, 7, "a.example"));
    let malformed = unreachable(path.destination, path.source, 3, &asked[..12]);
    let echo = ip(path.destination, path.source, 1, &[8, 0, 0, 0]);
    let whole = usize::MAX;
    let cases = [
        ("a query", asked.clone(), 50, Some(CUT)),
        ("its answer", response(path, 7, 0, "a.example"), 50, Some(CUT)),
        ("an error", error.clone(), 64, Some(CUT)),
        ("an error over IPv6", error_v6, 80, Some(CUT)),
        ("an error, not cut", error.clone(), whole, None),
        ("an error whose quote is none", malformed, whole, Some(MALFORMED)),
        (
            "less than a DNS header",
            udp(path, b"short"),
            whole,
            Some(MALFORMED),
        ),
        ("no ports: it may be DNS", asked, 34, Some(CUT)),
        ("no type: it may be an error", error.clone(), 34, Some(CUT)),
        ("no IP header: it may be anything", error, 30, Some(CUT)),
        ("another port", udp(elsewhere, b"short"), 40, None),
        ("no error", echo, whole, None),
    ];
    for (case, packet, len, expected) in cases {
        let bytes = ethernet(&packet);
        let mut door = Door::new(DnsPorts::DEFAULT);
        let frame = Frame {
            time: at(1),
            link: LinkType::Ethernet,
            bytes: &bytes[..len.min(bytes.len())],
            wire_len: bytes.len(),
            number: 1,
            file: 0,
            interface: None,
        };
        door.take(&frame, &mut |_| {});
        let warnings = door.warnings();
        let message = warnings
            .iter()
            .find(|warning| warning.warning == WarningKind::UnreadablePackets)
            .map(|warning| warning.message.as_str());
        match (message, expected) {
            (Some(message), Some(part)) => assert!(message.contains(part), "{case}: {message}"),
            (message, expected) => assert_eq!(message, expected, "{case}"),
        }
    }
}
