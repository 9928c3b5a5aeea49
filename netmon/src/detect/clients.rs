//! Which clients a service answered lately, and when.

use std::time::Duration;

use netmon_common::Address;

use super::limits::ANSWERED_CLIENTS;
use crate::time::Time;

/// Up to [`ANSWERED_CLIENTS`] clients that were answered last, each with the time of its newest answer.
#[derive(Debug, Default)]
pub(super) struct AnsweredClients(Vec<(Address, Time)>);

impl AnsweredClients {
    /// The client was answered. Of too many the one whose answer is the oldest is forgotten.
    pub fn note(&mut self, client: Address, at: Time) {
        if let Some((_, newest)) = self.0.iter_mut().find(|(known, _)| *known == client) {
            *newest = at;
            return;
        }
        if self.0.len() < ANSWERED_CLIENTS {
            self.0.push((client, at));
        } else if let Some(oldest) = self.0.iter_mut().min_by_key(|(_, newest)| *newest) {
            *oldest = (client, at);
        }
    }

    /// Those that were answered since so long before that moment. Some of them perhaps only after it: of each client only its
    /// newest answer is known, and who is answered while others fail is no worse off.
    pub fn since(&self, at: Time, within: Duration) -> impl Iterator<Item = Address> + '_ {
        self.0
            .iter()
            .filter(move |(_, newest)| at.since(*newest) <= within)
            .map(|(client, _)| *client)
    }
}
