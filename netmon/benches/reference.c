// What the kernel programs are measured against: programs that do nothing, and the same counting in C.
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

#define DNS_PORT 53
#define DESTINATIONS 8192
#define ALWAYS_INLINE static __attribute__((always_inline)) inline

#include "reference/layout.h"
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

SEC("xdp.frags")
int reference_xdp(struct xdp_md *ctx)
{
	count((void *)(long)ctx->data, (void *)(long)ctx->data_end, bpf_xdp_get_buff_len(ctx));
	return XDP_PASS;
}

SEC("classifier")
int reference_tc(struct __sk_buff *skb)
{
	count((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int lru_xdp(struct xdp_md *ctx)
{
	count((void *)(long)ctx->data, (void *)(long)ctx->data_end, bpf_xdp_get_buff_len(ctx));
	follow((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return XDP_PASS;
}

SEC("classifier")
int lru_tc(struct __sk_buff *skb)
{
	count((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len);
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
