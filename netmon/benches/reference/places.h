// Which place a destination, a service or a server has, as netmon-ebpf/src/places.rs: an index finds it, a new one takes a free one
// out of a queue, and each CPU has an entry of its own there.

#define THIS_CPU(place, places) (bpf_get_smp_processor_id() * (places) + (place))

ALWAYS_INLINE __u32 log2(__u64 value)
{
	return 63 - __builtin_clzll(value);
}

ALWAYS_INLINE __u32 place_of(void *index, const void *key)
{
	__u64 *place = bpf_map_lookup_elem(index, key);

	return place ? (__u32)*place : NO_PLACE;
}

// Takes a place for a key; whether there was one.
#define GIVE(index, queue, owners, dry, looked_for)                                                           \
	({                                                                                                   \
		int given = 0;                                                                               \
		__u32 free;                                                                                  \
		if (C_DRY[dry] != bpf_jiffies64()) {                                                         \
			if (bpf_map_pop_elem(&queue, &free)) {                                               \
				C_DRY[dry] = bpf_jiffies64();                                                \
			} else {                                                                             \
				__typeof__(*owners.value) *owner = bpf_map_lookup_elem(&owners, &free);      \
				__u64 place = free;                                                          \
				if (owner) {                                                                 \
					owner->key = *(looked_for);                                          \
					if (bpf_map_update_elem(&index, looked_for, &place, BPF_NOEXIST))    \
						bpf_map_push_elem(&queue, &free, 0);                         \
					else                                                                 \
						owner->state = 1;                                            \
					given = 1;                                                           \
				}                                                                            \
			}                                                                                    \
		}                                                                                            \
		given;                                                                                       \
	})

static __attribute__((noinline)) int give_destination(struct address *address)
{
	if (!address)
		return 0;
	return GIVE(C_DESTINATIONS, C_DEST_FREE, C_DEST_OWNERS, OF_DESTINATIONS, address);
}

static __attribute__((noinline)) int give_service(struct service_key *key)
{
	if (!key)
		return 0;
	return GIVE(C_SERVICES, C_SERVICE_FREE, C_SERVICE_OWNERS, OF_SERVICES, key);
}

static __attribute__((noinline)) int give_latency(struct address *address)
{
	if (!address)
		return 0;
	return GIVE(C_LATENCIES, C_LATENCY_FREE, C_LATENCY_OWNERS, OF_LATENCIES, address);
}

// This CPU's entry of a destination.
ALWAYS_INLINE struct entry *known(struct address *address)
{
	__u32 place = place_of(&C_DESTINATIONS, address);

	if (place == NO_PLACE)
		return NULL;
	place = THIS_CPU(place, DESTINATIONS);
	return bpf_map_lookup_elem(&C_COUNTS, &place);
}

ALWAYS_INLINE struct entry *destination(struct address *address)
{
	struct entry *entry = known(address);

	if (!entry && give_destination(address))
		entry = known(address);
	return entry;
}

// The place of a service, which the CPU remembers beside its counters of the server.
ALWAYS_INLINE __u32 place_of_service(struct entry *entry, const struct address *server, __u16 port,
				       enum transport transport)
{
	struct service_key key;
	__u32 place;

	// A link-local server is another one on each interface: those are left out.
	if (is_link_local(server))
		return NO_PLACE;
	if (entry && entry->port[transport] == port)
		return entry->place[transport];
	__builtin_memset(&key, 0, sizeof(key));
	key.server = *server;
	key.port = port;
	key.transport = transport;
	place = place_of(&C_SERVICES, &key);
	if (place == NO_PLACE && give_service(&key))
		place = place_of(&C_SERVICES, &key);
	if (place != NO_PLACE && entry) {
		entry->port[transport] = port;
		entry->place[transport] = place;
		entry->answered[transport] = 0;
	}
	return place;
}

// Counts how long an answer took.
ALWAYS_INLINE void count_latency(struct entry *entry, const struct address *of, __u64 nanos)
{
	struct address server;
	__u64 micros = nanos / 1000;
	struct latency *latency;
	__u32 place, bucket, power;

	if (!entry->latency) {
		server = *of;
		place = place_of(&C_LATENCIES, &server);
		if (place == NO_PLACE && give_latency(&server))
			place = place_of(&C_LATENCIES, &server);
		entry->latency = place == NO_PLACE ? NO_PLACE : place + 1;
	}
	if (entry->latency == NO_PLACE)
		return;
	place = THIS_CPU(entry->latency - 1, LATENCY_SERVERS);
	latency = bpf_map_lookup_elem(&C_LATENCY, &place);
	if (!latency)
		return;
	if (micros > latency->max_us)
		latency->max_us = micros;
	if (micros < 16) {
		bucket = micros;
	} else {
		power = log2(micros) - 4;
		bucket = power * 16 + (micros >> power);
	}
	if (bucket >= BUCKETS)
		bucket = BUCKETS - 1;
	latency->counts[bucket]++;
}
