// Reads a packet and counts it, as plainly as C can say it.

// Where the packet can be read, and its totals.
struct packet {
	void *data;
	void *end;
	struct totals *totals;
};

struct dns {
	__be16 id;
	__be16 flags;
	__be16 questions;
	__be16 records[3];
};

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
	address->words[0] = 0;
	address->words[1] = 0;
	address->words[2] = bpf_htonl(0xffff);
	address->words[3] = v4;
}

ALWAYS_INLINE void copied(struct address *address, const struct in6_addr *v6)
{
	__builtin_memcpy(address, v6, sizeof(*address));
}

static __attribute__((noinline)) int insert(struct address *address)
{
	__u32 zero = 0;
	__u32 *full = bpf_map_lookup_elem(&C_TABLE_FULL, &zero);

	if (!address || !full || *(volatile __u32 *)full)
		return 0;
	if (bpf_map_update_elem(&C_DESTINATIONS, address, &ZEROS, BPF_NOEXIST) == -7) {
		*(volatile __u32 *)full = 1;
		return 0;
	}
	return 1;
}

ALWAYS_INLINE struct destination *destination(struct packet *packet, struct address *address)
{
	struct destination *known = bpf_map_lookup_elem(&C_DESTINATIONS, address);

	if (!known && insert(address))
		known = bpf_map_lookup_elem(&C_DESTINATIONS, address);
	if (!known)
		packet->totals->overflow++;
	return known;
}

ALWAYS_INLINE enum outcome query_or_response(struct packet *packet, __u16 flags, int from_server, int to_server,
					     struct address *source, struct address *target, int tcp)
{
	struct destination *counters;

	if (flags & 0x8000) {
		__u32 rcode = flags & 0xf;

		if (!from_server)
			return OTHER;
		counters = destination(packet, source);
		if (counters) {
			if (tcp)
				counters->tcp_dns_responses++;
			else
				counters->dns_responses++;
			rcode = rcode == 0 ? NOERROR : rcode == 2 ? SERVFAIL : rcode == 3 ? NXDOMAIN :
				rcode == 5 ? REFUSED : RCODE_OTHER;
			counters->rcodes[rcode]++;
		}
		return tcp ? TCP_DNS_RESPONSE : DNS_RESPONSE;
	}
	if (!to_server)
		return OTHER;
	counters = destination(packet, target);
	if (counters) {
		if (tcp)
			counters->tcp_dns_queries++;
		else
			counters->dns_queries++;
	}
	return tcp ? TCP_DNS_QUERY : DNS_QUERY;
}

