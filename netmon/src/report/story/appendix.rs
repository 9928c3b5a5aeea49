//! What both kinds of report end with: the timeline, the limits of the data, the servers, the packets.

use netmon_common::{Outcome, Rcode};

use super::context::Context;
use super::heading;
use super::numbers;
use super::rich::{Block, Column, Table, Text};
use super::servers::Server;
use crate::model::SourceKind;

/// Servers in the table at most.
const ROWS: usize = 25;

/// Stands in a cell where nothing can be said.
pub(super) const NOTHING: &str = "–";

pub(super) fn write(context: &Context<'_>, blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "appendix", "Appendix: Servers and packets"));
    servers(context, blocks);
    blocks.push(Block::Table(packets(context)));
}

/// The timeline, if there is one, and stretches of it in finer parts.
pub(super) fn timeline(context: &Context<'_>, blocks: &mut Vec<Block>) {
    let close_ups = context.report().close_ups;
    let has_timeline = context.has_times() && context.timeline().axis(1).is_some();
    if has_timeline || !close_ups.is_empty() {
        blocks.push(heading(3, "timeline", "Timeline"));
    }
    if has_timeline {
        let totals = &context.document().totals;
        if totals.outcome(Outcome::TcpConnect) > totals.outcome(Outcome::TcpDnsQuery) {
            blocks.push(Block::Paragraph(
                "Attempts to connect over TCP that no server accepted are drawn as queries.".into(),
            ));
        }
        blocks.push(Block::Timeline);
    }
    for (number, close_up) in close_ups.iter().enumerate() {
        blocks.push(heading(4, format!("close-up-{}", number + 1), close_up.title));
        blocks.push(Block::CloseUp(number));
    }
}

/// What makes the rest less certain.
pub(super) fn limits(context: &Context<'_>, blocks: &mut Vec<Block>) {
    let warnings = &context.document().warnings;
    if !warnings.is_empty() {
        blocks.push(heading(3, "limits", "Limits of this data"));
        let points = warnings.iter().map(|warning| {
            Text::from(warning.message.clone())
                .then(" (")
                .then(Text::code(warning.warning))
                .then(")")
        });
        blocks.push(Block::Bullets(points.collect()));
    }
}

fn servers(context: &Context<'_>, blocks: &mut Vec<Block>) {
    if context.servers().is_empty() {
        blocks.push(Block::Paragraph(
            format!(
                "netmon saw neither a DNS query nor an answer in this {}.",
                context.log()
            )
            .into(),
        ));
        return;
    }
    blocks.push(Block::Table(server_table(context)));
    let left_out = context.servers().len().saturating_sub(ROWS);
    if left_out > 0 {
        blocks.push(Block::Paragraph(
            format!(
                "{} with fewer queries {} not shown.",
                numbers::count(left_out as u64, "further server", "further servers"),
                if left_out == 1 { "is" } else { "are" }
            )
            .into(),
        ));
    }
}

