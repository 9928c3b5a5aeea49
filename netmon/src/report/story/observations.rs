//! What was observed of one incident: when it began, how it was found, what was seen.

use super::Until;
use super::context::Context;
use super::healthy::by_rcode;
use super::summary::end;
use crate::model::{DestinationCounts, Incident, Kind};
use crate::report::explain;
use crate::report::facts::Facts;
use crate::report::phrase::{self, count};
use crate::report::rich::Text;
use netmon_common::Transport;

/// The first failure, the detection, and whether it was there before the log.
pub(super) fn began(context: &Context<'_>, incident: &Incident) -> Text {
    Facts::new(incident)
        .say(match incident.kind {
            Kind::Unreachable if incident.opened == incident.began => {
                "The first query that failed was sent at {began_exactly}, and the first error came at once."
            }
            Kind::Unreachable => {
                "The first query that failed was sent at {began_exactly}. The first error about such a query followed \
                {took} later, at {opened_exactly}, and opened the incident."
            }
            Kind::Unanswered => {
                "The first query that remained unanswered was sent at {began_exactly}. By {opened_exactly}, {took} \
                later, the silence had lasted long enough to count as an incident."
            }
            Kind::Failing => {
                "The first query that failed was sent at {began_exactly}. By {opened_exactly}, {took} later, the share \
                of failures was large enough to count as an incident."
            }
        })
        .then(" ")
        .then(before(context, incident))
}

/// What the log shows of the time before.
fn before(context: &Context<'_>, incident: &Incident) -> Text {
    let (before, at_other_times) = (
        context.answers_before(incident),
        context.answers_at_other_times(incident),
    );
    let starts_with_it = if context.began_with_the_log(incident) {
        "That query is the first packet of the log, and "
    } else {
        ""
    };
    let gave = if incident.answers == 0 && at_other_times == 0 {
        "the log holds no answer from this server at all"
    } else {
        "the log holds no earlier answer from this server"
    };
    if before > 0 {
        format!(
            "Until then the server had given at least {} in this log, so the problem began within it.",
            count(before, "answer", "answers")
        )
        .into()
    } else if at_other_times > 0 {
        format!(
            "Apart from the incident, the log holds {} from this server.",
            count(at_other_times, "answer", "answers")
        )
        .into()
    } else {
        Text::from(format!(
            "{starts_with_it}{gave}, so the problem may have begun before the log."
        ))
        .capitalised()
    }
}

/// The rule, and how far the errors are proven.
pub(super) fn found(facts: &Facts<'_>) -> Text {
    const PROVEN: &str = "the network's reaction to real traffic, and not stray or blindly forged";
    let rule = explain::kind(facts.incident.kind).rule;
    let (errors, verified) = (facts.errors(), facts.incident.verified);
    let proof = match (errors, verified) {
        (0, _) => String::new(),
        (1, 0) => " The error here could not be checked in this way.".into(),
        (_, 0) => " None of the errors here could be checked in this way.".into(),
        (1, _) => format!(" The one error here was verified in this way: it is {PROVEN}."),
        _ if verified >= errors => format!(
            " All {} errors here were verified in this way: they are {PROVEN}.",
            phrase::number(errors)
        ),
        (_, 1) => format!(
            " Of the {} errors here, one was verified in this way: it is {PROVEN}. The others are about the same \
            server but could not be matched with a query.",
            phrase::number(errors)
        ),
        _ => format!(
            " Of the {} errors here, {} were verified in this way: they are {PROVEN}. The rest are about the same \
            server but could not be matched with a query.",
            phrase::number(errors),
            phrase::number(verified)
        ),
    };
    facts.say(rule).then(proof)
}

/// The observations, one a point.
pub(super) fn seen(context: &Context<'_>, incident: &Incident) -> Vec<Text> {
    let facts = Facts::new(incident);
    let mut points = vec![facts.say(if incident.began == incident.last_seen {
        "{Clients} made {queries}{for_names} and got {answers}."
    } else {
        "In {lasted}, {clients} made {queries}{for_names} and got {answers}."
    })];
    if facts.errors() > 0 {
        points.push(facts.say(if facts.server_says_so() {
            "{Errors_by_code} came from the server's own address and from nowhere else, so the path to that host and \
            back to the client works."
        } else {
            "{Errors_by_code} came from {reporters}."
        }));
    }
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
                phrase::times(incident.reopened)
            )
            .into(),
        );
    }
    if let Some(server) = context.server(incident) {
        points.extend(of_server(incident, server));
    }
    points.push(others(context, incident));
    points.push(end(incident, Until::EndOfLog));
    points
}

/// What else was counted for the server, over the whole log.
fn of_server(incident: &Incident, server: &DestinationCounts) -> Vec<Text> {
    let mut points = Vec::new();
    if server.rcodes.servfail + server.rcodes.refused > 0 {
        points.extend(by_rcode(&[server]).map(|codes| {
            Text::from("All answers of this server in the log, by response code: ")
                .then(codes)
                .then(".")
        }));
    }
    if let (Some(median), Some(slow)) = (server.latency_us.p50, server.latency_us.p99) {
        points.push(
            format!(
                "When the server answered, it took {} at the median, and at most {} for 99% of the answers.",
                phrase::micros(median),
                phrase::micros(slow)
            )
            .into(),
        );
    }
    if incident.transport == Transport::Tcp && server.tcp.tcp_connects + server.tcp.tcp_resets > 0 {
        points.push(
            format!(
                "Over TCP the log holds {} to the server and {} from it.",
                count(
                    server.tcp.tcp_connects,
                    "connection attempt",
                    "connection attempts"
                ),
                count(server.tcp.tcp_resets, "reset", "resets")
            )
            .into(),
        );
    }
    if server.unsolicited > 0 {
        points.push(
            format!(
                "{} no query in the log. Anybody can forge such an error, so {} nothing.",
                if server.unsolicited == 1 {
                    "1 error about this server quotes".into()
                } else {
                    format!(
                        "{} errors about this server quote",
                        phrase::number(server.unsolicited)
                    )
                },
                if server.unsolicited == 1 {
                    "it proves"
                } else {
                    "they prove"
                }
            )
            .into(),
        );
    }
    if server.late_responses > 0 {
        points.push(
            format!(
                "{} from this server arrived after the client had stopped waiting.",
                count(server.late_responses, "answer", "answers")
            )
            .into(),
        );
    }
    points
}

/// Whether other servers worked: a problem of one server, or of the network.
fn others(context: &Context<'_>, incident: &Incident) -> Text {
    let others = context.others(incident);
    if others.servers == 0 && others.troubled > 0 {
        return "Every other DNS server that was asked in this log had an incident, too, so none is left to compare with."
            .into();
    }
    let Some(share) = phrase::percent(others.answers, others.queries) else {
        return "No other DNS server was asked in this log, so there is nothing to compare with.".into();
    };
    let text = Text::from(format!(
        "In the same log, {} answered {} of {} ({share}).",
        if others.servers == 1 {
            "one other server".into()
        } else {
            format!("{} other servers", phrase::number(others.servers))
        },
        phrase::number(others.answers.min(others.queries)),
        count(others.queries, "query", "queries"),
    ));
    if others.work() {
        text.then(" DNS as such worked, so the problem lies with this server or on the path to it.")
    } else {
        text
    }
}
