//! What comes again at once: another packet, or another sight of the same one.

use super::packets::{Path, RECURSION_DESIRED, SYN, cooked, dns, ethernet, query, tcp, udp, unreachable};
use super::{LinkType, observe_link};
use crate::model::WarningKind;
use crate::observation::What;

fn path() -> Path {
    Path::new("192.0.2.7", 40_000, "198.51.100.53", 53)
}

/// How many queries and SYNs, and how many verified errors there are, and whether there is a warning of duplicates.
fn counted(link: LinkType, packets: &[Vec<u8>]) -> (usize, usize, bool) {
    let framed: Vec<_> = (1_000..)
        .zip(packets)
        .map(|(millis, packet)| {
            let frame = match link {
                LinkType::LinuxCookedV1 => cooked(packet),
                _ => ethernet(packet),
            };
            (millis, frame)
        })
        .collect();
    let (door, observations) = observe_link(link, &framed);
    let count = |is: fn(&What) -> bool| observations.iter().filter(|seen| is(&seen.what)).count();
    (
        count(|what| matches!(what, What::Asked(_))),
        count(|what| matches!(what, What::Failed(_))),
        door.warnings()
            .iter()
            .any(|warning| warning.warning == WarningKind::Duplicates),
    )
}

#[test]
fn only_where_the_capture_does_not_say_at_which_interface_is_what_comes_again_at_once_the_same_packet() {
    // An IPv4 header and 8 bytes, as some routers quote.
    const SHORT: usize = 28;
    let one = query(path(), 7, "a.example");
    let error = |quoted: &[u8]| unreachable(path().destination, path().source, 3, quoted);
    let other_id = query(path(), 8, "a.example");
    let other_name = query(path(), 7, "b.example");
    let mut other_type = dns(7, RECURSION_DESIRED, "a.example");
    let type_at = other_type.len() - 3;
    other_type[type_at] = 28;
    let other_type = udp(path(), &other_type);
    let syn = tcp(path(), SYN, b"");
    let cases = [
        (
            "a query and its error, sent again",
            vec![one.clone(), error(&one), one.clone(), error(&one)],
            (2, 2, false),
            // The error says that it was a query of its own, but not whether it is an error of its own.
            (2, 1, true),
        ),
        (
            "two queries of one socket, and as little quoted as may be",
            vec![one.clone(), other_id, error(&one[..SHORT]), error(&one[..SHORT])],
            (2, 2, false),
            (2, 1, true),
        ),
        (
            "another name",
            vec![one.clone(), other_name],
            (2, 0, false),
            (2, 0, false),
        ),
        (
            "another type",
            vec![one.clone(), other_type],
            (2, 0, false),
            (2, 0, false),
        ),
        (
            "the same",
            vec![one.clone(), one.clone()],
            (2, 0, false),
            (1, 0, true),
        ),
        (
            "a SYN and its error",
            vec![syn.clone(), syn.clone(), error(&syn), error(&syn)],
            (2, 2, false),
            (1, 1, false),
        ),
    ];
    for (case, packets, said, hidden) in cases {
        assert_eq!(counted(LinkType::Ethernet, &packets), said, "{case}");
        assert_eq!(counted(LinkType::LinuxCookedV1, &packets), hidden, "{case}");
    }
}