/// The time of which all is counted.
fn span(context: &Context<'_>) -> &'static str {
    match context.document().source.kind {
        SourceKind::Capture => "the whole log",
        SourceKind::History => "the minutes around the incident",
    }
}

/// The servers, those with incidents first, then the busiest.
fn server_table(context: &Context<'_>) -> Table {
    let troubled = context.troubled_servers();
    let (first, others): (Vec<_>, Vec<_>) = context
        .servers()
        .iter()
        .partition(|server| troubled.contains(&server.address));
    let mut table = Table {
        caption: format!(
            "DNS servers: what was counted over {}, UDP and TCP together",
            span(context)
        ),
        columns: [
            Column::words("Server"),
            Column::numbers("Queries"),
            Column::numbers("Answers"),
            Column::numbers("Answered"),
            Column::numbers("ICMP errors"),
            Column::numbers("TCP connects"),
            Column::numbers("Median time"),
            Column::numbers("99% within"),
            Column::numbers("No error"),
            Column::numbers("NXDOMAIN"),
            Column::numbers("SERVFAIL"),
            Column::numbers("REFUSED"),
            Column::numbers("FORMERR"),
            Column::numbers("NOTIMP"),
            Column::numbers("Other codes"),
        ]
        .into(),
        rows: first
            .into_iter()
            .chain(others)
            .take(ROWS)
            .map(|server| row(context, server))
            .collect(),
    };
    table.drop_columns_that_say_nothing(5, &["0", NOTHING]);
    table
}

fn row(context: &Context<'_>, server: &Server<'_>) -> Vec<Text> {
    let took = |micros: Option<u64>| {
        micros.map_or_else(
            || Text::from(NOTHING),
            |micros| numbers::duration(std::time::Duration::from_micros(micros)).into(),
        )
    };
    let exchanges = &server.served;
    let latency = server.counts.map(|counts| counts.latency_us).unwrap_or_default();
    let mut row = vec![
        named(context, server),
        numbers::number(exchanges.queries).into(),
        numbers::number(exchanges.answers).into(),
        numbers::percent(exchanges.answers, exchanges.queries)
            .unwrap_or_else(|| NOTHING.into())
            .into(),
        numbers::number(exchanges.errors).into(),
        numbers::number(exchanges.connects).into(),
        took(latency.p50),
        took(latency.p99),
    ];
    row.extend(
        [
            Rcode::NoError,
            Rcode::NxDomain,
            Rcode::ServFail,
            Rcode::Refused,
            Rcode::FormErr,
            Rcode::NotImp,
            Rcode::Other,
        ]
        .map(|rcode| numbers::number(exchanges.rcode(rcode)).into()),
    );
    row
}

/// Its address, and what people call it.
fn named(context: &Context<'_>, server: &Server<'_>) -> Text {
    let address = Text::code(server.address);
    let info = if let Some(counts) = server.counts {
        counts.server_info.as_ref()
    } else {
        let mut incidents = context.incidents().iter();
        let own = incidents.find(|incident| incident.server == server.address);
        own.and_then(|own| own.server_info.as_ref())
    };
    match info.and_then(|info| info.name.as_ref()) {
        Some(name) => address.then(format!(" ({name})")),
        None => address,
    }
}

/// Each packet is in one row, but the last ones, which say what the errors were about.
fn packets(context: &Context<'_>) -> Table {
    let totals = &context.document().totals;
    let counters = &totals.counters;
    let outcomes = [
        ("All packets", counters.frames),
        ("DNS queries over UDP", totals.outcome(Outcome::DnsQuery)),
        ("DNS answers over UDP", totals.outcome(Outcome::DnsResponse)),
        ("DNS queries over TCP", totals.outcome(Outcome::TcpDnsQuery)),
        ("DNS answers over TCP", totals.outcome(Outcome::TcpDnsResponse)),
        (
            "TCP connection attempts to DNS ports",
            totals.outcome(Outcome::TcpConnect),
        ),
        ("TCP resets from DNS ports", totals.outcome(Outcome::TcpReset)),
        (
            "ICMP destination unreachable",
            totals.outcome(Outcome::IcmpUnreachable),
        ),
        ("– of these, about DNS queries", counters.dns_unreachable),
        (
            "– of these, about no query that was still waiting",
            counters.unsolicited,
        ),
        (
            "– of these, about hosts that never offered DNS",
            totals.not_served,
        ),
        ("– about answers that came too late", counters.late_responses),
        ("Fragments after the first", totals.outcome(Outcome::Fragment)),
        ("Malformed", totals.outcome(Outcome::Malformed)),
        ("Cut off by the capture", totals.outcome(Outcome::Truncated)),
        ("Neither IPv4 nor IPv6", totals.outcome(Outcome::NotIp)),
        ("For other hosts", totals.outcome(Outcome::NotOurs)),
        ("Other traffic", totals.outcome(Outcome::Other)),
        (
            "Counted without their server, because the table was full",
            counters.overflow,
        ),
        ("Events that were lost", counters.events_lost),
        (
            "Queries forgotten before their answer or error came",
            counters.traces_overwritten,
        ),
    ];
    let rows = outcomes
        .into_iter()
        .filter(|&(_, packets)| packets > 0)
        .map(|(what, packets)| vec![what.into(), numbers::number(packets).into()])
        .collect();
    Table {
        caption: "Packets, by what they are".into(),
        columns: vec![Column::words("What"), Column::numbers("Packets")],
        rows,
    }
}
