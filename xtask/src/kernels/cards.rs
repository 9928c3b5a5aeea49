//! The guest's network cards: two of each kind, with a bridge between them, in a network namespace that only QEMU has. So each
//! packet passes two drivers of the guest's kernel.

use std::process::Command;

use anyhow::Result;

use crate::process::as_root;

/// A kind of card.
struct Card {
    /// What the tests call it (`netmon/tests/cards.rs`).
    kind: &'static str,
    /// QEMU's device, with its properties.
    device: &'static str,
    /// How many queues it has.
    queues: u32,
}

const CARDS: [Card; 5] = [
    card("virtio", "virtio-net-pci", 1),
    card("virtio-queues", "virtio-net-pci,mq=on,vectors=6", 2),
    card(
        "virtio-bare",
        "virtio-net-pci,csum=off,gso=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off,\
         guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,mrg_rxbuf=off",
        1,
    ),
    // Its driver cannot turn off what the host does for it, and so refuses XDP programs.
    card("virtio-fixed", "virtio-net-pci,ctrl_guest_offloads=off", 1),
    card("e1000", "e1000", 1),
];

const fn card(kind: &'static str, device: &'static str, queues: u32) -> Card {
    Card { kind, device, queues }
}

/// The word for the kernel's command line: their kinds, in the order of their hardware addresses.
pub fn word() -> String {
    format!("netmon.cards={}", CARDS.map(|card| card.kind).join(","))
}

/// A command that starts `program` in a namespace with their cables, and the arguments that plug them in.
pub fn plugged(program: &str) -> Result<Command> {
    let mut steps = vec!["set -e; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6".to_owned()];
    let mut arguments = Vec::new();
    for (number, card) in CARDS.iter().enumerate() {
        steps.push(format!(
            "ip link add bridge{number} type bridge mcast_snooping 0; ip link set bridge{number} up"
        ));
        let queues = if card.queues > 1 { "multi_queue" } else { "" };
        for end in 1..=2 {
            let tap = format!("tap{number}-{end}");
            steps.push(format!(
                "ip tuntap add {tap} mode tap {queues}; ip link set {tap} master bridge{number} up"
            ));
            arguments.extend([
                "-netdev".to_owned(),
                format!(
                    "tap,id={tap},ifname={tap},script=no,downscript=no,queues={}",
                    card.queues
                ),
                "-device".to_owned(),
                format!(
                    "{},romfile=,netdev={tap},mac=02:00:00:00:{number:02x}:{end:02x}",
                    card.device
                ),
            ]);
        }
    }
    steps.push("exec \"$@\"".to_owned());
    let mut command = as_root("unshare")?;
    command.args(["--net", "sh", "-c", &steps.join("\n"), "sh", program]);
    command.args(arguments);
    Ok(command)
}
