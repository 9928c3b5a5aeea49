//! Exchanges are counted exactly, by the second in which each query was sent, on all CPUs at once: what was asked,
//! answered, answered with a fault, and failed, but for what two CPUs write at the same time. What anybody can forge changes
//! none of it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may die of a surprise"
)]

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use netmon::kernel::{Events, Kernel};
use netmon_common::records::{AGAIN, EventKind, Exchanges, NOT_IN_SECONDS, SECONDS, Second, ServiceKey};
use netmon_common::{Code, Outcome, Transport};
use netmon_testkit::frames::build::prelude::*;
use netmon_testkit::lab::on_each_cpu;
use tokio::runtime::Runtime;

mod forged;
mod programs;
mod samples;

use programs::*;

/// Of how many queries one may lose its trace.
const LOST_OF: u32 = 200;

/// Traces are written without a lock: of two CPUs that write the same slot at the same time one loses its trace, and what comes
/// to that query finds none, or finds the time of the other. That is one in some thousands where both CPUs do nothing else. Of
/// `unsure` queries it is not known whether they were sent in that second.
#[track_caller]
fn assert_nearly(counted: Second, expected: Second, unsure: u32, when: &str) {
    let within = |what: &str, (counted, expected): (u32, u32), lost: u32| {
        let least = expected.saturating_sub(lost + unsure);
        assert!(
            (least..=expected + unsure + lost).contains(&counted),
            "{counted} {what} of {expected} {when}"
        );
    };
    within("asked", (counted.asked, expected.asked), 0);
    for (what, counted, expected) in [
        ("answered", counted.answered, expected.answered),
        ("faults", counted.faults, expected.faults),
        ("failed", counted.failed, expected.failed),
    ] {
        within(what, (counted, expected), expected.div_ceil(LOST_OF));
    }
}

/// What was sent in a second, and next to its borders.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    surely: Second,
    /// Queries during whose sending the second ended or began.
    perhaps: u32,
}

