// The maps, keys and values: those of netmon-common and netmon-ebpf, so that both sides pay for the same memory. The benchmark
// compares the sizes of values when it loads the programs (`kernel/reference.rs`).

#define DNS_PORT 53
#define ALWAYS_INLINE static __attribute__((always_inline)) inline

#define DESTINATIONS 8192
#define SERVICES 4096
#define LATENCY_SERVERS 256
#define INTERFACES 1024
#define OWN_FILTER_BITS 4096
#define YOUNG_BUCKETS (1 << 10)
#define OLD_BUCKETS (3 << 15)
#define MOVED_MARKS (1 << 12)
#define SLOTS 4
#define SECONDS 32
#define BUCKETS (16 * 24)
#define NO_PLACE 0xffffffff

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
	NOT_OURS,
	OTHER,
	OUTCOMES,
	// Not counted: for the other reader, which is left out here.
	UNREADABLE,
};

enum transport { UDP, TCP, TRANSPORTS };

// netmon_common::outcome::Code and ::Rcode.
enum code { NET, HOST, PROTOCOL, PORT, ADMIN, CODE_OTHER, CODES };
enum rcode { NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, RCODE_OTHER, RCODES };

// netmon_common::records::Totals.
struct totals {
	__u64 frames;
	__u64 bytes;
	__u64 outcomes[OUTCOMES];
	__u64 dns_unreachable;
	__u64 unsolicited;
	__u64 late_responses;
	__u64 unmatched_responses;
	__u64 retired;
	__u64 late_retired;
	__u64 overflow;
	__u64 late_overflow;
	__u64 events_lost;
	__u64 traces_overwritten;
	__u64 exchanges_overflow;
	__u64 unreadable[30];
};

// netmon_common::records::Entry: the counters of a destination on one CPU, and what the CPU keeps beside them.
struct entry {
	__u32 answered[TRANSPORTS];
	__u32 latency;
	__u16 port[TRANSPORTS];
	__u32 place[TRANSPORTS];
	__u32 entered;
	__u32 changes;
	__u64 queries[3];
	__u64 connects_and_resets[3];
	__u64 rcodes[TRANSPORTS][RCODES];
	__u64 icmp_unreachable[CODES];
	__u64 dns_unreachable[TRANSPORTS][CODES];
	__u64 unsolicited[TRANSPORTS][CODES];
	__u64 late_responses;
	__u64 unmatched_responses[TRANSPORTS];
	__u64 reserved;
};

// netmon_common::records::Latency.
struct latency {
	__u64 max_us;
	__u32 counts[BUCKETS];
};

// netmon_common::records::Exchanges.
struct second {
	__u32 asked;
	__u32 answered;
	__u32 faults;
	__u32 failed;
};

struct exchanges {
	struct second seconds[SECONDS];
	__u32 errors[CODES];
	__u32 answers[RCODES + 1];
	__u32 queries;
	__u32 changes;
};

// netmon_common::trace::Bucket: a cache line.
struct slot {
	volatile __u64 what;
	volatile __u64 time;
};

struct bucket {
	struct slot slots[SLOTS];
};

// netmon_common::records::Interface.
struct interface {
	__u32 ifindex;
	__u32 flags;
	__u32 link;
	__u32 reserved;
	__u64 mac;
} __attribute__((packed, aligned(4)));

// In halves, because a processor waits when it reads more at once than was written at once.
struct address {
	__u64 halves[2];
};

