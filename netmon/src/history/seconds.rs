//! The seconds around the beginning and the end of incidents: a minute is too coarse to show how an outage began.
//!
//! The last seconds of the most active servers stay in memory. When an incident opens, recovers or closes, those of its
//! server are to be kept, and so are the seconds that follow for a while.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use netmon_common::Address;

use super::limits::{SECONDS_AFTER, SECONDS_BEFORE, SERVERS_A_SECOND, SERVERS_WITH_SECONDS};
use crate::timeline::Activity;

/// What passed at a server in a second: a row of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Unix time.
    pub second: i64,
    /// The server.
    pub server: Address,
    /// What passed; nothing, where netmon watched and nothing came.
    pub activity: Activity,
}

/// The last seconds, and whose are to be kept.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    /// Oldest first. The last one may not be over.
    latest: VecDeque<Second>,
    /// Until when the seconds of a server are to be kept, by the boot clock.
    wanted: BTreeMap<Address, u64>,
}

/// A second of the boot clock, which never goes back, with the wall's time for it.
#[derive(Debug)]
struct Second {
    boot: u64,
    wall: i64,
    servers: BTreeMap<Address, Activity>,
    /// Of which servers it is kept.
    kept: BTreeSet<Address>,
}

impl Seconds {
    /// Takes what passed in a second, and gives the rows of seconds that are over and are to be kept.
    pub fn take(&mut self, boot: u64, wall: i64, mut active: Vec<(Address, Activity)>) -> Vec<Row> {
        let rows = if self.latest.back().is_some_and(|last| last.boot < boot) {
            self.keep()
        } else {
            Vec::new()
        };
        if active.len() > SERVERS_A_SECOND {
            active.select_nth_unstable_by_key(SERVERS_A_SECOND, |(server, activity)| {
                Reverse((self.wanted.contains_key(server), activity.rank()))
            });
            active.truncate(SERVERS_A_SECOND);
        }
        match self.latest.back_mut() {
            // A second may be read more than once.
            Some(last) if last.boot >= boot => {
                for (server, activity) in active {
                    *last.servers.entry(server).or_default() += activity;
                }
            }
            _ => self.latest.push_back(Second {
                boot,
                wall,
                servers: active.into_iter().collect(),
                kept: BTreeSet::new(),
            }),
        }
        while self
            .latest
            .front()
            .is_some_and(|first| first.boot + SECONDS_BEFORE < boot)
        {
            self.latest.pop_front();
        }
        rows
    }

    /// Wants the seconds around a moment of a server. Of more servers than there is room for, those that come first are kept.
    pub fn want(&mut self, server: Address, moment: u64) {
        if self.wanted.len() >= SERVERS_WITH_SECONDS && !self.wanted.contains_key(&server) {
            return;
        }
        let until = self.wanted.entry(server).or_insert(0);
        *until = (*until).max(moment + SECONDS_AFTER);
    }

    /// The rows that are to be kept of all seconds that were taken: the last one is over.
    pub fn keep(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (server, until) in &self.wanted {
            for second in &mut self.latest {
                if second.boot <= *until && second.kept.insert(*server) {
                    rows.push(Row {
                        second: second.wall,
                        server: *server,
                        activity: second.servers.get(server).copied().unwrap_or_default(),
                    });
                }
            }
        }
        let last = self.latest.back().map_or(0, |last| last.boot);
        self.wanted.retain(|_, until| last < *until);
        rows
    }
}
