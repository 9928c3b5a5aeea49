//! The table of counters: where each stands in the record that the kernel keeps, and how JSON, history and metrics name it.
//!
//! The records go through user space as they are. Nested JSON, columns and metrics are made of them by this table, where
//! something is printed or written. A new counter is a line here.

mod table;

use std::mem::offset_of;
use std::sync::LazyLock;

use netmon_common::records::{Counters, Destination};
use netmon_common::{Address, Code, Outcome, Rcode, Transport};
use serde::{Serialize, Serializer};

use super::counts::{DestinationCounts, Latency, Totals};
use super::server::ServerInfo;
pub use table::{Column, Family, Label, Metric, Sample, Subject, Table};
use table::{Line, Words};

/// A record of counters that has a table.
pub trait Record: Counters + Default {
    /// The table.
    fn table() -> &'static Table;
}

impl Record for Totals {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(TOTALS));
        &TABLE
    }
}

impl Record for Destination {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(DESTINATION));
        &TABLE
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ByTable(self).serialize(serializer)
    }
}

impl Serialize for DestinationCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            address: Address,
            #[serde(flatten)]
            counters: ByTable<'a, Destination>,
            not_served: u64,
            latency_us: Latency,
            server_info: Option<&'a ServerInfo>,
        }
        let Self {
            address,
            counters,
            not_served,
            latency_us,
            server_info,
        } = self;
        Shown {
            address: *address,
            counters: ByTable(counters),
            not_served: *not_served,
            latency_us: *latency_us,
            server_info: server_info.as_deref(),
        }
        .serialize(serializer)
    }
}

/// A record as JSON has it.
struct ByTable<'a, R>(&'a R);

impl<R: Record> Serialize for ByTable<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        R::table().serialize(self.0, serializer)
    }
}

/// Lines of a record: the name in JSON, with a dot after each object that it stands in; the column in the history; the
/// field, and which place of an array; `each` where there is one counter for each of some words, `sum` where so many are one
/// to everybody; the metric that shows it, and by which label it is told from others there.
macro_rules! lines {
    ($record:ty: $(
        $json:literal $column:literal $($field:ident).+ $([$index:expr])? $(each $words:ident)? $(sum $count:expr)?
        $(=> $metric:ident $($label:ident = $value:literal)?)?;
    )+) => {
        &[$(
            Line::new($json, $column, offset_of!($record, $($field).+) / size_of::<u64>() $(+ $index as usize)?)
                $(.each(&$words))?
                $(.sum($count))?
                $(.metric(&$metric, &[$((stringify!($label), $value))?]))?,
        )+]
    };
}

/// What passed in all.
const TOTALS: &[Line] = lines! { Totals:
    "frames"             "frames"             counters.frames;
    "bytes"              "bytes"              counters.bytes => BYTES;
    "dns_queries"        "queries"            counters.outcomes[Outcome::DnsQuery] => PACKETS outcome = "dns_queries";
    "dns_responses"      "answers"            counters.outcomes[Outcome::DnsResponse] => PACKETS outcome = "dns_responses";
    "tcp.dns_queries"    "tcp_queries"        counters.outcomes[Outcome::TcpDnsQuery] => PACKETS outcome = "tcp_dns_queries";
    "tcp.dns_responses"  "tcp_answers"        counters.outcomes[Outcome::TcpDnsResponse] => PACKETS outcome = "tcp_dns_responses";
    "tcp.tcp_connects"   "tcp_connects"       counters.outcomes[Outcome::TcpConnect] => PACKETS outcome = "tcp_connects";
    "tcp.tcp_resets"     "tcp_resets"         counters.outcomes[Outcome::TcpReset] => PACKETS outcome = "tcp_resets";
    "icmp_unreachable"   "icmp_unreachable"   counters.outcomes[Outcome::IcmpUnreachable] => PACKETS outcome = "icmp_unreachable";
    "dns_unreachable"    "dns_unreachable"    counters.dns_unreachable;
    "unsolicited"        "unsolicited"        counters.unsolicited;
    "late_responses"     "late"               counters.late_responses;
    "unmatched_responses" "unmatched"         counters.unmatched_responses;
    "not_served"         "not_served"         not_served => NOT_SERVED;
    "fragments"          "fragments"          counters.outcomes[Outcome::Fragment] => PACKETS outcome = "fragments";
    "malformed"          "malformed"          counters.outcomes[Outcome::Malformed] => PACKETS outcome = "malformed";
    "truncated"          "truncated"          counters.outcomes[Outcome::Truncated] => PACKETS outcome = "truncated";
    "not_ip"             "not_ip"             counters.outcomes[Outcome::NotIp] => PACKETS outcome = "not_ip";
    "not_ours"           "not_ours"           counters.outcomes[Outcome::NotOurs] => PACKETS outcome = "not_ours";
    "other"              "other"              counters.outcomes[Outcome::Other] => PACKETS outcome = "other";
    "retired"            "retired"            counters.retired => RETIRED;
    "overflow"           "overflow"           counters.overflow => OVERFLOW;
    "events_lost"        "events_lost"        counters.events_lost => EVENTS_LOST;
    "traces_overwritten" "traces_overwritten" counters.traces_overwritten => TRACES_OVERWRITTEN;
    "exchanges_overflow" "exchanges_overflow" counters.exchanges_overflow => EXCHANGES_OVERFLOW;
};

