// Reads a packet and counts it: what netmon checks and counts of packets that it reads in place, as plainly as C can say it.
//
// Left out is what nothing that is measured needs: the other reader (options, extension headers, tags, headers that do not lie
// in one piece), super-packets, copies at related interfaces, and what becomes of SYNs.

#define FIRST_HEADERS (14 + 20 + 20)
#define LONGEST_PADDED 60

#define PACKET_OTHERHOST 3

#define INTERFACE_ANY 1
#define INTERFACE_MIRROR 2

#define COUNTER(field) (__builtin_offsetof(struct entry, field) / 8)

struct dns {
	__be16 id;
	__be16 flags;
	__be16 questions;
	__be16 records[3];
} __attribute__((packed, aligned(2)));

struct icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

struct ports {
	__be16 source;
	__be16 destination;
};

ALWAYS_INLINE void mapped(struct address *address, __be32 v4)
{
	address->halves[0] = 0;
	address->halves[1] = bpf_htonl(0xffff) | (__u64)v4 << 32;
}

ALWAYS_INLINE void copied(struct address *address, const struct in6_addr *v6)
{
	// They need not be aligned: x86-64 and arm64 read them all the same.
	address->halves[0] = *(__u64 *)&v6->s6_addr32[0];
	address->halves[1] = *(__u64 *)&v6->s6_addr32[2];
}

ALWAYS_INLINE void source_and_target(const struct iphdr *v4, const struct ipv6hdr *v6, struct address *source,
				     struct address *target)
{
	if (v4) {
		mapped(source, v4->saddr);
		mapped(target, v4->daddr);
	} else {
		copied(source, &v6->saddr);
		copied(target, &v6->daddr);
	}
}

ALWAYS_INLINE __u32 length(struct packet *packet)
{
	return packet->is_skb ? ((struct __sk_buff *)packet->ctx)->len : bpf_xdp_get_buff_len(packet->ctx);
}

// Where what declares to end there ends.
ALWAYS_INLINE __u32 clamp(struct packet *packet, __u32 declared)
{
	__u32 len;

	if (declared <= packet->end - packet->data)
		return declared;
	len = length(packet);
	return declared < len ? declared : len;
}

// The length of the frame, for which the helper is not called where the IP packet ends with the first buffer.
ALWAYS_INLINE __u64 frame_len(struct packet *packet)
{
	__u64 linear = packet->end - packet->data;

	if (packet->is_skb)
		return ((struct __sk_buff *)packet->ctx)->len +
		       (((struct __sk_buff *)packet->ctx)->vlan_proto ? 4 : 0);
	if (linear == packet->ip_end && linear > LONGEST_PADDED)
		return linear;
	return length(packet);
}

ALWAYS_INLINE void count_in_totals(struct packet *packet, enum outcome outcome)
{
	__u32 zero = 0;
	struct totals *totals = bpf_map_lookup_elem(&C_TOTALS, &zero);

	if (!totals)
		return;
	totals->frames++;
	totals->bytes += frame_len(packet);
	if (outcome < OUTCOMES)
		totals->outcomes[outcome]++;
	if (packet->dns_unreachable)
		totals->dns_unreachable++;
	if (packet->late_response)
		totals->late_responses++;
}

// What netmon keeps of a question's name (netmon_common::wire::dns::Question).
ALWAYS_INLINE __u64 before_zero(__u64 word)
{
	__u64 ones = 0x0101010101010101ULL, zeros = (word - ones) & ~word & ones << 7;

	return (zeros & -zeros) - 1;
}

ALWAYS_INLINE __u16 question_mark(struct packet *packet, void *dns, __u32 end)
{
	__u64 *question = dns + sizeof(struct dns), lower = 0x2020202020202020ULL;
	__u32 at = (void *)question - packet->data;
	__u64 first, second, in_first, in_second, mixed;

	if (at + 16 <= end && (void *)(question + 2) <= packet->end) {
		first = question[0];
		second = question[1];
	} else if (at + 12 <= end && (void *)question + 12 <= packet->end) {
		first = question[0];
		second = *(__u32 *)(question + 1) | ~0ULL << 32;
	} else if (at + 8 <= end && (void *)(question + 1) <= packet->end) {
		first = question[0];
		second = ~0ULL;
	} else {
		return 0;
	}
	if (!(first & 0xff))
		return 0;
	in_first = before_zero(first);
	in_second = in_first == ~0ULL ? before_zero(second) : 0;
	mixed = ((first | lower) & in_first) * 0x9e3779b97f4a7c15ULL ^
		((second | lower) & in_second) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ mixed >> 32) * 0x94d049bb133111ebULL;
	return mixed >> 48 | 1;
}

