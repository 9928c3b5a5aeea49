//! The first packets of an incident: as a table, what their lines mean, and what they show.

use std::time::Duration;

use jiff::Timestamp;
use netmon_common::Address;

use super::context::Context;
use super::facts::Facts;
use super::numbers::{self, duration};
use super::rich::{Column, Table, Text};
use crate::excerpt::{Packet, What};
use crate::model::Incident;
use crate::report::knowledge;
use crate::time::Time;

/// Rows of the table at most.
const ROWS: usize = 12;

/// An error this long after its query is late. Hosts and routers send one at once, or after they have looked for a
/// neighbour in vain (RFC 4861 section 10: 3 s); then it is no port that they report.
const LATE: Duration = Duration::from_secs(1);

/// Late errors whose delays are listed.
const LISTED: usize = 5;

/// The first packets, one a row.
pub fn table(context: &Context<'_>, incident: &Incident) -> Option<Table> {
    let facts = Facts::new(incident, context.clock());
    let packets = context.report().excerpts.of(&incident.id);
    if packets.is_empty() {
        return None;
    }
    let end = |address: Address, port: Option<u16>| {
        Text::code(match port {
            Some(port) if address.ip().is_ipv4() => format!("{address}:{port}"),
            Some(port) => format!("[{address}]:{port}"),
            None => address.to_string(),
        })
    };
    let server = || end(incident.server, Some(incident.port));
    let row = |packet: &Packet| {
        let client = || end(packet.client, packet.client_port);
        let time = Text::from(context.clock().exact_time(wall(packet.time)));
        match &packet.what {
            What::Query { .. } => vec![time, client(), server(), query(packet)],
            What::Answer { rcode, .. } => {
                let said = knowledge::rcode(*rcode)
                    .map_or_else(|| "answer".into(), |code| format!("answer: {}", code.words));
                vec![time, server(), client(), said.into()]
            }
            What::Error { reporter, code, sent } => {
                let text = Text::from("ICMP: ").then(facts.say(knowledge::code(*code).words));
                let text = match sent {
                    Some(sent) => text.then(format!(
                        ", {} after the query",
                        duration(packet.time.since(*sent))
                    )),
                    None => text,
                };
                vec![time, end(*reporter, None), end(packet.client, None), text]
            }
        }
    };
    let caption = if packets.len() > ROWS {
        format!("The first {ROWS} packets of the incident")
    } else {
        "The packets of the incident".into()
    };
    Some(Table {
        caption,
        columns: ["Time", "From", "To", "What"].map(Column::words).into(),
        rows: packets.iter().take(ROWS).map(row).collect(),
    })
}

/// `query 35084+ A? yummyrecipesforme.com.`
fn query(packet: &Packet) -> Text {
    let text = match written(packet) {
        Some(written) => Text::from("query ").then(Text::code(written)),
        None => "query".into(),
    };
    match &packet.what {
        What::Query {
            query_type: None,
            name: Some(name),
            ..
        } => text.then(" for ").then(Text::code(name)),
        _ => text,
    }
}

/// A query as tcpdump prints it: `35084+ A? yummyrecipesforme.com.`.
fn written(packet: &Packet) -> Option<String> {
    let What::Query {
        recursion_desired,
        query_type,
        name,
    } = &packet.what
    else {
        return None;
    };
    let id = packet.id?;
    let plus = if shows_recursion(*recursion_desired, *query_type) {
        "+"
    } else {
        ""
    };
    let asked = match (query_type, name) {
        (Some(number), Some(name)) => match knowledge::query_type(*number) {
            Some((word, _)) => format!(" {word}? {name}."),
            None => format!(" Type{number}? {name}."),
        },
        _ => String::new(),
    };
    Some(format!("{id}{plus}{asked}"))
}

/// Whether a log shows that recursion is desired. Where it has columns, it shows neither that nor the type, and RD is presumed.
fn shows_recursion(desired: Option<bool>, query_type: Option<u16>) -> bool {
    desired == Some(true) && query_type.is_some()
}

