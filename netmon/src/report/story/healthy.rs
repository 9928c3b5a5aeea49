//! The report of a log without an incident: what was looked for, and what was healthy.

use netmon_common::{Outcome, Rcode};

use super::context::Context;
use super::numbers::{self, count};
use super::part1::protocols;
use super::rich::{Block, Text};
use super::servers::works;
use super::{appendix, heading};
use crate::model::{Judgement, WarningKind};
use crate::served::Served;

pub(super) fn write(context: &Context<'_>, blocks: &mut Vec<Block>) {
    blocks.push(heading(
        2,
        "part-1",
        "Part 1: Summary of the DNS and ICMP traffic log",
    ));
    blocks.push(Block::Paragraph(verdict(context)));
    let protocols = protocols(context);
    if !protocols.is_empty() {
        blocks.push(heading(3, "protocols", "Protocols involved"));
        blocks.push(Block::Bullets(protocols));
    }
    blocks.push(heading(2, "part-2", "Part 2: Analysis of the data"));
    appendix::timeline(context, blocks);
    let healthy = healthy(context);
    if !healthy.is_empty() {
        blocks.push(heading(3, "healthy", "What was healthy"));
        blocks.push(Block::Bullets(healthy));
    }
    let is_possible = context.document().judgement.is_none_or(Judgement::is_possible);
    let looked_for_title = if is_possible {
        "What was looked for, and not found"
    } else {
        "What was looked for, and cannot be judged from this"
    };
    blocks.push(heading(3, "looked-for", looked_for_title));
    blocks.push(Block::Bullets(looked_for()));
    let oddities = oddities(context);
    if !oddities.is_empty() {
        blocks.push(heading(3, "oddities", "What was seen and is no incident"));
        blocks.push(Block::Bullets(oddities));
    }
    appendix::limits(context, blocks);
}

/// The answer to "is something wrong?".
pub fn verdict(context: &Context<'_>) -> Text {
    let sums = context.sums();
    if let Some(judgement) = context.document().judgement
        && !judgement.is_possible()
    {
        return Text::strong(format!("{}.", context.verdict_in_words()))
            .then(" Whether the DNS servers were well is not known from this.");
    }
    let verdict = Text::strong("No incident was found.");
    let connects: u64 = context.servers().iter().map(|server| server.only_connects).sum();
    let (transports, not_known) = match connects {
        0 => ("", String::new()),
        _ => (
            transports(context),
            format!(
                " {} over TCP led to no query: how DNS does over TCP there is not known from this.",
                count(connects, "attempt to connect", "attempts to connect")
            ),
        ),
    };
    match numbers::percent(sums.answers, sums.queries) {
        None => verdict
            .then(" But the log holds no DNS query, so it says nothing about the health of any DNS server."),
        Some(share) => verdict.then(format!(
            " {} received {}{transports}{}.{not_known}",
            count(sums.servers, "DNS server", "DNS servers"),
            count(sums.queries, "query", "queries"),
            match (sums.queries, sums.answers) {
                (1, 1) => ", which was answered".to_owned(),
                (1, _) => ", which was not answered".to_owned(),
                (_, 1) => format!("; {share} of them was answered"),
                _ => format!("; {share} of them were answered"),
            }
        )),
    }
}

