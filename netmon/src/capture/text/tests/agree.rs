//! Text means what the same packets mean in a capture: where it shows a packet several times, where TCP answers come in pieces, and
//! where an error says little.

use netmon_common::records::Totals;
use netmon_common::{Code, Outcome};

use super::super::DuplicatePackets;
use super::read;
use super::tcpdump::address;
use super::textbook::observe;
use crate::capture::text::TextPacket;
use crate::model::WarningKind;
use crate::observation::{Observation, Proof, What, Why};

const ASKED: &str = "192.0.2.1.5000 > 203.0.113.2.53: 7+ A? a.example. (27)";
const ANSWERED: &str = "203.0.113.2.53 > 192.0.2.1.5000: 7 1/0/0 A 192.0.2.80 (43)";
const FAILED: &str = "203.0.113.2 > 192.0.2.1: ICMP 203.0.113.2 udp port 53 unreachable, length 63";

/// The packets that are no duplicates.
fn packets(text: &str) -> Vec<TextPacket> {
    let (mut packets, warnings) = read(text);
    assert_eq!(warnings, [], "{text}");
    let mut duplicates = DuplicatePackets::default();
    packets.retain(|packet| !duplicates.has(0, packet));
    packets
}

/// What was counted, and how many were asked, answered, failed and not verified.
fn told(text: &str) -> (Totals, [usize; 4]) {
    let (door, observations) = observe(&packets(text));
    let counts = door.counts();
    assert!(counts.add_up(), "{text}");
    let count = |is: fn(&What) -> bool| observations.iter().filter(|seen| is(&seen.what)).count();
    let told = [
        count(|what| matches!(what, What::Asked(_))),
        count(|what| matches!(what, What::Answered(_))),
        count(|what| matches!(what, What::Failed(_))),
        count(|what| matches!(what, What::Unverified(_))),
    ];
    (counts.totals, told)
}

fn last(text: &str) -> Observation {
    let (_, mut observations) = observe(&packets(text));
    observations.pop().unwrap()
}

#[test]
fn what_is_for_another_host_is_not_ours_and_makes_no_other_sight_a_duplicate() {
    let bridged = format!(
        "12:00:01.0001 veth0 P   IP {ASKED}\n12:00:01.0002 br0   In  IP {ASKED}\n12:00:01.0003 eth0  Out IP {ASKED}\n"
    );
    let (totals, told_of) = told(&bridged);
    assert_eq!(
        (
            totals.frames,
            totals.outcome(Outcome::NotOurs),
            totals.outcome(Outcome::DnsQuery),
            told_of[0]
        ),
        (2, 1, 1, 1)
    );
    let of_others = format!(
        "12:00:01.0 eth0 P IP {ASKED}\n12:00:02.0 eth0 P IP {FAILED}\n12:00:03.0 eth0 P IP {FAILED}\n"
    );
    let (totals, told_of) = told(&of_others);
    assert_eq!(
        (totals.frames, totals.outcome(Outcome::NotOurs), told_of),
        (3, 3, [0; 4])
    );
    let (door, _) = observe(&packets(&of_others));
    assert!(!door.heard(address("192.0.2.1")));
}

#[test]
fn an_interface_without_a_name_is_known_by_its_number() {
    let at = |way: &str, index: u8| {
        format!(
            "12:00:01.0 ?     {way} ifindex {index} 02:00:00:00:00:01 ethertype IPv4 (0x0800), length 79: {ASKED}\n"
        )
    };
    assert_eq!(packets(&(at("Out", 7) + &at("Out", 8))).len(), 1);
    assert_eq!(packets(&(at("Out", 7) + &at("Out", 7))).len(), 2);
}

