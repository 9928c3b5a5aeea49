//! The second witness of an error: whether the kernel handed it to the socket that asked.

use std::time::Duration;

use netmon_common::{Code, Transport, records};

use crate::time::Time;

/// How long after a hook has seen an error the kernel may hand it on.
const ON_ITS_WAY: Duration = Duration::from_millis(50);

/// Errors of an incident of which it is not known yet whether they were handed on.
const WAITING: usize = 256;

/// A verified error about a query of a socket of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The socket's cookie.
    pub cookie: u64,
    /// The first, second... of this socket.
    pub number: u16,
    /// What it says.
    pub code: Code,
    /// What carried the query.
    pub transport: Transport,
    /// When it was seen.
    pub at: Time,
}

/// What the second witness says of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Witness {
    /// The socket got it.
    Accepted,
    /// It would have got it, if it had waited.
    Missing,
    /// The kernel does not hand such errors to such sockets, or it was too long ago.
    None,
    /// It may be on its way.
    NotYet,
}

/// What the second witness says of an incident's errors.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    waiting: Vec<Told>,
    accepted: u64,
    missing: u64,
}

impl Witnesses {
    /// Goes on with what an earlier run has counted.
    pub fn recall(accepted: Option<u64>) -> Self {
        Self {
            waiting: Vec::new(),
            accepted: accepted.unwrap_or(0),
            missing: u64::from(accepted == Some(0)),
        }
    }

    /// Takes an error.
    pub fn take(&mut self, told: Told) {
        if self.waiting.len() < WAITING {
            self.waiting.push(told);
        }
    }

    /// Of the errors that can have a second witness, those that have; `None` where none of them can.
    pub fn accepted(&mut self, of: impl Fn(u64) -> Option<records::Asker>, now: Time) -> Option<u64> {
        let (accepted, missing) = (&mut self.accepted, &mut self.missing);
        self.waiting.retain(|told| {
            match ask(*told, of(told.cookie), now) {
                Witness::Accepted => *accepted += 1,
                Witness::Missing => *missing += 1,
                Witness::None => {}
                Witness::NotYet => return true,
            }
            false
        });
        (*accepted + *missing > 0).then_some(*accepted)
    }
}

fn ask(told: Told, asker: Option<records::Asker>, now: Time) -> Witness {
    let Some(asker) = asker else {
        return Witness::None;
    };
    let handed = Time::from_nanos(asker.handed_ns);
    let is_last = asker.handed > 0
        && handed >= told.at
        && handed.since(told.at) < ON_ITS_WAY
        && fits(told.code, i32::from(asker.errno));
    if is_last || asker.handed > told.number {
        Witness::Accepted
    } else if now.since(told.at) < ON_ITS_WAY {
        Witness::NotYet
    } else if asker.connected == 1 && told.transport == Transport::Udp && is_hard(told.code) {
        Witness::Missing
    } else {
        Witness::None
    }
}

/// Whether a program gets this error for such a code: `icmp_err_convert` of the kernel, and `tab_unreach` for IPv6.
const fn fits(code: Code, errno: i32) -> bool {
    match code {
        Code::Port => errno == libc::ECONNREFUSED,
        Code::Protocol => errno == libc::ENOPROTOOPT,
        Code::Host => errno == libc::EHOSTUNREACH,
        Code::Net => errno == libc::ENETUNREACH,
        Code::Admin => matches!(errno, libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EACCES),
        Code::Other => true,
    }
}

/// Whether every connected socket gets it: of others ("no route", "no such host") only those that ask for it (`IP_RECVERR`).
const fn is_hard(code: Code) -> bool {
    matches!(code, Code::Port | Code::Protocol | Code::Admin)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time::at_second(9);

    fn after(millis: u64) -> Time {
        Time::from_nanos(AT.nanos() + millis * 1_000_000)
    }

    fn told(number: u16, code: Code) -> Told {
        Told {
            cookie: 7,
            number,
            code,
            transport: Transport::Udp,
            at: AT,
        }
    }

    fn asker(handed: u16, errno: i32, handed_after: u64) -> records::Asker {
        records::Asker {
            handed,
            errno: errno.try_into().unwrap(),
            handed_ns: after(handed_after).nanos(),
            connected: 1,
            ..records::Asker::default()
        }
    }

    #[test]
    fn an_error_is_accepted_when_its_socket_got_it() {
        let refused = libc::ECONNREFUSED;
        let unconnected = records::Asker {
            connected: 0,
            ..asker(0, 0, 0)
        };
        let cases = [
            (
                "handed on",
                told(1, Code::Port),
                Some(asker(1, refused, 1)),
                100,
                Witness::Accepted,
            ),
            (
                "as another error",
                told(1, Code::Port),
                Some(asker(1, libc::ETIMEDOUT, 1)),
                100,
                Witness::Missing,
            ),
            (
                "long after",
                told(1, Code::Port),
                Some(asker(1, refused, 80)),
                100,
                Witness::Missing,
            ),
            (
                "the first of two",
                told(1, Code::Port),
                Some(asker(2, refused, 4_000)),
                5_000,
                Witness::Accepted,
            ),
            (
                "a second one that was not",
                told(2, Code::Port),
                Some(asker(1, refused, 4_000)),
                5_000,
                Witness::Missing,
            ),
            (
                "on its way",
                told(1, Code::Port),
                Some(asker(0, 0, 0)),
                10,
                Witness::NotYet,
            ),
            (
                "never",
                told(1, Code::Port),
                Some(asker(0, 0, 0)),
                100,
                Witness::Missing,
            ),
            (
                "of a kind that few get",
                told(1, Code::Net),
                Some(asker(0, 0, 0)),
                100,
                Witness::None,
            ),
            (
                "to a socket that gets none",
                told(1, Code::Port),
                Some(unconnected),
                100,
                Witness::None,
            ),
            (
                "a socket that is forgotten",
                told(1, Code::Port),
                None,
                100,
                Witness::None,
            ),
        ];
        for (what, told, asker, now, expected) in cases {
            assert_eq!(ask(told, asker, after(now)), expected, "{what}");
        }
    }

    #[test]
    fn none_is_accepted_only_where_one_could_have_been() {
        let mut witnesses = Witnesses::default();
        let forgotten = |_| None;
        let alive = |_| Some(asker(1, libc::ECONNREFUSED, 1));
        let gone = |_| Some(asker(0, 0, 0));
        assert_eq!(witnesses.accepted(gone, AT), None);
        witnesses.take(told(1, Code::Port));
        assert_eq!(witnesses.accepted(forgotten, after(100)), None);
        witnesses.take(told(1, Code::Port));
        assert_eq!(witnesses.accepted(gone, after(10)), None, "it may be on its way");
        assert_eq!(witnesses.accepted(gone, after(100)), Some(0));
        witnesses.take(told(1, Code::Port));
        assert_eq!(witnesses.accepted(alive, after(100)), Some(1));
        assert_eq!(Witnesses::recall(Some(0)).accepted(gone, AT), Some(0));
        assert_eq!(Witnesses::recall(Some(2)).accepted(gone, AT), Some(2));
        assert_eq!(Witnesses::recall(None).accepted(gone, AT), None);
    }
}
