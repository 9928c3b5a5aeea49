//! Part 1: the summary of the problem, which everybody must understand.

use std::collections::BTreeSet;

use jiff::Timestamp;
use netmon_common::{Outcome, Rcode};

use super::appendix::NOTHING;
use super::context::Context;
use super::numbers::{self, Clock, count};
use super::rich::{Block, Column, Table, Text};
use super::{heading, packets};
use crate::model::{Incident, Kind, Wall};
use crate::report::knowledge::{self, ResponseText};

pub(super) fn write(context: &Context<'_>, blocks: &mut Vec<Block>) {
    blocks.push(heading(
        2,
        "part-1",
        "Part 1: Summary of the problem found in the DNS and ICMP traffic log",
    ));
    let until = context.until();
    match context.incidents() {
        [incident] => blocks.push(Block::Paragraph(context.facts(incident).lead(until))),
        incidents => {
            blocks.push(Block::Paragraph(
                format!(
                    "The {} shows {} incidents on {}.",
                    context.log(),
                    numbers::spelled(incidents.len()),
                    context.troubled_in_words()
                )
                .into(),
            ));
            blocks.push(overview(context));
            blocks.extend(context.not_described().map(Block::Paragraph));
        }
    }
    blocks.push(heading(3, "protocols", "Protocols involved"));
    blocks.push(Block::Bullets(protocols(context)));
    match context.described() {
        [incident] => {
            blocks.push(heading(3, "log", format!("What the {} shows", context.log())));
            shown(context, incident, blocks);
        }
        incidents => {
            for (index, incident) in incidents.iter().enumerate() {
                let (number, facts) = (index + 1, context.facts(incident));
                let title = Text::from(format!("Incident {number}: ")).then(facts.name());
                blocks.push(heading(3, format!("incident-{number}"), title));
                blocks.push(Block::Paragraph(facts.lead(until)));
                shown(context, incident, blocks);
            }
        }
    }
    meaning(context, blocks);
}

/// What passed, in a sentence, packet by packet, and as a table to look things up in.
fn shown<'a>(context: &Context<'a>, incident: &'a Incident, blocks: &mut Vec<Block>) {
    let facts = context.facts(incident);
    let exchange = facts.exchange(packets::all_failed(context, incident));
    blocks.push(Block::Paragraph(exchange));
    blocks.extend(packets::table(context, incident).map(Block::Table));
    blocks.push(Block::Facts(
        facts.rows(context.until(), context.report().from_text),
    ));
}

fn overview(context: &Context<'_>) -> Block {
    let (incidents, clock) = (context.described(), context.clock());
    let days: BTreeSet<String> = incidents
        .iter()
        .flat_map(|incident| [incident.began, incident.last_seen])
        .map(|moment| clock.day(moment.0))
        .collect();
    let (day, time): (String, fn(&Clock, Timestamp) -> String) = match days.first() {
        Some(day) if days.len() == 1 => (format!(" on {day}"), Clock::time),
        _ => (String::new(), Clock::second),
    };
    let zone = incidents
        .first()
        .map_or_else(String::new, |first| clock.name(first.began.0));
    let row = |(index, incident): (usize, &Incident)| {
        let (number, facts) = (index + 1, context.facts(incident));
        let known = |is_known: bool, words: String| if is_known { words } else { NOTHING.into() };
        let at = |moment: Wall| Text::from(known(facts.has_times, time(clock, moment.0)));
        let asked = |queries| Text::from(known(!facts.queries_unseen(), numbers::number(queries)));
        vec![
            Text::link(number.to_string(), format!("incident-{number}")),
            facts.named_server(),
            facts.say("{transport} {port}"),
            knowledge::kind(incident.kind).short.into(),
            format!("{}, {}", incident.severity, incident.state).into(),
            at(incident.began),
            at(incident.last_seen),
            asked(incident.queries),
            asked(incident.answers),
            numbers::number(facts.errors()).into(),
            incident.cause().map_or_else(Text::default, Text::code),
        ]
    };
    let times = if context.has_times() {
        format!(" (times are {zone}{day})")
    } else {
        String::new()
    };
    let mut table = Table {
        caption: format!("Incidents, in the order in which they opened{times}"),
        columns: vec![
            Column::numbers("No."),
            Column::words("Server"),
            Column::words("Port"),
            Column::words("Problem"),
            Column::words("State"),
            Column::words(if context.queries_unseen() {
                "First error"
            } else {
                "First failed query"
            }),
            Column::words("Last failure"),
            Column::numbers("Queries"),
            Column::numbers("Answers"),
            Column::numbers("Errors"),
            Column::words("First cause"),
        ],
        rows: incidents.iter().enumerate().map(row).collect(),
    };
    table.drop_columns_that_say_nothing(5, &[NOTHING]);
    Block::Table(table)
}