ALWAYS_INLINE void addresses(const struct iphdr *v4, const struct ipv6hdr *v6, struct address *source,
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

ALWAYS_INLINE enum outcome udp(struct packet *packet, void *at, void *ip_end, const struct iphdr *v4,
			       const struct ipv6hdr *v6)
{
	struct udphdr *header = at;
	struct dns *dns = (void *)(header + 1);
	struct address source, target;
	int from_server, to_server;

	if ((void *)(header + 1) > packet->end || (void *)(header + 1) > ip_end)
		return MALFORMED;
	if (bpf_ntohs(header->len) < sizeof(*header))
		return MALFORMED;
	from_server = header->source == bpf_htons(DNS_PORT);
	to_server = header->dest == bpf_htons(DNS_PORT);
	if (!from_server && !to_server)
		return OTHER;
	if ((void *)(dns + 1) > packet->end || (void *)(dns + 1) > ip_end ||
	    bpf_ntohs(header->len) < sizeof(*header) + sizeof(*dns))
		return MALFORMED;
	addresses(v4, v6, &source, &target);
	return query_or_response(packet, bpf_ntohs(dns->flags), from_server, to_server, &source, &target, 0);
}

ALWAYS_INLINE enum outcome tcp(struct packet *packet, void *at, void *ip_end, const struct iphdr *v4,
			       const struct ipv6hdr *v6)
{
	struct tcphdr *header = at;
	struct address source, target;
	struct destination *counters;
	int from_server, to_server;
	void *payload;
	struct {
		__be16 length;
		struct dns dns;
	} __attribute__((packed)) *message;

	if ((void *)(header + 1) > packet->end || (void *)(header + 1) > ip_end || header->doff < 5)
		return MALFORMED;
	payload = at + header->doff * 4;
	if (payload > ip_end || payload > packet->end)
		return MALFORMED;
	from_server = header->source == bpf_htons(DNS_PORT);
	to_server = header->dest == bpf_htons(DNS_PORT);
	if (!from_server && !to_server)
		return OTHER;
	addresses(v4, v6, &source, &target);
	if (to_server && header->syn && !header->ack) {
		counters = destination(packet, &target);
		if (counters)
			counters->tcp_connects++;
		return TCP_CONNECT;
	}
	if (from_server && header->rst) {
		counters = destination(packet, &source);
		if (counters)
			counters->tcp_resets++;
		return TCP_RESET;
	}
	message = payload;
	if ((void *)(message + 1) > packet->end || (void *)(message + 1) > ip_end)
		return OTHER;
	if (bpf_ntohs(message->length) < sizeof(message->dns) || message->dns.questions != bpf_htons(1))
		return OTHER;
	return query_or_response(packet, bpf_ntohs(message->dns.flags), from_server, to_server, &source, &target, 1);
}

ALWAYS_INLINE void unreachable(struct packet *packet, struct address *about, enum code code, struct ports *ports)
{
	struct destination *counters = destination(packet, about);
	int dns = ports && ports->destination == bpf_htons(DNS_PORT);

	if (counters)
		counters->icmp_unreachable[code]++;
	if (dns) {
		packet->totals->dns_unreachable++;
		if (counters)
			counters->dns_unreachable[code]++;
	} else if (ports && ports->source == bpf_htons(DNS_PORT)) {
		packet->totals->late_responses++;
	}
}

ALWAYS_INLINE enum outcome icmp_v4(struct packet *packet, void *at, void *ip_end)
{
	struct icmp *header = at;
	struct iphdr *quoted = (void *)(header + 1);
	struct ports *ports = NULL;
	struct address about;
	enum code code;

	if ((void *)(header + 1) > packet->end || (void *)(header + 1) > ip_end)
		return MALFORMED;
	if (header->type != 3)
		return OTHER;
	if ((void *)(quoted + 1) > packet->end || (void *)(quoted + 1) > ip_end)
		return MALFORMED;
	if (quoted->version != 4 || quoted->ihl < 5)
		return MALFORMED;
	if (!(quoted->frag_off & bpf_htons(0x1fff)) && (quoted->protocol == 17 || quoted->protocol == 6)) {
		ports = (void *)quoted + quoted->ihl * 4;
		if ((void *)(ports + 1) > packet->end || (void *)(ports + 1) > ip_end)
			ports = NULL;
	}
	switch (header->code) {
	case 0: code = NET; break;
	case 1: code = HOST; break;
	case 2: code = PROTOCOL; break;
	case 3: code = PORT; break;
	case 9: case 10: case 13: code = ADMIN; break;
	default: code = CODE_OTHER;
	}
	mapped(&about, quoted->daddr);
	unreachable(packet, &about, code, ports);
	return ICMP_UNREACHABLE;
}

ALWAYS_INLINE enum outcome icmp_v6(struct packet *packet, void *at, void *ip_end)
{
	struct icmp *header = at;
	struct ipv6hdr *quoted = (void *)(header + 1);
	struct ports *ports = NULL;
	struct address about;
	enum code code;

	if ((void *)(header + 1) > packet->end || (void *)(header + 1) > ip_end)
		return MALFORMED;
	if (header->type != 1)
		return OTHER;
	if ((void *)(quoted + 1) > packet->end || (void *)(quoted + 1) > ip_end || quoted->version != 6)
		return MALFORMED;
	if (quoted->nexthdr == 17 || quoted->nexthdr == 6) {
		ports = (void *)(quoted + 1);
		if ((void *)(ports + 1) > packet->end || (void *)(ports + 1) > ip_end)
			ports = NULL;
	}
	switch (header->code) {
	case 0: code = NET; break;
	case 1: case 5: case 6: code = ADMIN; break;
	case 3: code = HOST; break;
	case 4: code = PORT; break;
	default: code = CODE_OTHER;
	}
	copied(&about, &quoted->daddr);
	unreachable(packet, &about, code, ports);
	return ICMP_UNREACHABLE;
}

ALWAYS_INLINE enum outcome ipv4(struct packet *packet, void *at)
{
	struct iphdr *header = at;
	__u32 length, total;
	void *end;

	if ((void *)(header + 1) > packet->end)
		return MALFORMED;
	length = header->ihl * 4;
	total = bpf_ntohs(header->tot_len);
	if (header->version != 4 || length < sizeof(*header) || total < length || at + length > packet->end)
		return MALFORMED;
	end = at + total;
	if (header->frag_off & bpf_htons(0x1fff))
		return FRAGMENT;
	switch (header->protocol) {
	case 17: return udp(packet, at + length, end, header, NULL);
	case 6: return tcp(packet, at + length, end, header, NULL);
	case 1: return icmp_v4(packet, at + length, end);
	default: return OTHER;
	}
}

ALWAYS_INLINE enum outcome ipv6(struct packet *packet, void *at)
{
	struct ipv6hdr *header = at;
	void *end;

	if ((void *)(header + 1) > packet->end || header->version != 6)
		return MALFORMED;
	end = (void *)(header + 1) + bpf_ntohs(header->payload_len);
	switch (header->nexthdr) {
	case 17: return udp(packet, header + 1, end, NULL, header);
	case 6: return tcp(packet, header + 1, end, NULL, header);
	case 58: return icmp_v6(packet, header + 1, end);
	default: return OTHER;
	}
}

ALWAYS_INLINE enum outcome ethernet(struct packet *packet)
{
	struct ethhdr *header = packet->data;
	void *at = header + 1;
	__be16 type;

	if (at > packet->end)
		return MALFORMED;
	type = header->h_proto;
#pragma unroll
	for (int tag = 0; tag < 2; tag++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (at + 4 > packet->end)
			return MALFORMED;
		type = *(__be16 *)(at + 2);
		at += 4;
	}
	if (type == bpf_htons(ETH_P_IP))
		return ipv4(packet, at);
	if (type == bpf_htons(ETH_P_IPV6))
		return ipv6(packet, at);
	return NOT_IP;
}

ALWAYS_INLINE void count(void *data, void *end, __u64 bytes)
{
	__u32 zero = 0;
	struct packet packet = { .data = data, .end = end };
	enum outcome outcome;

	packet.totals = bpf_map_lookup_elem(&C_TOTALS, &zero);
	if (!packet.totals)
		return;
	outcome = ethernet(&packet);
	packet.totals->frames++;
	packet.totals->bytes += bytes;
	if (outcome < OUTCOMES)
		packet.totals->outcomes[outcome]++;
}
