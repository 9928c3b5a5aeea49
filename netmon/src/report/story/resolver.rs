//! Which of this host's resolvers is hit, and what that means for its lookups, in one sentence. It says only what the
//! exchanges show.

use std::time::Duration;

use netmon_common::Transport;

use super::numbers::duration;

use crate::model::{Incident, Kind, OtherResolver, Resolver, ResolverState, State};

/// Positions that have a word; glibc and musl ask no more than these.
const ORDINALS: [&str; 3] = ["first", "second", "third"];

/// The sentence; `None` if the server is none of this host's resolvers, or nothing is wrong any more.
pub fn resolver(incident: &Incident) -> Option<String> {
    let which = incident.resolver.as_ref().filter(|which| which.configured)?;
    if incident.state == State::Closed {
        return None;
    }
    let of = which.of;
    let is_down = incident.is_down() && incident.transport == Transport::Udp;
    let all_down = which
        .others
        .iter()
        .all(|other| other.state == ResolverState::Down);
    if is_down && all_down {
        let (who, are) = match of {
            1 => ("The only resolver".to_owned(), "is"),
            _ => (format!("All {of} resolvers"), "are"),
        };
        return Some(format!("{who} of this host {are} down: no name can be looked up"));
    }
    let who = match of {
        1 => "The only resolver of this host".to_owned(),
        _ => format!("The {} of {of} resolvers of this host", ordinal(which.position)),
    };
    let what = match (incident.transport, incident.kind) {
        _ if is_down => "is down",
        (Transport::Tcp, _) => "fails over TCP",
        (Transport::Udp, Kind::Failing) => "fails for some names",
        (Transport::Udp, _) => "answers only some",
    };
    let up = |other: &&OtherResolver| other.state == ResolverState::Up;
    let next = match which.others.iter().find(up) {
        Some(other) if is_down => match waits(incident).filter(|_| which.others.first() == Some(other)) {
            Some(waits) => format!("; lookups wait {waits}, then {} answers", other.server),
            None => format!("; {} answers", other.server),
        },
        _ => String::new(),
    };
    Some(format!("{who} {what}{next}"))
}

/// How long most lookups wait until they are asked elsewhere, where people notice it.
fn waits(incident: &Incident) -> Option<String> {
    const NOTICED: Duration = Duration::from_millis(100);
    let waits = Duration::from_millis(incident.failover?.waited_p50_ms?);
    (waits >= NOTICED).then(|| duration(waits))
}

fn ordinal(position: Option<u32>) -> String {
    let position = position.unwrap_or_default();
    let word = usize::try_from(position)
        .ok()
        .and_then(|position| ORDINALS.get(position.checked_sub(1)?));
    word.map_or_else(|| format!("{position}th"), |&word| word.to_owned())
}

/// `192.0.2.1, 192.0.2.2 (/etc/resolv.conf)`.
pub fn resolvers(resolvers: &[Resolver]) -> String {
    if resolvers.is_empty() {
        return "not known".to_owned();
    }
    let lists = resolvers.chunk_by(|one, other| one.by == other.by);
    let lists = lists.map(|list| {
        let servers: Vec<String> = list.iter().map(|one| one.server.to_string()).collect();
        let by = list.first().map_or("", |one| &one.by);
        format!("{} ({by})", servers.join(", "))
    });
    lists.collect::<Vec<_>>().join(", behind them ")
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::model::{Failover, Severity, Wall, WhichResolver};

    #[test]
    fn the_sentence_says_which_resolver_it_is_and_what_the_others_do() {
        use ResolverState::{Degraded, Down, Unknown, Up};
        use Severity::Degraded as Half;
        let cases: &[(u32, &[ResolverState], Severity, &str)] = &[
            (
                1,
                &[],
                Severity::Down,
                "The only resolver of this host is down: no name can be looked up",
            ),
            (1, &[], Half, "The only resolver of this host answers only some"),
            (
                1,
                &[Up],
                Severity::Down,
                "The first of 2 resolvers of this host is down; 192.0.2.10 answers",
            ),
            (
                1,
                &[Unknown],
                Severity::Down,
                "The first of 2 resolvers of this host is down",
            ),
            (
                2,
                &[Degraded],
                Severity::Down,
                "The second of 2 resolvers of this host is down",
            ),
            (
                3,
                &[Down, Up],
                Severity::Down,
                "The third of 3 resolvers of this host is down; 192.0.2.11 answers",
            ),
            (
                4,
                &[Up, Up, Up],
                Half,
                "The 4th of 4 resolvers of this host answers only some",
            ),
            (
                2,
                &[Down],
                Severity::Down,
                "All 2 resolvers of this host are down: no name can be looked up",
            ),
        ];
        let address = |last: usize| IpAddr::from([192, 0, 2, u8::try_from(last).unwrap()]).into();
        for (position, states, severity, expected) in cases {
            let at = Wall(jiff::Timestamp::UNIX_EPOCH);
            let mut incident = Incident::opened("1", address(1), Kind::Unreachable, at);
            incident.severity = *severity;
            let others = states.iter().enumerate().map(|(place, &state)| OtherResolver {
                server: address(10 + place),
                state,
            });
            incident.resolver = Some(Box::new(WhichResolver {
                configured: true,
                position: Some(*position),
                of: u32::try_from(states.len()).unwrap() + 1,
                by: Some("/etc/resolv.conf".to_owned()),
                others: others.collect(),
            }));
            assert_eq!(resolver(&incident).as_deref(), Some(*expected));
            let waits = |median| {
                Some(Failover {
                    lookups: 3,
                    waited_p50_ms: Some(median),
                    ..Failover::default()
                })
            };
            incident.failover = waits(5_003);
            let first_answers = states.first() == Some(&Up) && *severity == Severity::Down;
            let waiting = if first_answers {
                expected.replace("; ", "; lookups wait 5 s, then ")
            } else {
                (*expected).to_owned()
            };
            assert_eq!(resolver(&incident), Some(waiting));
            incident.failover = waits(2);
            assert_eq!(
                resolver(&incident).as_deref(),
                Some(*expected),
                "nobody notices it"
            );
            incident.state = State::Closed;
            assert_eq!(resolver(&incident), None);
            incident.resolver = Some(Box::default());
            assert_eq!(resolver(&incident), None, "it is none of this host's resolvers");
        }
    }
}
