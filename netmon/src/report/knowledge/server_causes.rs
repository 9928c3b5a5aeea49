//! Causes in the service itself: it is there, and cannot do its work.

use super::{CauseText, always, over_udp, run, step, when};

pub(super) const OVERLOAD: CauseText = CauseText {
    clause: "{server} is overloaded, possibly by a denial-of-service attack",
    meaning: &[always(
        "The rate of queries rose steeply just before the first failure. A server that receives more than it can \
        process drops queries, answers with failures, or stops.",
    )],
    alternatives: &[
        always(
            "More queries can be the effect and not the cause: clients without an answer ask again, which \
            multiplies the queries.",
        ),
        always(
            "Numbers alone do not show whether this is an attack or a rush of honest clients, for example after a \
            restart or when many caches expire at once.",
        ),
        when(
            over_udp,
            "The clients' addresses may be forged: over UDP nothing proves who sent a query.",
        ),
    ],
    place: "on {server}",
    confirm: &[
        run(
            "On the server, see which clients and names make up the queries.",
            "tcpdump -ni any -c 1000 '{udp} dst port {port}'",
        ),
        run(
            "There, see whether queries are dropped for lack of buffer space. Rising numbers mean that they are.",
            "nstat -az UdpRcvbufErrors UdpInErrors",
        )
        .only(over_udp),
        run("There, see how long the service's queue is (`Recv-Q`).", "{listeners}"),
        step("Compare with earlier days: queries a second, the share of names that do not exist, the clients."),
    ],
    fix: &[
        step(
            "Limit the rate of each client (unbound: `ip-ratelimit`; BIND: `rate-limit`) and block sources that are \
            plainly abusive.",
        ),
        step("If the rush is honest, give the service more room: threads, cache, a second server."),
        run("From a client, verify that answers come, and how fast.", "{dig}"),
    ],
};

pub(super) const SERVER_FAILURE: CauseText = CauseText {
    clause: "the DNS service on {server} runs but cannot, or will not, answer these queries",
    meaning: &[always(
        "Answers came, so the host, its network and the service are up. What fails is the service's own work, or \
        something that it depends on.",
    )],
    alternatives: &[
        always(
            "The reason may lie elsewhere: a resolver also says SERVFAIL when the servers that it asks in turn cannot \
            be reached.",
        ),
        always(
            "Failed DNSSEC validation, an expired zone and an internal error of the service all end in SERVFAIL; the \
            response code is the same for all of them.",
        ),
        always(
            "Access rules that shut these clients out end in REFUSED, whether set by mistake or on purpose.",
        ),
    ],
    place: "from a client",
    confirm: &[
        run(
            "From a client, ask the server and read the status of its answer.",
            "{dig}",
        ),
        run(
            "From a client, ask without validation. An answer now means that DNSSEC validation fails.",
            "{dig} +cd",
        ),
        run(
            "On the server, follow the name from the root down and see which server fails.",
            "dig +trace {name}",
        ),
        run(
            "There, read the log of the DNS service from shortly before the first failure.",
            "journalctl --since {since} --priority warning",
        ),
        step(
            "If answers say REFUSED, check who may ask (BIND: `allow-query`, `allow-recursion`; unbound: \
            `access-control`).",
        ),
    ],
    fix: &[
        step(
            "Depending on what is found: restore the servers or the network that the resolver depends on, correct its \
            clock or trust anchor, reload the zone, or allow these clients to ask.",
        ),
        run(
            "From a client, verify that the status of the answer is `NOERROR`.",
            "{dig}",
        ),
    ],
};
