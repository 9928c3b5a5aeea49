// What the kernel programs are measured against: programs that do nothing; the same counting in C, and the same following of
// exchanges, with netmon's own tables; and the same counting with exchanges followed as other monitors do.
//
// Test code: nothing of this is in netmon. `cargo xtask bench` compiles it.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "reference/layout.h"
#include "reference/places.h"
#include "reference/table.h"
#include "reference/packet.h"
#include "reference/failure.h"
#include "reference/count.h"
#include "reference/lru.h"
#include "reference/vary.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("xdp.frags")
int noop_xdp(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("classifier")
int noop_tc(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

// Beside netmon's at the root of the control groups: whoever attaches there pays for the kernel's way to the program.
#define NOOP_CALL(hook)                       \
	SEC("cgroup/" #hook)                  \
	int noop_##hook(struct bpf_sock_addr *ctx) \
	{                                     \
		return 1;                     \
	}

NOOP_CALL(connect4)
NOOP_CALL(connect6)
NOOP_CALL(sendmsg4)
NOOP_CALL(sendmsg6)

ALWAYS_INLINE void observe_xdp(struct xdp_md *ctx, int follows)
{
	struct packet packet = { .ctx = ctx,
				 .data = (void *)(long)ctx->data,
				 .end = (void *)(long)ctx->data_end,
				 .ifindex = ctx->ingress_ifindex,
				 .follows = follows };

	observe(&packet);
}

ALWAYS_INLINE void observe_skb(struct __sk_buff *skb, int leaves, int follows)
{
	struct packet packet = { .ctx = skb,
				 .data = (void *)(long)skb->data,
				 .end = (void *)(long)skb->data_end,
				 .ifindex = skb->ifindex,
				 .is_skb = 1,
				 .leaves = leaves,
				 .follows = follows };

	// Forwarded packets and super-packets are left out.
	if ((leaves && skb->ingress_ifindex) || skb->gso_size)
		return;
	observe(&packet);
}

SEC("xdp.frags")
int reference_xdp(struct xdp_md *ctx)
{
	observe_xdp(ctx, 0);
	return XDP_PASS;
}

SEC("classifier")
int reference_ingress(struct __sk_buff *skb)
{
	observe_skb(skb, 0, 0);
	return TC_ACT_UNSPEC;
}

SEC("classifier")
int reference_egress(struct __sk_buff *skb)
{
	observe_skb(skb, 1, 0);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int table_xdp(struct xdp_md *ctx)
{
	observe_xdp(ctx, 1);
	return XDP_PASS;
}

SEC("classifier")
int table_ingress(struct __sk_buff *skb)
{
	observe_skb(skb, 0, 1);
	return TC_ACT_UNSPEC;
}

SEC("classifier")
int table_egress(struct __sk_buff *skb)
{
	observe_skb(skb, 1, 1);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int lru_xdp(struct xdp_md *ctx)
{
	observe_xdp(ctx, 0);
	follow((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return XDP_PASS;
}

SEC("classifier")
int lru_ingress(struct __sk_buff *skb)
{
	observe_skb(skb, 0, 0);
	follow((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_ACT_UNSPEC;
}

SEC("classifier")
int lru_egress(struct __sk_buff *skb)
{
	observe_skb(skb, 1, 0);
	follow((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int destinations_xdp(struct xdp_md *ctx)
{
	vary_destination((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	bpf_tail_call(ctx, &NEXT_XDP, 0);
	return XDP_PASS;
}

SEC("classifier")
int destinations_tc(struct __sk_buff *skb)
{
	vary_destination((void *)(long)skb->data, (void *)(long)skb->data_end);
	bpf_tail_call(skb, &NEXT_TC, 0);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int exchanges_xdp(struct xdp_md *ctx)
{
	vary_exchange((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	bpf_tail_call(ctx, &NEXT_XDP, 0);
	return XDP_PASS;
}

SEC("classifier")
int exchanges_tc(struct __sk_buff *skb)
{
	vary_exchange((void *)(long)skb->data, (void *)(long)skb->data_end);
	bpf_tail_call(skb, &NEXT_TC, 0);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int quoted_xdp(struct xdp_md *ctx)
{
	vary_quoted((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	bpf_tail_call(ctx, &NEXT_XDP, 0);
	return XDP_PASS;
}

SEC("classifier")
int quoted_tc(struct __sk_buff *skb)
{
	vary_quoted((void *)(long)skb->data, (void *)(long)skb->data_end);
	bpf_tail_call(skb, &NEXT_TC, 0);
	return TC_ACT_UNSPEC;
}
