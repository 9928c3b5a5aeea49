//! Faults, and what netmon must say of them.

use std::net::IpAddr;

use fastrand::Rng;
use netmon_testkit::lab::{CLIENT_V4, CLIENT_V6};

use super::world::{CLIENTS, World, client};

/// How many happen at once.
pub const AT_ONCE: usize = 8;

const SERVFAIL: u8 = 2;
const REFUSED: u8 = 5;

/// What breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The program ends: its kernel refuses.
    Ends,
    /// The same with a pod behind a service address, which is what is asked.
    PodEnds,
    /// The router's firewall rejects as a firewall should, and says so.
    Prohibited,
    /// A route of the router prohibits.
    ProhibitRoute,
    /// The router's firewall rejects in the words of a closed port.
    Rejected,
    /// The host is gone from its link.
    HostGone,
    /// The router has no route.
    NoRoute,
    /// The router's firewall drops.
    Dropped,
    /// The program is there, and hangs.
    Hangs,
    /// The answers are failures.
    Fails(u8),
    /// Over TCP only: the router's firewall rejects.
    TcpProhibited,
    /// Over TCP only: the server takes connections, and says nothing.
    TcpHangs,
}

use What::{
    Dropped, Ends, Fails, Hangs, HostGone, NoRoute, PodEnds, ProhibitRoute, Prohibited, Rejected, TcpHangs,
    TcpProhibited,
};

/// What breaks, round by round.
const ROUNDS: [[What; AT_ONCE]; 5] = [
    [
        Ends,
        Prohibited,
        Rejected,
        HostGone,
        NoRoute,
        Dropped,
        Fails(SERVFAIL),
        TcpProhibited,
    ],
    [
        PodEnds,
        ProhibitRoute,
        Rejected,
        HostGone,
        NoRoute,
        Hangs,
        Fails(REFUSED),
        TcpHangs,
    ],
    [
        Ends,
        Prohibited,
        PodEnds,
        HostGone,
        ProhibitRoute,
        Dropped,
        Fails(SERVFAIL),
        TcpProhibited,
    ],
    [
        PodEnds,
        Ends,
        Rejected,
        Prohibited,
        NoRoute,
        Hangs,
        Fails(REFUSED),
        TcpHangs,
    ],
    [
        Ends,
        PodEnds,
        Rejected,
        HostGone,
        Dropped,
        Hangs,
        Fails(SERVFAIL),
        TcpHangs,
    ],
];

/// A fault that is to happen.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub what: What,
    number: u8,
    pub is_v6: bool,
}

/// What must be said of it.
pub struct Said {
    pub kind: &'static str,
    pub cause: &'static str,
    pub severity: &'static str,
    /// The code of the errors, one for each query.
    pub code: Option<&'static str>,
    /// Answers, one for each query.
    pub is_answered: bool,
}

impl Fault {
    pub fn new(round: usize, place: usize) -> Self {
        let what = ROUNDS[round][place];
        Self {
            what,
            number: u8::try_from(round * AT_ONCE + place).unwrap(),
            // Where the network's own words are the same in both families.
            is_v6: (round + place) % 2 == 1 && !matches!(what, PodEnds | NoRoute),
        }
    }

    /// A round that chance picks, and that happens to the services from that number on.
    pub fn by_chance(chance: &mut Rng, first: u8) -> Vec<Self> {
        let mut round = ROUNDS[chance.usize(..ROUNDS.len())];
        chance.shuffle(&mut round);
        let faults = round.into_iter().zip(first..);
        faults
            .map(|(what, number)| Self {
                what,
                number,
                is_v6: chance.bool() && !matches!(what, PodEnds | NoRoute | ProhibitRoute),
            })
            .collect()
    }

    /// Where the program is.
    pub fn place(self) -> IpAddr {
        if self.is_v6 {
            World::fault_address_v6(self.number)
        } else {
            World::fault_address(self.number)
        }
    }

    /// Whom the client asks.
    pub fn asked(self) -> IpAddr {
        if self.what == PodEnds {
            World::service_of(self.number)
        } else {
            self.place()
        }
    }

    /// Who asks. Linux limits what a router says of its routes by whom it says it to.
    pub fn client(self) -> IpAddr {
        match (self.is_v6, self.is_tcp()) {
            (true, _) => CLIENT_V6,
            // A connection is made from the host's first address.
            (false, true) => CLIENT_V4,
            (false, false) => client(self.number % CLIENTS),
        }
    }

    pub const fn is_tcp(self) -> bool {
        matches!(self.what, TcpProhibited | TcpHangs)
    }

    /// How many queries fail.
    pub const fn queries(self) -> u16 {
        match self.what {
            HostGone => 3,
            // More in a row the router does not say.
            NoRoute | ProhibitRoute => 2,
            Dropped | Hangs | TcpHangs => 8,
            Fails(_) => 14,
            _ => 10,
        }
    }

    pub const fn said(self) -> Said {
        let (kind, cause, code) = match self.what {
            Ends | PodEnds => ("unreachable", "service-down", Some("port")),
            Prohibited | ProhibitRoute | TcpProhibited => ("unreachable", "firewall-reject", Some("admin")),
            Rejected => ("unreachable", "firewall-reject", Some("port")),
            HostGone => ("unreachable", "host-down", Some("host")),
            NoRoute => ("unreachable", "no-route", Some("net")),
            Dropped | Hangs | TcpHangs => ("unanswered", "silent-drop", None),
            Fails(_) => ("failing", "server-failure", None),
        };
        Said {
            kind,
            cause,
            code,
            // Of the answers of half a minute, two are good.
            severity: if matches!(self.what, Fails(_)) {
                "degraded"
            } else {
                "down"
            },
            is_answered: matches!(self.what, Fails(_)),
        }
    }

    pub fn transport(self) -> &'static str {
        if self.is_tcp() { "tcp" } else { "udp" }
    }

    /// The rule of the router's firewall, if that is what breaks.
    pub fn rule(self) -> Option<String> {
        let protocol = if self.is_v6 { "ip6" } else { "ip" };
        let verdict = match self.what {
            Prohibited => "udp dport 53 reject with icmpx type admin-prohibited",
            TcpProhibited => "tcp dport 53 reject with icmpx type admin-prohibited",
            Rejected => "udp dport 53 reject",
            Dropped => "udp dport 53 drop",
            _ => return None,
        };
        Some(format!("{protocol} daddr {} {verdict}", self.place()))
    }

    /// The route of the router, if that is what breaks.
    pub fn route(self) -> Option<String> {
        let flag = if self.is_v6 { "-6" } else { "-4" };
        match self.what {
            ProhibitRoute => Some(format!("prohibit {}", self.place())),
            // No table behind this one has a route.
            NoRoute => Some(format!("throw {}", self.place())),
            _ => None,
        }
        .map(|route| format!("{flag} {route}"))
    }
}
