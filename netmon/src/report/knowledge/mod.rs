//! What the words of an incident mean: each kind, cause, ICMP code, response code and end of an incident.
//!
//! For a cause: what it is, what else looks the same, how to confirm it, how to fix it. All of it is templates for
//! [`Facts::say`](super::story::Facts::say) and [`Facts::steps`](super::story::Facts::steps), used by the reports and by
//! what `netmon run` prints. A sentence that does not hold for every incident has a condition beside it. The matches are
//! exhaustive: a new kind or cause without words does not compile.

mod causes;
mod codes;
mod kinds;
mod server_causes;

use netmon_common::{Code, Rcode, Transport};

pub use codes::{RD, query_type};

use super::story::numbers::between;
use crate::model::{Cause, CloseReason, Incident, Kind, Severity};

/// When a sentence or a step holds.
pub type When = fn(&Incident) -> bool;

/// A kind of incident.
#[derive(Debug)]
pub struct KindText {
    /// What is wrong, in a word or two for tables and headings.
    pub short: &'static str,
    /// What the server does now, after its name: `is unreachable`.
    pub now: &'static str,
    /// What the incident is called in headings; a template.
    pub name: &'static str,
    /// What is wrong, as a sentence: when nothing got an answer.
    pub down: &'static str,
    /// The same, when some did.
    pub degraded: &'static str,
    /// What users notice.
    pub impact: &'static str,
    /// How netmon finds it.
    pub rule: &'static str,
}

/// An ICMP code.
#[derive(Debug)]
pub struct CodeText {
    /// How tools call it; a template.
    pub words: &'static str,
    /// Its numbers in ICMP, and where that is said.
    pub v4: (&'static str, &'static str),
    /// Its numbers in ICMPv6, and where that is said.
    pub v6: (&'static str, &'static str),
    /// What it means; a template.
    pub meaning: &'static str,
}

/// A response code that says that the server did not do its work.
#[derive(Debug)]
pub struct ResponseText {
    /// How it is called.
    pub words: &'static str,
    /// Its number, and where that is said.
    pub reference: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// The end of an incident.
#[derive(Debug)]
pub struct CloseText {
    /// In a word: whether the server works again, or only the incident is closed.
    pub word: &'static str,
    /// What the server does now, after its name: `answers again`.
    pub now: &'static str,
    /// The same as a sentence in a report; a template.
    pub ended: &'static str,
}

/// A cause.
#[derive(Debug)]
pub struct CauseText {
    /// What it is, as a clause that begins small; a template.
    pub clause: &'static str,
    /// What it means and how it shows.
    pub meaning: &'static [Sentence],
    /// What looks the same in the data.
    pub alternatives: &'static [Sentence],
    /// Where the first step to confirm it is done; a template.
    pub place: &'static str,
    /// How to confirm it.
    pub confirm: &'static [Step],
    /// How to fix it.
    pub fix: &'static [Step],
}

/// A sentence that holds under a condition.
#[derive(Debug)]
pub struct Sentence {
    /// When it holds.
    pub when: When,
    /// A template.
    pub text: &'static str,
}

/// What to do under a condition.
#[derive(Debug)]
pub struct Step {
    /// When it is of use.
    pub when: When,
    /// A template of words.
    pub what: &'static str,
    /// A template of a shell command.
    pub command: Option<&'static str>,
}

/// What a kind means.
pub const fn kind(kind: Kind) -> &'static KindText {
    match kind {
        Kind::Unreachable => &kinds::UNREACHABLE,
        Kind::Unanswered => &kinds::UNANSWERED,
        Kind::Failing => &kinds::FAILING,
    }
}

/// What a cause means.
pub const fn cause(cause: Cause) -> &'static CauseText {
    match cause {
        Cause::ServiceDown => &causes::SERVICE_DOWN,
        Cause::NoEndpoints => &causes::NO_ENDPOINTS,
        Cause::FirewallReject => &causes::FIREWALL_REJECT,
        Cause::HostDown => &causes::HOST_DOWN,
        Cause::NoRoute => &causes::NO_ROUTE,
        Cause::SilentDrop => &causes::SILENT_DROP,
        Cause::Overload => &server_causes::OVERLOAD,
        Cause::ServerFailure => &server_causes::SERVER_FAILURE,
    }
}