/// What becomes of the n-th query: how often it is sent, and what each of them adds.
fn fate(n: u32) -> (u32, Second) {
    match n % 6 {
        0 | 1 => (1, seconds(1, 1, 0, 0)),
        2 => (1, seconds(1, 1, 1, 0)),
        3 => (1, seconds(1, 0, 0, 1)),
        // Sent twice: one answer settles both.
        4 => (2, seconds(1, 1, 0, 0)),
        _ => (1, seconds(1, 0, 0, 0)),
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn what_became_of_each_query_is_counted_in_the_second_in_which_it_was_sent_by_both_cpus() {
    const EACH: u32 = 12_000;
    const BURST: u32 = 1_500;
    // The programs' clock (`ktime_get_boot_fast_ns` in kernel/time/timekeeping.c) "is not guaranteed to be monotonic across an
    // update", so it may be before this one or behind it: on a virtual machine whose processors wait for their host by more than
    // a burst takes.
    const CLOCKS_DIFFER: Duration = Duration::from_millis(60);
    let (mut kernel, mut poller) = load(&[53]);
    let (_runtime, mut events) = events_of(&mut kernel);
    let xdp = &*kernel.xdp().unwrap();
    let query = |cpu: usize, n: u32| Query {
        port: 1_024 + (cpu as u16) * 20_000 + (n % 20_000) as u16,
        id: (n.wrapping_mul(40_503) >> 3) as u16,
    };
    // Both CPUs ask, and each is answered on the other one.
    let on_both = |work: &(dyn Fn(usize) -> BTreeMap<u64, Sent> + Sync)| {
        let mut all: BTreeMap<u64, Sent> = BTreeMap::new();
        for (second, sent) in on_each_cpu(work).unwrap().into_iter().flatten() {
            let sum = all.entry(second).or_default();
            sum.surely = sum.surely.plus(sent.surely);
            sum.perhaps += sent.perhaps;
        }
        all
    };
    let expected = on_both(&|cpu| {
        let mut sent: BTreeMap<u64, Sent> = BTreeMap::new();
        for n in 0..EACH {
            let (times, adds) = fate(n);
            for _ in 0..times {
                let before = now().saturating_sub(CLOCKS_DIFFER);
                run(xdp, &query(cpu, n).asked(53));
                let [before, after] = [before, now() + CLOCKS_DIFFER].map(|time| time.as_secs());
                let sum = sent.entry(before).or_default();
                sum.surely = sum.surely.plus(adds);
                if after != before {
                    for second in before..=after {
                        sent.entry(second).or_default().perhaps += 1;
                    }
                }
            }
            if n % BURST == BURST - 1 {
                thread::sleep(Duration::from_millis(400));
            }
        }
        sent
    });
    on_both(&|cpu| {
        for n in 0..EACH {
            let query = query(1 - cpu, n);
            match n % 6 {
                0 | 1 | 4 => run(xdp, &query.answered(0)),
                2 => run(xdp, &query.answered(2)),
                3 => {
                    run(xdp, &query.refused());
                    // One query verifies one error.
                    run(xdp, &query.refused());
                }
                _ => {}
            }
            if n % 6 == 1 {
                // An error about a query that was answered says nothing, and neither does a second answer.
                run(xdp, &query.refused());
                run(xdp, &query.answered(2));
            }
        }
        BTreeMap::new()
    });
    assert!(expected.len() >= 3, "several seconds: {expected:?}");
    let exchanges = of(&mut poller, 53);
    for (second, Sent { surely, perhaps }) in &expected {
        let counted = exchanges.seconds[*second as usize % SECONDS];
        assert_nearly(counted, *surely, *perhaps, &format!("sent in second {second}"));
    }
    let all = expected
        .values()
        .fold(Second::default(), |sum, sent| sum.plus(sent.surely));
    let counted = sum(&exchanges);
    assert_nearly(counted, all, 0, "and in no other second");
    assert_eq!(exchanges.queries, all.asked);
    let mut told = 0;
    events.drain(usize::MAX, |event| {
        let header = event.header;
        let is_verified = header.query_time_ns != 0 && header.flags & AGAIN == 0;
        told += u32::from(header.kind == EventKind::Failure as u8 && is_verified);
    });
    let untold = exchanges.untold[Code::Port as usize];
    assert_eq!(told + untold, counted.failed, "{untold} untold");
    assert!(told > 0 && untold > 0, "{told} told, {untold} untold");
    let totals = poller.totals().unwrap();
    assert_eq!(totals.dns_unreachable, u64::from(3 * 2 * EACH / 6));
    // What found no trace is counted as that. Some queries are answered twice: of these both answers.
    let unmatched = u32::try_from(totals.unmatched_responses).unwrap();
    assert!(unmatched <= 2 * (all.answered - counted.answered), "{unmatched}");
    // Here more wait than anywhere else. Where a bucket is full, the oldest makes room.
    let overwritten = totals.traces_overwritten;
    assert!(overwritten <= u64::from(all.asked / LOST_OF), "{overwritten}");
}

#[test]
#[ignore = "needs root: runs the programs"]
fn an_answer_after_an_error_wins() {
    let (mut kernel, mut poller) = load(&[53]);
    let query = Query { port: 4_000, id: 7 };
    for (frame, expected) in [
        (query.asked(53), seconds(1, 0, 0, 0)),
        (query.refused(), seconds(1, 0, 0, 1)),
        (query.answered(0), seconds(1, 1, 0, 0)),
        (query.answered(0), seconds(1, 1, 0, 0)),
    ] {
        run(kernel.xdp().unwrap(), &frame);
        assert_eq!(sum(&of(&mut poller, 53)), expected);
    }
}

/// What the kernel reports, and the runtime that it is read in.
fn events_of(kernel: &mut Kernel) -> (Runtime, Events) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let events = {
        let _inside = runtime.enter();
        kernel.events().unwrap()
    };
    (runtime, events)
}

/// What was reported since the last time: its kind and its flags.
fn reported(events: &mut Events) -> Vec<(EventKind, u8)> {
    let mut reported = Vec::new();
    events.drain(usize::MAX, |event| {
        let kind = EventKind::from_number(event.header.kind).unwrap();
        reported.push((kind, event.header.flags & (AGAIN | NOT_IN_SECONDS)));
    });
    reported
}

#[test]
#[ignore = "needs root: runs the programs"]
fn each_error_about_a_query_is_reported_and_one_verifies() {
    let (mut kernel, mut poller) = load(&[53]);
    let (_runtime, mut events) = events_of(&mut kernel);
    let query = Query { port: 4_000, id: 7 };
    run(kernel.xdp().unwrap(), &query.asked(53));
    assert_eq!(reported(&mut events), [(EventKind::Query, 0)]);
    for flags in [0, AGAIN, AGAIN] {
        run(kernel.xdp().unwrap(), &query.refused());
        assert_eq!(reported(&mut events), [(EventKind::Failure, flags)]);
    }
    assert_eq!(sum(&of(&mut poller, 53)), seconds(1, 0, 0, 1));
    // An answer that comes at once is reported, and so is each.
    run(kernel.xdp().unwrap(), &query.answered(0));
    assert_eq!(reported(&mut events), [(EventKind::Answer, 0)]);
    for port in 4_001..4_004 {
        let query = Query { port, id: 7 };
        run(kernel.xdp().unwrap(), &query.asked(53));
        run(kernel.xdp().unwrap(), &query.answered(0));
    }
    let answers = reported(&mut events);
    let answers = answers.iter().filter(|(kind, _)| *kind == EventKind::Answer);
    assert_eq!(answers.count(), 3);
}

#[test]
#[ignore = "needs root: runs the programs"]
fn an_answer_to_another_question_is_unmatched() {
    another_question(["www.example.test", "ww2.example.test", "wWw.exaMple.TEST"]);
    another_question(["a.test", "b.test", "A.Test"]);
}

fn another_question([asked, other, same]: [&str; 3]) {
    let (mut kernel, mut poller) = load(&[53]);
    let ask = |name| (frame() / ipv4(CLIENT, SERVER) / udp(4_000, 53) / query(name)).bytes();
    let answer = |name| (frame() / ipv4(SERVER, CLIENT) / udp(53, 4_000) / response(name)).bytes();
    let steps = [
        (ask(asked), seconds(1, 0, 0, 0), 0),
        (answer(other), seconds(1, 0, 0, 0), 1),
        // The client mixes capitals, the server answers with others.
        (answer(same), seconds(1, 1, 0, 0), 1),
    ];
    for (frame, expected, unmatched) in steps {
        run(kernel.xdp().unwrap(), &frame);
        assert_eq!(sum(&of(&mut poller, 53)), expected);
        assert_eq!(poller.totals().unwrap().unmatched_responses, unmatched);
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn only_answers_to_standard_queries_can_be_faults() {
    const FLAGS: usize = ID + 2;
    let (mut kernel, mut poller) = load(&[53]);
    let of_opcode = |mut frame: Vec<u8>, opcode: u8| {
        frame[FLAGS] |= opcode << 3;
        frame
    };
    for (opcode, expected) in [(0, seconds(1, 1, 1, 0)), (5, seconds(2, 2, 1, 0))] {
        let query = Query {
            port: 4_000 + u16::from(opcode),
            id: 7,
        };
        for frame in [query.asked(53), query.answered(5)] {
            run(kernel.xdp().unwrap(), &of_opcode(frame, opcode));
        }
        assert_eq!(sum(&of(&mut poller, 53)), expected, "opcode {opcode}");
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn each_port_of_a_server_is_a_service_of_its_own() {
    let (mut kernel, mut poller) = load(&[53, 5_353]);
    let query = Query { port: 4_000, id: 7 };
    for _ in 0..3 {
        run(kernel.xdp().unwrap(), &query.asked(53));
    }
    run(kernel.xdp().unwrap(), &query.asked(5_353));
    run(kernel.xdp().unwrap(), &query.answered(0));
    assert_eq!(sum(&of(&mut poller, 53)), seconds(3, 3, 0, 0));
    assert_eq!(sum(&of(&mut poller, 5_353)), seconds(1, 0, 0, 0));
}

#[test]
#[ignore = "needs root: runs the programs"]
fn over_tcp_any_payload_of_the_server_that_acknowledges_the_query_answers_it() {
    const PORT: u16 = 40_000;
    let (mut kernel, mut poller) = load(&[53]);
    let mut step = |frame: Vec<u8>| {
        run(kernel.xdp().unwrap(), &frame);
        let key = ServiceKey {
            transport: Transport::Tcp as u8,
            ..service(53)
        };
        sum(&poller.service(key).unwrap().unwrap_or(Exchanges::ZERO))
    };
    let to_server = || frame() / ipv4(CLIENT, SERVER);
    let to_client = || frame() / ipv4(SERVER, CLIENT);
    let syn = (to_server() / tcp(PORT, 53).syn()).bytes();
    assert_eq!(step(syn), seconds(1, 0, 0, 0), "a SYN asks");
    // Where sequence and acknowledgment numbers stand.
    let numbered = |mut frame: Vec<u8>, sequence: u32, acknowledgment: u32, flags: u8| {
        frame[14 + 20 + 4..14 + 20 + 8].copy_from_slice(&sequence.to_be_bytes());
        frame[14 + 20 + 8..14 + 20 + 12].copy_from_slice(&acknowledgment.to_be_bytes());
        frame[14 + 20 + 13] = flags;
        frame
    };
    let accept = numbered((to_client() / tcp(53, PORT).syn()).bytes(), 900, 101, 0x12);
    assert_eq!(step(accept), seconds(0, 0, 0, 0), "and waits for its query");
    let asked = (to_server() / tcp(PORT, 53).ack() / message_length() / query("a.test")).bytes();
    let len = (asked.len() - 14 - 20 - 20) as u32;
    assert_eq!(step(numbered(asked, 101, 901, 0x18)), seconds(1, 0, 0, 0));
    let prefix = |acknowledgment| {
        numbered(
            (to_client() / tcp(53, PORT).ack() / raw([0, 24])).bytes(),
            901,
            acknowledgment,
            0x18,
        )
    };
    assert_eq!(
        step(prefix(101)),
        seconds(1, 0, 0, 0),
        "it has not read the query"
    );
    let bare = numbered((to_client() / tcp(53, PORT).ack()).bytes(), 901, 101 + len, 0x10);
    assert_eq!(step(bare), seconds(1, 0, 0, 0), "nothing but an acknowledgment");
    assert_eq!(
        step(prefix(101 + len)),
        seconds(1, 1, 0, 0),
        "the length of the answer"
    );
    assert_eq!(step(prefix(101 + len)), seconds(1, 1, 0, 0), "once");
    let totals = poller.totals().unwrap();
    assert_eq!(
        totals.outcome(Outcome::TcpDnsResponse),
        0,
        "none of them starts a message"
    );
    assert_eq!(totals.outcome(Outcome::Other), 5);
}