ALWAYS_INLINE enum outcome query_or_response(struct packet *packet, struct dns *dns, struct ports *ports,
					     const struct iphdr *v4, const struct ipv6hdr *v6,
					     enum transport transport, __u32 acknowledgment, __u32 end)
{
	int from_server = ports->source == bpf_htons(DNS_PORT);
	int to_server = ports->destination == bpf_htons(DNS_PORT);
	__u16 flags = bpf_ntohs(dns->flags);
	__u32 rcode = flags & 0xf;
	struct exchange *exchange;
	struct noted *noted;

	if (flags & 0x8000 ? !from_server : !to_server)
		return OTHER;
	noted = note(packet);
	if (!noted)
		return OTHER;
	exchange = &noted->exchange;
	exchange->transport = transport;
	exchange->what = bpf_ntohs(dns->id);
	exchange->mark = acknowledgment;
	if (packet->follows && transport == UDP)
		exchange->mark = question_mark(packet, dns, clamp(packet, end));
	if (flags & 0x8000) {
		source_and_target(v4, v6, &exchange->server, &exchange->client);
		noted->destination = noted->source = exchange->server;
		exchange->server_port = bpf_ntohs(ports->source);
		exchange->client_port = bpf_ntohs(ports->destination);
		rcode = rcode < RCODE_OTHER ? rcode : RCODE_OTHER;
		exchange->rcode = rcode;
		exchange->is_fault = !(flags >> 11 & 0xf) &&
				     (1 << rcode & (1 << SERVFAIL | 1 << REFUSED | 1 << FORMERR | 1 << NOTIMP));
		noted->counter = COUNTER(queries) + transport * 2 + 1;
		noted->detail = COUNTER(rcodes) + transport * RCODES + rcode;
		noted->follow = RESPONSE;
		return transport == TCP ? TCP_DNS_RESPONSE : DNS_RESPONSE;
	}
	source_and_target(v4, v6, &exchange->client, &exchange->server);
	noted->destination = exchange->server;
	noted->source = exchange->client;
	exchange->client_port = bpf_ntohs(ports->source);
	exchange->server_port = bpf_ntohs(ports->destination);
	if (flags & 0x0100)
		exchange->what |= RECURSION_DESIRED;
	noted->counter = COUNTER(queries) + transport * 2;
	noted->detail = 0;
	noted->follow = QUERY;
	return transport == TCP ? TCP_DNS_QUERY : DNS_QUERY;
}

ALWAYS_INLINE enum outcome udp(struct packet *packet, const struct iphdr *v4, const struct ipv6hdr *v6)
{
	struct udphdr *header = v4 ? (void *)(v4 + 1) : (void *)(v6 + 1);
	__u32 at = (void *)header - packet->data, end;
	struct dns *dns = (void *)(header + 1);

	if (at + sizeof(*header) > packet->ip_end)
		return MALFORMED;
	if ((void *)(header + 1) > packet->end)
		return UNREADABLE;
	end = at + bpf_ntohs(header->len);
	if (bpf_ntohs(header->len) < sizeof(*header))
		return MALFORMED;
	if (header->source != bpf_htons(DNS_PORT) && header->dest != bpf_htons(DNS_PORT))
		return OTHER;
	if (packet->ip_end < end)
		end = packet->ip_end;
	if (at + sizeof(*header) + sizeof(*dns) > end)
		return MALFORMED;
	if ((void *)(dns + 1) > packet->end)
		return UNREADABLE;
	return query_or_response(packet, dns, (struct ports *)header, v4, v6, UDP, 0, end);
}

