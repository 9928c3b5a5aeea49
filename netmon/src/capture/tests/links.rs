//! Link-local servers, which are others at another interface.

use std::collections::BTreeSet;

use netmon_common::DnsPorts;

use super::packets::{Path, ethernet, query, response, unreachable};
use super::{Door, Frame, Interface, LinkType, at};
use crate::observation::What;

/// Each packet with the interface of the file that it was seen at. What was asked, answered and failed at each interface.
fn seen(packets: &[(u32, Vec<u8>)]) -> (Vec<Interface>, BTreeSet<(u32, &'static str)>) {
    let mut door = Door::new(DnsPorts::DEFAULT);
    let mut seen = BTreeSet::new();
    for (number, (interface, packet)) in (1..).zip(packets) {
        let bytes = ethernet(packet);
        let frame = Frame {
            time: at(number * 100),
            link: LinkType::Ethernet,
            bytes: &bytes,
            wire_len: bytes.len(),
            number,
            file: 0,
            interface: Some(*interface),
        };
        door.take(&frame, &mut |observation| {
            let what = match observation.what {
                What::Asked(_) => "asked",
                What::Answered(_) | What::Said(_) => "answered",
                What::Failed(_) => "failed",
                What::Unverified(_) => "unverified",
                What::Connected(_) | What::Seconds(_) | What::MoreErrors(_) => return,
            };
            seen.insert((observation.service.interface, what));
        });
    }
    (door.interfaces().to_vec(), seen)
}

#[test]
fn the_same_link_local_server_at_two_interfaces_is_two() {
    let path = Path::new("fe80::7", 40_000, "fe80::53", 53);
    let asked = query(path, 7, "a.example");
    let answer = response(path, 7, 0, "a.example");
    let error = unreachable(path.destination, path.source, 4, &asked);
    let both = [Interface::OfFile(3), Interface::OfFile(4)];
    let (interfaces, what) = seen(&[
        (3, asked.clone()),
        (4, asked.clone()),
        (4, answer.clone()),
        (3, error),
    ]);
    assert_eq!(interfaces, both);
    assert_eq!(
        what,
        [(1, "asked"), (1, "failed"), (2, "asked"), (2, "answered")].into()
    );
    // As a bridge shows the answer at the port where the client is.
    let (_, what) = seen(&[(3, asked), (4, answer)]);
    assert_eq!(what, [(1, "asked"), (1, "answered")].into());
    // Elsewhere the interface makes no difference.
    let path = Path::new("2001:db8::7", 40_000, "2001:db8::53", 53);
    let (interfaces, what) = seen(&[
        (3, query(path, 7, "a.example")),
        (4, response(path, 7, 0, "a.example")),
    ]);
    assert_eq!(interfaces, []);
    assert_eq!(what, [(0, "asked"), (0, "answered")].into());
}
