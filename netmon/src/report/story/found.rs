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
use crate::model::{Incident, Kind, Severity};

/// The observations.
pub(super) fn points(context: &Context<'_>, facts: &Facts<'_>) -> Vec<Text> {
    let incident = facts.incident;
    let mut points = vec![facts.asked(packets::all_failed(context, incident))];
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
    points.push(facts.say(severity(facts)));
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
    points.push(others(context, facts));
    points.push(facts.end(context.until()));
    points
}

/// What its severity rests on (docs/contract.md, section 3); a template.
fn severity(facts: &Facts<'_>) -> &'static str {
    let incident = facts.incident;
    match (incident.kind, incident.severity, incident.answers) {
        (Kind::Failing, Severity::Down, _) => {
            "The server counts as down: when netmon decided so, all of its recent answers were failures."
        }
        (Kind::Failing, Severity::Degraded, _) => {
            "The service counts as degraded, not down: not all of the server's answers were failures."
        }
        (_, Severity::Down, _) if facts.queries_unseen() => {
            "The server counts as down: netmon saw no query that it answered."
        }
        (_, Severity::Down, 0) => "The server counts as down: it answered none of these {asks}.",
        // What is answered after the newest failure does not count; what was answered before, only after some time.
        (_, Severity::Down, _) => {
            "The server counts as down: when netmon decided so, it had answered none of these {asks} shortly before the \
            newest failure."
        }
        (_, Severity::Degraded, 0) => {
            "The service counts as degraded, not down: shortly before the incident, the server answered clients that have not \
            failed since."
        }
        (_, Severity::Degraded, _) => {
            "The service counts as degraded, not down: the server still answered some of these {asks}."
        }
    }
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
                "{} about this server {quote} no query in the {log} that still waited. Anybody can forge such an error, so {prove} \
                nothing.",
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
fn others(context: &Context<'_>, facts: &Facts<'_>) -> Text {
    let (others, log) = (context.others(facts.incident), context.log());
    let well = others.well;
    let Some(share) = numbers::percent(well.answers, well.queries) else {
        let nothing = if others.connected > 0 {
            let servers = count(others.connected, "other DNS server", "other DNS servers");
            format!(
                "In the same {log}, clients tried to connect to {servers} over TCP. No query to compare with followed."
            )
        } else if others.troubled > 0 {
            format!(
                "Every other DNS server that was asked in this {log} had an incident, too, so none is left to compare with."
            )
        } else if facts.queries_unseen() {
            "netmon saw no query to another DNS server either, so there is nothing to compare with.".into()
        } else {
            format!("No other DNS server was asked in this {log}, so there is nothing to compare with.")
        };
        return nothing.into();
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
