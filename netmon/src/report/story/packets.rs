//! The first packets of an incident: as a table, what their lines mean, and what they show.

use std::time::Duration;

use jiff::Timestamp;
use netmon_common::{Address, Transport};

use super::context::Context;
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
    let facts = context.facts(incident);
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
            What::Query { .. } => vec![time, client(), server(), query(packet, incident.transport)],
            What::Answer { rcode, .. } => {
                let said = knowledge::rcode(*rcode)
                    .map_or_else(|| "answer".into(), |code| format!("answer: {}", code.words));
                vec![time, server(), client(), said.into()]
            }
            What::Error { reporter, code, sent } => {
                let text = Text::from("ICMP: ").then(facts.say(knowledge::code(*code).words));
                let text = match sent {
                    Some(sent) if facts.has_times => text
                        .then(format!(", {} after ", duration(packet.time.since(*sent))))
                        .then(facts.say("the {ask}")),
                    _ => text,
                };
                vec![time, end(*reporter, None), end(packet.client, None), text]
            }
        }
    };
    let caption = match (has_first(packets, incident), packets.len() > ROWS) {
        (true, true) => format!("The first {ROWS} packets of the incident"),
        (true, false) => "The packets of the incident".into(),
        (false, _) => "Packets of the incident; its first ones were not kept".into(),
    };
    let mut table = Table {
        caption,
        columns: ["Time", "From", "To", "What"].map(Column::words).into(),
        rows: packets.iter().take(ROWS).map(row).collect(),
    };
    if !facts.has_times {
        table.drop_first_column();
    }
    Some(table)
}

/// Whether the packets that are kept begin where the incident does. Where many passed before it opened, the first are lost.
fn has_first(packets: &[Packet], incident: &Incident) -> bool {
    let first = packets.first();
    first.is_some_and(|packet| wall(packet.time) <= incident.began.0)
}

/// Whether each query that counts in the incident is known to have failed: its clients and names are of those alone.
pub fn all_failed(context: &Context<'_>, incident: &Incident) -> bool {
    if incident.answers > 0 {
        return false;
    }
    // One query verifies one error.
    if incident.verified >= incident.queries {
        return true;
    }
    let end = context.facts(incident).counted_to;
    let packets = context.report().excerpts.of(&incident.id);
    let mut are_own = packets
        .iter()
        .filter(|packet| wall(packet.time) <= end)
        .filter_map(|packet| match &packet.what {
            What::Query { name, .. } => Some((packet.client, name)),
            What::Answer { .. } | What::Error { .. } => None,
        })
        .map(|(client, name)| {
            let is_named = match name {
                Some(name) => incident.names.contains(&name.to_string()),
                None => incident.names.is_empty(),
            };
            is_named && incident.clients.contains(&client)
        });
    let are_there = are_own.clone().count() as u64 >= incident.queries;
    has_first(packets, incident) && are_there && are_own.all(|is_own| is_own)
}

/// `query 35084+ A? yummyrecipesforme.com.`; over TCP a packet without an id is a SYN.
fn query(packet: &Packet, transport: Transport) -> Text {
    let text = match (written(packet), transport) {
        (Some(written), _) => Text::from("query ").then(Text::code(written)),
        (None, Transport::Udp) => "query".into(),
        (None, Transport::Tcp) => "attempt to connect".into(),
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
    let has_times = context.has_times();
    repeated(packets, incident, has_times)
        .into_iter()
        .chain(late(packets, incident))
        .collect()
}

/// Whether all queries are one query: the same client, port, id and name.
fn repeated(packets: &[Packet], incident: &Incident, has_times: bool) -> Option<Text> {
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
    let are_all = queries.len() as u64 == incident.queries;
    if queries.len() < 2 || !are_all || !queries.iter().all(same) {
        return None;
    }
    let gaps = queries
        .iter()
        .zip(queries.iter().skip(1))
        .map(|(one, next)| next.time.since(one.time));
    let (shortest, longest) = (gaps.clone().min()?, gaps.max()?);
    let apart = if !has_times {
        String::new()
    } else if duration(shortest) == duration(longest) {
        format!(", {} apart", duration(longest))
    } else {
        format!(", {} to {} apart", duration(shortest), duration(longest))
    };
    Some(
        format!(
            "The queries are one query, sent {}{apart}: each time from the same port ({port}) and with the same id ({id}). \
            So this is one program that repeats its query, and not so many attempts of different users.",
            numbers::times(queries.len() as u64)
        )
        .into(),
    )
}

/// Errors that came late, and what makes errors late.
fn late(packets: &[Packet], incident: &Incident) -> Option<Text> {
    let errors = packets
        .iter()
        .filter(|packet| matches!(packet.what, What::Error { .. }))
        .count();
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
    let are_all = incident.errors.sum() == listed.len() as u64;
    let which = match (listed.len(), are_all) {
        (1, true) => "The error came ".into(),
        (_, true) => "The errors came ".into(),
        (1, false) => "One error came ".into(),
        (first, false) if has_first(packets, incident) && delays.len() == errors => {
            format!("The first {first} errors came ")
        }
        (some, false) => format!("{some} of the errors came "),
    };
    let whose = if listed.len() == 1 {
        "its query"
    } else {
        "the last query before each"
    };
    Some(Text::from(which).then(Text::list(listed)).then(format!(
        " after {whose}. That is not normal: a host that refuses a port says so within milliseconds. Errors come late when \
        the host that sends them is overloaded or limits how many it sends, when a device on the path holds packets back, \
        or when they are about repeated queries that the log does not show."
    )))
}

fn wall(time: Time) -> Timestamp {
    Timestamp::from_nanosecond(time.nanos().into()).unwrap_or(Timestamp::MAX)
}
