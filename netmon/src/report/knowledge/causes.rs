//! Causes on the way to the service: what refuses, loses or cannot deliver queries.

use super::{
    CauseText, Step, always, another_says_so, answers_came, client_says_so, nothing_came, over_tcp, over_udp,
    router_says_so, run, server_says_so, some_are_answered, step, when,
};

const ASK_AGAIN: Step = run(
    "From a client, ask the server again. \"connection refused\", \"unreachable\" or \"timed out\" means that the \
        problem persists; any answer with a status means that the server can be reached again.",
    "{dig} +tries=1",
);

const ASK_OVER_TCP: Step = run(
    "From a client, ask over TCP as well. An answer means that the service runs and only UDP is affected.",
    "{dig} +tcp +tries=1",
)
.only(over_udp);

const VERIFY: Step = run(
    "From a client, verify that an answer comes and that its status is `NOERROR`.",
    "{dig}",
);

const SECOND_SERVER: Step = step(
    "In the meantime, point the clients to a second DNS server. If they have none, give them one for good.",
);

const TRACE: Step = run(
    "From a client, trace the path of the queries and note where it ends.",
    "{trace}",
);

const RULES: &str = "nft list ruleset";

pub(super) const SERVICE_DOWN: CauseText = CauseText {
    clause: "no DNS service is listening on {transport} port {port} of {server}",
    meaning: &[always(
        "The server's host is up and its network works, because it sent errors itself; but no program accepted \
        the queries on {transport} port {port}. A DNS service that was stopped, crashed, failed to start or \
        listens only on another address looks exactly like this.",
    )],
    alternatives: &[
        when(
            over_udp,
            "A firewall on {server} that rejects queries with a port-unreachable error sends the same packet as \
            a closed port.",
        ),
        when(
            over_tcp,
            "A firewall on {server} that rejects connections sends this error. For TCP that is even the usual \
            reason: a closed TCP port answers with a reset (RFC 9293 section 3.10.7.1), not with an ICMP error.",
        ),
        always(
            "If {server} is the address of a load balancer or of address translation, the machine behind it may \
            be the one that failed.",
        ),
        always(
            "The data does not say why the service would have stopped. A crash, a faulty change, maintenance and \
            an attack on that host all end in the same error.",
        ),
    ],
    place: "on {server}",
    confirm: &[
        run(
            "On the server, list what listens on {transport} port {port}. No line means that nothing does; \
            `127.0.0.1` alone means that the service is not offered to the network.",
            "{listeners}",
        ),
        run(
            "There, check the state of the DNS service, whichever is installed, and why it ended.",
            "systemctl status named unbound dnsmasq",
        ),
        run(
            "There, read the log from shortly before the first failure.",
            "journalctl --since {since} --priority warning",
        ),
        run(
            "There, look for a firewall rule that rejects {transport} port {port}.",
            RULES,
        ),
        ASK_OVER_TCP,
        ASK_AGAIN,
    ],
    fix: &[
        run(
            "Check the service's configuration (`named-checkconf`, `unbound-checkconf` or `dnsmasq --test`), then \
            start the service and enable it for the next boot. SERVICE is the one found above.",
            "systemctl enable --now SERVICE",
        ),
        run(
            "If a firewall rule on the server rejects the queries instead, allow them; use the table and chain \
            of the actual ruleset.",
            "nft insert rule inet filter input {accept}",
        ),
        SECOND_SERVER,
        VERIFY,
    ],
};

pub(super) const NO_ENDPOINTS: CauseText = CauseText {
    clause: "the service {server} has no endpoints",
    meaning: &[always(
        "{server} is a service address, which the host translates to one of the service's endpoints. As long as there is \
        none, the host itself rejects what is sent there with a port-unreachable error: kube-proxy does that for a \
        service of which no pod is ready.",
    )],
    alternatives: &[always(
        "A firewall rule on the same host that rejects with a port-unreachable error sends the same packet.",
    )],
    place: "in the cluster",
    confirm: &[
        run(
            "Find the service with this address.",
            "kubectl get services --all-namespaces",
        ),
        run(
            "List its endpoints; CoreDNS has these. `<none>` means that no pod is ready.",
            "kubectl --namespace kube-system get endpointslices --selector kubernetes.io/service-name=kube-dns",
        ),
        run(
            "Look at its pods, and why they are not ready.",
            "kubectl --namespace kube-system get pods --selector k8s-app=kube-dns --output wide",
        ),
        run(
            "On the host that sent the errors, look for the rule that rejects.",
            RULES,
        ),
        ASK_AGAIN,
    ],
    fix: &[
        step("Make a pod of the service ready again: its log and its events say what keeps it from that."),
        step("If the service is gone for good, give the clients another DNS server."),
        VERIFY,
    ],
};

