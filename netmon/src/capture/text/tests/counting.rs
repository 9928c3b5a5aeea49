//! What the door counts: as packets are counted.

use std::fmt::Write as _;
use std::time::Duration;

use netmon_common::classify::{Concern, Meaning, Offload, classify};
use netmon_common::records::{Destination, Tally};
use netmon_common::wire::Captured;
use netmon_common::{Address, DnsPorts};

use super::build::{CLIENT6, QUERY, SERVER6, UDP, frame, ipv6, udp};
use super::frames::{self, Named, named};
use super::frames_of_errors::{not_ip, unreachables, unreachables6};
use super::tcpdump::{self, ETHERNET};
use super::textbook::{TEXTBOOK, observe};
use super::{TextDoor, TextPacket, TextWhat, is_of_packets, options, read};
use crate::counts::Counts;
use crate::observation::What;

/// The counts of these frames, by the classifier and the tally that packets are counted by.
fn counts_of(frames: &[Named]) -> Counts {
    let mut counts = Counts::default();
    for named in frames {
        let bytes = Captured::whole(&named.frame);
        let meaning = classify(&bytes, Offload::default(), &DnsPorts::DEFAULT).meaning;
        let tally = Tally::of(&meaning);
        counts.totals.count(&tally, 1, named.frame.len() as u64);
        if let Some(address) = meaning.destination() {
            counts
                .destinations
                .entry(address.read(&bytes).unwrap())
                .or_default()
                .count(&tally, 1);
        }
        if let Meaning::Unreachable(error) = &meaning
            && error.concern == Concern::LateResponse
        {
            let server = error.unreachable.quoted.header.source().read(&bytes).unwrap();
            counts.destinations.entry(server).or_default().late_responses += 1;
        }
    }
    counts
}

#[test]
fn text_is_counted_like_the_frames_that_it_is_about() {
    // Errors of ICMPv6 quote nothing in text: what they are about is known from the query before.
    let query6 = named(
        "query over IPv6",
        frame(&ipv6(CLIENT6, SERVER6, UDP, &udp(52444, 53, &QUERY.bytes()))),
    );
    let errors6 = unreachables6()
        .into_iter()
        .filter(|named| named.name != "v6 TCP port");
    let mut all = [
        frames::queries(),
        frames::carriers(),
        frames::responses(),
        unreachables(),
    ]
    .concat();
    all.extend(errors6.flat_map(|error| [query6.clone(), error]));
    all.extend([frames::segments(), frames::extended(), not_ip()].concat());
    // What text tells less of: see the exceptions of the witness.
    all.retain(|named| !["too short a quote", "query with three tags"].contains(&named.name));
    let file = tcpdump::capture(ETHERNET, 65_535, all.iter().map(|named| named.frame.as_slice()));
    for form in [&["-v", "-e"][..], &["-v", "-e", "-n"]] {
        let Some(text) = tcpdump::print(&file, form) else {
            return;
        };
        let (packets, warnings) = read(&text);
        assert!(warnings.iter().all(is_of_packets), "{form:?}: {warnings:?}");
        let (door, _) = observe(&packets);
        assert!(door.counts().add_up());
        let (read, expected) = (door.counts(), counts_of(&all));
        for (address, destination) in &expected.destinations {
            // Which query an error or an answer belongs to is not the counter's to say.
            let read = read.destinations.get(address).map(|read| Destination {
                unsolicited: Destination::ZERO.unsolicited,
                unmatched_responses: Destination::ZERO.unmatched_responses,
                ..*read
            });
            assert_eq!(read, Some(*destination), "{form:?}: {address}");
        }
        let without_bytes = |counts: &Counts| {
            let mut totals = counts.totals;
            totals.bytes = 0;
            totals.unsolicited = 0;
            totals.unmatched_responses = 0;
            totals
        };
        assert_eq!(without_bytes(&read), without_bytes(&expected), "{form:?}");
        // With -e the frame's length is printed, but for what has another form.
        let printed: u64 = packets
            .iter()
            .filter_map(|packet| packet.bytes.map(u64::from))
            .sum();
        assert_eq!(read.totals.bytes, printed);
    }
}

