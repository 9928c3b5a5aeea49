//! The answers of a server that say that it fails, by whom they were asked for and for which domain: what `failing` is
//! judged by, beside the counts.
//!
//! An answer is decided on 5 s after it came: until then the same client may ask again and be answered well. Names are
//! taken by their registrable domain, in the ICANN part of the public suffix list: one zone with a thousand names is
//! one domain.

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::Address;

use super::limits::{DOMAIN_FAILURES, DOMAINS, UNDECIDED_FAULTS};
use super::recent::{Recent, Window};
use crate::observation::Name;
use crate::time::Time;

/// Seconds with faults that are kept: more than the longest window.
const KEPT: usize = 72;

/// What is known of the answers of one service.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Those that are not decided on yet.
    undecided: VecDeque<Fault>,
    /// For which names, of those that are decided.
    pub names: Recent<Name>,
    /// For whom, of those that are decided.
    pub clients: Recent<Address>,
    /// When the newest came.
    pub newest: Option<Time>,
    domains: Vec<Domain>,
    /// Domains for which there was no place any more, newest last: in which second one was last answered well, or failed.
    forgotten: VecDeque<Forgotten>,
    seconds: VecDeque<Second>,
}

/// A domain that made room for another one.
#[derive(Clone, Copy, Debug)]
struct Forgotten {
    good: Option<u64>,
    bad: Option<u64>,
}

/// An answer that says that the server fails.
#[derive(Debug)]
struct Fault {
    at: Time,
    sent: Time,
    client: Address,
    name: Option<Name>,
    query_type: Option<u16>,
    excused: bool,
}

/// A second in which queries were sent that failed.
#[derive(Clone, Copy, Debug)]
struct Second {
    number: u64,
    /// When the first was sent.
    first: Time,
    /// Those that the same client was then answered well for.
    excused: u64,
}

/// A registrable domain.
#[derive(Debug)]
struct Domain {
    name: Name,
    used: Time,
    last_good: Option<Time>,
    good: Recent<()>,
    /// Whose queries failed, when; empty for most domains.
    bad: VecDeque<(u64, Address)>,
}

/// How many domains fail, and how many are answered well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DomainCounts {
    /// For which queries fail.
    pub failing: usize,
    /// For which queries are answered well.
    pub good: usize,
}

impl Faults {
    /// Takes an answer that says that the server fails; `look` tells whether its client and name are looked at.
    pub fn fault(
        &mut self,
        at: Time,
        sent: Time,
        client: Address,
        asked: (Option<&Name>, Option<u16>),
        look: bool,
    ) {
        self.newest = self.newest.max(Some(at));
        if let Some(second) = self.second(sent) {
            second.first = second.first.min(sent);
        }
        if look && self.undecided.len() < UNDECIDED_FAULTS {
            let (name, query_type) = asked;
            self.undecided.push_back(Fault {
                at,
                sent,
                client,
                name: name.cloned(),
                query_type,
                excused: false,
            });
        }
    }

    /// Takes such answers that were only counted.
    pub fn counted(&mut self, at: Time) {
        self.newest = self.newest.max(Some(at));
    }

    /// Takes an answer that says NOERROR or NXDOMAIN. It excuses the same client's failure for the same name and type,
    /// of up to 5 s ago (`wait`).
    pub fn good(&mut self, at: Time, client: Address, asked: (Option<&Name>, Option<u16>), wait: Duration) {
        let (Some(name), query_type) = asked else { return };
        let same = |fault: &&mut Fault| {
            !fault.excused
                && fault.client == client
                && fault.query_type == query_type
                && fault.name.as_ref() == Some(name)
                && at.since(fault.at) <= wait
        };
        let mut excused = Vec::new();
        for fault in self.undecided.iter_mut().filter(same) {
            fault.excused = true;
            excused.push(fault.sent);
        }
        for sent in excused {
            if let Some(second) = self.second(sent) {
                second.excused += 1;
            }
        }
        let domain = self.domain(at, name);
        domain.last_good = Some(at);
        domain.good.note(&(), at);
    }

    /// Decides on those that came so long ago.
    pub fn decide(&mut self, at: Time, wait: Duration) {
        while let Some(fault) = self.undecided.front() {
            if at.since(fault.at) < wait {
                break;
            }
            let Some(fault) = self.undecided.pop_front() else {
                break;
            };
            if fault.excused {
                continue;
            }
            self.clients.note(&fault.client, fault.sent);
            if let Some(name) = &fault.name {
                self.names.note(name, fault.sent);
                self.domain(at, name).fail(fault.sent, fault.client);
            }
        }
    }

    /// How many domains fail in this window, and how many are answered well.
    pub fn domains_in(&self, second: u64, window: Window) -> DomainCounts {
        let mut counts = DomainCounts::default();
        for domain in &self.domains {
            counts.failing += usize::from(domain.bad_in(second, window).next().is_some());
            counts.good += usize::from(domain.good.count(second, window) > 0);
        }
        // One that came again is counted twice, on both sides alike.
        let inside = |at: Option<u64>| usize::from(at.is_some_and(|at| window.has(second, at)));
        for domain in &self.forgotten {
            counts.failing += inside(domain.bad);
            counts.good += inside(domain.good);
        }
        counts
    }

