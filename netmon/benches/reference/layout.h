// The maps, keys and values: those of netmon-common, so that both sides pay for the same memory.

// netmon_common::outcome::Outcome.
enum outcome {
	DNS_QUERY,
	DNS_RESPONSE,
	TCP_DNS_QUERY,
	TCP_DNS_RESPONSE,
	TCP_CONNECT,
	TCP_RESET,
	ICMP_UNREACHABLE,
	FRAGMENT,
	MALFORMED,
	TRUNCATED,
	NOT_IP,
	OTHER,
	OUTCOMES,
};

// netmon_common::outcome::Code and ::Rcode.
enum code { NET, HOST, PROTOCOL, PORT, ADMIN, CODE_OTHER, CODES };
enum rcode { NOERROR, SERVFAIL, NXDOMAIN, REFUSED, RCODE_OTHER, RCODES };

// netmon_common::records::Totals.
struct totals {
	__u64 frames;
	__u64 bytes;
	__u64 outcomes[OUTCOMES];
	__u64 dns_unreachable;
	__u64 unsolicited;
	__u64 late_responses;
	__u64 overflow;
	__u64 late_overflow;
	__u64 events_lost;
	__u64 traces_overwritten;
	__u64 unreadable[30];
};

// netmon_common::records::Entry, of which plain counting uses the counters.
struct destination {
	__u64 dns_queries;
	__u64 dns_responses;
	__u64 tcp_dns_queries;
	__u64 tcp_dns_responses;
	__u64 tcp_connects;
	__u64 tcp_resets;
	__u64 rcodes[RCODES];
	__u64 icmp_unreachable[CODES];
	__u64 dns_unreachable[CODES];
	__u64 late_responses;
	__u64 unsolicited;
	__u64 answered_ns;
	__u64 latency;
};

struct address {
	__u32 words[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct totals);
} C_TOTALS SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, DESTINATIONS);
	__type(key, struct address);
	__type(value, struct destination);
} C_DESTINATIONS SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} C_TABLE_FULL SEC(".maps");

static const struct destination ZEROS;
