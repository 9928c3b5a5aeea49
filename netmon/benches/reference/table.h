// The table of traces (netmon-common/src/trace), and what became of the queries of each service by second
// (netmon-ebpf/src/exchanges.rs): the same layout, the same look-ups, the same counting.

#define FINGERPRINT (~0ULL << 23)
#define USED (1ULL << 22)
#define ANSWERED (1ULL << 21)
#define FAILED (1ULL << 20)
#define LENT (1ULL << 19)
#define AGAIN (1ULL << 18)
#define CONNECT (1ULL << 17)
#define RECURSION_DESIRED (1ULL << 16)
#define KEY (CONNECT | 0xffffULL)
#define SETTLED (ANSWERED | FAILED)

#define SECOND_NS 1000000000ULL
#define LIFETIME_NS (60 * SECOND_NS)
#define COUNTED_FOR 30
#define QUIET_TICKS ((__u32)(SECOND_NS >> 20))
#define PRECISION_TICKS ((__u32)(8000000 >> 20))
#define NOWHERE SLOTS

// What is looked for or left: netmon_common::trace::{Flow, Asked}.
struct exchange {
	struct address client;
	struct address server;
	__u16 client_port;
	__u16 server_port;
	enum transport transport;
	// The id, RD, or a SYN.
	__u64 what;
	// The mark of the question, or over TCP what acknowledges the query.
	__u16 mark;
	__u8 rcode;
	__u8 is_fault;
	// Of an error: who sent it to whom, its code, what of the packet it quotes, and what is known of the query's RD.
	__u8 code;
	__u8 flags;
	struct address reporter;
	struct address receiver;
	__u32 start;
	__u32 end;
	__u32 transport_at;
};

struct trace {
	__u64 what;
	__u64 time_ns;
	__u16 mark;
};

ALWAYS_INLINE __u64 multilinear(struct exchange *exchange, const volatile __u64 *keys)
{
	__u64 sum = keys[0];

#pragma unroll
	for (int half = 0; half < 2; half++)
		sum += (keys[1 + half * 2] + (__u32)exchange->client.halves[half]) *
		       (keys[2 + half * 2] + (exchange->client.halves[half] >> 32));
#pragma unroll
	for (int half = 0; half < 2; half++)
		sum += (keys[5 + half * 2] + (__u32)exchange->server.halves[half]) *
		       (keys[6 + half * 2] + (exchange->server.halves[half] >> 32));
	sum += (keys[9] + (exchange->client_port | (__u32)exchange->server_port << 16)) *
	       (keys[10] + exchange->transport);
	return sum;
}

ALWAYS_INLINE __u64 hashed(struct exchange *exchange)
{
	__u64 hash = multilinear(exchange, C_SECRET) >> 32 << 32 | multilinear(exchange, C_SECRET + 11) >> 32;

	return hash & (FINGERPRINT | (YOUNG_BUCKETS - 1));
}

ALWAYS_INLINE __u32 among_old(__u32 number)
{
	return (__u64)number * OLD_BUCKETS >> 32;
}

ALWAYS_INLINE __u32 home(__u64 flow)
{
	return among_old((__u32)flow << 22 | flow >> 42);
}

ALWAYS_INLINE __u32 away(__u64 flow, __u16 id)
{
	__u64 mixed = (flow ^ id) * 0x9e3779b97f4a7c15ULL;

	return among_old((mixed ^ mixed >> 32) * 0xbf58476d1ce4e5b9ULL >> 32);
}

ALWAYS_INLINE struct trace trace_of(struct slot *slot, __u64 now)
{
	struct trace trace = { .what = slot->what };
	__u64 time = slot->time;

	trace.mark = time;

	trace.time_ns = now - ((__s64)((now - (time >> 16)) << 16) >> 16);
	return trace;
}

ALWAYS_INLINE int is_young(struct trace *trace, __u64 now)
{
	return (now > trace->time_ns ? now - trace->time_ns : 0) < LIFETIME_NS;
}

ALWAYS_INLINE int is_waiting(struct trace *trace, __u64 now)
{
	return (trace->what & (USED | SETTLED)) == USED && is_young(trace, now);
}

ALWAYS_INLINE void set(struct slot *slot, struct trace *trace)
{
	slot->what = trace->what;
	slot->time = trace->time_ns << 16 | trace->mark;
}

ALWAYS_INLINE __u64 worth(struct slot *slot, __u64 now)
{
	struct trace trace = trace_of(slot, now);

	return (__u64)((trace.what & (USED | SETTLED)) == USED) << 63 | (__u64)((trace.what & USED) != 0) << 62 |
	       trace.time_ns >> 2;
}

ALWAYS_INLINE __u32 find(struct bucket *bucket, __u64 mask, __u64 what)
{
	__u32 place = NOWHERE;

#pragma unroll
	for (__u32 number = 0; number < SLOTS; number++)
		if ((bucket->slots[number].what & (mask | USED)) == (what | USED))
			place = number;
	return place;
}

