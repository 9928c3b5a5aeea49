//! Why a virtio network card runs no XDP programs, known beforehand by the features that its driver and its host agreed on
//! (`virtnet_xdp_set` in `drivers/net/virtio_net.c`; their numbers are in `include/uapi/linux/virtio_net.h`).

use std::fs;
use std::path::Path;

use super::{Interface, driver};

/// The guest may turn off what the host does for it.
const CTRL_GUEST_OFFLOADS: usize = 2;

/// What the host may do for packets that arrive, and XDP programs cannot have: sums that are not computed yet, and merged packets.
const GUEST_OFFLOADS: [(usize, &str); 7] = [
    (1, "guest_csum"),
    (7, "guest_tso4"),
    (8, "guest_tso6"),
    (9, "guest_ecn"),
    (10, "guest_ufo"),
    (54, "guest_uso4"),
    (55, "guest_uso6"),
];

/// Why its driver will refuse XDP programs; `None` where nothing is known that speaks against them.
pub fn xdp_refusal(interface: &Interface) -> Option<String> {
    let directory = Path::new("/sys/class/net").join(&interface.name);
    let read = |file: &str| fs::read_to_string(directory.join(file)).ok();
    // `/sys` may show another network namespace.
    let is_it = read("ifindex")?.trim().parse() == Ok(interface.index);
    if !is_it || driver(&interface.name)? != "virtio_net" {
        return None;
    }
    refusal(&read("device/features")?)
}

/// The same, by the features: a digit for each, from the first on.
fn refusal(features: &str) -> Option<String> {
    let has = |bit: usize| features.as_bytes().get(bit) == Some(&b'1');
    let kept: Vec<&str> = GUEST_OFFLOADS
        .into_iter()
        .filter_map(|(bit, name)| has(bit).then_some(name))
        .collect();
    (!kept.is_empty() && !has(CTRL_GUEST_OFFLOADS)).then(|| {
        format!(
            "the host of this virtual machine has {} on, and no ctrl_guest_offloads to turn them off",
            kept.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_whose_offloads_stay_on_has_no_xdp_and_says_which_they_are() {
        // Of a virtual machine whose card refuses, and of one of QEMU that does not.
        let kept = "1100010110111011000000000000010010000000000000000000000000000000";
        assert_eq!(
            refusal(kept).unwrap(),
            "the host of this virtual machine has guest_csum, guest_tso4, guest_tso6, guest_ufo on, and no ctrl_guest_offloads to \
             turn them off"
        );
        let controlled = "1110010111111111111100100000010011100000000000000000000000000000";
        assert_eq!(refusal(controlled), None);
        assert_eq!(refusal("1000010000000000"), None);
        assert_eq!(refusal(""), None);
    }
}
