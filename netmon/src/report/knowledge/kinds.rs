//! The kinds of incidents (docs/contract.md, section 3, "Kinds"), how bad they are, and how they end.

use super::{CloseText, KindText};

pub(super) const UNREACHABLE: KindText = KindText {
    short: "unreachable",
    now: "is unreachable",
    name: "server {named_server} unreachable on {transport} port {port}",
    down: "The DNS server {named_server} could not be reached on {transport} port {port}.",
    degraded: "The DNS server {named_server} could be reached only in part on {transport} port {port}.",
    impact: "Clients that depend on this server alone cannot open web sites or use services by name while it \
        is unreachable, even if those are up and running: the name never becomes an address to connect to.",
    rule: "netmon compares every ICMP error of the type \"destination unreachable\" with the DNS queries that \
        preceded it. The first error that quotes one of those queries opens the incident.",
};

pub(super) const UNANSWERED: KindText = KindText {
    short: "no answers",
    now: "does not answer",
    name: "no answers from server {named_server} on {transport} port {port}",
    down: "The DNS server {named_server} did not answer on {transport} port {port}.",
    degraded: "The DNS server {named_server} stopped answering on {transport} port {port} for a time.",
    impact: "Clients wait several seconds for every name and then fail, or go on to a second server where one \
        is configured. To users the network seems slow or dead, although the services they want may be up and \
        running.",
    rule: "netmon follows every DNS query to its answer. The incident opens when several queries, for more than \
        one name, have waited for seconds in vain and nothing else came from the server either. One name that \
        nobody answers is not enough.",
};

pub(super) const FAILING: KindText = KindText {
    short: "failing answers",
    now: "answers with failures",
    name: "failing answers from server {named_server} on {transport} port {port}",
    down: "The DNS server {named_server} answered on {transport} port {port} with failures.",
    degraded: "The DNS server {named_server} answered on {transport} port {port}, but too often with failures.",
    impact: "The server can be reached but does not hand out the addresses it is asked for. To users, web sites \
        and services seem not to exist or fail to load, although they may be up and running.",
    rule: "netmon reads the response code of every answer. The incident opens when too large a share of a \
        server's recent answers, for several names, says SERVFAIL, REFUSED, FORMERR or NOTIMP. One \
        broken domain on a server that otherwise works is not enough.",
};

pub(super) const ANSWERED: CloseText = CloseText {
    word: "OVER",
    now: "answers again",
    ended: "The problem ended at {ended}, when the server answered again.",
};

pub(super) const RECOVERED: CloseText = CloseText {
    word: "OVER",
    now: "answers well again",
    ended: "The problem ended at {ended}, when failures had become rare again.",
};

pub(super) const SUPERSEDED: CloseText = CloseText {
    word: "CLOSED",
    now: "now has an incident of another kind, which says more",
    ended: "At {closed} an ICMP error said more about the reason; from then on the problem is a separate incident of the \
        kind \"unreachable\".",
};

pub(super) const IDLE: CloseText = CloseText {
    word: "CLOSED",
    now: "is no longer asked: whether it works again is not known",
    ended: "The incident was closed at {closed} because nobody asked the server any more. Whether it works again is not \
        known.",
};

pub(super) const SCAN: CloseText = CloseText {
    word: "CLOSED",
    now: "was asked by a client that scans, or that has lost its network",
    ended: "The incident was closed at {closed} because its failures are those of a client that scans, or that has lost \
        its network.",
};