#[test]
fn checksums_that_a_network_card_writes_make_no_other_packet() {
    let at = |at: &str, ip: &str, udp: &str| {
        format!(
            "12:00:01.0 {at} IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto UDP (17), length 55{ip})\n    192.0.2.1.5000 > 203.0.113.2.53: {udp} 7+ A? a.example. (27)\n"
        )
    };
    let wrong = at(
        "veth0 In ",
        ", bad cksum 0 (->b1c5)!",
        "[bad udp cksum 0x1234 -> 0x5678!]",
    );
    assert_eq!(
        packets(&(wrong.clone() + &at("eth0 Out", "", "[udp sum ok]"))).len(),
        1
    );
    let another = at("eth0 Out", "", "[udp sum ok]").replace("a.example", "b.example");
    assert_eq!(packets(&(wrong + &another)).len(), 2);
}

/// Sights of a packet at no interface that is told, with an identification or a hop limit.
fn unplaced(second: u8, sights: &[(u8, u16)], packet: &str) -> String {
    let line = |(n, (left, id)): (usize, &(u8, u16))| {
        format!(
            "12:00:{second:02}.000{n} IP (tos 0x0, ttl {left}, id {id}, offset 0, flags [none], proto UDP (17), length 55)\n    {packet}\n"
        )
    };
    sights.iter().enumerate().map(line).collect()
}

#[test]
fn a_packet_that_comes_again_at_once_is_the_same_where_no_interface_is_told() {
    for (case, sights, counted) in [
        ("an identification", [(64, 9), (64, 9)], 1),
        ("a hop less", [(64, 0), (63, 0)], 1),
        ("nothing that tells", [(64, 0), (64, 0)], 2),
        ("another packet of the same query", [(64, 9), (64, 10)], 2),
    ] {
        let (totals, told) = told(&unplaced(1, &sights, ASKED));
        assert_eq!(
            (totals.outcome(Outcome::DnsQuery), told[0]),
            (counted, 1),
            "{case}"
        );
    }
    let ethernet = |text: &str| {
        text.replace(
            " IP (",
            " 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 69: (",
        )
    };
    assert_eq!(told(&ethernet(&unplaced(1, &[(64, 9), (64, 9)], ASKED))).1[0], 2);
    let later = unplaced(1, &[(64, 0)], ASKED) + &unplaced(2, &[(64, 0)], ASKED);
    assert_eq!(told(&later).1[0], 2);
    let plain = format!("12:00:01.0 IP {ASKED}\n12:00:01.001 IP {ASKED}\n");
    assert_eq!(told(&plain).1[0], 1);
    let another = plain.replacen(" A? ", " AAAA? ", 1);
    assert_eq!(told(&another).1[0], 2);
    let quote = format!(
        "\n\tIP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 55)\n    {ASKED}\n"
    );
    let error = |left| unplaced(2, &[(left, 0)], &(FAILED.to_owned() + &quote)).replace("UDP", "ICMP");
    let asked = format!("12:00:01.0 IP {ASKED}\n");
    assert_eq!(told(&(asked.clone() + &error(64) + &error(64))).1, [1, 0, 1, 0]);
    // Without the quote they may be about two queries.
    let plain = format!("12:00:02.0 IP {FAILED}\n");
    let another = asked.replace("5000", "5001");
    assert_eq!(told(&(asked + &another + &plain + &plain)).1, [2, 0, 2, 0]);
}

const CONNECTED: &str = "\
12:00:01.0 IP 192.0.2.1.5000 > 203.0.113.2.53: Flags [S], seq 1000, win 64240, length 0
12:00:01.1 IP 203.0.113.2.53 > 192.0.2.1.5000: Flags [S.], seq 5000, ack 1001, win 64240, length 0
12:00:01.2 IP 192.0.2.1.5000 > 203.0.113.2.53: Flags [P.], seq 1:30, ack 1, win 64240, length 29 7+ A? a.example. (27)
12:00:01.3 IP 192.0.2.1.5000 > 203.0.113.2.53: Flags [P.], seq 30:59, ack 1, win 64240, length 29 8+ A? b.example. (27)
";