ALWAYS_INLINE enum outcome tcp(struct packet *packet, const struct iphdr *v4, const struct ipv6hdr *v6)
{
	struct tcphdr *header = v4 ? (void *)(v4 + 1) : (void *)(v6 + 1);
	__u32 at = (void *)header - packet->data, header_len, payload, end, rest;
	struct exchange *exchange;
	struct noted *noted;
	int from_server, to_server, is_response;
	struct {
		__be16 length;
		struct dns dns;
	} __attribute__((packed, aligned(2))) *message;

	if (at + sizeof(*header) > packet->ip_end)
		return MALFORMED;
	if ((void *)(header + 1) > packet->end)
		return UNREADABLE;
	header_len = header->doff * 4;
	if (header_len < sizeof(*header))
		return MALFORMED;
	payload = at + header_len;
	if (header_len != sizeof(*header)) {
		if (payload > packet->ip_end)
			return MALFORMED;
		if (packet->data + payload > packet->end)
			return UNREADABLE;
	}
	from_server = header->source == bpf_htons(DNS_PORT);
	to_server = header->dest == bpf_htons(DNS_PORT);
	if (!from_server && !to_server)
		return OTHER;
	if (to_server && header->syn && !header->ack) {
		noted = note(packet);
		if (!noted)
			return OTHER;
		exchange = &noted->exchange;
		source_and_target(v4, v6, &exchange->client, &exchange->server);
		noted->destination = exchange->server;
		noted->source = exchange->client;
		noted->counter = COUNTER(connects_and_resets) + 1;
		noted->detail = 0;
		exchange->transport = TCP;
		exchange->what = CONNECT;
		exchange->mark = 0;
		exchange->client_port = bpf_ntohs(header->source);
		exchange->server_port = bpf_ntohs(header->dest);
		noted->follow = QUERY;
		return TCP_CONNECT;
	}
	if (from_server && header->rst) {
		noted = note(packet);
		if (!noted)
			return OTHER;
		source_and_target(v4, v6, &noted->source, &noted->exchange.client);
		noted->destination = noted->source;
		noted->counter = COUNTER(connects_and_resets) + 2;
		noted->detail = 0;
		noted->follow = NOTHING;
		return TCP_RESET;
	}
	end = clamp(packet, packet->ip_end);
	if (payload + sizeof(*message) > end)
		return OTHER;
	// The verifier wants a bound, and the compiler must not know that there is one.
	asm volatile("" : "+r"(payload));
	payload &= 0x1ff;
	message = packet->data + payload;
	if ((void *)(message + 1) > packet->end)
		return UNREADABLE;
	is_response = message->dns.flags & bpf_htons(0x8000);
	rest = end - payload - sizeof(message->length);
	if (bpf_ntohs(message->length) < sizeof(message->dns) || message->dns.questions != bpf_htons(1) ||
	    (bpf_ntohs(message->dns.flags) >> 11 & 0xf) > 6 ||
	    (is_response ? bpf_ntohs(message->length) < rest : bpf_ntohs(message->length) != rest))
		return OTHER;
	return query_or_response(packet, &message->dns, (struct ports *)header, v4, v6, TCP,
				 is_response ? bpf_ntohl(header->ack_seq) : bpf_ntohl(header->seq) + end - payload, end);
}

ALWAYS_INLINE void unreachable(struct packet *packet, struct noted *noted, enum code code, struct ports *ports,
			       enum transport transport, __u32 quoted_end)
{
	struct exchange *exchange = &noted->exchange;
	struct dns *dns = (void *)(ports + 2);

	noted->counter = COUNTER(icmp_unreachable) + code;
	noted->detail = 0;
	noted->follow = NOTHING;
	if (!ports)
		return;
	if (ports->destination == bpf_htons(DNS_PORT)) {
		packet->dns_unreachable = 1;
		noted->detail = COUNTER(dns_unreachable) + transport * CODES + code;
		noted->follow = FAILURE;
		exchange->server = noted->destination;
		exchange->reporter = noted->source;
		exchange->client_port = bpf_ntohs(ports->source);
		exchange->server_port = bpf_ntohs(ports->destination);
		exchange->transport = transport;
		exchange->code = code;
		exchange->transport_at = (void *)ports - packet->data;
		exchange->end = quoted_end;
		exchange->what = 0;
		exchange->flags = 0;
		if (transport == UDP && exchange->transport_at + 8 + sizeof(*dns) <= quoted_end &&
		    (void *)(dns + 1) <= packet->end) {
			exchange->what = bpf_ntohs(dns->id);
			exchange->flags = dns->flags & bpf_htons(0x0100) ? 3 : 2;
		}
	} else if (ports->source == bpf_htons(DNS_PORT)) {
		packet->late_response = 1;
	}
}

