// What netmon does about an error that quotes a query: finds the query's trace, counts that it failed, and sends the error to user
// space through a ring (netmon-ebpf/src/{track/failure.rs,events.rs,budget.rs}), with the same record.

#define SHORT_BYTES 128
#define QUOTE_BYTES 576
#define EVENTS_PER_SERVER 64
#define UNVERIFIED_PER_CPU 128

// netmon_common::records::EventHeader.
struct event_header {
	__u64 time_ns;
	__u64 query_time_ns;
	__u64 last_answer_ns;
	__u32 ifindex;
	__u16 payload_len;
	__u8 kind;
	__u8 hook;
	struct address reporter;
	struct address receiver;
	struct address client;
	struct address server;
	__u16 client_port;
	__u16 server_port;
	__u16 transport_offset;
	__u8 transport;
	__u8 detail;
	__u8 flags;
	__u8 asker[7];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} C_EVENTS SEC(".maps");

struct budget {
	__u32 second;
	__u16 used[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct budget);
} C_UNVERIFIED SEC(".maps");

// The error that entered last on this CPU, and was told of.
struct sight {
	__u64 at_ns;
	struct address server;
	__u16 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sight);
} C_TOLD SEC(".maps");

ALWAYS_INLINE int may_send(__u32 *second, __u16 *used, int most, __u64 now)
{
	if (*second != (__u32)(now >> 30)) {
		*second = now >> 30;
#pragma unroll
		for (int kind = 0; kind < 6; kind++)
			used[kind] = 0;
	}
	if (*used >= most)
		return 0;
	++*used;
	return 1;
}

ALWAYS_INLINE int may_send_unverified(__u64 now)
{
	__u32 zero = 0;
	struct budget *budget = bpf_map_lookup_elem(&C_UNVERIFIED, &zero);

	return budget && may_send(&budget->second, budget->used, UNVERIFIED_PER_CPU, now);
}

// Sends the error, with as many bytes of what it quotes as there is room for.
#define SEND_WITH_ROOM(most)                                                                                 \
	({                                                                                                   \
		struct {                                                                                     \
			struct event_header header;                                                          \
			__u8 payload[most];                                                                  \
		} *event = bpf_ringbuf_reserve(&C_EVENTS, sizeof(*event), 0);                                \
		if (event) {                                                                                 \
			__u64 len = exchange->end - exchange->start;                                         \
			if (len > (most))                                                                    \
				len = (most);                                                                \
			asm volatile("" : "+r"(len));                                                        \
			if (len < 1 || len > (most) ||                                                       \
			    (packet->is_skb ? bpf_skb_load_bytes(packet->ctx, exchange->start, event->payload, len) \
					    : bpf_xdp_load_bytes(packet->ctx, exchange->start, event->payload, len))) \
				len = 0;                                                                     \
			event->header = (struct event_header){                                               \
				.time_ns = now,                                                              \
				.query_time_ns = query_ns,                                                   \
				.last_answer_ns = last_answer_ns,                                            \
				.ifindex = packet->ifindex,                                                  \
				.payload_len = len,                                                          \
				.hook = packet->leaves * 2 + (packet->is_skb && !packet->leaves),            \
				.reporter = exchange->reporter,                                              \
				.receiver = exchange->receiver,                                              \
				.client = exchange->client,                                                  \
				.server = exchange->server,                                                  \
				.client_port = exchange->client_port,                                        \
				.server_port = exchange->server_port,                                        \
				.transport_offset = exchange->transport_at - exchange->start,                \
				.transport = exchange->transport,                                            \
				.detail = exchange->code,                                                    \
				.flags = flags,                                                              \
			};                                                                                   \
			bpf_ringbuf_submit(event, 0);                                                        \
		}                                                                                            \
		event != NULL;                                                                               \
	})

ALWAYS_INLINE void send(struct packet *packet, struct totals *totals, struct exchange *exchange, __u64 now,
			__u64 query_ns, __u64 last_answer_ns, __u8 flags)
{
	int sent = exchange->end - exchange->start <= SHORT_BYTES ? SEND_WITH_ROOM(SHORT_BYTES) :
								     SEND_WITH_ROOM(QUOTE_BYTES);

	if (!sent)
		totals->events_lost++;
}

// An error about a query, where exchanges are not followed.
ALWAYS_INLINE void tell_failure(struct packet *packet, struct totals *totals, struct exchange *exchange)
{
	__u64 now = bpf_ktime_get_boot_ns();

	if (may_send_unverified(now))
		send(packet, totals, exchange, now, 0, 0, 0);
}

ALWAYS_INLINE void follow_failure(struct packet *packet, struct totals *totals, struct entry *entry,
				  struct exchange *exchange)
{
	__u64 now = bpf_ktime_get_boot_ns(), flow = hashed(exchange), lowest;
	enum transport transport = exchange->transport & 1;
	__u32 place, zero = 0, code = exchange->code & 7;
	struct exchanges *exchanges;
	struct service *service;
	struct sight *told;
	struct trace trace;
	struct slot *slot;
	__u8 flags;

	// A quote that shows no id is left out.
	slot = slot_of(exchange, flow, now);
	if (slot)
		trace = trace_of(slot, now);
	if (!slot || !is_young(&trace, now) || trace.what & ANSWERED) {
		totals->unsolicited++;
		if (entry && code < CODES)
			entry->unsolicited[transport][code]++;
		if (may_send_unverified(now))
			send(packet, totals, exchange, now, 0, 0, exchange->flags);
		return;
	}
	flags = exchange->flags;
	if (trace.what & FAILED) {
		if (may_send_unverified(now))
			send(packet, totals, exchange, now, trace.time_ns, 0, flags | 8);
		return;
	}
	slot->what = trace.what | FAILED;
	place = place_of_service(entry, &exchange->server, exchange->server_port, transport);
	exchanges = exchanges_of(place);
	if (exchanges) {
		exchanges->changes++;
		exchanges->errors[code < CODES ? code : 0]++;
		if (now - trace.time_ns < COUNTED_FOR * SECOND_NS)
			second_of(exchanges, trace.time_ns)->failed++;
	}
	told = bpf_map_lookup_elem(&C_TOLD, &zero);
	if (told) {
		told->at_ns = now;
		told->server = exchange->server;
		told->port = exchange->server_port;
	}
	service = bpf_map_lookup_elem(&C_SERVICE_STATE, &place);
	if (!service) {
		if (may_send_unverified(now))
			send(packet, totals, exchange, now, trace.time_ns, 0, flags);
		return;
	}
	lowest = now - service->last_failure_ns > LIFETIME_NS ? 0 : service->failed_clients;
	service->failed_clients = lowest | 1ULL << (spread(&exchange->client) >> 58);
	service->last_failure_ns = now;
	if (entry)
		entry->answered[transport] = 1;
	if (may_send(&service->second, service->used, EVENTS_PER_SERVER, now))
		send(packet, totals, exchange, now, trace.time_ns, service->last_answer_ns, flags);
}