/// A segment of the server.
fn segment(acknowledged: u32, payload: &str) -> String {
    format!(
        "12:00:02.0 IP 203.0.113.2.53 > 192.0.2.1.5000: Flags [P.], seq 1:3, ack {acknowledged}, win 64240, length {payload}\n"
    )
}

#[test]
fn whatever_segment_acknowledges_a_query_over_tcp_answers_it() {
    let piece = "2 [prefix length(43) != length(0)] (invalid)";
    for (case, text, answered, unmatched) in [
        ("the first one", segment(30, piece), 1, 0),
        ("both", segment(59, piece), 2, 0),
        (
            "both, in two pieces",
            segment(59, piece) + &segment(59, piece),
            2,
            0,
        ),
        (
            "by its id, if by nothing else",
            segment(1, "45 8 1/0/0 A 192.0.2.80 (43)"),
            1,
            0,
        ),
        ("none", segment(1, piece), 0, 0),
        ("nothing but an acknowledgment", segment(59, "0"), 0, 0),
        (
            "an answer to nothing",
            segment(1, "45 9 1/0/0 A 192.0.2.80 (43)"),
            0,
            1,
        ),
        (
            "the rest of an answer",
            segment(30, piece) + &segment(30, "45 9 1/0/0 A 192.0.2.80 (43)"),
            1,
            0,
        ),
    ] {
        let (totals, told) = told(&(CONNECTED.to_owned() + &text));
        assert_eq!(
            (told[1], totals.unmatched_responses),
            (answered, unmatched),
            "{case}"
        );
    }
}

#[test]
fn an_error_over_tcp_without_a_port_is_about_any_connection_that_waits() {
    let syn = |port: u16| {
        format!("12:00:01.0 IP 192.0.2.1.{port} > 203.0.113.2.53: Flags [S], seq 1, win 64240, length 0\n")
    };
    let error =
        "12:00:02.0 IP 203.0.113.2 > 192.0.2.1: ICMP 203.0.113.2 tcp port 53 unreachable, length 48\n";
    assert_eq!(
        told(&(syn(5000) + &syn(5001) + error + error + error)).1,
        [2, 0, 2, 1]
    );
    let host = error.replace("203.0.113.2 tcp port 53", "host 203.0.113.2");
    assert_eq!(told(&(syn(5000) + &host)).1, [1, 0, 1, 0]);
    assert_eq!(
        told(&(CONNECTED.to_owned() + &segment(59, "2") + &host)).1,
        [3, 2, 0, 0]
    );
}

#[test]
fn an_error_between_two_dns_ports_is_about_an_answer_unless_something_says_that_it_is_not() {
    let asked = "12:00:01.0 IP 192.0.2.1.53 > 203.0.113.2.53: 7+ A? a.example. (27)\n";
    let answered = "12:00:01.1 IP 203.0.113.2.53 > 192.0.2.1.53: 7 1/0/0 A 192.0.2.80 (43)\n";
    let error = "12:00:02.0 IP 192.0.2.1 > 203.0.113.2: ICMP 192.0.2.1 udp port 53 unreachable, length 63\n";
    let quoting = |message: &str| {
        format!(
            "{error}\tIP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 71)\n    203.0.113.2.53 > 192.0.2.1.53: {message}\n"
        )
    };
    let both = asked.to_owned() + answered;
    for (case, text, late) in [
        ("an answer is quoted", quoting("7 1/0/0 A 192.0.2.80 (43)"), 1),
        ("an id is quoted", quoting("7 [|domain]"), 1),
        ("ports are quoted", quoting("[|domain]"), 1),
        ("a query is quoted", quoting("7+ A? a.example. (27)"), 0),
        ("nothing is quoted, and an answer was seen", both + error, 1),
        ("nothing is quoted", error.to_owned(), 0),
    ] {
        let (totals, _) = told(&text);
        assert_eq!(
            (totals.late_responses, totals.dns_unreachable),
            (late, 1 - late),
            "{case}"
        );
    }
}