ALWAYS_INLINE __u32 newest(struct bucket *bucket, __u64 mask, __u64 what, __u64 now)
{
	__u32 place = NOWHERE;
	__u64 best = 0;

#pragma unroll
	for (__u32 number = 0; number < SLOTS; number++) {
		__u64 time = trace_of(&bucket->slots[number], now).time_ns;

		if ((bucket->slots[number].what & (mask | USED)) == (what | USED) && time >= best) {
			place = number;
			best = time;
		}
	}
	return place;
}

ALWAYS_INLINE __u32 victim(struct bucket *bucket, __u64 now)
{
	__u32 place = NOWHERE;
	__u64 least = ~0ULL;

#pragma unroll
	for (__u32 number = 0; number < SLOTS; number++) {
		__u64 value = worth(&bucket->slots[number], now);

		if (value < least) {
			place = number;
			least = value;
		}
	}
	return place;
}

ALWAYS_INLINE struct slot *at(struct bucket *bucket, __u32 place)
{
	return place < SLOTS ? &bucket->slots[place] : NULL;
}

// Puts a trace where it is worth most; whether one is lost that will be missed.
ALWAYS_INLINE int put_among(struct bucket *bucket, struct trace *trace, __u64 now)
{
	struct slot *slot = at(bucket, victim(bucket, now));
	struct trace before;
	__u64 value = (__u64)((trace->what & SETTLED) == 0) << 63 | 1ULL << 62 | trace->time_ns >> 2;

	if (!slot)
		return 0;
	if (value < worth(slot, now))
		return is_waiting(trace, now);
	before = trace_of(slot, now);
	set(slot, trace);
	return is_waiting(&before, now);
}

// Moves a trace that waits to the old.
static __attribute__((noinline)) int move_to_old(__u64 flow, __u64 what, __u64 time_ns, __u64 mark, __u64 now)
{
	struct trace trace = { .what = what, .time_ns = time_ns, .mark = mark }, older;
	__u32 number = home(flow), mark_at = number & (MOVED_MARKS - 1);
	volatile __u32 *moved = bpf_map_lookup_elem(&C_MOVED, &mark_at);
	struct bucket *bucket = bpf_map_lookup_elem(&C_OLD_TRACES, &number);
	struct slot *slot;
	int lost = 0;

	if (moved)
		*moved = now >> 30;
	if (!bucket)
		return 1;
	slot = at(bucket, newest(bucket, FINGERPRINT, flow & FINGERPRINT, now));
	if (!slot)
		return put_among(bucket, &trace, now);
	older = trace_of(slot, now);
	if (is_waiting(&older, now)) {
		number = away(flow, older.what);
		bucket = bpf_map_lookup_elem(&C_OLD_TRACES, &number);
		lost = bucket ? put_among(bucket, &older, now) : 1;
	}
	set(slot, &trace);
	return lost;
}

// Whether the query waits among the old.
static __attribute__((noinline)) int waits_among_old(__u64 flow, __u64 key, __u64 now)
{
	__u32 numbers[2] = { home(flow), away(flow, key) };

#pragma unroll
	for (int turn = 0; turn < 2; turn++) {
		struct bucket *bucket = bpf_map_lookup_elem(&C_OLD_TRACES, &numbers[turn]);
		struct slot *slot;
		struct trace trace;

		if (!bucket)
			return 0;
		slot = at(bucket, newest(bucket, FINGERPRINT | KEY, (flow & FINGERPRINT) | key, now));
		if (slot) {
			trace = trace_of(slot, now);
			return is_waiting(&trace, now);
		}
	}
	return 0;
}

// Records a query; whether a trace was overwritten that will be missed.
ALWAYS_INLINE int record(struct exchange *exchange, __u64 flow, __u64 now)
{
	struct trace trace = { .what = (flow & FINGERPRINT) | USED | exchange->what, .time_ns = now, .mark = exchange->mark };
	__u32 number = flow & (YOUNG_BUCKETS - 1), mark = home(flow) & (MOVED_MARKS - 1);
	struct bucket *bucket = bpf_map_lookup_elem(&C_YOUNG_TRACES, &number);
	__u32 place, same;
	volatile __u32 *moved;
	struct trace before;
	struct slot *slot;
	int waits, lost = 0;

	if (!bucket)
		return 0;
	same = find(bucket, FINGERPRINT, flow & FINGERPRINT);
	place = same == NOWHERE ? victim(bucket, now) : same;
	slot = at(bucket, place);
	if (!slot)
		return 0;
	before = trace_of(slot, now);
	waits = is_waiting(&before, now);
	moved = bpf_map_lookup_elem(&C_MOVED, &mark);
	if (waits && same != NOWHERE && (before.what & KEY) == (trace.what & KEY))
		trace.what |= AGAIN;
	else if (moved && (__u32)(now >> 30) - *moved <= (__u32)(LIFETIME_NS >> 30) + 1 &&
		 waits_among_old(flow, trace.what & KEY, now))
		trace.what |= AGAIN;
	if (waits && !(same != NOWHERE && before.what & CONNECT && !(trace.what & CONNECT)))
		lost = move_to_old((before.what & FINGERPRINT) | number, before.what, before.time_ns, before.mark, now);
	set(slot, &trace);
	return lost;
}