/// What the end of an incident means.
pub const fn close(reason: CloseReason) -> &'static CloseText {
    match reason {
        CloseReason::Answered => &kinds::ANSWERED,
        CloseReason::Recovered => &kinds::RECOVERED,
        CloseReason::Superseded => &kinds::SUPERSEDED,
        CloseReason::Idle => &kinds::IDLE,
        CloseReason::Scan => &kinds::SCAN,
    }
}

/// How bad it is, in a word that is seen at a glance.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Down => "DOWN",
        Severity::Degraded => "DEGRADED",
    }
}

/// What a response code means; `None` for those that are no failure of the server.
pub const fn rcode(rcode: Rcode) -> Option<&'static ResponseText> {
    match rcode {
        Rcode::ServFail => Some(&codes::SERVFAIL),
        Rcode::Refused => Some(&codes::REFUSED),
        Rcode::NoError | Rcode::FormErr | Rcode::NxDomain | Rcode::NotImp | Rcode::Other => None,
    }
}

/// What an ICMP code means.
pub fn code(code: Code) -> &'static CodeText {
    match code {
        Code::Net => &codes::NET,
        Code::Host => &codes::HOST,
        Code::Protocol => &codes::PROTOCOL,
        Code::Port => &codes::PORT,
        Code::Admin => &codes::ADMIN,
        Code::Other => &codes::OTHER,
    }
}

/// What is said about a denial of service wherever the data does not show one.
pub const DENIAL_OF_SERVICE: &[Sentence] = &[
    when(
        no_flood,
        "A denial-of-service attack can bring a DNS service down. The data shows none: {queries} in {lasted} {are} no \
        flood. An attack that was not captured here would show on the server itself: in a capture as hundreds of \
        queries or connections a second, from many addresses or for names that are new each time, and in its logs and \
        counters shortly before the first failure.",
    ),
    when(
        |incident| !no_flood(incident),
        "A denial-of-service attack can bring a DNS service down. It would show as many times the usual queries or \
        connections shortly before the first failure, from many addresses or for names that are new each time. Compare \
        with a capture of a normal day.",
    ),
];

/// A sentence that always holds.
const fn always(text: &'static str) -> Sentence {
    Sentence { when: any, text }
}

/// A sentence that holds when its condition does.
const fn when(when: When, text: &'static str) -> Sentence {
    Sentence { when, text }
}

/// A step in words alone.
const fn step(what: &'static str) -> Step {
    Step {
        when: any,
        what,
        command: None,
    }
}

/// A step with a command.
const fn run(what: &'static str, command: &'static str) -> Step {
    Step {
        when: any,
        what,
        command: Some(command),
    }
}

impl Step {
    /// The same, under a condition.
    const fn only(self, when: When) -> Self {
        Self { when, ..self }
    }
}

fn any(_: &Incident) -> bool {
    true
}

fn over_udp(incident: &Incident) -> bool {
    incident.transport == Transport::Udp
}

fn over_tcp(incident: &Incident) -> bool {
    incident.transport == Transport::Tcp
}

/// Whether somebody other than the server sent an error.
fn another_says_so(incident: &Incident) -> bool {
    incident.reporters.iter().any(|&who| who != incident.server)
}

/// Whether the server itself sent an error.
fn server_says_so(incident: &Incident) -> bool {
    incident.reporters.contains(&incident.server)
}

/// Whether a client's own host sent an error.
fn client_says_so(incident: &Incident) -> bool {
    incident
        .reporters
        .iter()
        .any(|who| *who != incident.server && incident.clients.contains(who))
}

/// Whether somebody between client and server sent an error.
fn router_says_so(incident: &Incident) -> bool {
    incident
        .reporters
        .iter()
        .any(|who| *who != incident.server && !incident.clients.contains(who))
}

/// Whether some queries got answers while others failed; answers that only came when all was over do not count.
fn some_are_answered(incident: &Incident) -> bool {
    !incident.is_down() && incident.answers > 0
}

/// Whether nothing at all came back.
fn nothing_came(incident: &Incident) -> bool {
    incident.answers == 0 && incident.errors.sum() == 0
}

/// Whether answers came back, in time or not.
fn answers_came(incident: &Incident) -> bool {
    incident.answers > 0
}

/// Whether the queries were seen, and came at a rate that overloads no server: below what the contract asks of an overload.
fn no_flood(incident: &Incident) -> bool {
    const FLOOD_A_SECOND: u64 = 100;
    let lasted = between(incident.began.0, incident.last_seen.0).as_secs();
    lasted > 0 && incident.queries > 0 && incident.queries < FLOOD_A_SECOND * lasted
}

#[cfg(test)]
mod tests;