#[test]
fn an_error_that_quotes_a_port_and_no_id_is_about_any_query_from_there_that_waits() {
    let asked = |id: u16, port: u16| {
        format!("12:00:01.0 IP 192.0.2.1.{port} > 203.0.113.2.53: {id}+ A? a{id}.example. (28)\n")
    };
    let error = format!(
        "12:00:02.0 IP {FAILED}\n\tIP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 56)\n    192.0.2.1.5000 > 203.0.113.2.53: [|domain]\n"
    );
    let spaced = error.replace("02.0", "02.1");
    let text = asked(1, 5000) + &asked(2, 5000) + &asked(3, 5001) + &error + &spaced;
    assert_eq!(told(&text).1, [3, 0, 2, 0]);
    let text = text + &error.replace("02.0", "02.2");
    assert!(matches!(last(&text).what, What::Unverified(error) if error.why == Why::Again));
}

#[test]
fn an_error_that_tells_no_port_is_about_nothing_where_no_query_waits() {
    let host = "12:00:03.0 IP 203.0.113.2 > 192.0.2.1: ICMP host 203.0.113.2 unreachable, length 63\n";
    let asked = format!("12:00:01.0 IP {ASKED}\n");
    let answered = asked.clone() + &format!("12:00:02.0 IP {ANSWERED}\n");
    let (totals, of) = told(&(answered + host));
    assert_eq!(
        (
            totals.outcome(Outcome::IcmpUnreachable),
            totals.dns_unreachable,
            of
        ),
        (1, 0, [1, 1, 0, 0])
    );
    assert!(matches!(
        last(&(asked + host)).what,
        What::Failed(failed) if matches!(failed.proof, Proof::QuerySeen(_))
    ));
}

#[test]
fn an_error_that_tells_no_port_is_not_taken_for_a_query_before_something_else() {
    let asked = format!("12:00:01.0 IP {ASKED}\n");
    let else_sent = "12:00:02.0 IP 192.0.2.1.5001 > 203.0.113.2.80: Flags [S], seq 1, win 64240, length 0\n";
    let error = |words: &str| {
        format!(
            "12:00:03.0 IP 203.0.113.2 > 192.0.2.1: ICMP host 203.0.113.2 unreachable{words}, length 63\n"
        )
    };
    let prohibited = error(" - admin prohibited filter");
    assert_eq!(told(&(asked.clone() + &prohibited)).1, [1, 0, 1, 0]);
    assert_eq!(told(&(asked.clone() + else_sent + &prohibited)).1, [1, 0, 0, 0]);
    assert_eq!(told(&(asked + else_sent + &error(""))).1, [1, 0, 1, 0]);
}

#[test]
fn packets_without_a_link_header_are_read() {
    for text in [
        format!("12:00:01.0 ip: (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto UDP (17), length 55)\n    {ASKED}\n"),
        format!("12:00:01.0 ip: {ASKED}\n"),
        "12:00:01.0 ip: (hlim 64, next-header UDP (17) payload length: 35) 2001:db8::1.5000 > 2001:db8::2.53: [udp sum ok] 7+ A? a.example. (27)\n".to_owned(),
    ] {
        assert_eq!(told(&text).1, [1, 0, 0, 0], "{text}");
    }
}