// Where the trace of a query is: among the young, at its flow's home among the old, or where its id chooses.
ALWAYS_INLINE struct slot *slot_of(struct exchange *exchange, __u64 flow, __u64 now)
{
	__u64 mask = FINGERPRINT | KEY, what = (flow & FINGERPRINT) | (exchange->what & KEY);
	__u32 numbers[2] = { home(flow), away(flow, exchange->what) };
	__u32 number = flow & (YOUNG_BUCKETS - 1);
	struct bucket *bucket = bpf_map_lookup_elem(&C_YOUNG_TRACES, &number);
	struct slot *slot;

	if (!bucket)
		return NULL;
	slot = at(bucket, find(bucket, mask, what));
	if (!slot) {
		bucket = bpf_map_lookup_elem(&C_OLD_TRACES, &numbers[0]);
		slot = bucket ? at(bucket, newest(bucket, mask, what, now)) : NULL;
	}
	if (!slot) {
		bucket = bpf_map_lookup_elem(&C_OLD_TRACES, &numbers[1]);
		slot = bucket ? at(bucket, newest(bucket, mask, what, now)) : NULL;
	}
	return slot;
}

// An answer to a query: the trace as it was; `what` is 0 where there is none.
ALWAYS_INLINE struct trace answer(struct exchange *exchange, __u64 flow, __u64 now)
{
	struct slot *slot = slot_of(exchange, flow, now);
	struct trace none = {}, trace;

	if (!slot)
		return none;
	trace = trace_of(slot, now);
	if (!is_young(&trace, now) || (trace.mark && exchange->mark && trace.mark != exchange->mark))
		return none;
	slot->what = trace.what | ANSWERED;
	return trace;
}

ALWAYS_INLINE struct exchanges *exchanges_of(__u32 place)
{
	place = THIS_CPU(place, SERVICES);
	return bpf_map_lookup_elem(&C_EXCHANGES, &place);
}

ALWAYS_INLINE struct second *second_of(struct exchanges *exchanges, __u64 sent_ns)
{
	return &exchanges->seconds[sent_ns / SECOND_NS & (SECONDS - 1)];
}

// A query or a SYN.
ALWAYS_INLINE void follow_query(struct totals *totals, struct entry *entry, struct exchange *exchange)
{
	__u64 now = bpf_ktime_get_boot_ns(), flow = hashed(exchange);
	// Read back: the verifier does not know it.
	enum transport transport = exchange->transport & 1;
	__u32 place, answered = 1;
	struct exchanges *exchanges;
	struct service *service;

	if (entry)
		entry->entered = now >> 20;
	if (record(exchange, flow, now))
		totals->traces_overwritten++;
	place = place_of_service(entry, &exchange->server, exchange->server_port, transport);
	exchanges = exchanges_of(place);
	if (!exchanges) {
		totals->exchanges_overflow++;
		return;
	}
	exchanges->changes++;
	second_of(exchanges, now)->asked++;
	exchanges->queries++;
	if (entry && entry->port[transport] == exchange->server_port)
		answered = entry->answered[transport];
	if ((__u32)(now >> 20) - answered <= QUIET_TICKS)
		return;
	// It may be one that fails: netmon would send an event. What is benchmarked is answered.
	service = bpf_map_lookup_elem(&C_SERVICE_STATE, &place);
	if (service && entry)
		entry->answered[transport] = service->last_answer_ns >> 20;
}

ALWAYS_INLINE void follow_answer(struct totals *totals, struct entry *entry, struct exchange *exchange)
{
	__u64 now = bpf_ktime_get_boot_ns(), flow = hashed(exchange);
	// Read back: the verifier does not know it.
	enum transport transport = exchange->transport & 1;
	struct trace trace = answer(exchange, flow, now);
	__u32 place, answered = 1;
	struct exchanges *exchanges;
	struct service *service;
	struct second *second;

	if (!trace.what) {
		totals->unmatched_responses++;
		if (entry)
			entry->unmatched_responses[transport]++;
		return;
	}
	if (trace.what & ANSWERED || !entry)
		return;
	count_latency(entry, &exchange->server, now - trace.time_ns);
	place = place_of_service(entry, &exchange->server, exchange->server_port, transport);
	exchanges = exchanges_of(place);
	if (!exchanges)
		return;
	exchanges->changes++;
	exchanges->answers[exchange->rcode & 7]++;
	if (now - trace.time_ns < COUNTED_FOR * SECOND_NS) {
		second = second_of(exchanges, trace.time_ns);
		second->answered++;
		if (exchange->is_fault)
			second->faults++;
		if (trace.what & FAILED)
			second->failed--;
	}
	if (entry->port[transport] == exchange->server_port)
		answered = entry->answered[transport];
	if ((__u32)(now >> 20) - answered < PRECISION_TICKS)
		return;
	service = bpf_map_lookup_elem(&C_SERVICE_STATE, &place);
	if (service)
		service->last_answer_ns = now;
	entry->answered[transport] = now >> 20;
}
