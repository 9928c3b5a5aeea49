//! Part 1: the summary of the problem, which everybody must understand.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::context::Context;
use super::{Until, facts_table, heading, name_of, servers_in_words};
use crate::model::{Cause, CloseReason, Incident, Kind, Likelihood};
use crate::report::explain;
use crate::report::facts::Facts;
use crate::report::phrase::{self, count};
use crate::report::rich::{Block, Column, Table, Text};

pub(super) fn tell(context: &Context<'_>, blocks: &mut Vec<Block>) {
    blocks.push(heading(
        2,
        "part-1",
        "Part 1: Summary of the problem found in the DNS and ICMP traffic log",
    ));
    match context.incidents() {
        [incident] => blocks.push(Block::Paragraph(lead(incident, Until::EndOfLog))),
        incidents => {
            blocks.push(Block::Paragraph(
                format!(
                    "The log shows {} incidents on {}.",
                    phrase::spelled(incidents.len()),
                    servers_in_words(context)
                )
                .into(),
            ));
            blocks.push(overview(context.told()));
            blocks.extend(context.untold().map(Block::Paragraph));
        }
    }
    blocks.push(heading(3, "protocols", "Protocols involved"));
    blocks.push(Block::Bullets(protocols(context)));
    match context.told() {
        [incident] => {
            blocks.push(heading(3, "log", "What the log shows"));
            blocks.push(Block::Paragraph(seen(incident)));
            blocks.push(Block::Facts(facts_table::rows(
                incident,
                Until::EndOfLog,
                usize::MAX,
            )));
        }
        incidents => {
            for (index, incident) in incidents.iter().enumerate() {
                let number = index + 1;
                let title = Text::from(format!("Incident {number}: ")).then(name_of(incident));
                blocks.push(heading(3, format!("incident-{number}"), title));
                blocks.push(Block::Paragraph(lead(incident, Until::EndOfLog)));
                blocks.push(Block::Paragraph(seen(incident)));
                blocks.push(Block::Facts(facts_table::rows(
                    incident,
                    Until::EndOfLog,
                    usize::MAX,
                )));
            }
        }
    }
    meaning(context, blocks);
}

/// The problem in three sentences: what, why, and whether it is over.
pub fn lead(incident: &Incident, until: Until) -> Text {
    let facts = Facts::new(incident);
    let kind = explain::kind(incident.kind);
    let what = if incident.is_down() {
        kind.down
    } else {
        kind.degraded
    };
    let mut text = facts.say(what).emphasised();
    if let Some(cause) = incident.causes.first() {
        let sure = if cause.likelihood == Likelihood::Likely {
            " Most likely, "
        } else {
            " Possibly, "
        };
        text = text.then(sure).then(clause(incident, cause.cause)).then(".");
    }
    text.then(" ").then(end(incident, until))
}

/// A cause, as a clause that begins small.
pub(super) fn clause(incident: &Incident, cause: Cause) -> Text {
    Facts::new(incident).say(explain::cause(cause).clause)
}

/// Whether it is over, and why it counts as over.
pub(super) fn end(incident: &Incident, until: Until) -> Text {
    Facts::new(incident).say(match incident.closed_because {
        None if until == Until::Now => "The problem persists.",
        None => "The problem had not ended when the log did.",
        Some(CloseReason::Answered) => "The problem ended at {closed}, when the server answered again.",
        Some(CloseReason::Recovered) => "The problem ended at {closed}, when failures had become rare again.",
        Some(CloseReason::Idle) => {
            "The incident was closed at {closed} because nobody asked the server any more. Whether it works again is \
            not known."
        }
        Some(CloseReason::Superseded) => {
            "At {closed} an ICMP error said more about the reason; from then on the problem is a separate incident of \
            the kind \"unreachable\"."
        }
        Some(CloseReason::Scan) => {
            "The incident was closed at {closed} because its failures are those of a client that scans, or that has lost \
            its network."
        }
    })
}

/// Who asked what, and what came back.
fn seen(incident: &Incident) -> Text {
    let facts = Facts::new(incident);
    let when = phrase::stretch(incident.began.0, incident.last_seen.0);
    Text::from(when)
        .capitalised()
        .then(facts.say(", {clients} made {queries} to {server}{for_names}"))
        .then(facts.say(match (incident.answers, facts.errors()) {
            (0, 0) => "; neither an answer nor an ICMP error came back.",
            (0, _) => ", and no answer came back. Instead, {reporters} sent {errors_by_code}.",
            (_, 0) => ", and {answers} came back.",
            _ => ", and {answers} came back. In addition, {reporters} sent {errors_by_code}.",
        }))
}

