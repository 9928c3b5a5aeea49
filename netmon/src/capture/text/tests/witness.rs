//! Each frame, printed by tcpdump in each form and read back, must mean what its bytes mean.

use netmon_common::Outcome;

use super::frames::{self, Named};
use super::sense::Sense;
use super::tcpdump::{self, ETHERNET, SLL2};
use super::{is_of_packets, read};

/// Longer than any frame here.
const WHOLE: usize = 65_535;

/// Where text cannot tell what bytes do.
fn exception(named: &Named, form: &[&str]) -> Option<Outcome> {
    match named.name {
        // tcpdump does not tell a header that ends too early from one that was cut off.
        "too short a quote" | "half an IP header" | "half an Ethernet header" => Some(Outcome::Truncated),
        // Nor does it read on behind a length of zero.
        "total length of zero" => Some(Outcome::Other),
        // Without -e it says nothing of tags.
        "query with three tags" if !form.contains(&"-e") => Some(Outcome::DnsQuery),
        _ => None,
    }
}

/// Errors of which a form does not print whom they are about: ICMPv6 codes without words, of which -vv prints no dump.
fn is_about_nobody(named: &Named, form: &[&str]) -> bool {
    let without_words = ["v6 policy", "v6 reject", "v6 seven"].contains(&named.name);
    without_words && form.iter().any(|option| option.starts_with("-vv"))
}

#[test]
fn every_frame_reads_like_its_bytes_in_every_form() {
    let all = frames::all();
    let file = tcpdump::capture(ETHERNET, WHOLE, all.iter().map(|named| named.frame.as_slice()));
    let forms: &[&[&str]] = &[
        &[],
        &["-n"],
        &["-nn"],
        &["-v"],
        &["-vv"],
        &["-vvv", "-n"],
        &["-e"],
        &["-e", "-v"],
        &["-e", "-vv", "-n"],
        &["-tttt"],
        &["-x"],
        &["-#", "-X"],
        &["-xx", "-e"],
        &["-S"],
        &["-K", "-v"],
    ];
    for form in forms {
        let Some(text) = tcpdump::print(&file, form) else {
            return;
        };
        let (packets, warnings) = read(&text);
        let mut packets = packets.iter();
        for named in &all {
            let packet = packets
                .next()
                .unwrap_or_else(|| panic!("{form:?}: {}: {warnings:?}", named.name));
            let read = Sense::of_text(&packet.what);
            if let Some(outcome) = exception(named, form) {
                assert_eq!(read.outcome, outcome, "{form:?}: {}", named.name);
            } else {
                let mut expected = Sense::of_bytes(&named.frame, named.frame.len());
                if is_about_nobody(named, form) {
                    expected.destination = read.destination;
                }
                assert_eq!(read, expected, "{form:?}: {}", named.name);
            }
        }
        assert_eq!(packets.next(), None, "{form:?}");
        assert!(warnings.iter().all(is_of_packets), "{form:?}: {warnings:?}");
    }
}

/// Where the text of a cut frame cannot tell what its bytes do.
fn is_excused(named: &Named, read: Outcome, expected: Outcome) -> bool {
    match named.name {
        "too short a quote" | "half an IP header" | "half an Ethernet header" => {
            (read, expected) == (Outcome::Truncated, Outcome::Malformed)
        }
        // tcpdump looks at the version first, at a tag of no kind, and not behind a length of zero.
        "version five" => (read, expected) == (Outcome::Malformed, Outcome::Truncated),
        "query with three tags" => expected == Outcome::NotIp,
        // It needs no more of a fragment header than the offset.
        "v6 later fragment" => (read, expected) == (Outcome::Fragment, Outcome::Truncated),
        "total length of zero" => read == Outcome::Other,
        // It does not say which ICMP message was cut, nor whether a query or a response.
        "echo" | "time exceeded" => (read, expected) == (Outcome::Truncated, Outcome::Other),
        // It looks at the length before a message on TCP first.
        "middle of a stream" => (read, expected) == (Outcome::Other, Outcome::Truncated),
        "v6 echo" | "v6 too big" | "v6 time exceeded" => {
            (read, expected) == (Outcome::Other, Outcome::Truncated)
        }
        "answer to a DNS port" => (read, expected) == (Outcome::DnsQuery, Outcome::Other),
        // It reads the ports of all protocols.
        "SCTP port" => (read, expected) == (Outcome::Truncated, Outcome::IcmpUnreachable),
        // Where the wording has no port, it needs no more than the quoted address.
        _ => (read, expected) == (Outcome::IcmpUnreachable, Outcome::Truncated),
    }
}

