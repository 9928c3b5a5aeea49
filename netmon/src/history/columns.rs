//! Which count stands in which column: one list for writing and reading, so that neither can mistake one for
//! another.

use netmon_common::{Address, Code, Rcode};

use crate::model::{ByCode, ByRcode, DestinationCounts, Latency, Tcp, Totals};

/// Counters of a server.
pub(super) const SERVER: [&str; 25] = [
    "queries",
    "answers",
    "tcp_queries",
    "tcp_answers",
    "tcp_connects",
    "tcp_resets",
    "noerror",
    "servfail",
    "nxdomain",
    "refused",
    "rcode_other",
    "icmp_net",
    "icmp_host",
    "icmp_protocol",
    "icmp_port",
    "icmp_admin",
    "icmp_other",
    "dns_net",
    "dns_host",
    "dns_protocol",
    "dns_port",
    "dns_admin",
    "dns_other",
    "late",
    "unsolicited",
];

/// Counters of everything.
pub(super) const TOTALS: [&str; 21] = [
    "frames",
    "bytes",
    "queries",
    "answers",
    "tcp_queries",
    "tcp_answers",
    "tcp_connects",
    "tcp_resets",
    "icmp_unreachable",
    "dns_unreachable",
    "unsolicited",
    "late",
    "not_served",
    "fragments",
    "malformed",
    "truncated",
    "not_ip",
    "other",
    "overflow",
    "events_lost",
    "traces_overwritten",
];

/// A server's counters, in the order of [`SERVER`].
pub(super) type ServerCounts = [u64; SERVER.len()];

/// The counters of everything, in the order of [`TOTALS`].
pub(super) type TotalCounts = [u64; TOTALS.len()];

/// What each counter has grown by. Counters only grow; one that did not begins anew.
pub(super) fn grown<const N: usize>(now: &[u64; N], before: &[u64; N]) -> [u64; N] {
    let mut grown = *now;
    for (count, before) in grown.iter_mut().zip(before) {
        *count = count.checked_sub(*before).unwrap_or(*count);
    }
    grown
}

/// Adds counters.
pub(super) fn add<const N: usize>(sum: &mut [u64; N], more: &[u64; N]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}

/// How active a server was: whether errors came about it, and how many packets there were.
pub(super) fn activity(counts: &ServerCounts) -> (bool, u64) {
    let packets = counts
        .iter()
        .take(6)
        .chain(counts.get(11..17).unwrap_or_default());
    let errors = counts.get(17..23).unwrap_or_default();
    (errors.iter().any(|errors| *errors > 0), packets.sum())
}

pub(super) fn of_server(counts: &DestinationCounts) -> ServerCounts {
    // Destructured, so that a new counter must choose.
    let DestinationCounts {
        address: _,
        dns_queries,
        dns_responses,
        tcp,
        rcodes,
        icmp_unreachable,
        dns_unreachable,
        late_responses,
        unsolicited,
        latency_us: _,
    } = counts;
    let icmp = icmp_unreachable.each().map(|(_, errors)| errors);
    let dns = dns_unreachable.each().map(|(_, errors)| errors);
    let mut flat = [0; SERVER.len()];
    let values = [*dns_queries, *dns_responses]
        .into_iter()
        .chain(of_tcp(tcp))
        .chain([
            rcodes.noerror,
            rcodes.servfail,
            rcodes.nxdomain,
            rcodes.refused,
            rcodes.other,
        ])
        .chain(icmp)
        .chain(dns)
        .chain([*late_responses, *unsolicited]);
    flat.iter_mut()
        .zip(values)
        .for_each(|(place, value)| *place = value);
    flat
}

pub(super) fn to_server(address: Address, flat: &ServerCounts, latency_us: Latency) -> DestinationCounts {
    let [
        dns_queries,
        dns_responses,
        tcp_queries,
        tcp_answers,
        tcp_connects,
        tcp_resets,
        noerror,
        servfail,
        nxdomain,
        refused,
        other,
        errors @ ..,
        late_responses,
        unsolicited,
    ] = *flat;
    let by_code =
        |from: usize| ByCode::new(|code: Code| errors.get(from + code as usize).copied().unwrap_or(0));
    DestinationCounts {
        address,
        dns_queries,
        dns_responses,
        tcp: Tcp {
            dns_queries: tcp_queries,
            dns_responses: tcp_answers,
            tcp_connects,
            tcp_resets,
        },
        rcodes: ByRcode {
            noerror,
            servfail,
            nxdomain,
            refused,
            other,
        },
        icmp_unreachable: by_code(0),
        dns_unreachable: by_code(Code::ALL.len()),
        late_responses,
        unsolicited,
        latency_us,
    }
}

