//! Whether a virtio card would refuse native XDP: what the kernel's driver asks of the host's features before it attaches a
//! program (`virtnet_xdp_set` in `drivers/net/virtio_net.c`). The features are fixed when the guest starts.

use std::fs;

/// Lets the guest switch the offloads off that are in the way (virtio 1.2, section 5.1.3).
const CTRL_GUEST_OFFLOADS: usize = 2;

/// What the host does with packets that arrive, before the guest sees them: checksums not yet made, and segments joined.
const OFFLOADS: [(usize, &str); 7] = [
    (1, "GUEST_CSUM"),
    (7, "GUEST_TSO4"),
    (8, "GUEST_TSO6"),
    (9, "GUEST_ECN"),
    (10, "GUEST_UFO"),
    (54, "GUEST_USO4"),
    (55, "GUEST_USO6"),
];

/// The host's offloads because of which the driver refuses, of the interface with this name; empty where it would not, or
/// where it is no virtio card.
pub(super) fn in_the_way(interface: &str) -> Vec<&'static str> {
    fs::read_to_string(format!("/sys/class/net/{interface}/device/features"))
        .map_or_else(|_| Vec::new(), |features| offloads(features.trim()))
}

/// From the features as sysfs has them: a digit for each bit, the lowest first.
fn offloads(features: &str) -> Vec<&'static str> {
    let has = |bit: usize| features.as_bytes().get(bit) == Some(&b'1');
    if has(CTRL_GUEST_OFFLOADS) {
        return Vec::new();
    }
    let in_the_way = OFFLOADS.into_iter().filter(|(bit, _)| has(*bit));
    in_the_way.map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offloads_that_the_guest_cannot_switch_off_are_in_the_way() {
        let cases: [(&str, &[&str]); 4] = [
            // Firecracker's.
            (
                "110001011011101100000000000001001",
                &["GUEST_CSUM", "GUEST_TSO4", "GUEST_TSO6", "GUEST_UFO"],
            ),
            ("111001011011101100000000000001001", &[]),
            ("100001000001101100000000000000001", &[]),
            ("", &[]),
        ];
        for (features, expected) in cases {
            assert_eq!(offloads(features), expected, "{features}");
        }
    }
}
