# Runs in a guest of `cargo xtask kernels`, on the host's file system.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root RUST_BACKTRACE=0
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
ip link set lo up
for module in veth macvlan bridge sch_ingress cls_bpf nf_tables nft_reject_inet nft_chain_nat \
    virtio_net e1000 tun ipip ip_gre sit ip6_tunnel ip6_gre wireguard loop ext4; do modprobe -q "$module"; done
echo "@MARK@ Linux $(uname -r) is up after $(cut -d' ' -f1 /proc/uptime) s"

# check NUMBER SECONDS PACKAGE EXECUTABLE TEST
check() {
    local begun=$SECONDS output=/tmp/output outcome=failed
    cd "$3" || return
    if CARGO_MANIFEST_DIR=$3 timeout --kill-after=5 "$2" "$4" --exact "$5" --ignored --show-output >"$output" 2>&1; then
        outcome=passed
        grep -q '^SKIPPED:' "$output" && outcome=skipped
        grep '^SKIPPED:' "$output"
    else
        grep -v '^ *at \|^ *[0-9]*: \|^$\|"event":"snapshot"' "$output" | cut -c1-600 | tail -40
    fi
    echo "@MARK@ $1 $outcome in $((SECONDS - begun)) s: $(basename "$4" | sed 's/-[0-9a-f]*$//') $5"
}