// netmon_common::Address::is_link_local.
ALWAYS_INLINE int is_link_local(const struct address *address)
{
	return ((__u32)address->halves[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

// netmon_common::Address::on_link.
ALWAYS_INLINE struct address on_link(struct address address, __u32 link)
{
	if (is_link_local(&address))
		address.halves[0] ^= (__u64)bpf_htonl(link) << 32;
	return address;
}

// netmon_common::Address::spread.
ALWAYS_INLINE __u64 spread(const struct address *address)
{
	__u64 low = address->halves[0], high = address->halves[1];

	return ((low ^ high >> 32) << 32 | (__u32)(low >> 32 ^ high)) * 0x9e3779b97f4a7c15ULL;
}

struct service_key {
	struct address server;
	__u32 interface;
	__u16 port;
	__u8 transport;
	__u8 iterative;
};

// netmon_common::records::Owner.
struct owner {
	struct address key;
	__u64 state;
};

struct service_owner {
	struct service_key key;
	__u64 state;
};

// What all CPUs remember of a service, as far as it is looked at here: of the same size.
struct service {
	volatile __u64 last_answer_ns;
	volatile __u64 last_failure_ns;
	volatile __u64 last_fault_ns;
	__u64 failed_clients;
	__u64 reported_clients;
	__u32 reported_since;
	__u32 second;
	__u16 used[6];
	__u32 padding;
};

#define ARRAY(name, entries, of, flags)                                                                      \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                            \
		__uint(max_entries, entries);                                                                \
		__uint(map_flags, flags);                                                                    \
		__type(key, __u32);                                                                          \
		__type(value, of);                                                                           \
	} name SEC(".maps")

#define INDEX(name, entries, of)                                                                             \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_HASH);                                                             \
		__uint(max_entries, entries);                                                                \
		__type(key, of);                                                                             \
		__type(value, __u64);                                                                        \
	} name SEC(".maps")

#define FREE(name, entries)                                                                                  \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_QUEUE);                                                            \
		__uint(max_entries, entries);                                                                \
		__type(value, __u32);                                                                        \
	} name SEC(".maps")

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct totals);
} C_TOTALS SEC(".maps");

// Places, and who has which (netmon-ebpf/src/places.rs). The benchmark sets the number of entries of what has one for each CPU,
// and fills the queues.
INDEX(C_DESTINATIONS, DESTINATIONS, struct address);
INDEX(C_SERVICES, SERVICES, struct service_key);
INDEX(C_LATENCIES, LATENCY_SERVERS, struct address);
FREE(C_DEST_FREE, DESTINATIONS);
FREE(C_SERVICE_FREE, SERVICES);
FREE(C_LATENCY_FREE, LATENCY_SERVERS);
ARRAY(C_DEST_OWNERS, DESTINATIONS, struct owner, BPF_F_MMAPABLE);
ARRAY(C_SERVICE_OWNERS, SERVICES, struct service_owner, BPF_F_MMAPABLE);
ARRAY(C_LATENCY_OWNERS, LATENCY_SERVERS, struct owner, BPF_F_MMAPABLE);
ARRAY(C_COUNTS, DESTINATIONS, struct entry, BPF_F_MMAPABLE);
ARRAY(C_EXCHANGES, SERVICES, struct exchanges, BPF_F_MMAPABLE);
ARRAY(C_LATENCY, LATENCY_SERVERS, struct latency, BPF_F_MMAPABLE);
ARRAY(C_SERVICE_STATE, SERVICES, struct service, BPF_F_MMAPABLE);

ARRAY(C_YOUNG_TRACES, YOUNG_BUCKETS, struct bucket, BPF_F_MMAPABLE);
ARRAY(C_OLD_TRACES, OLD_BUCKETS, struct bucket, BPF_F_MMAPABLE);
ARRAY(C_MOVED, MOVED_MARKS, __u32, 0);

ARRAY(C_INTERFACES, INTERFACES, struct interface, 0);
ARRAY(C_OWN_FILTER, OWN_FILTER_BITS / 64, __u64, 0);

// Set before loading.
const volatile __u64 C_SECRET[22] = {};

// When each queue was last found to be empty.
enum queue { OF_DESTINATIONS, OF_SERVICES, OF_LATENCIES, QUEUES };
volatile __u64 C_DRY[QUEUES];