/// The protocols in the log, with what they are for and how much of each there is.
pub(super) fn protocols(context: &Context<'_>) -> Vec<Text> {
    let totals = &context.document().totals;
    let mut bullets = Vec::new();
    let dns = |over: &str, [queries, answers]: [u64; 2]| {
        Text::strong(format!("DNS over {over}")).then(format!(
            " (RFC 1035), which translates names into addresses: {} and {} in this {}.",
            count(queries, "query", "queries"),
            count(answers, "answer", "answers"),
            context.log()
        ))
    };
    let [udp, tcp] = [
        [Outcome::DnsQuery, Outcome::DnsResponse],
        [Outcome::TcpDnsQuery, Outcome::TcpDnsResponse],
    ]
    .map(|messages| messages.map(|outcome| totals.outcome(outcome)));
    if udp != [0, 0] {
        bullets.push(dns("UDP", udp));
    }
    let connects = totals.outcome(Outcome::TcpConnect);
    if tcp != [0, 0] {
        bullets.push(dns("TCP", tcp));
    } else if connects > 0 {
        bullets.push(Text::strong("TCP").then(format!(
            " to DNS ports: {}, but no DNS message.",
            count(connects, "attempt to connect", "attempts to connect")
        )));
    }
    let errors = totals.outcome(Outcome::IcmpUnreachable);
    if errors > 0 {
        let (name, references) = match context.icmp_families() {
            (true, true) => ("ICMP and ICMPv6", "RFC 792, RFC 4443"),
            (false, true) => ("ICMPv6", "RFC 4443"),
            (_, false) => ("ICMP", "RFC 792"),
        };
        let about = match totals.counters.dns_unreachable {
            0 => "not about DNS queries".into(),
            1 if errors == 1 => "about a DNS query".into(),
            all if all == errors => "all of them about DNS queries".into(),
            1 => "one of them about a DNS query".into(),
            some => format!("{} of them about DNS queries", numbers::number(some)),
        };
        bullets.push(Text::strong(name).then(format!(
            " ({references}), with which hosts and routers report that a packet could not be delivered: {} \
            of the type \"destination unreachable\" in this {}, {about}.",
            count(errors, "error", "errors"),
            context.log(),
        )));
    }
    bullets
}

/// What the lines of the log say, and what users notice; each once, also when several incidents share them.
fn meaning(context: &Context<'_>, blocks: &mut Vec<Block>) {
    let (mut lines, mut impacts) = (Vec::new(), Vec::new());
    let add = |to: &mut Vec<Text>, text: Text| {
        if !to.contains(&text) {
            to.push(text);
        }
    };
    for incident in context.described() {
        let facts = context.facts(incident);
        if lines.is_empty() {
            lines.extend(packets::meaning(context, incident));
        }
        for (code, _) in facts.by_code() {
            let known = knowledge::code(code);
            let (numbers, reference) = if facts.is_v4() { known.v4 } else { known.v6 };
            let text = facts
                .say(known.words)
                .then(facts.say(&format!(" ({{icmp}} {numbers}; {reference}) means: ")))
                .then(facts.say(known.meaning));
            add(&mut lines, text);
        }
        for code in failing_codes(context, incident) {
            let text =
                Text::strong(code.words).then(format!(" ({}) means: {}", code.reference, code.meaning));
            add(&mut lines, text);
        }
        add(&mut impacts, facts.say(knowledge::kind(incident.kind).impact));
    }
    if !lines.is_empty() {
        blocks.push(heading(3, "meaning", "What the lines mean"));
        blocks.push(Block::Bullets(lines));
    }
    blocks.push(heading(3, "impact", "Impact on users"));
    blocks.extend(impacts.into_iter().map(Block::Paragraph));
}

/// The response codes that make an incident of a server's answers.
fn failing_codes(context: &Context<'_>, incident: &Incident) -> Vec<&'static ResponseText> {
    let server = context
        .server(incident)
        .filter(|_| incident.kind == Kind::Failing);
    [Rcode::ServFail, Rcode::Refused]
        .into_iter()
        .filter(|code| server.is_some_and(|server| server.served.rcode(*code) > 0))
        .filter_map(knowledge::rcode)
        .collect()
}
