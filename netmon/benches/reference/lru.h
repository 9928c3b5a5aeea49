// Follows exchanges as other monitors do: each query is kept in a hash table that drops the least recently used, until its
// answer comes, and how long that took is counted.
//
// Only what the benchmark sends is followed: frames without a tag, IPv4 without options, UDP.

#define LRU_QUERIES 65536
#define LATENCIES 64

struct lru_key {
	__be32 client;
	__be32 server;
	__be16 port;
	__be16 id;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LRU_QUERIES);
	__type(key, struct lru_key);
	__type(value, __u64);
} QUERIES SEC(".maps");

// By the power of two of nanoseconds.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LATENCIES);
	__type(key, __u32);
	__type(value, __u64);
} LATENCIES_OF_LRU SEC(".maps");

ALWAYS_INLINE __u32 power(__u64 value)
{
	__u32 power = 0;

	if (value >> 32) {
		power += 32;
		value >>= 32;
	}
	if (value >> 16) {
		power += 16;
		value >>= 16;
	}
	if (value >> 8) {
		power += 8;
		value >>= 8;
	}
	if (value >> 4) {
		power += 4;
		value >>= 4;
	}
	return power;
}

ALWAYS_INLINE void follow(void *data, void *end)
{
	struct iphdr *ip = data + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	__be16 *dns = (void *)(udp + 1);
	struct lru_key key;
	__u64 now, *asked, *count;
	__u32 bucket;

	if ((void *)(dns + 2) > end || ip->version != 4 || ip->ihl != 5 || ip->protocol != 17)
		return;
	key.id = dns[0];
	if (udp->dest == bpf_htons(DNS_PORT)) {
		key.client = ip->saddr;
		key.server = ip->daddr;
		key.port = udp->source;
		now = bpf_ktime_get_ns();
		bpf_map_update_elem(&QUERIES, &key, &now, BPF_ANY);
	} else if (udp->source == bpf_htons(DNS_PORT)) {
		key.client = ip->daddr;
		key.server = ip->saddr;
		key.port = udp->dest;
		asked = bpf_map_lookup_elem(&QUERIES, &key);
		if (!asked)
			return;
		bucket = power(bpf_ktime_get_ns() - *asked) & (LATENCIES - 1);
		count = bpf_map_lookup_elem(&LATENCIES_OF_LRU, &bucket);
		if (count)
			++*count;
		bpf_map_delete_elem(&QUERIES, &key);
	}
}
