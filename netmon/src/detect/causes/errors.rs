//! The causes that ICMP errors show, by their code and by who sent them.

use std::net::IpAddr;

use netmon_common::Code;

use crate::detect::errors::{Said, Sent};
use crate::model::{Cause, Diagnosis};

use super::{Case, Finding, counted};

/// Says of the first cause that errors show that the kernel handed none of them to a socket that asked.
pub fn doubt(causes: &mut [Diagnosis]) {
    use Cause::{FirewallReject, HostDown, NoEndpoints, NoRoute, ServiceDown};
    let by_errors = [ServiceDown, FirewallReject, HostDown, NoRoute, NoEndpoints];
    if let Some(first) = causes.iter_mut().find(|one| by_errors.contains(&one.cause)) {
        first.evidence.push_str(
            "; the kernel handed none of them to the socket that asked: it waited no longer, or they are forged",
        );
    }
}

/// `no-endpoints`: `port`, raised by this host about a service address that it translates.
pub(super) fn no_endpoints(case: &Case) -> Option<Finding> {
    let errors = case.incident.failures.no_endpoints;
    let (say, were) = if errors == 1 {
        ("says", "was")
    } else {
        ("say", "were")
    };
    Finding::new(Cause::NoEndpoints, errors, || {
        format!(
            "{errors} of {} {say} {} and {were} raised by this host about {}, a service address (in --service-cidr, or seen to be \
             translated): the service has no endpoints",
            counted(case.failures, "error"),
            says(Code::Port),
            case.server(),
        )
    })
}

/// `service-down`: `port` or `protocol`, sent by the server's own address.
pub(super) fn service_down(case: &Case) -> Option<Finding> {
    let (port, protocol) = port_and_protocol(case);
    let sent = port.by_server + protocol.by_server;
    Finding::new(Cause::ServiceDown, sent.errors, || {
        format!(
            "{} from {} itself: nothing listens on {} there, or that host's own firewall rejects{}",
            share(case, sent, words(port.by_server, protocol.by_server)),
            case.server(),
            case.port(),
            raised(sent),
        )
    })
}

/// `firewall-reject`: `admin`, whoever sent it; `port` or `protocol` sent by another address than the server's;
/// `port` for some clients while others get answers to later queries.
pub(super) fn firewall_reject(case: &Case) -> Option<Finding> {
    let admin = case.incident.failures.said(Code::Admin);
    let (port, protocol) = port_and_protocol(case);
    let on_the_way = port.by_others + protocol.by_others;
    let answered = case.incident.served_others();
    let selective = if case.incident.failures.others_are_answered(answered) {
        port.by_server
    } else {
        Sent::default()
    };
    let prohibited = admin.total();
    let supported_by = (prohibited + on_the_way + selective).errors;
    Finding::new(Cause::FirewallReject, supported_by, || {
        let mut parts = Vec::new();
        if prohibited.errors > 0 {
            parts.push(format!(
                "{} from {}: a rule there forbids the traffic{}",
                share(case, prohibited, says(Code::Admin)),
                senders(case, admin),
                raised(prohibited),
            ));
        }
        if on_the_way.errors > 0 {
            parts.push(format!(
                "{} from {}, not from the server: a firewall on the way rejects{}",
                share(case, on_the_way, words(port.by_others, protocol.by_others)),
                others(&[port, protocol]),
                raised(on_the_way),
            ));
        }
        if selective.errors > 0 {
            parts.push(format!(
                "{} from {} itself, to {}, while others get answers to later queries: that host's firewall \
                 rejects some clients",
                share(case, selective, says(Code::Port)),
                case.server(),
                counted(case.incident.client_count(), "client"),
            ));
        }
        parts.join("; ")
    })
}

/// `host-down`: `host`, whoever sent it.
pub(super) fn host_down(case: &Case) -> Option<Finding> {
    let host = case.incident.failures.said(Code::Host);
    let sent = host.total();
    Finding::new(Cause::HostDown, sent.errors, || {
        format!(
            "{} from {}: the host does not answer on its link{}{}",
            share(case, sent, says(Code::Host)),
            senders(case, host),
            raised(sent),
            quick(case, host),
        )
    })
}

/// Says that the errors came too soon for a failed neighbour look-up, where most did. On IPv4 only: for a
/// reject route, Linux sends another code on IPv6.
fn quick(case: &Case, host: Said) -> String {
    let is_ipv4 = matches!(case.server().ip(), IpAddr::V4(_));
    if !is_ipv4 || host.quick * 2 < host.total().errors {
        return String::new();
    }
    format!(
        "; {} came within {} ms of {}: so quick an error points to a reject route rather than to a failed \
         neighbour look-up, which takes seconds",
        host.quick,
        case.thresholds.quick_error.as_millis(),
        if host.quick == 1 {
            "its query"
        } else {
            "their queries"
        },
    )
}

/// `no-route`: `net`, whoever sent it.
pub(super) fn no_route(case: &Case) -> Option<Finding> {
    let net = case.incident.failures.said(Code::Net);
    let sent = net.total();
    Finding::new(Cause::NoRoute, sent.errors, || {
        format!(
            "{} from {}: no route to {} is known there{}",
            share(case, sent, says(Code::Net)),
            senders(case, net),
            case.server(),
            raised(sent),
        )
    })
}

fn port_and_protocol(case: &Case) -> (Said, Said) {
    let failures = &case.incident.failures;
    (failures.said(Code::Port), failures.said(Code::Protocol))
}

/// `2 of 3 errors say "port unreachable" and come`.
fn share(case: &Case, sent: Sent, says: &str) -> String {
    let (say, come) = if sent.errors == 1 {
        ("says", "comes")
    } else {
        ("say", "come")
    };
    format!(
        "{} of {} {say} {says} and {come}",
        sent.errors,
        counted(case.failures, "error"),
    )
}

/// What an error of this code says, in words.
const fn says(code: Code) -> &'static str {
    match code {
        Code::Net => "\"network unreachable\"",
        Code::Host => "\"host unreachable\"",
        Code::Protocol => "\"protocol unreachable\"",
        Code::Port => "\"port unreachable\"",
        Code::Admin => "\"administratively prohibited\"",
        Code::Other => "\"unreachable\"",
    }
}

/// What these errors say.
const fn words(port: Sent, protocol: Sent) -> &'static str {
    match (port.errors, protocol.errors) {
        (_, 0) => says(Code::Port),
        (0, _) => says(Code::Protocol),
        _ => "\"port unreachable\" or \"protocol unreachable\"",
    }
}

/// Who said it.
fn senders(case: &Case, said: Said) -> String {
    match (said.by_server.errors > 0, said.other) {
        (true, None) => format!("{} itself", case.server()),
        (true, Some(_)) => format!("{} itself and from {}", case.server(), others(&[said])),
        (false, _) => others(&[said]),
    }
}

/// Who said it, other than the server.
fn others(said: &[Said]) -> String {
    let mut addresses: Vec<_> = said.iter().filter_map(|said| said.other).collect();
    addresses.dedup();
    match addresses.as_slice() {
        [one] if said.iter().all(|said| !said.several) => one.to_string(),
        [first, ..] => format!("{first} and others"),
        [] => "nobody".to_owned(),
    }
}

/// Says how many of these errors this host raised itself.
fn raised(sent: Sent) -> String {
    match sent.raised_here {
        0 => String::new(),
        all if all == sent.errors => "; raised by this host".to_owned(),
        some => format!("; {some} of them raised by this host"),
    }
}
