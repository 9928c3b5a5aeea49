//! What the doors for captures say of one exchange.

use netmon_common::{Address, Code, Rcode};

use super::limits::{LIFETIME, RESENT};
use crate::observation::{Answered, Asked, Details, Failed, Name, Observation, Proof, Service, Side, What};
use crate::time::Time;

/// A query that was sent, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// When.
    pub at: Time,
    /// Whether it is iterative.
    pub iterative: bool,
}

/// A query each time that it was sent, the newest last, and whether an error was about that time. Bounded.
#[derive(Clone, Debug)]
pub(super) struct Transmissions(Vec<(Sent, bool)>);

impl Transmissions {
    /// It was sent once.
    pub fn new(sent: Sent) -> Self {
        Self(vec![(sent, false)])
    }

    /// It was sent again. Of too many times the oldest is forgotten for it, first of those that wait no more or that an error was
    /// about; whether that is one that waits.
    pub fn add(&mut self, sent: Sent) -> bool {
        let waits = |(before, failed): &(Sent, bool)| !failed && sent.at.since(before.at) < LIFETIME;
        let mut is_lost = false;
        if self.0.len() == RESENT {
            let settled = self.0.iter().position(|time| !waits(time));
            is_lost = settled.is_none();
            self.0.remove(settled.unwrap_or_default());
        }
        self.0.push((sent, false));
        is_lost
    }

    /// The newest.
    pub fn newest(&self) -> Option<Sent> {
        self.0.last().map(|(sent, _)| *sent)
    }

    /// Whether an answer or an error may still be about the newest.
    pub fn waits(&self, now: Time) -> bool {
        self.newest().is_some_and(|sent| now.since(sent.at) < LIFETIME)
    }

    /// Those that still wait, and that no error was about.
    pub fn waiting(&self, now: Time) -> Vec<Sent> {
        let waiting = self
            .0
            .iter()
            .filter(|(sent, failed)| !failed && now.since(sent.at) < LIFETIME);
        waiting.map(|(sent, _)| *sent).collect()
    }

    /// What an answer settles, the newest first: that one, and all earlier ones that no error was about. And whether an error
    /// was about it. Of those that wait no more nothing is settled.
    pub fn answered(&self, now: Time) -> Vec<(Sent, bool)> {
        let mut waiting = self
            .0
            .iter()
            .rev()
            .filter(|(sent, _)| now.since(sent.at) < LIFETIME);
        let newest = waiting.next();
        let earlier = waiting.filter(|(_, failed)| !failed);
        newest.into_iter().chain(earlier).copied().collect()
    }

    /// Which of them an error of now is about: the newest that waits, and that no other error is about, as in the kernel.
    pub fn failed(&mut self, now: Time) -> Option<Sent> {
        let (sent, failed) = self
            .0
            .iter_mut()
            .rev()
            .find(|(sent, failed)| !failed && now.since(sent.at) < LIFETIME)?;
        *failed = true;
        Some(*sent)
    }
}

/// Who asks for what.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Who.
    pub client: Address,
    /// For which name.
    pub name: Option<Name>,
    /// Whether it is a SYN.
    pub is_syn: bool,
    /// What else is known.
    pub details: Details,
}

impl Question {
    /// As the decider takes it.
    pub fn observation(self, service: Service, sent: Sent) -> Observation {
        let Self {
            client,
            name,
            is_syn,
            details,
        } = self;
        Observation {
            time: sent.at,
            service,
            what: What::Asked(Asked {
                client,
                name,
                recursion_desired: !sent.iterative,
                is_syn,
                details,
            }),
        }
    }
}

/// An answer, beside what it settles.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Whether it answers its queries. Else a segment before has shown that they are answered, and this says how.
    pub is_new: bool,
    /// Who asked.
    pub client: Address,
    /// Its rcode, where the packet shows it.
    pub rcode: Option<Rcode>,
    /// Whether it is a standard query.
    pub standard: bool,
    /// What was asked for.
    pub name: Option<Name>,
    /// What else is known.
    pub details: Details,
}

impl Answer {
    /// As the decider takes it, with what it settles: the newest first. `None` where that is nothing.
    pub fn observed(self, queries: &[(Sent, bool)]) -> Option<What> {
        let ((newest, _), earlier) = queries.split_first()?;
        let Self {
            is_new,
            client,
            rcode,
            standard,
            name,
            details,
        } = self;
        let answered = Answered {
            client,
            side: Side::Only,
            sent: newest.at,
            earlier: earlier.iter().map(|(sent, _)| sent.at).collect(),
            rcode,
            standard,
            name,
            recursion_desired: !newest.iterative,
            details,
        };
        Some(if is_new {
            What::Answered(answered)
        } else {
            What::Said(answered)
        })
    }
}

/// An error about a query.
#[derive(Clone, Debug)]
pub(super) struct Error {
    /// Who asked.
    pub client: Address,
    /// Who sent the error.
    pub reporter: Address,
    /// What it says.
    pub code: Code,
    /// What was asked for.
    pub name: Option<Name>,
    /// RD, where the quote shows it.
    pub recursion_desired: Option<bool>,
    /// What else is known.
    pub details: Details,
}

/// Which query an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// One that waited.
    Waiting(Sent),
    /// One that another error is about.
    Failed,
    /// None that was seen and waits.
    Nothing,
    /// One that the capturing host itself let no further: it says so at its loopback interface.
    Refused {
        /// The query; where it was not seen, now.
        sent: Sent,
        /// Whether it was seen.
        seen: bool,
    },
}

impl Error {
    /// As the decider takes it, if it is believed.
    pub fn believed(self, proof: Proof, recursion_desired: bool) -> Failed {
        let Self {
            client,
            reporter,
            code,
            name,
            recursion_desired: _,
            details,
        } = self;
        Failed {
            client,
            side: Side::Only,
            reporter,
            code,
            proof,
            name,
            recursion_desired,
            // Every answer is reported.
            last_answer: None,
            details,
        }
    }
}