fn overview(incidents: &[Incident]) -> Block {
    let days: BTreeSet<String> = incidents
        .iter()
        .flat_map(|incident| [incident.began, incident.last_seen])
        .map(|moment| phrase::day(moment.0))
        .collect();
    let (day, time): (String, fn(Timestamp) -> String) = match days.first() {
        Some(day) if days.len() == 1 => (format!(" on {day}"), phrase::clock),
        _ => (String::new(), phrase::second),
    };
    let row = |(index, incident): (usize, &Incident)| {
        let facts = Facts::new(incident);
        let number = index + 1;
        vec![
            Text::link(number.to_string(), format!("incident-{number}")),
            facts.say("{server}"),
            facts.say("{transport} {port}"),
            explain::kind(incident.kind).short.into(),
            format!("{}, {}", incident.severity, incident.state).into(),
            time(incident.began.0).into(),
            time(incident.last_seen.0).into(),
            phrase::number(incident.queries).into(),
            phrase::number(incident.answers).into(),
            phrase::number(facts.errors()).into(),
            incident
                .causes
                .first()
                .map_or_else(Text::default, |cause| Text::code(cause.cause)),
        ]
    };
    Block::Table(Table {
        caption: format!("Incidents, in the order in which they opened (times are UTC{day})"),
        columns: vec![
            Column::numbers("No."),
            Column::words("Server"),
            Column::words("Port"),
            Column::words("Problem"),
            Column::words("State"),
            Column::words("First failed query"),
            Column::words("Last failure"),
            Column::numbers("Queries"),
            Column::numbers("Answers"),
            Column::numbers("Errors"),
            Column::words("First cause"),
        ],
        rows: incidents.iter().enumerate().map(row).collect(),
    })
}

/// The protocols in the log, with what they are for and how much of each there is.
pub(super) fn protocols(context: &Context<'_>) -> Vec<Text> {
    let totals = &context.document().totals;
    let mut bullets = Vec::new();
    let dns = |over: &str, queries, answers| {
        Text::strong(format!("DNS over {over}")).then(format!(
            " (RFC 1035), which translates names into addresses: {} and {} in this log.",
            count(queries, "query", "queries"),
            count(answers, "answer", "answers")
        ))
    };
    if totals.dns_queries + totals.dns_responses > 0 {
        bullets.push(dns("UDP", totals.dns_queries, totals.dns_responses));
    }
    if totals.tcp.dns_queries + totals.tcp.dns_responses > 0 {
        bullets.push(dns("TCP", totals.tcp.dns_queries, totals.tcp.dns_responses));
    } else if totals.tcp.tcp_connects > 0 {
        bullets.push(Text::strong("TCP").then(format!(
            " to DNS ports: {}, but no DNS message.",
            count(
                totals.tcp.tcp_connects,
                "attempt to connect",
                "attempts to connect"
            )
        )));
    }
    if totals.icmp_unreachable > 0 {
        let (name, references) = match context.icmp_families() {
            (true, true) => ("ICMP and ICMPv6", "RFC 792, RFC 4443"),
            (false, true) => ("ICMPv6", "RFC 4443"),
            (_, false) => ("ICMP", "RFC 792"),
        };
        let about = match totals.dns_unreachable {
            0 => "not about DNS queries".into(),
            1 if totals.icmp_unreachable == 1 => "about a DNS query".into(),
            all if all == totals.icmp_unreachable => "all of them about DNS queries".into(),
            1 => "one of them about a DNS query".into(),
            some => format!("{} of them about DNS queries", phrase::number(some)),
        };
        bullets.push(Text::strong(name).then(format!(
            " ({references}), with which hosts and routers report that a packet could not be delivered: {} \
            of the type \"destination unreachable\" in this log, {about}.",
            count(totals.icmp_unreachable, "error", "errors"),
        )));
    }
    bullets
}

/// What the errors say, and what users notice; each once, also when several incidents share them.
fn meaning(context: &Context<'_>, blocks: &mut Vec<Block>) {
    let mut errors: Vec<Text> = Vec::new();
    let mut impacts: Vec<Text> = Vec::new();
    for incident in context.told() {
        let facts = Facts::new(incident);
        for (code, _) in facts.by_code() {
            let known = explain::code(code);
            let (numbers, reference) = if facts.is_v4() { known.v4 } else { known.v6 };
            let text = facts
                .say(known.words)
                .then(facts.say(&format!(" ({{icmp}} {numbers}; {reference}) means: ")))
                .then(facts.say(known.meaning));
            if !errors.contains(&text) {
                errors.push(text);
            }
        }
        for code in failing_codes(context, incident) {
            let text =
                Text::strong(code.words).then(format!(" ({}) means: {}", code.reference, code.meaning));
            if !errors.contains(&text) {
                errors.push(text);
            }
        }
        let impact = facts.say(explain::kind(incident.kind).impact);
        if !impacts.contains(&impact) {
            impacts.push(impact);
        }
    }
    if !errors.is_empty() {
        let title = if errors.len() == 1 {
            "What the error means"
        } else {
            "What the errors mean"
        };
        blocks.push(heading(3, "meaning", title));
        blocks.push(Block::Bullets(errors));
    }
    if !impacts.is_empty() {
        blocks.push(heading(3, "impact", "Impact on users"));
        blocks.extend(impacts.into_iter().map(Block::Paragraph));
    }
}

/// The response codes that make an incident of a server's answers.
fn failing_codes(context: &Context<'_>, incident: &Incident) -> Vec<&'static explain::ResponseText> {
    let rcodes = context
        .server(incident)
        .filter(|_| incident.kind == Kind::Failing)
        .map(|server| server.rcodes)
        .unwrap_or_default();
    [
        (rcodes.servfail, &explain::SERVFAIL),
        (rcodes.refused, &explain::REFUSED),
    ]
    .into_iter()
    .filter(|&(answers, _)| answers > 0)
    .map(|(_, code)| code)
    .collect()
}
