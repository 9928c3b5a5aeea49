//! Errors that the capturing host itself raised, about queries that it let no further.

use super::packets::{Path, cooked, ethernet, query, unreachable};
use super::{LinkType, at, observe_link};
use crate::observation::{Proof, What, Why};

/// What the last packet proves, which is an error.
fn proof(link: LinkType, packets: Vec<Vec<u8>>) -> Result<Proof, Why> {
    let packets: Vec<_> = (1..)
        .zip(packets)
        .map(|(n, packet)| (n * 1_000, packet))
        .collect();
    let (_, observations) = observe_link(link, &packets);
    match observations.into_iter().last().unwrap().what {
        What::Failed(failed) => Ok(failed.proof),
        What::Unverified(error) => Err(error.why),
        other => panic!("{other:?}"),
    }
}

/// BSD and macOS give loopback interfaces and tunnels one kind of link header.
#[test]
fn behind_a_bsd_header_only_loopback_addresses_show_a_loopback_interface() {
    let framed = |packet: &[u8]| [&[2, 0, 0, 0], packet].concat();
    let unsolicited = Err(Why::Unsolicited);
    let cases = [
        (
            "a stub of this host",
            "127.0.0.1",
            "127.0.0.53",
            Ok(Proof::RaisedByThisHost(None)),
        ),
        (
            "from a tunnel's other end",
            "10.8.0.2",
            "198.51.100.53",
            unsolicited,
        ),
        (
            "about a server elsewhere",
            "127.0.0.1",
            "198.51.100.53",
            unsolicited,
        ),
        ("of one address to itself", "10.8.0.2", "10.8.0.2", unsolicited),
    ];
    for (case, client, server, unseen) in cases {
        let path = Path::new(client, 40_000, server, 53);
        let asked = query(path, 7, "a.example");
        let error = unreachable(path.source, path.source, 3, &asked);
        let error = framed(&error);
        assert_eq!(
            proof(LinkType::BsdLoopback, vec![error.clone()]),
            unseen,
            "{case}"
        );
        // That is verified which was seen, whoever sent it.
        let seen = match unseen {
            Ok(_) => Proof::RaisedByThisHost(Some(at(1_000))),
            Err(_) => Proof::QuerySeen(at(1_000)),
        };
        let packets = vec![framed(&asked), error];
        assert_eq!(proof(LinkType::BsdLoopback, packets), Ok(seen), "{case}");
    }
}

#[test]
fn only_at_a_loopback_interface_and_from_itself_does_a_host_prove_what_it_says() {
    use LinkType::{Ethernet, LinuxCookedV1};
    let path = Path::new("192.0.2.7", 40_000, "198.51.100.53", 53);
    let asked = query(path, 7, "a.example");
    let error = unreachable(path.source, path.source, 1, &asked);
    let of_another = unreachable(path.destination, path.source, 1, &asked);
    let at_lo = |packet: &[u8]| {
        let mut frame = cooked(packet);
        frame[2..4].copy_from_slice(&772_u16.to_be_bytes());
        frame
    };
    let without_addresses = [&[0; 12][..], &ethernet(&error)[12..]].concat();
    let unseen = Ok(Proof::RaisedByThisHost(None));
    let seen = Ok(Proof::RaisedByThisHost(Some(at(1_000))));
    let unsolicited = Err(Why::Unsolicited);
    let cases = [
        ("at lo", LinuxCookedV1, vec![at_lo(&error)], unseen),
        ("of a capture of lo", Ethernet, vec![without_addresses], unseen),
        (
            "its query is seen",
            LinuxCookedV1,
            vec![at_lo(&asked), at_lo(&error)],
            seen,
        ),
        (
            "a second one",
            LinuxCookedV1,
            vec![at_lo(&asked), at_lo(&error), at_lo(&error)],
            Err(Why::Again),
        ),
        ("elsewhere", LinuxCookedV1, vec![cooked(&error)], unsolicited),
        ("on Ethernet", Ethernet, vec![ethernet(&error)], unsolicited),
        (
            "of another host",
            LinuxCookedV1,
            vec![at_lo(&of_another)],
            unsolicited,
        ),
    ];
    for (case, link, packets, expected) in cases {
        assert_eq!(proof(link, packets), expected, "{case}");
    }
}
