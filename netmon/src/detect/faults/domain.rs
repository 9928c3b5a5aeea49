//! A registrable domain, and how it is answered.

use std::collections::VecDeque;

use netmon_common::Address;

use crate::detect::limits::DOMAIN_FAILURES;
use crate::detect::recent::{Recent, Window};
use crate::observation::Name;
use crate::time::Time;

/// A registrable domain.
#[derive(Debug)]
pub(super) struct Domain {
    /// Its name.
    pub name: Name,
    /// When it was last asked for.
    pub used: Time,
    /// When it was last answered well.
    pub last_good: Option<Time>,
    /// The seconds in which it was.
    pub good: Recent<()>,
    /// Whose queries failed, when; empty for most domains.
    pub bad: VecDeque<(u64, Address)>,
    /// The last failures without a good answer between them.
    run: Run,
    /// The newest such run that is over, of those by which it was lost.
    lost: Run,
}

/// Failures without a good answer between them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    /// When it was answered well before.
    good_before: Option<Time>,
    /// When it was answered well after: failures are decided on later.
    good_after: Option<Time>,
    /// In which second the query was sent that failed last.
    last: u64,
    count: usize,
    first: Option<Address>,
    several: bool,
}

impl Run {
    fn note(&mut self, second: u64, client: Address) {
        self.count += 1;
        self.last = second;
        self.several |= *self.first.get_or_insert(client) != client;
    }

    /// Whether these are so many, and of at least two clients.
    pub const fn is_lost(&self, queries: usize) -> bool {
        self.count >= queries && self.several
    }
}

impl FromIterator<(u64, Address)> for Run {
    fn from_iter<I: IntoIterator<Item = (u64, Address)>>(failures: I) -> Self {
        let mut run = Self::default();
        for (second, client) in failures {
            run.note(second, client);
        }
        run
    }
}

impl Domain {
    /// It was answered well.
    pub fn answered_well(&mut self, at: Time) {
        self.last_good = Some(at);
        self.run.good_after.get_or_insert(at);
        self.good.note(&(), at);
    }

    /// A query of that client failed; by so many without a good answer the domain is lost. Where there is no room, the client that
    /// has most makes it: others must stay known.
    pub fn fail(&mut self, sent: Time, client: Address, lost: usize) {
        let is_after = |good: Option<Time>| good.is_some_and(|good| good < sent);
        if is_after(self.run.good_after) && is_after(self.last_good) {
            if self.run.is_lost(lost) {
                self.lost = self.run;
            }
            self.run = Run {
                good_before: self.last_good,
                ..Run::default()
            };
        }
        if !is_after(self.run.good_after) {
            self.run.note(sent.second(), client);
        }
        if self.bad.len() == DOMAIN_FAILURES {
            let failures = |of: Address| self.bad.iter().filter(|(_, client)| *client == of).count();
            let clients = self.bad.iter().map(|(_, client)| *client);
            let most = clients.max_by_key(|client| failures(*client));
            let oldest = self.bad.iter().position(|(_, client)| Some(*client) == most);
            self.bad.remove(oldest.unwrap_or(0));
        }
        self.bad.push_back((sent.second(), client));
    }

    /// Whether a query failed that was sent since that second.
    pub fn has_failed_since(&self, second: u64) -> bool {
        self.bad.back().is_some_and(|(sent, _)| *sent >= second)
    }

    /// Whose queries failed that were sent in that window, and in which second.
    pub fn bad_in(&self, second: u64, window: Window) -> impl Iterator<Item = (u64, Address)> + '_ {
        let bad = self.bad.iter().copied();
        bad.filter(move |(sent, _)| window.has(second, *sent))
    }

    /// Runs of failures that reach into that window, each with when it was answered well before.
    pub fn runs_in(&self, second: u64, window: Window) -> impl Iterator<Item = (Run, Time)> + '_ {
        let runs = [self.run, self.lost].into_iter();
        let those = runs.filter(move |run| window.has(second, run.last));
        those.filter_map(|run| Some((run, run.good_before?)))
    }

    /// One that is asked for now, and was not before.
    pub fn new(name: Name, used: Time) -> Self {
        Self {
            name,
            used,
            last_good: None,
            good: Recent::default(),
            bad: VecDeque::new(),
            run: Run::default(),
            lost: Run::default(),
        }
    }
}

/// The registrable domain that a name lies in: one label more than the longest public suffix in the ICANN part of
/// the list. A name that is a public suffix itself, or a single label, stands for itself.
pub(super) fn registrable(name: &str) -> &str {
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