    /// Whether a domain that was answered well less than `since` ago fails in this window for everybody who asks: for at
    /// least so many queries, of at least two clients.
    pub fn has_lost_a_domain(&self, second: u64, window: Window, queries: usize, since: Duration) -> bool {
        let at = Time::at_second(second);
        self.domains.iter().any(|domain| {
            let lately = domain.last_good.is_some_and(|good| at.since(good) <= since);
            if !lately || domain.good.count(second, window) > 0 {
                return false;
            }
            let mut clients = domain.bad_in(second, window);
            let first = clients.next();
            let mut count = usize::from(first.is_some());
            let mut several = false;
            for client in clients {
                count += 1;
                several |= Some(client) != first;
            }
            count >= queries && several
        })
    }

    /// How many of the faults sent in these seconds are excused.
    pub fn excused(&self, from: u64, to: u64) -> u64 {
        let inside = self
            .seconds
            .iter()
            .filter(|second| (from..to).contains(&second.number));
        inside.map(|second| second.excused).sum()
    }

    /// When the first query was sent that failed, from that second on; the second itself where only counts say so.
    pub fn first_sent(&self, second: u64) -> Time {
        let known = self.seconds.iter().find(|known| known.number == second);
        known.map_or(Time::at_second(second), |known| known.first)
    }

    /// Whether none came since that moment, nor waits to be decided on.
    pub fn none_since(&self, from: Time) -> bool {
        self.undecided.is_empty() && self.newest.is_none_or(|newest| newest < from)
    }

    fn second(&mut self, sent: Time) -> Option<&mut Second> {
        let number = sent.second();
        let place = self.seconds.partition_point(|known| known.number < number);
        if self.seconds.get(place).is_none_or(|known| known.number != number) {
            if self.seconds.len() == KEPT {
                if place == 0 {
                    return None;
                }
                self.seconds.pop_front();
                return self.second(sent);
            }
            self.seconds.insert(
                place,
                Second {
                    number,
                    first: sent,
                    excused: 0,
                },
            );
        }
        self.seconds.get_mut(place)
    }

    /// The domain of a name. Of too many the one that was used least recently is forgotten.
    fn domain(&mut self, at: Time, name: &Name) -> &mut Domain {
        let registrable = registrable(name.as_str());
        let known = self
            .domains
            .iter()
            .position(|domain| domain.name.as_str() == registrable);
        let place = known.unwrap_or_else(|| {
            let new = Domain {
                name: Name::new(registrable),
                used: at,
                last_good: None,
                good: Recent::default(),
                bad: VecDeque::new(),
            };
            if self.domains.len() < DOMAINS {
                self.domains.push(new);
                return self.domains.len() - 1;
            }
            let oldest = self
                .domains
                .iter()
                .enumerate()
                .min_by_key(|(_, domain)| domain.used);
            let place = oldest.map_or(0, |(place, _)| place);
            if let Some(known) = self.domains.get_mut(place) {
                let gone = std::mem::replace(known, new);
                if self.forgotten.len() == DOMAINS {
                    self.forgotten.pop_front();
                }
                self.forgotten.push_back(Forgotten {
                    good: gone.last_good.map(Time::second),
                    bad: gone.bad.back().map(|(sent, _)| *sent),
                });
            }
            place
        });
        #[expect(clippy::indexing_slicing, reason = "it was found or made there")]
        let domain = &mut self.domains[place];
        domain.used = at;
        domain
    }
}

impl Domain {
    /// A query of that client failed. Where there is no room, the client that has most makes it: others must stay known.
    fn fail(&mut self, sent: Time, client: Address) {
        if self.bad.len() == DOMAIN_FAILURES {
            let failures = |of: Address| self.bad.iter().filter(|(_, client)| *client == of).count();
            let clients = self.bad.iter().map(|(_, client)| *client);
            let most = clients.max_by_key(|client| failures(*client));
            let oldest = self.bad.iter().position(|(_, client)| Some(*client) == most);
            self.bad.remove(oldest.unwrap_or(0));
        }
        self.bad.push_back((sent.second(), client));
    }

    fn bad_in(&self, second: u64, window: Window) -> impl Iterator<Item = Address> + '_ {
        let bad = self.bad.iter().filter(move |(sent, _)| window.has(second, *sent));
        bad.map(|(_, client)| *client)
    }
}

/// The registrable domain that a name lies in: one label more than the longest public suffix in the ICANN part of
/// the list. A name that is a public suffix itself, or a single label, stands for itself.
fn registrable(name: &str) -> &str {
    // The list's private part (`github.io`) lies below ICANN suffixes: what a rule of it takes for a suffix is looked at
    // again from above.
    let mut rest = name;
    let suffix = loop {
        let Some(suffix) = psl::suffix_str(rest) else {
            return name;
        };
        let is_private =
            psl::suffix(rest.as_bytes()).is_some_and(|found| found.typ() == Some(psl::Type::Private));
        match suffix.split_once('.') {
            Some((_, parent)) if is_private => rest = parent,
            _ => break suffix,
        }
    };
    let Some(before) = name.len().checked_sub(suffix.len() + 1) else {
        return name;
    };
    let start = name
        .get(..before)
        .and_then(|labels| labels.rfind('.'))
        .map_or(0, |dot| dot + 1);
    name.get(start..).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lies_in_its_registrable_domain_by_the_icann_part_of_the_list() {
        for (name, domain) in [
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("www.example.co.uk", "example.co.uk"),
            ("someone.github.io", "github.io"),
            ("a.b.s3.amazonaws.com", "amazonaws.com"),
            ("host.intranet", "host.intranet"),
            ("a.host.intranet", "host.intranet"),
            ("localhost", "localhost"),
            ("com", "com"),
            ("co.uk", "co.uk"),
            (".", "."),
        ] {
            assert_eq!(registrable(name), domain, "{name}");
        }
    }
}
