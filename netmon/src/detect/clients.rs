//! Which clients a service answered lately, and when.

use std::time::Duration;

use netmon_common::Address;

use super::limits::ANSWERED_CLIENTS;
use crate::observation::Side;
use crate::time::Time;

/// Up to [`ANSWERED_CLIENTS`] clients that were answered last. An address is another client on each side of a translation.
#[derive(Debug, Default)]
pub(super) struct AnsweredClients(Vec<Answered>);

/// One client.
#[derive(Debug)]
struct Answered {
    client: Address,
    side: Side,
    /// When its newest answer came.
    at: Time,
    /// When its newest query was sent that was answered.
    sent: Time,
}

impl AnsweredClients {
    /// A query of the client that was sent then was answered. Of too many the one whose answer is the oldest is forgotten.
    pub fn note(&mut self, (client, side): (Address, Side), sent: Time, at: Time) {
        let is_same = |known: &&mut Answered| (known.client, known.side) == (client, side);
        if let Some(known) = self.0.iter_mut().find(is_same) {
            known.at = at;
            known.sent = known.sent.max(sent);
            return;
        }
        let new = Answered {
            client,
            side,
            at,
            sent,
        };
        if self.0.len() < ANSWERED_CLIENTS {
            self.0.push(new);
        } else if let Some(oldest) = self.0.iter_mut().min_by_key(|known| known.at) {
            *oldest = new;
        }
    }

    /// Those that were answered since so long before that moment. Some of them perhaps only after it: of each client only its
    /// newest answer is known, and who is answered while others fail is no worse off.
    pub fn since(&self, at: Time, within: Duration) -> impl Iterator<Item = (Address, Side)> + '_ {
        self.0
            .iter()
            .filter(move |known| at.since(known.at) <= within)
            .map(|known| (known.client, known.side))
    }

    /// When the newest answer came to a query that was sent since that moment.
    pub fn newest_to_query_since(&self, moment: Time) -> Option<Time> {
        let since = self.0.iter().filter(|known| known.sent >= moment);
        since.map(|known| known.at).max()
    }

    /// When the newest query was sent that was answered, of those clients, and whose it was.
    pub fn newest_query(&self, of: impl Fn(Address, Side) -> bool) -> Option<(Time, Address)> {
        let those = self.0.iter().filter(|known| of(known.client, known.side));
        those
            .map(|known| (known.sent, known.client))
            .max_by_key(|(sent, _)| *sent)
    }
}