#[test]
fn what_a_host_says_of_its_own_queries_at_its_loopback_interface_is_proof() {
    let error = |at: &str, sender: &str| {
        format!(
            "12:00:02.0 {at} IP (tos 0xc0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 83)\n    {sender} > 192.0.2.1: ICMP host 203.0.113.2 unreachable, length 63\n\tIP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 55)\n    {ASKED}\n"
        )
    };
    let asked = format!("12:00:01.0 lo In IP {ASKED}\n");
    let own = error("lo In", "192.0.2.1");
    let linked = own.replace(
        "lo In IP",
        "00:00:00:00:00:00 > 00:00:00:00:00:00, ethertype IPv4 (0x0800), length 97:",
    );
    let tunnel = own.replace("lo In IP", "AF IPv4 (2), length 87:");
    for (case, text, seen) in [
        ("behind a BSD header", tunnel, None),
        ("at lo", own.clone(), Some(false)),
        ("of a capture of lo", linked, Some(false)),
        ("its query is seen", asked + &own, Some(true)),
        ("elsewhere", error("eth0 In", "192.0.2.1"), None),
        ("of another host", error("lo In", "192.0.2.9"), None),
    ] {
        let proof = match last(&text).what {
            What::Failed(failed) => match failed.proof {
                Proof::RaisedByThisHost(query) => Some(query.is_some()),
                _ => None,
            },
            _ => None,
        };
        assert_eq!(proof, seen, "{case}");
    }
}

#[test]
fn what_may_be_dns_and_could_not_be_read_is_said() {
    for (packet, said) in [
        ("192.0.2.1.5000 > 203.0.113.2.53: [|domain]", Some("1 are cut")),
        (
            "192.0.2.1.5000 > 203.0.113.2.53: domain [length 5 < 12] (invalid)",
            Some("1 are malformed"),
        ),
        ("192.0.2.1.5000 > 203.0.113.2.53: [|tcp]", Some("1 are cut")),
        ("192.0.2.1.5000 > 203.0.113.2.80: [|tcp]", None),
        ("192.0.2.1 > 203.0.113.2: [|udp]", Some("1 are cut")),
        ("[|ip]", Some("1 are cut")),
        ("bad-hlen 8", None),
    ] {
        let text = format!("12:00:01.0 IP {packet}\n");
        let (_, warnings) = read(&text);
        let warning = warnings
            .into_iter()
            .find(|warning| warning.warning == WarningKind::UnreadablePackets);
        assert_eq!(warning.is_some(), said.is_some(), "{packet}");
        assert!(
            warning.is_none_or(|warning| warning.message.contains(said.unwrap())),
            "{packet}"
        );
    }
}

#[test]
fn an_icmpv6_error_of_a_code_without_words_is_about_the_query_that_waits() {
    let asked = "12:00:01.0 IP6 2001:db8::1.5000 > 2001:db8::2.53: 7+ A? a.example. (27)\n";
    let answered = "12:00:01.1 IP6 2001:db8::2.53 > 2001:db8::1.5000: 7 1/0/0 A 192.0.2.80 (43)\n";
    let error = "12:00:02.0 IP6 (hlim 64, next-header ICMPv6 (58) payload length: 83) 2001:db8::9 > 2001:db8::1: [icmp6 sum ok] ICMP6, destination unreachable, unknown unreach code (5)\n";
    let failed = last(&(asked.to_owned() + error));
    assert!(matches!(failed.what, What::Failed(failed) if failed.code == Code::Admin));
    assert_eq!(failed.service.server, address("2001:db8::2"));
    assert_eq!(told(&(asked.to_owned() + answered + error)).1, [1, 1, 0, 0]);
}

#[test]
fn what_comes_in_and_goes_out_behind_another_address_is_masqueraded_wherever_that_is() {
    let link = |way: &str| format!("12:00:01.0 {way} 02:00:00:00:00:01 ethertype IPv4 (0x0800), length 71:");
    let outside = ASKED.replace("192.0.2.1.5000", "198.51.100.1.6000");
    let both = |ways: [&str; 2]| format!("{} {ASKED}\n{} {outside}\n", link(ways[0]), link(ways[1]));
    assert_eq!(told(&both([" In", "Out"])).1[0], 1);
    assert_eq!(told(&both(["Out", "Out"])).1[0], 2);
    assert_eq!(told(&both([" In", " In"])).1[0], 2);
}
