// A packet, and what is noted of it.

// Where the packet can be read, and what is found out about it.
struct packet {
	void *ctx;
	void *data;
	void *end;
	__u32 ifindex;
	// What runs: a TC program; at the hook where packets leave; one that follows exchanges. Constants.
	int is_skb;
	int leaves;
	int follows;
	// Where its IP packet ends, in bytes from the start of the frame.
	__u32 ip_end;
	// Of the totals.
	int dns_unreachable;
	int late_response;
	// What is noted of a packet that is counted for a destination.
	struct noted *noted;
};

// In memory of which the verifier knows nothing, as netmon-ebpf/src/packet_scratch.rs: it would follow all that comes after once
// for each way through the parser.
struct noted {
	// Whom it is counted for, in which counters of `struct entry` (0 in place of the second one: none), and who sent it.
	struct address destination;
	struct address source;
	__u32 counter;
	__u32 detail;
	// What there is to be followed.
	enum { NOTHING, QUERY, RESPONSE, FAILURE } follow;
	struct exchange exchange;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct noted);
} C_NOTED SEC(".maps");

ALWAYS_INLINE struct noted *note(struct packet *packet)
{
	__u32 zero = 0;

	packet->noted = bpf_map_lookup_elem(&C_NOTED, &zero);
	return packet->noted;
}