/// Over what the queries were sent.
fn transports(context: &Context<'_>) -> &'static str {
    let totals = &context.document().totals;
    let [udp, tcp] = [Outcome::DnsQuery, Outcome::TcpDnsQuery].map(|queries| totals.outcome(queries) > 0);
    match (udp, tcp) {
        (_, false) => " over UDP",
        (false, true) => " over TCP",
        (true, true) => " over UDP and TCP",
    }
}

/// Each server that did well, and what the answers said.
fn healthy(context: &Context<'_>) -> Vec<Text> {
    /// Servers of which each gets a point; the table has more.
    const SHOWN: usize = 5;
    let servers = context.servers();
    let mut points: Vec<Text> = servers
        .iter()
        .filter(|server| server.served.answers > 0 && works(server.served.queries, server.served.answers))
        .take(SHOWN)
        .map(|server| {
            let latency = server.counts.map(|counts| counts.latency_us).unwrap_or_default();
            let Served { queries, answers, .. } = server.served;
            let text = Text::code(server.address).then(match queries {
                0 => format!(
                    " gave {} to queries that are not in the log",
                    count(answers, "answer", "answers")
                ),
                _ => format!(
                    " answered {} of {} ({})",
                    numbers::number(answers.min(queries)),
                    count(queries, "query", "queries"),
                    numbers::percent(answers, queries).unwrap_or_default()
                ),
            });
            match (latency.p50, latency.p99) {
                (Some(median), Some(slow)) => text.then(format!(
                    ". It took {} at the median, and at most {} for 99% of its answers.",
                    numbers::micros(median),
                    numbers::micros(slow)
                )),
                _ => text.then("."),
            }
        })
        .collect();
    let destinations = &context.document().destinations;
    let of_all = |rcode| -> u64 { destinations.iter().map(|one| one.counters.rcode(rcode)).sum() };
    points.extend(by_rcode(of_all).map(|codes| {
        Text::from("All answers, by response code: ")
            .then(codes)
            .then(".")
    }));
    points
}

/// Answers by response code, those that came; `None` without answers. `sum` says how many came with each code.
pub(super) fn by_rcode(sum: impl Fn(Rcode) -> u64) -> Option<Text> {
    let codes = [
        (sum(Rcode::NoError), "without error (NOERROR)"),
        (sum(Rcode::NxDomain), "no such name (NXDOMAIN)"),
        (sum(Rcode::ServFail), "server failure (SERVFAIL)"),
        (sum(Rcode::Refused), "refused (REFUSED)"),
        (sum(Rcode::FormErr), "format error (FORMERR)"),
        (sum(Rcode::NotImp), "not implemented (NOTIMP)"),
        (sum(Rcode::Other), "with other codes"),
    ];
    let all: Vec<Text> = codes
        .into_iter()
        .filter(|&(answers, _)| answers > 0)
        .map(|(answers, words)| format!("{} {words}", numbers::number(answers)).into())
        .collect();
    (!all.is_empty()).then(|| Text::list(all))
}

fn looked_for() -> Vec<Text> {
    vec![
        "An ICMP error \"destination unreachable\" that quotes a DNS query of this log.".into(),
        "A server that leaves several queries for more than one name without any answer.".into(),
        "A server too many of whose answers say SERVFAIL, REFUSED, FORMERR or NOTIMP.".into(),
    ]
}

/// Errors that were counted, and why they open nothing.
fn oddities(context: &Context<'_>) -> Vec<Text> {
    let totals = &context.document().totals;
    let mut points = Vec::new();
    let mut point = |number: u64, one: &str, many: &str, why: &str| {
        if number > 0 {
            points.push(Text::from(format!("{}{why}", count(number, one, many))));
        }
    };
    point(
        totals.counters.unsolicited,
        "ICMP error about a DNS query that is not in the log or no longer waited",
        "ICMP errors about DNS queries that are not in the log or no longer waited",
        ": anybody can forge such an error, so it proves nothing.",
    );
    point(
        totals.counters.late_responses,
        "ICMP error about an answer that arrived after its client had stopped waiting",
        "ICMP errors about answers that arrived after their clients had stopped waiting",
        ": late, but the server was there.",
    );
    point(
        totals.not_served,
        "ICMP error about a host that never offered DNS",
        "ICMP errors about hosts that never offered DNS",
        ": somebody probed for it.",
    );
    point(
        totals
            .outcome(Outcome::IcmpUnreachable)
            .saturating_sub(totals.counters.dns_unreachable + totals.counters.late_responses),
        "ICMP error about traffic other than DNS",
        "ICMP errors about traffic other than DNS",
        ".",
    );
    let sums = context.sums();
    point(
        sums.queries - sums.answers,
        "query",
        "queries",
        if context.is_warned(WarningKind::OneDirection) {
            " without an answer in the log, which may not have seen the answers."
        } else {
            " without an answer in the log: too few, or too scattered, to call a server silent."
        },
    );
    points
}