/// What was counted for a destination. The metric of its responses is apart, in `outlets::metrics::exposition`.
const DESTINATION: &[Line] = lines! { Destination:
    "dns_queries"        "queries"            dns_queries => QUERIES transport = "udp";
    "dns_responses"      "answers"            dns_responses;
    "tcp.dns_queries"    "tcp_queries"        tcp_dns_queries => QUERIES transport = "tcp";
    "tcp.dns_responses"  "tcp_answers"        tcp_dns_responses;
    "tcp.tcp_connects"   "tcp_connects"       tcp_connects => CONNECTS;
    "tcp.tcp_resets"     "tcp_resets"         tcp_resets => RESETS;
    "tcp.rcodes"         "tcp_"               rcodes[Rcode::ALL.len()] each RCODES;
    "rcodes"             ""                   rcodes each RCODES;
    "unmatched_responses" "unmatched"         unmatched_responses sum Transport::ALL.len() => UNMATCHED;
    "icmp_unreachable"   "icmp_"              icmp_unreachable each CODES => UNREACHABLE;
    "dns_unreachable"    "dns_"               dns_unreachable each CODES => DNS_UNREACHABLE;
    "dns_unreachable"    "tcp_dns_"           dns_unreachable[Code::ALL.len()] each CODES => DNS_UNREACHABLE;
    "late_responses"     "late"               late_responses => LATE_RESPONSES;
    "unsolicited"        "unsolicited"        unsolicited sum Transport::ALL.len() * Code::ALL.len() => UNSOLICITED;
};

/// In the order of [`Rcode`]; `other` is a column of totals' too, of another meaning.
const RCODES: Words = Words {
    label: "rcode",
    words: &[
        ("noerror", "noerror"),
        ("formerr", "formerr"),
        ("servfail", "servfail"),
        ("nxdomain", "nxdomain"),
        ("notimp", "notimp"),
        ("refused", "refused"),
        ("other", "rcode_other"),
    ],
};

/// The words of rcodes, in the order of [`Rcode`].
pub fn rcodes() -> impl Iterator<Item = &'static str> {
    RCODES.words.iter().map(|(word, _)| *word)
}

/// In the order of [`Code`].
const CODES: Words = Words {
    label: "code",
    words: &[
        ("net", "net"),
        ("host", "host"),
        ("protocol", "protocol"),
        ("port", "port"),
        ("admin", "admin"),
        ("other", "other"),
    ],
};

const _: () = assert!(RCODES.words.len() == Rcode::ALL.len() && CODES.words.len() == Code::ALL.len());

const fn of_all(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        of: Subject::Everything,
        help,
    }
}

const fn of_server(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        of: Subject::Server,
        help,
    }
}