ALWAYS_INLINE enum outcome icmp_v4(struct packet *packet, const struct iphdr *v4)
{
	struct icmp *header = (void *)(v4 + 1);
	struct iphdr *quoted = (void *)(header + 1);
	__u32 at = (void *)quoted - packet->data, end, quoted_end;
	struct ports *ports = (void *)(quoted + 1);
	struct noted *noted;
	enum code code;

	if (at > packet->ip_end)
		return MALFORMED;
	if (header->type != 3)
		return OTHER;
	end = clamp(packet, packet->ip_end);
	if (at + sizeof(*quoted) > end)
		return MALFORMED;
	if ((void *)(quoted + 1) > packet->end || *(__u8 *)quoted != 0x45 ||
	    bpf_ntohs(quoted->tot_len) < sizeof(*quoted))
		return UNREADABLE;
	quoted_end = at + bpf_ntohs(quoted->tot_len);
	if (quoted_end > end)
		quoted_end = end;
	if ((quoted->frag_off & bpf_htons(0x1fff)) || (quoted->protocol != 17 && quoted->protocol != 6) ||
	    at + sizeof(*quoted) + sizeof(*ports) > quoted_end)
		ports = NULL;
	else if ((void *)(ports + 1) > packet->end)
		return UNREADABLE;
	switch (header->code) {
	case 0: code = NET; break;
	case 1: code = HOST; break;
	case 2: code = PROTOCOL; break;
	case 3: code = PORT; break;
	case 9: case 10: case 13: code = ADMIN; break;
	default: code = CODE_OTHER;
	}
	noted = note(packet);
	if (!noted)
		return OTHER;
	mapped(&noted->source, v4->saddr);
	mapped(&noted->destination, quoted->daddr);
	mapped(&noted->exchange.receiver, v4->daddr);
	mapped(&noted->exchange.client, quoted->saddr);
	noted->exchange.start = at;
	unreachable(packet, noted, code, ports, quoted->protocol == 6 ? TCP : UDP, quoted_end);
	return ICMP_UNREACHABLE;
}

ALWAYS_INLINE int is_extension(__u8 next)
{
	return next == 0 || next == 43 || next == 44 || next == 51 || next == 60;
}

ALWAYS_INLINE enum outcome icmp_v6(struct packet *packet, const struct ipv6hdr *v6)
{
	struct icmp *header = (void *)(v6 + 1);
	struct ipv6hdr *quoted = (void *)(header + 1);
	__u32 at = (void *)quoted - packet->data, end, quoted_end;
	struct ports *ports = (void *)(quoted + 1);
	struct noted *noted;
	enum code code;

	if (at - 4 > packet->ip_end)
		return MALFORMED;
	if ((void *)(header + 1) > packet->end)
		return UNREADABLE;
	if (header->type != 1)
		return OTHER;
	if (at > packet->ip_end)
		return MALFORMED;
	end = clamp(packet, packet->ip_end);
	if (at + sizeof(*quoted) > end)
		return MALFORMED;
	if ((void *)(quoted + 1) > packet->end || is_extension(quoted->nexthdr))
		return UNREADABLE;
	if (quoted->version != 6)
		return MALFORMED;
	quoted_end = at + sizeof(*quoted) + bpf_ntohs(quoted->payload_len);
	if (quoted_end > end)
		quoted_end = end;
	if ((quoted->nexthdr != 17 && quoted->nexthdr != 6) ||
	    at + sizeof(*quoted) + sizeof(*ports) > quoted_end)
		ports = NULL;
	else if ((void *)(ports + 1) > packet->end)
		return UNREADABLE;
	switch (header->code) {
	case 0: code = NET; break;
	case 1: case 5: case 6: code = ADMIN; break;
	case 3: code = HOST; break;
	case 4: code = PORT; break;
	default: code = CODE_OTHER;
	}
	noted = note(packet);
	if (!noted)
		return OTHER;
	copied(&noted->source, &v6->saddr);
	copied(&noted->destination, &quoted->daddr);
	copied(&noted->exchange.receiver, &v6->daddr);
	copied(&noted->exchange.client, &quoted->saddr);
	noted->exchange.start = at;
	unreachable(packet, noted, code, ports, quoted->nexthdr == 6 ? TCP : UDP, quoted_end);
	return ICMP_UNREACHABLE;
}

ALWAYS_INLINE enum outcome ipv4(struct packet *packet)
{
	struct iphdr *header = packet->data + ETH_HLEN;
	__u32 total = bpf_ntohs(header->tot_len);

	if (*(__u8 *)header != 0x45 || total < sizeof(*header))
		return UNREADABLE;
	packet->ip_end = ETH_HLEN + total;
	if (header->frag_off & bpf_htons(0x1fff))
		return FRAGMENT;
	switch (header->protocol) {
	case 17: return udp(packet, header, NULL);
	case 6: return tcp(packet, header, NULL);
	case 1: return icmp_v4(packet, header);
	default: return OTHER;
	}
}