/// What the parts of the first query's line mean.
pub fn meaning(context: &Context<'_>, incident: &Incident) -> Vec<Text> {
    let packets = context.report().excerpts.of(&incident.id);
    let Some((packet, line)) = packets.iter().find_map(|packet| Some((packet, written(packet)?))) else {
        return Vec::new();
    };
    let What::Query {
        recursion_desired,
        query_type,
        ..
    } = packet.what
    else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(port) = packet.client_port {
        lines.push(
            Text::code(format!(
                "{}.{port} > {}.{}",
                packet.client,
                incident.server,
                if incident.port == 53 { "domain".into() } else { incident.port.to_string() }
            ))
            .then(format!(
                " means: from port {port} of the client, which its program got for this query, to port {} of the server, \
                the port of DNS.",
                incident.port
            )),
        );
    }
    let mut text = Text::code(line)
        .then(" means: a DNS query. ")
        .then(Text::code(packet.id.unwrap_or_default()))
        .then(" is its id, by which its answer is recognised.");
    if shows_recursion(recursion_desired, query_type) {
        text = text
            .then(" ")
            .then(Text::code("+"))
            .then(format!(" means that {}.", knowledge::RD));
    }
    if let Some((word, asked)) = query_type.and_then(knowledge::query_type) {
        text = text
            .then(" ")
            .then(Text::code(format!("{word}?")))
            .then(format!(" asks for {asked}."));
    }
    lines.push(text);
    lines
}

/// What the packets show beyond their number.
pub fn findings(context: &Context<'_>, incident: &Incident) -> Vec<Text> {
    let packets = context.report().excerpts.of(&incident.id);
    repeated(packets).into_iter().chain(late(packets)).collect()
}

/// Whether all queries are one query: the same client, port, id and name.
fn repeated(packets: &[Packet]) -> Option<Text> {
    let queries: Vec<&Packet> = packets
        .iter()
        .filter(|packet| matches!(packet.what, What::Query { .. }))
        .collect();
    let first = queries.first()?;
    let (port, id) = (first.client_port?, first.id?);
    let same = |packet: &&Packet| {
        (packet.client, packet.client_port, packet.id) == (first.client, first.client_port, first.id)
            && packet.what == first.what
    };
    if queries.len() < 2 || !queries.iter().all(same) {
        return None;
    }
    let gaps = queries
        .iter()
        .zip(queries.iter().skip(1))
        .map(|(one, next)| next.time.since(one.time));
    let (shortest, longest) = (gaps.clone().min()?, gaps.max()?);
    let apart = if duration(shortest) == duration(longest) {
        format!("{} apart", duration(longest))
    } else {
        format!("{} to {} apart", duration(shortest), duration(longest))
    };
    Some(
        format!(
            "The queries are one query, sent {}, {apart}: each time from the same port ({port}) and with the same id ({id}). \
            So this is one program that repeats its query, and not so many attempts of different users.",
            numbers::times(queries.len() as u64)
        )
        .into(),
    )
}

/// Errors that came late, and what makes errors late.
fn late(packets: &[Packet]) -> Option<Text> {
    let delays: Vec<Duration> = packets
        .iter()
        .filter_map(|packet| match packet.what {
            What::Error { sent: Some(sent), .. } => Some(packet.time.since(sent)),
            _ => None,
        })
        .collect();
    let late = delays.iter().filter(|&&delay| delay >= LATE).count();
    if late == 0 || late * 2 < delays.len() {
        return None;
    }
    let listed: Vec<Text> = delays
        .iter()
        .take(LISTED)
        .map(|&delay| duration(delay).into())
        .collect();
    let which = match (delays.len(), delays.len() > LISTED) {
        (1, _) => "The error came ".into(),
        (_, false) => Text::from("The errors came "),
        (_, true) => Text::from(format!("The first {LISTED} errors came ")),
    };
    let whose = if delays.len() == 1 {
        "its query"
    } else {
        "the last query before each"
    };
    Some(which.then(Text::list(listed)).then(format!(
        " after {whose}. That is not normal: a host that refuses a port says so within milliseconds. Errors come late when \
        the host that sends them is overloaded or limits how many it sends, when a device on the path holds packets back, \
        or when they are about repeated queries that the log does not show."
    )))
}

fn wall(time: Time) -> Timestamp {
    Timestamp::from_nanosecond(time.nanos().into()).unwrap_or(Timestamp::MAX)
}