pub(super) fn of_totals(totals: &Totals) -> TotalCounts {
    let Totals {
        frames,
        bytes,
        dns_queries,
        dns_responses,
        tcp,
        icmp_unreachable,
        dns_unreachable,
        unsolicited,
        late_responses,
        not_served,
        fragments,
        malformed,
        truncated,
        not_ip,
        other,
        overflow,
        events_lost,
        traces_overwritten,
    } = *totals;
    let [tcp_queries, tcp_answers, tcp_connects, tcp_resets] = of_tcp(&tcp);
    [
        frames,
        bytes,
        dns_queries,
        dns_responses,
        tcp_queries,
        tcp_answers,
        tcp_connects,
        tcp_resets,
        icmp_unreachable,
        dns_unreachable,
        unsolicited,
        late_responses,
        not_served,
        fragments,
        malformed,
        truncated,
        not_ip,
        other,
        overflow,
        events_lost,
        traces_overwritten,
    ]
}

pub(super) fn to_totals(flat: &TotalCounts) -> Totals {
    let [
        frames,
        bytes,
        dns_queries,
        dns_responses,
        tcp_queries,
        tcp_answers,
        tcp_connects,
        tcp_resets,
        icmp_unreachable,
        dns_unreachable,
        unsolicited,
        late_responses,
        not_served,
        fragments,
        malformed,
        truncated,
        not_ip,
        other,
        overflow,
        events_lost,
        traces_overwritten,
    ] = *flat;
    Totals {
        frames,
        bytes,
        dns_queries,
        dns_responses,
        tcp: Tcp {
            dns_queries: tcp_queries,
            dns_responses: tcp_answers,
            tcp_connects,
            tcp_resets,
        },
        icmp_unreachable,
        dns_unreachable,
        unsolicited,
        late_responses,
        not_served,
        fragments,
        malformed,
        truncated,
        not_ip,
        other,
        overflow,
        events_lost,
        traces_overwritten,
    }
}

fn of_tcp(tcp: &Tcp) -> [u64; 4] {
    let Tcp {
        dns_queries,
        dns_responses,
        tcp_connects,
        tcp_resets,
    } = *tcp;
    [dns_queries, dns_responses, tcp_connects, tcp_resets]
}

/// Of a server's counters: queries on both transports with attempts to connect, answers, answers that are
/// failures, errors.
pub(super) fn in_short(flat: &ServerCounts) -> crate::timeline::Activity {
    let counts = to_server(Address::UNSPECIFIED, flat, Latency::default());
    crate::timeline::Activity {
        queries: counts.dns_queries + counts.tcp.dns_queries + counts.tcp.tcp_connects,
        answers: counts.dns_responses + counts.tcp.dns_responses,
        failures: counts.rcodes.servfail + counts.rcodes.refused,
        errors: counts.dns_unreachable.sum(),
    }
}

const _: () = assert!(SERVER.len() == 2 + 4 + Rcode::ALL.len() + 2 * Code::ALL.len() + 2);

#[cfg(test)]
mod tests {
    use super::*;

    /// Each place has a value of its own.
    fn numbered<const N: usize>() -> [u64; N] {
        std::array::from_fn(|place| place as u64 + 1)
    }

    #[test]
    fn every_counter_comes_back_from_the_place_where_it_was_put() {
        let flat = numbered();
        let address = Address::v4([192, 0, 2, 1]);
        assert_eq!(of_server(&to_server(address, &flat, Latency::default())), flat);
        assert_eq!(of_totals(&to_totals(&numbered())), numbered());
    }

    #[test]
    fn columns_have_the_names_of_what_they_hold() {
        let server = to_server(Address::UNSPECIFIED, &numbered(), Latency::default());
        let place = |name: &str| SERVER.iter().position(|column| *column == name).unwrap() as u64 + 1;
        for (name, value) in [
            ("queries", server.dns_queries),
            ("tcp_resets", server.tcp.tcp_resets),
            ("servfail", server.rcodes.servfail),
            ("rcode_other", server.rcodes.other),
            ("icmp_host", server.icmp_unreachable.host),
            ("dns_port", server.dns_unreachable.port),
            ("unsolicited", server.unsolicited),
        ] {
            assert_eq!(value, place(name), "{name}");
        }
        let totals = to_totals(&numbered());
        let place = |name: &str| TOTALS.iter().position(|column| *column == name).unwrap() as u64 + 1;
        for (name, value) in [
            ("late", totals.late_responses),
            ("not_served", totals.not_served),
            ("traces_overwritten", totals.traces_overwritten),
        ] {
            assert_eq!(value, place(name), "{name}");
        }
    }

    #[test]
    fn a_counter_that_fell_begins_anew() {
        assert_eq!(grown(&[5, 3], &[2, 9]), [3, 3]);
    }

    #[test]
    fn a_server_with_errors_is_more_active_than_any_without() {
        let (mut busy, mut failing) = ([0; SERVER.len()], [0; SERVER.len()]);
        (busy[0], busy[6]) = (1_000, 1_000);
        (failing[0], failing[14], failing[20]) = (1, 1, 1);
        assert_eq!(activity(&busy), (false, 1_000));
        assert_eq!(activity(&failing), (true, 2));
        assert_eq!(in_short(&failing).errors, 1);
    }
}