pub(super) const FIREWALL_REJECT: CauseText = CauseText {
    clause: "a firewall or router rejects the queries to {server}",
    meaning: &[
        when(
            another_says_so,
            "Errors came from {others}. A device other than the server that turns queries away and says so is a \
            packet filter with a reject rule, or a router with a route that prohibits.",
        ),
        when(
            |incident| !another_says_so(incident),
            "The errors carry the server's own address, so the filter is on the server or speaks in its name.",
        ),
        when(
            some_are_answered,
            "Other queries were answered, so the service itself runs.",
        ),
    ],
    alternatives: &[
        when(
            some_are_answered,
            "A service that is restarted again and again, or one of several machines behind the same address, \
            also answers some queries and refuses others.",
        ),
        always(
            "The data does not show whether a rule was set by mistake or on purpose, for example \
            against an abusive client.",
        ),
    ],
    place: "on {reporter}",
    confirm: &[
        run(
            "Where the errors came from, {reporters}, look for a rule that rejects {transport} port {port}. On \
            firewalls that do not run Linux, consult their own rules and logs.",
            RULES,
        ),
        run(
            "There, look for a route that prohibits.",
            "{ip} route show type prohibit",
        )
        .only(another_says_so),
        run(
            "From a client, trace the path of the queries. `!X` marks the device that rejects them.",
            "{trace}",
        )
        .only(router_says_so),
        step("Ask who changed rules or routes there shortly before {began}, and why."),
        run(
            "From a client in another network, ask the same. An answer there means that the rule depends on who \
            asks.",
            "{dig} +tries=1",
        ),
    ],
    fix: &[
        run(
            "If the rule on the router or firewall is a mistake, allow the queries ahead of it; use the table \
            and chain of the actual ruleset.",
            "nft insert rule inet filter forward {accept}",
        )
        .only(router_says_so),
        run(
            "If a rule on the server is a mistake, allow the queries ahead of it; use the table and chain of the \
            actual ruleset.",
            "nft insert rule inet filter input {accept}",
        )
        .only(server_says_so),
        run(
            "If a rule on the client's own host is a mistake, allow the queries ahead of it; use the table and \
            chain of the actual ruleset.",
            "nft insert rule inet filter output {accept_to}",
        )
        .only(client_says_so),
        step("If the rule is intended, give these clients a DNS server that they may use."),
        VERIFY,
    ],
};

pub(super) const HOST_DOWN: CauseText = CauseText {
    clause: "the host {server} is switched off or cut off from its network segment",
    meaning: &[
        when(
            router_says_so,
            "The last router on the path tried to deliver the queries, found no host at that address and \
            reported so.",
        ),
        when(
            client_says_so,
            "The server is on the client's own network segment. No host there responded at its address, so the \
            client's own host gave up.",
        ),
    ],
    alternatives: &[
        always(
            "A host that is switched off, one whose cable, switch port or VLAN failed, and one that has moved to \
            another address look the same from here.",
        ),
        always(
            "A route of the type `unreachable` where the errors came from has the same effect. It answers at once, \
            whereas a failed search for a neighbour takes seconds.",
        ),
    ],
    place: "from a client",
    confirm: &[
        run(
            "From a client, see whether the host responds to anything.",
            "ping -n -c 3 {server}",
        ),
        run(
            "Where the errors came from, {reporters}, see whether the server's link address is known. `FAILED` or \
            `INCOMPLETE` means that the server does not respond.",
            "{ip} neigh show to {server}",
        ),
        run(
            "There, look up the route. The word `unreachable` means a route that rejects, not a dead host.",
            "{ip} route get {server}",
        ),
        step("Check the host's power, console, cable and switch port, or its virtual machine."),
    ],
    fix: &[
        step("Bring the host back to its network, then see that the DNS service has started with it."),
        SECOND_SERVER,
        VERIFY,
    ],
};

pub(super) const NO_ROUTE: CauseText = CauseText {
    clause: "a router has no route to the network of {server}",
    meaning: &[
        when(
            router_says_so,
            "A router on the path did not know where to send the queries, so they never came near the server. \
            The server itself may be in order.",
        ),
        when(
            client_says_so,
            "The client's own host did not know where to send the queries, so they never left it.",
        ),
    ],
    alternatives: &[
        always(
            "A failed link, a routing protocol that lost its neighbour, and a route that was deleted or never \
            existed lead to the same error.",
        ),
        when(
            |incident| incident.server.ip().is_ipv6(),
            "On IPv6, Linux sends the same error for a route of the type `unreachable`, which is set on purpose.",
        ),
    ],
    place: "on {reporter}",
    confirm: &[
        run(
            "Where the errors came from, {reporters}, look up the route to the server.",
            "{ip} route get {server}",
        ),
        TRACE,
        run(
            "If routes come from a routing protocol (here: FRRouting), see what it knows.",
            "vtysh -c 'show {route} {server}'",
        ),
    ],
    fix: &[
        step(
            "Bring back the link or the neighbour that the route came from, or add the route, and make it survive \
            a restart.",
        ),
        SECOND_SERVER,
        VERIFY,
    ],
};

pub(super) const SILENT_DROP: CauseText = CauseText {
    clause: "queries to {server} or its answers are silently dropped",
    meaning: &[
        when(
            nothing_came,
            "Neither an answer nor an ICMP error came back, so nothing on the path admits to the loss. A firewall that \
            drops packets without a word does exactly that.",
        ),
        when(
            answers_came,
            "{Answers} came back, but not in time for the queries that failed. A path that loses some packets does that, and \
            so does a server that is too slow.",
        ),
    ],
    alternatives: &[
        always("A DNS service that hangs, or is too busy to read its queue, is just as silent."),
        always(
            "A dead host is silent, too, if the last router does not report it or the report is filtered.",
        ),
        always("The data does not show whether the queries or the answers are lost."),
    ],
    place: "on {server}",
    confirm: &[
        run(
            "On the server, see whether queries arrive and answers leave. Queries without answers point to the \
            service; no queries at all point to the path.",
            "tcpdump -ni any {packets}",
        ),
        run(
            "There, see whether the service listens, and whether its queue (`Recv-Q`) stays full, which means \
            that it hangs.",
            "{listeners}",
        ),
        run(
            "There, and on the firewalls on the path, look for a rule that drops {transport} port {port}.",
            RULES,
        ),
        TRACE,
        ASK_OVER_TCP,
    ],
    fix: &[
        step(
            "Depending on what is found: remove the rule that drops, restart the service, or bring the host back.",
        ),
        SECOND_SERVER,
        VERIFY,
    ],
};
