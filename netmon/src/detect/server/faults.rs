//! The failed answers of a server, SERVFAIL and REFUSED, that `failing` is judged by.

use std::collections::VecDeque;

use netmon_common::Address;

use crate::detect::recent::Recent;
use crate::observation::Name;
use crate::time::Time;

/// Seconds with failed answers that are kept: more than the longest window.
const KEPT: usize = 64;

/// The failed answers of the last minute.
#[derive(Debug, Default)]
pub(in crate::detect) struct Faults {
    /// When the newest came.
    pub newest: Option<Time>,
    /// For which names, as far as they were looked at.
    pub names: Recent<Name>,
    /// For whom, as far as they were looked at.
    pub clients: Recent<Address>,
    /// Each second with failed answers, and when the first query was sent that got one.
    seconds: VecDeque<(u64, Time)>,
}

impl Faults {
    /// Takes a failed answer to a query that was sent then; a `look` is taken at its client and name or not.
    pub fn note(&mut self, at: Time, sent: Time, client: Address, name: Option<&Name>, look: bool) {
        self.note_sent(at, sent);
        if look {
            self.clients.note(&client, at);
            if let Some(name) = name {
                self.names.note(name, at);
            }
        }
    }

    /// Takes failed answers of this second that were only counted.
    pub fn note_counted(&mut self, at: Time) {
        self.note_sent(at, at);
    }

    fn note_sent(&mut self, at: Time, sent: Time) {
        self.newest = Some(at);
        match self.seconds.back_mut() {
            Some((second, first)) if *second == at.second() => *first = (*first).min(sent),
            _ => {
                if self.seconds.len() == KEPT {
                    self.seconds.pop_front();
                }
                self.seconds.push_back((at.second(), sent));
            }
        }
    }

    /// When the first query was sent that got a failed answer from that second on.
    pub fn first_sent(&self, from: u64) -> Option<Time> {
        self.seconds
            .iter()
            .filter(|(second, _)| *second >= from)
            .map(|(_, sent)| *sent)
            .min()
    }

    /// Whether none came from that second on.
    pub fn none_since(&self, from: u64) -> bool {
        self.newest.is_none_or(|newest| newest.second() < from)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.newest = None;
        self.names.clear();
        self.clients.clear();
        self.seconds.clear();
    }
}
