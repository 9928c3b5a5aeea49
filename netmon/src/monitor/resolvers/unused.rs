//! The first resolver was down, is back, and nobody asks it: stubs stay with the one that they have changed to.

use std::collections::BTreeMap;
use std::time::Duration;

use netmon_common::Address;

use crate::model::{CloseReason, Incident, Resolver, Warning, WarningKind, WarningState};
use crate::time::Time;

/// How long it must not have been asked.
const UNUSED: Duration = Duration::from_mins(10);

/// The servers of incidents that are over.
#[derive(Debug, Default)]
pub(super) struct Unused {
    after: BTreeMap<Address, After>,
}

/// What is known of one.
#[derive(Debug)]
struct After {
    /// Whether it answers again, or nobody knows.
    is_back: bool,
    is_reported: bool,
}

impl Unused {
    /// An incident is over.
    pub fn closed(&mut self, incident: &Incident) {
        if !incident.resolver.as_ref().is_some_and(|which| which.configured) {
            return;
        }
        let is_back = match incident.closed_because {
            Some(CloseReason::Answered | CloseReason::Recovered) => true,
            Some(CloseReason::Idle) => false,
            _ => return,
        };
        let after = After {
            is_back,
            is_reported: false,
        };
        self.after.insert(incident.server, after);
    }

    /// Looks at the resolvers, and when each was last asked: the warnings that begin now, or are over.
    pub fn look(&mut self, resolvers: &[Resolver], asked: &[Option<Time>], now: Time) -> Vec<Warning> {
        self.after.retain(|server, _| {
            resolvers
                .iter()
                .any(|one| one.server == *server && one.position == 1)
        });
        let is_lately = |asked: &Option<Time>| asked.is_some_and(|at| now.since(at) < UNUSED);
        let mut warnings = Vec::new();
        for (first, first_asked) in resolvers.iter().zip(asked) {
            let Some(after) = self.after.get_mut(&first.server) else {
                continue;
            };
            if is_lately(first_asked) {
                if after.is_reported {
                    let message = format!("{} is asked again", first.server);
                    let warning = Warning::new(WarningKind::ResolverUnused, message);
                    warnings.push(warning.in_state(WarningState::Over));
                    after.is_reported = false;
                }
                continue;
            }
            let mut others = resolvers.iter().zip(asked);
            let other = others.find(|(other, asked)| {
                other.by == first.by && other.server != first.server && is_lately(asked)
            });
            let Some((other, _)) = other.filter(|_| !after.is_reported) else {
                continue;
            };
            after.is_reported = true;
            let (server, of, in_use) = (first.server, first.of, other.server);
            let message = if after.is_back {
                format!(
                    "{server}, the first of {of} resolvers of this host, is back and still unused: it has not been asked for \
                     10 min, and {in_use} has"
                )
            } else {
                format!(
                    "{server}, the first of {of} resolvers of this host, was down and has not been asked for 10 min, so that \
                     nobody knows whether it is back; {in_use} is asked"
                )
            };
            let warning = Warning::new(WarningKind::ResolverUnused, message);
            warnings.push(warning.in_state(WarningState::Started));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::model::{Kind, ResolverState, Wall, WhichResolver};

    fn address(last: u8) -> Address {
        IpAddr::from([192, 0, 2, last]).into()
    }

    fn resolver(position: u32) -> Resolver {
        Resolver {
            server: address(u8::try_from(position).unwrap()),
            interface: None,
            position,
            of: 2,
            by: "resolv.conf".to_owned(),
            state: ResolverState::Unknown,
        }
    }

    #[test]
    fn the_first_resolver_is_reported_once_it_was_back_and_unused_for_ten_minutes() {
        for (because, words) in [
            (CloseReason::Answered, "is back and still unused"),
            (CloseReason::Idle, "nobody knows whether it is back"),
        ] {
            let mut unused = Unused::default();
            let both = [resolver(1), resolver(2)];
            let at = |minute: u64| Time::at_second(minute * 60);
            let look = |unused: &mut Unused, first, second, now| {
                let warnings = unused.look(&both, &[Some(at(first)), Some(at(second))], at(now));
                warnings
                    .into_iter()
                    .map(|one| (one.state.unwrap(), one.message))
                    .collect::<Vec<_>>()
            };
            assert_eq!(look(&mut unused, 0, 60, 60), [], "it was never down");
            let mut incident = Incident::opened(
                "1",
                address(1),
                Kind::Unreachable,
                Wall(jiff::Timestamp::UNIX_EPOCH),
            );
            incident.closed_because = Some(because);
            incident.resolver = Some(Box::new(WhichResolver {
                configured: true,
                ..WhichResolver::default()
            }));
            unused.closed(&incident);
            assert_eq!(look(&mut unused, 60, 69, 69), [], "it was asked 9 minutes ago");
            assert_eq!(look(&mut unused, 60, 60, 71), [], "nobody is asked");
            let begun = look(&mut unused, 60, 70, 71);
            assert_eq!(begun.len(), 1);
            assert_eq!(begun[0].0, WarningState::Started);
            assert!(begun[0].1.contains(words), "{begun:?}");
            assert_eq!(look(&mut unused, 60, 72, 72), [], "it is reported once");
            assert_eq!(look(&mut unused, 73, 73, 73)[0].0, WarningState::Over);
        }
    }
}