#[test]
fn a_frame_that_was_cut_reads_like_what_was_captured_of_it() {
    let all = frames::all();
    for snap in [14, 16, 20, 30, 34, 38, 42, 46, 50, 54, 58, 62, 70, 80, 100] {
        let file = tcpdump::capture(ETHERNET, snap, all.iter().map(|named| named.frame.as_slice()));
        let Some(text) = tcpdump::print(&file, &["-n"]) else {
            return;
        };
        let (packets, warnings) = read(&text);
        assert_eq!(packets.len(), all.len(), "{snap}");
        assert!(warnings.iter().all(is_of_packets), "{snap}: {warnings:?}");
        for (packet, named) in packets.iter().zip(&all) {
            let captured = &named.frame[..snap.min(named.frame.len())];
            let (read, expected) = (
                Sense::of_text(&packet.what),
                Sense::of_bytes(captured, named.frame.len()),
            );
            if !is_excused(named, read.outcome, expected.outcome) {
                assert_eq!(read, expected, "{snap}: {}", named.name);
            }
        }
    }
}

#[test]
fn a_frame_of_any_interface_reads_like_one_of_ethernet() {
    let all = frames::queries();
    let ip: Vec<&Named> = all
        .iter()
        .filter(|named| matches!(named.frame[12..14], [0x08, 0x00] | [0x86, 0xdd]))
        .collect();
    // Linux cooked v2: type, interface 1, Ethernet, one of five directions, an address.
    let cooked: Vec<Vec<u8>> = (0..)
        .zip(&ip)
        .map(|(number, named)| {
            let header = [0, 0, 0, 0, 0, 1, 0, 1, number % 5, 6, 2, 0, 0, 0, 0, 1, 0, 0];
            [&named.frame[12..14], &header, &named.frame[14..]].concat()
        })
        .collect();
    let file = tcpdump::capture(SLL2, WHOLE, cooked.iter().map(Vec::as_slice));
    for form in [
        &["-n"][..],
        &["-n", "-v"],
        &["-n", "-e"],
        &["-n", "-t"],
        &["-n", "-t", "-e"],
    ] {
        let Some(text) = tcpdump::print(&file, form) else {
            return;
        };
        let (packets, _) = read(&text);
        assert_eq!(packets.len(), ip.len(), "{form:?}: {text}");
        for (packet, named) in packets.iter().zip(&ip) {
            assert_eq!(
                Sense::of_text(&packet.what),
                Sense::of_bytes(&named.frame, named.frame.len()),
                "{form:?}: {}",
                named.name
            );
        }
    }
}

#[test]
fn without_the_dns_messages_queries_and_answers_are_told_by_their_direction() {
    let all = [frames::queries(), frames::responses(), frames::segments()].concat();
    let file = tcpdump::capture(ETHERNET, WHOLE, all.iter().map(|named| named.frame.as_slice()));
    let Some(text) = tcpdump::print(&file, &["-n", "-q"]) else {
        return;
    };
    let (packets, warnings) = read(&text);
    assert_eq!(packets.len(), all.len());
    for (packet, named) in packets.iter().zip(&all) {
        let expected = match named.name {
            // What QR says is not printed, nor tags, nor what segments do.
            "query from a DNS port" => Outcome::DnsResponse,
            "answer to a DNS port" | "query with three tags" => Outcome::DnsQuery,
            "connect" | "connect over IPv6" | "reset" | "reset without ACK" | "TCP query" | "TCP answer" => {
                Outcome::Other
            }
            _ => Sense::of_bytes(&named.frame, named.frame.len()).outcome,
        };
        assert_eq!(packet.what.outcome(), expected, "{}", named.name);
    }
    assert_eq!(
        warnings
            .iter()
            .map(|warning| warning.warning.name())
            .collect::<Vec<_>>(),
        ["quiet_text"]
    );
}