ALWAYS_INLINE enum outcome ipv6(struct packet *packet)
{
	struct ipv6hdr *header = packet->data + ETH_HLEN;
	__u32 after = ETH_HLEN + sizeof(*header), payload = bpf_ntohs(header->payload_len);

	if (header->version != 6)
		return MALFORMED;
	if (is_extension(header->nexthdr) || (!payload && length(packet) > after + 0xffff))
		return UNREADABLE;
	packet->ip_end = after + payload;
	switch (header->nexthdr) {
	case 17: return udp(packet, NULL, header);
	case 6: return tcp(packet, NULL, header);
	case 58: return icmp_v6(packet, header);
	default: return OTHER;
	}
}

ALWAYS_INLINE enum outcome ethernet(struct packet *packet)
{
	struct ethhdr *header = packet->data;

	if (header->h_proto == bpf_htons(ETH_P_IP))
		return ipv4(packet);
	if (header->h_proto == bpf_htons(ETH_P_IPV6))
		return ipv6(packet);
	if (header->h_proto == bpf_htons(ETH_P_8021Q) || header->h_proto == bpf_htons(ETH_P_8021AD))
		return UNREADABLE;
	return NOT_IP;
}

ALWAYS_INLINE struct interface *interface(struct packet *packet)
{
	__u32 place = packet->ifindex & (INTERFACES - 1);
	struct interface *interface = bpf_map_lookup_elem(&C_INTERFACES, &place);

	return interface && interface->ifindex == packet->ifindex ? interface : NULL;
}

// Whether a frame that arrives here is this host's; those for devices stacked on the interface are left out.
ALWAYS_INLINE int is_ours(struct packet *packet, struct interface *interface)
{
	__u64 mac;

	if (packet->leaves || (packet->is_skb && ((struct __sk_buff *)packet->ctx)->pkt_type != PACKET_OTHERHOST))
		return 1;
	mac = *(__u32 *)packet->data | (__u64) * (__u16 *)(packet->data + 4) << 32;
	return mac == interface->mac || interface->flags & INTERFACE_ANY || mac & 1;
}

// Whether the packet arrives with one of this host's own addresses as its source.
ALWAYS_INLINE int has_own_source(struct packet *packet)
{
	struct interface *here;
	struct address source;
	__u32 place, bit;
	__u64 *bits;

	if (packet->leaves)
		return 0;
	here = interface(packet);
	if (!here || here->flags & INTERFACE_MIRROR)
		return 0;
	source = on_link(packet->noted->source, here->link);
	bit = spread(&source) >> 52;
	place = bit / 64;
	bits = bpf_map_lookup_elem(&C_OWN_FILTER, &place);
	return bits && *bits >> (bit % 64) & 1;
}

ALWAYS_INLINE void observe(struct packet *packet)
{
	struct interface *here;
	enum outcome outcome;
	struct entry *entry;
	struct totals *totals;
	struct address about;
	struct noted *noted;
	__u32 zero = 0;

	if (packet->data + FIRST_HEADERS > packet->end)
		return;
	here = interface(packet);
	if (here && !is_ours(packet, here)) {
		count_in_totals(packet, NOT_OURS);
		return;
	}
	outcome = ethernet(packet);
	if (outcome == UNREADABLE)
		return;
	if (packet->noted && has_own_source(packet)) {
		packet->dns_unreachable = packet->late_response = 0;
		count_in_totals(packet, NOT_OURS);
		return;
	}
	count_in_totals(packet, outcome);
	noted = packet->noted;
	if (!noted)
		return;
	about = noted->destination;
	entry = destination(&about);
	if (entry) {
		if (noted->counter < COUNTER(answered))
			((volatile __u64 *)entry)[noted->counter]++;
		if (noted->detail && noted->detail < COUNTER(answered))
			((volatile __u64 *)entry)[noted->detail]++;
		entry->changes++;
	}
	totals = bpf_map_lookup_elem(&C_TOTALS, &zero);
	if (!totals)
		return;
	if (!entry)
		totals->overflow++;
	if (!packet->follows) {
		if (noted->follow == FAILURE)
			tell_failure(packet, totals, &noted->exchange);
		return;
	}
	if (noted->follow == QUERY)
		follow_query(totals, entry, &noted->exchange);
	else if (noted->follow == RESPONSE)
		follow_answer(totals, entry, &noted->exchange);
	else if (noted->follow == FAILURE)
		follow_failure(packet, totals, entry, &noted->exchange);
}