#[test]
fn with_link_headers_the_length_of_each_ip_packets_frame_is_counted() {
    let all = [
        frames::queries(),
        frames::responses(),
        unreachables(),
        unreachables6(),
        frames::segments(),
    ]
    .concat();
    let file = tcpdump::capture(ETHERNET, 65_535, all.iter().map(|named| named.frame.as_slice()));
    let Some(text) = tcpdump::print(&file, &["-e", "-n"]) else {
        return;
    };
    let (packets, _) = read(&text);
    let read: Vec<_> = packets.iter().map(|packet| packet.bytes).collect();
    let expected: Vec<_> = all
        .iter()
        .map(|named| u32::try_from(named.frame.len()).ok())
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn memory_is_bounded_and_what_was_forgotten_is_counted() {
    let mut door = TextDoor::new(options().ports);
    let mut take = |packet: &TextPacket| door.take(packet, &mut |_| {});
    let (packets, _) = read(TEXTBOOK);
    let TextWhat::Query(query) = &packets[0].what else {
        panic!()
    };
    for number in 0..70_000_u32 {
        let mut query = query.clone();
        query.conversation.service.server = Address::v4(number.to_be_bytes());
        take(&TextPacket {
            sight: None,
            time: packets[0].time.after(Duration::from_millis(u64::from(number))),
            what: TextWhat::Query(query),
            ..packets[0].clone()
        });
    }
    let counts = door.counts();
    assert_eq!((counts.totals.frames, counts.destinations.len()), (70_000, 8_192));
    assert_eq!(counts.totals.overflow, 70_000 - 8_192);
    assert!(counts.add_up());
    assert_eq!(door.traces_overwritten(), 70_000 - 16_384);
}

#[test]
fn a_connection_is_told_once_with_each_time_that_its_syn_was_sent() {
    let line = |time: &str, packet: &str| format!("12:00:{time} IP {packet}\n");
    let to = "192.0.2.1.40000 > 203.0.113.2.53";
    let syn = |time| line(time, &format!("{to}: Flags [S], seq 1, win 64240, length 0"));
    let accepted = "203.0.113.2.53 > 192.0.2.1.40000: Flags [S.], seq 5, ack 2, win 64240, length 0";
    let asked = "Flags [P.], seq 2:29, ack 6, win 64240, length 27 7+ A? a. (25)";
    let asked = line("03.0", &format!("{to}: {asked}"));
    for taken in [line("02.0", accepted), String::new()] {
        let text = syn("01.0") + &syn("01.5") + &taken + &asked;
        let (_, observations) = observe(&read(&text).0);
        let connected = observations.into_iter().filter_map(|one| match one.what {
            What::Connected(connected) => Some(connected.syns.len()),
            _ => None,
        });
        assert_eq!(connected.collect::<Vec<_>>(), [2], "{text}");
    }
}

/// A port and an id that a client uses for two questions at once.
#[test]
fn an_id_used_again_for_another_question_is_another_query() {
    const A: &str = "192.0.2.10.40000 > 203.0.113.2.53: 7+ A?";
    const TO_A: &str = "203.0.113.2.53 > 192.0.2.10.40000: 7";
    let asked = format!("12:00:01.0 IP {A} a.test. (24)\n12:00:02.0 IP {A} b.test. (24)\n");
    let answer = |second: u32, question: &str| {
        format!("12:00:0{second}.0 IP {TO_A}{question} 1/0/0 A 192.0.2.80 (40)\n")
    };
    // With the questions, as -vv prints them, in either order; and without.
    let answers = [
        answer(3, " q: A? a.test.") + &answer(4, " q: A? b.test."),
        answer(3, " q: A? b.test.") + &answer(4, " q: A? a.test."),
        answer(3, "") + &answer(4, ""),
    ];
    for answers in answers {
        let (packets, _) = read(&format!("{asked}{answers}"));
        let (door, observations) = observe(&packets);
        assert_eq!(door.counts().totals.unmatched_responses, 0, "{answers}");
        let mut names: Vec<String> = observations
            .iter()
            .filter_map(|observation| match &observation.what {
                What::Answered(answered) => {
                    assert!(answered.earlier.is_empty(), "{answers}: {answered:?}");
                    Some(answered.name.as_ref()?.to_string())
                }
                _ => None,
            })
            .collect();
        names.sort();
        assert_eq!(names, ["a.test", "b.test"], "{answers}");
    }
}

#[test]
fn only_queries_that_wait_are_lost_when_they_make_room() {
    for (is_answered, lost) in [(true, 0), (false, 20_000 - 16_384)] {
        let mut text = String::new();
        for n in 0..20_000_u32 {
            let (port, id) = (10_000 + n / 16, n % 16);
            let second = n / 1_000;
            writeln!(
                text,
                "12:00:{second:02}.0 IP 192.0.2.10.{port} > 203.0.113.2.53: {id}+ A? a.test. (24)"
            )
            .unwrap();
            if is_answered {
                writeln!(
                    text,
                    "12:00:{second:02}.0 IP 203.0.113.2.53 > 192.0.2.10.{port}: {id} 1/0/0 A 192.0.2.80 (40)"
                )
                .unwrap();
            }
        }
        let (packets, _) = read(&text);
        let (door, _) = observe(&packets);
        assert_eq!(door.traces_overwritten(), lost, "{is_answered}");
    }
}

/// `tcpdump -e` prints the number of an address family, where other link headers have none.
#[test]
fn a_query_behind_bsds_loopback_header_is_read() {
    for link in ["IP", "AF IPv4 (2), length 59:"] {
        let text = format!("12:00:01.0 {link} 192.0.2.10.40000 > 203.0.113.2.53: 7+ A? a.test. (24)\n");
        let (packets, warnings) = read(&text);
        assert_eq!(warnings, [], "{link}");
        let (_, observations) = observe(&packets);
        let asked = observations
            .iter()
            .filter(|one| matches!(one.what, What::Asked(_)));
        assert_eq!(asked.count(), 1, "{link}");
    }
}
