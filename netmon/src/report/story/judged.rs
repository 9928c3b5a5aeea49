//! What is said where there is no incident: that there is none only where one would have been seen.

use netmon_common::Outcome;

use super::numbers::count;
use crate::model::{Document, Judgement, WarningKind};

/// Unanswered queries that are enough for an incident, where they are for two names at least.
const ENOUGH: u64 = 5;

/// `No incident`, or why that cannot be said.
pub fn without_incident(document: &Document) -> String {
    let why = match document.judgement {
        None | Some(Judgement::Incident | Judgement::NoIncident) => return "No incident".into(),
        Some(Judgement::NothingRead) => "nothing could be read".to_owned(),
        Some(Judgement::UnreadErrors) => {
            "lines say that a DNS port is unreachable, and could not be read".to_owned()
        }
        Some(Judgement::UnreadPackets) => {
            "so many packets could not be read that an incident may be among them".to_owned()
        }
        Some(Judgement::CutPackets) => {
            "packets that are DNS or ICMP errors, or may be, are cut too short to be read".to_owned()
        }
        Some(Judgement::CutNames) => {
            "lines are cut within the names that were asked for, and not all queries were answered well"
                .to_owned()
        }
        Some(Judgement::NoDns) => "there is no DNS in it".to_owned(),
        Some(Judgement::OnlyQueries { .. }) => "only queries were captured".to_owned(),
        Some(Judgement::OnlyAnswers { .. }) => "only answers were captured".to_owned(),
        Some(Judgement::OnlyIterative { queries }) => format!(
            "{} (RD = 0), as resolvers send, which --iterative judges",
            count(
                queries,
                "unanswered iterative query",
                "unanswered iterative queries"
            ),
        ),
        Some(Judgement::Quiet) => "the text shows neither names nor response codes (tcpdump -q)".to_owned(),
        Some(Judgement::NoTimes) => format!(
            "{}, and not all queries were answered well",
            if document.is_warned(WarningKind::NoTimes) {
                "the text has no times (tcpdump -t)"
            } else {
                "packets of the capture have no time"
            }
        ),
        Some(Judgement::TooFew {
            queries,
            names,
            waited,
        }) => too_few(document, queries, names, waited),
        Some(Judgement::Unproven { errors }) => format!(
            "{} no query that was captured and still waited",
            count(errors, "error quotes", "errors quote"),
        ),
    };
    format!("Cannot be judged: {why}")
}

fn too_few(document: &Document, asked: u64, names: u64, waited: bool) -> String {
    let connects = document.totals.outcome(Outcome::TcpConnect);
    let are = if asked == 1 { "is" } else { "are" };
    if connects > 0 {
        // They have no names.
        let unanswered = if document.totals.queries() == 0 {
            count(
                asked,
                "attempt to connect over TCP, without a query,",
                "attempts to connect over TCP, without a query,",
            )
        } else {
            count(
                asked,
                "unanswered query or attempt to connect over TCP",
                "unanswered queries and attempts to connect over TCP",
            )
        };
        return format!("{unanswered} {are} not enough to tell");
    }
    let unanswered = count(asked, "unanswered query", "unanswered queries");
    match (asked >= ENOUGH, names) {
        // With as many to one server, silence alone would have been an incident.
        (true, 2..) if waited => format!("{unanswered}, too few of them to any one server to tell"),
        (true, 2..) => format!("{unanswered}, in too short a time to tell"),
        (true, 1) => format!("{unanswered}, all for one name, {are} not enough to tell"),
        (_, 0) => format!("{unanswered} {are} too few to tell"),
        _ => format!(
            "{unanswered} for {} {are} too few to tell",
            count(names, "name", "names")
        ),
    }
}
