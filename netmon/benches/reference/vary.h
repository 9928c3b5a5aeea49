// Changes a packet before each run and hands it on, so that many runs do not look up the same destination or
// follow the same exchange again and again. What this costs is measured alone, and taken off.
//
// Both work on a frame without tags, with an IPv4 header without options.

#define SOURCE 26
#define DESTINATION 30
#define SOURCE_PORT 34
#define DESTINATION_PORT 36
#define DNS_ID 42

// What user space tells: `state` goes on from run to run.
struct vary {
	__u64 state;
	__u32 first;
	__u32 range;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vary);
} VARY SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} NEXT_XDP SEC(".maps"), NEXT_TC SEC(".maps");

// A random destination among `range` addresses from `first` on.
ALWAYS_INLINE void vary_destination(void *data, void *end)
{
	__u32 zero = 0;
	struct vary *vary = bpf_map_lookup_elem(&VARY, &zero);
	__u64 random;

	if (!vary || data + DESTINATION + 4 > end)
		return;
	// Knuth's MMIX; its upper half is random enough.
	vary->state = vary->state * 6364136223846793005ULL + 1442695040888963407ULL;
	random = vary->state >> 32;
	*(__be32 *)(data + DESTINATION) = bpf_htonl(vary->first + (__u32)(random * vary->range >> 32));
}

// The next of a row of exchanges, each with a client, a port and an id of its own. The same row comes again when
// user space sets `state` back: queries first, then their answers.
ALWAYS_INLINE void vary_flow(void *data, void *end)
{
	__u32 zero = 0;
	struct vary *vary = bpf_map_lookup_elem(&VARY, &zero);
	__be16 port, id;
	__be32 client;
	__u64 mixed;

	if (!vary || data + DNS_ID + 2 > end)
		return;
	mixed = ++vary->state * 0x9e3779b97f4a7c15ULL;
	client = bpf_htonl(0x0a000000 | (__u32)(mixed >> 40));
	port = bpf_htons(1024 + ((mixed >> 24) & 0x7fff));
	id = bpf_htons((mixed >> 8) & 0xffff);
	if (*(__be16 *)(data + DESTINATION_PORT) == bpf_htons(DNS_PORT)) {
		*(__be32 *)(data + SOURCE) = client;
		*(__be16 *)(data + SOURCE_PORT) = port;
	} else {
		*(__be32 *)(data + DESTINATION) = client;
		*(__be16 *)(data + DESTINATION_PORT) = port;
	}
	*(__be16 *)(data + DNS_ID) = id;
}