static PACKETS: Metric = of_all("netmon_packets", "Packets seen, each with one outcome");
static BYTES: Metric = of_all("netmon_bytes", "Bytes of all packets seen, link headers included");
static NOT_SERVED: Metric = of_all(
    "netmon_dns_not_served",
    "DNS unreachables about this host's own addresses where nothing ever answered, as scanners cause",
);
static EVENTS_LOST: Metric = of_all(
    "netmon_events_lost",
    "Events that found no place in the ring: an incident may open late",
);
static RETIRED: Metric = of_all(
    "netmon_retired_packets",
    "Packets whose destination has lost its place in the table: at servers they are part of `other`",
);
static OVERFLOW: Metric = of_all(
    "netmon_overflow_packets",
    "Packets whose destination found no place in the table: counted in the totals only",
);
static TRACES_OVERWRITTEN: Metric = of_all(
    "netmon_traces_overwritten",
    "Traces of queries that were overwritten while they waited: an error may stay unverified",
);
static EXCHANGES_OVERFLOW: Metric = of_all(
    "netmon_exchanges_overflow",
    "Queries whose service found no place in the table: nothing is judged by them",
);
static UNMATCHED: Metric = of_server(
    "netmon_dns_unmatched_responses",
    "DNS responses from the server that match no query that was seen: forged, or of another path",
);
static QUERIES: Metric = of_server("netmon_dns_queries", "DNS queries to the server");
static CONNECTS: Metric = of_server("netmon_dns_tcp_connects", "SYNs to a DNS port of the server");
static RESETS: Metric = of_server("netmon_dns_tcp_resets", "RSTs from a DNS port of the server");
static UNREACHABLE: Metric = Metric {
    name: "netmon_icmp_unreachable",
    of: Subject::Destination,
    help: "ICMP destination unreachables that quote a packet to the destination, by code",
};
static DNS_UNREACHABLE: Metric = of_server(
    "netmon_dns_unreachable",
    "ICMP destination unreachables that quote a packet to a DNS port of the server, verified or not",
);
static UNSOLICITED: Metric = of_server(
    "netmon_dns_unsolicited",
    "Of the DNS unreachables, those that quote no query that was seen and still waited: forged, late, or of another path",
);
static LATE_RESPONSES: Metric = of_server(
    "netmon_dns_late_responses",
    "ICMP unreachables that quote an answer of the server that came after its client had gone",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Counters that no line may leave out, apart from these.
    fn missing<R: Record>() -> Vec<usize> {
        let named: BTreeSet<usize> = R::table().columns().iter().flat_map(Column::places).collect();
        (0..R::default().words().len())
            .filter(|place| !named.contains(place))
            .collect()
    }

    fn names<R: Record>() -> Vec<&'static str> {
        R::table().columns().iter().map(|column| &*column.name).collect()
    }

    #[test]
    fn every_counter_of_a_record_is_in_the_table_once() {
        assert_eq!(missing::<Destination>(), Vec::<usize>::new());
        // Apart from why packets could not be read, and from a part of `late_responses`: the conformance suite looks at them.
        let place = |offset: usize| offset / size_of::<u64>();
        let unreadable =
            place(offset_of!(Totals, counters.unreadable))..place(offset_of!(Totals, not_served));
        let late_retired = place(offset_of!(Totals, counters.late_retired));
        let late_overflow = place(offset_of!(Totals, counters.late_overflow));
        let apart: Vec<usize> = [late_retired, late_overflow]
            .into_iter()
            .chain(unreadable)
            .collect();
        assert_eq!(missing::<Totals>(), apart);
        for names in [names::<Totals>(), names::<Destination>()] {
            assert_eq!(
                names.iter().collect::<BTreeSet<_>>().len(),
                names.len(),
                "{names:?}"
            );
        }
    }

    #[test]
    fn each_name_stands_for_its_own_counter() {
        let mut counters = Destination::ZERO;
        counters.tcp_resets = 1;
        counters.rcodes[1][Rcode::ServFail as usize] = 2;
        counters.rcodes[0][Rcode::Other as usize] = 3;
        counters.icmp_unreachable[Code::Host as usize] = 4;
        counters.dns_unreachable[0][Code::Port as usize] = 5;
        counters.unsolicited[0][Code::Port as usize] = 2;
        counters.unsolicited[1][Code::Admin as usize] = 4;
        let columns: Vec<_> = Destination::table()
            .columns()
            .iter()
            .map(|column| (&*column.name, column.of(&counters)))
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(
            columns,
            [
                ("tcp_resets", 1),
                ("tcp_servfail", 2),
                ("rcode_other", 3),
                ("icmp_host", 4),
                ("dns_port", 5),
                ("unsolicited", 6)
            ]
        );
        let mut totals = Totals::default();
        totals.counters.outcomes[Outcome::TcpConnect as usize] = 1;
        totals.counters.traces_overwritten = 2;
        totals.not_served = 3;
        let json = serde_json::to_value(totals).unwrap();
        let said = [
            &json["tcp"]["tcp_connects"],
            &json["traces_overwritten"],
            &json["not_served"],
        ];
        assert_eq!(said, [1, 2, 3]);
    }
}
