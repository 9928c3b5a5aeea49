//! What was found of an incident, one observation a point.

use netmon_common::{Rcode, Transport};

use super::context::Context;
use super::facts::Facts;
use super::healthy::by_rcode;
use super::numbers::{self, count, number};
use super::packets;
use super::rich::Text;
use super::servers::Server;
use super::sides;
use crate::model::Incident;

/// The observations.
pub(super) fn points(context: &Context<'_>, facts: &Facts<'_>) -> Vec<Text> {
    let incident = facts.incident;
    let is_a_moment = incident.began.0 == facts.counted_to;
    // Others asked too where there were answers, or for other names.
    let mut points = vec![facts.say(match (incident.answers, is_a_moment) {
        (0, true) => "{Clients} made {queries}{for_names} and got {answers}.",
        (0, false) => "In {lasted}, {clients} made {queries}{for_names} and got {answers}.",
        (_, true) => "{queries} went to the server, and {answers} came back. Queries of {clients}{for_names} failed.",
        (_, false) => {
            "In {lasted}, {queries} went to the server, and {answers} came back. Queries of {clients}{for_names} failed."
        }
    })];
    if facts.errors() > 0 {
        points.push(facts.say(if facts.some_are_unproven() {
            "{Errors_by_code} came. Those that are verified were sent by {reporters}."
        } else if facts.server_says_so() {
            "{Errors_by_code} came from the server's own address and from nowhere else, so the path to that host and \
            back to the client works."
        } else {
            "{Errors_by_code} came from {reporters}."
        }));
    }
    points.extend(packets::findings(context, incident));
    points.push(
        if incident.is_down() {
            "The server counts as down: no answer came from it around the newest failure."
        } else {
            "The service counts as degraded, not down: the server still gave answers around the newest failure."
        }
        .into(),
    );
    if incident.reopened > 0 {
        points.push(
            format!(
                "The incident closed and was reopened {}, because the problem came back within a minute.",
                numbers::times(incident.reopened)
            )
            .into(),
        );
    }
    if let Some(server) = context.server(incident) {
        points.extend(of_server(context, incident, &server));
    }
    points.extend(sides::points(context, incident));
    points.push(others(context, incident));
    points.push(facts.end(context.until()));
    points
}

/// What else was counted for the server, over the whole log.
fn of_server(context: &Context<'_>, incident: &Incident, server: &Server<'_>) -> Vec<Text> {
    let (mut points, log) = (Vec::new(), context.log());
    let exchanges = &server.served;
    let faults = Rcode::ALL.into_iter().filter(|code| code.is_fault());
    if faults.map(|code| exchanges.rcode(code)).sum::<u64>() > 0 {
        points.extend(by_rcode(|rcode| exchanges.rcode(rcode)).map(|codes| {
            Text::from(format!(
                "All answers of this server to queries in the {log}, by response code: "
            ))
            .then(codes)
            .then(".")
        }));
    }
    let latency = server.counts.map(|counts| counts.latency_us).unwrap_or_default();
    if let (Some(median), Some(slow)) = (latency.p50, latency.p99) {
        points.push(
            format!(
                "When the server answered, it took {} at the median, and at most {} for 99% of the answers.",
                numbers::micros(median),
                numbers::micros(slow)
            )
            .into(),
        );
    }
    let counters = server.counts.map(|counts| counts.counters).unwrap_or_default();
    if incident.transport == Transport::Tcp && exchanges.connects + counters.tcp_resets > 0 {
        points.push(
            format!(
                "Over TCP the {log} holds {} to the server and {} from it.",
                count(exchanges.connects, "connection attempt", "connection attempts"),
                count(counters.tcp_resets, "reset", "resets")
            )
            .into(),
        );
    }
    if counters.unsolicited() > 0 {
        let (quote, prove) = if counters.unsolicited() == 1 {
            ("quotes", "it proves")
        } else {
            ("quote", "they prove")
        };
        points.push(
            format!(
                "{} about this server {quote} no query in the {log}. Anybody can forge such an error, so {prove} nothing.",
                count(counters.unsolicited(), "error", "errors")
            )
            .into(),
        );
    }
    if counters.late_responses > 0 {
        points.push(
            format!(
                "{} from this server arrived after the client had stopped waiting.",
                count(counters.late_responses, "answer", "answers")
            )
            .into(),
        );
    }
    points
}

/// Whether other servers worked: a problem of one server, or of the network.
fn others(context: &Context<'_>, incident: &Incident) -> Text {
    let (others, log) = (context.others(incident), context.log());
    let (well, troubled) = (others.well, others.troubled);
    if well.servers == 0 && troubled > 0 {
        return format!(
            "Every other DNS server that was asked in this {log} had an incident, too, so none is left to compare with."
        )
        .into();
    }
    let Some(share) = numbers::percent(well.answers, well.queries) else {
        return format!("No other DNS server was asked in this {log}, so there is nothing to compare with.")
            .into();
    };
    let text = Text::from(format!(
        "In the same {log}, {} answered {} of {} ({share}).",
        if well.servers == 1 {
            "one other server".into()
        } else {
            format!("{} other servers", number(well.servers))
        },
        number(well.answers),
        count(well.queries, "query", "queries"),
    ));
    if well.work() {
        text.then(" DNS as such worked, so the problem lies with this server or on the path to it.")
    } else {
        text
    }
}
