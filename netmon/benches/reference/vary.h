// Changes a packet before each run and hands it on, so that many runs do not look up the same destination or
// follow the same exchange again and again. What this costs is measured alone, and taken off.
//
// All work on a frame without tags, with an IPv4 header without options. Fields that are read together are written
// together: a processor that has to put a word together from several writes takes longer than one that reads a packet
// which came some time ago.
//
// The clock is read here, too, between blocks of runs. A call of the kernel's test run comes cold: for XDP it patches
// the kernel's code and waits until all processors have seen it, while others run. So what belongs together runs in
// one call, and the first blocks can be left out.

#define ADDRESSES 26
#define DESTINATION 30
#define PORTS 34
#define DNS_ID 42
#define QUOTED_ADDRESSES 54
#define QUOTED_PORTS 62

#define BLOCKS 64

// What user space tells: `state` goes on from run to run, and the time is noted before each block of runs.
struct vary {
	__u64 state;
	__u32 first;
	__u32 range;
	__u32 block;
	__u32 left;
	__u32 blocks;
	__u32 in_row;
	__u32 answers;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vary);
} VARY SEC(".maps");

// When blocks began.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BLOCKS);
	__type(key, __u32);
	__type(value, __u64);
} BEGAN SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} NEXT_XDP SEC(".maps"), NEXT_TC SEC(".maps");

static __attribute__((noinline)) int next_block(struct vary *vary)
{
	__u32 block;
	__u64 *began;

	if (!vary)
		return 0;
	block = vary->blocks++;
	vary->left = vary->block;
	began = bpf_map_lookup_elem(&BEGAN, &block);
	if (began)
		*began = bpf_ktime_get_ns();
	return 1;
}

// Before each run; whether it begins a block.
ALWAYS_INLINE int next_run(struct vary *vary)
{
	int begins = !vary->left && next_block(vary);

	vary->left--;
	return begins;
}

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

// Exchanges with the server `first`, each with a client, a port and an id of its own: `range` blocks of queries, then as
// many of their answers, which are the same packets with addresses and ports the other way round and another flag.
ALWAYS_INLINE void vary_exchange(void *data, void *end)
{
	__u32 zero = 0;
	struct vary *vary = bpf_map_lookup_elem(&VARY, &zero);
	__be32 client, server;
	__be16 port, dns, id;
	__u64 mixed;

	if (!vary || data + DNS_ID + 4 > end)
		return;
	if (next_run(vary) && ++vary->in_row > vary->range) {
		vary->in_row = 1;
		vary->answers ^= 1;
		if (vary->answers)
			vary->state -= vary->range * vary->block;
	}
	mixed = ++vary->state * 0x9e3779b97f4a7c15ULL;
	client = bpf_htonl(0x0a000000 | (__u32)(mixed >> 40));
	server = bpf_htonl(vary->first);
	port = bpf_htons(1024 + ((mixed >> 24) & 0x7fff));
	dns = bpf_htons(DNS_PORT);
	id = bpf_htons((mixed >> 8) & 0xffff);
	if (!vary->answers) {
		*(__u64 *)(data + ADDRESSES) = client | (__u64)server << 32;
		*(__u32 *)(data + PORTS) = port | (__u32)dns << 16;
		*(__u32 *)(data + DNS_ID) = id | (__u32)bpf_htons(0x0100) << 16;
	} else {
		*(__u64 *)(data + ADDRESSES) = server | (__u64)client << 32;
		*(__u32 *)(data + PORTS) = dns | (__u32)port << 16;
		*(__u32 *)(data + DNS_ID) = id | (__u32)bpf_htons(0x8180) << 16;
	}
}

// Errors about two servers in turn, `first` and the one behind it, each about a query from a port of its own: 1025, 1026 ...
ALWAYS_INLINE void vary_quoted(void *data, void *end)
{
	__u32 zero = 0;
	struct vary *vary = bpf_map_lookup_elem(&VARY, &zero);
	__u64 *addresses = data + QUOTED_ADDRESSES;
	__u32 *ports = data + QUOTED_PORTS;
	__be32 server;
	__be16 port, dns = bpf_htons(DNS_PORT);

	if (!vary || (void *)(ports + 1) > end)
		return;
	next_run(vary);
	vary->state++;
	server = bpf_htonl(vary->first + vary->state % 2);
	port = bpf_htons(1024 + vary->state);
	*addresses = (__u32)*addresses | (__u64)server << 32;
	*ports = port | (__u32)dns << 16;
}
