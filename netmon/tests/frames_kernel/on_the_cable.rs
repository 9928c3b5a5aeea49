//! The table of named frames over a real cable: what the kernel does to a frame on its way to a hook (it takes
//! one VLAN tag off before TC) must not show.

use netmon::kernel::HookChoice;

use crate::cable::{Cable, End, each_counts};
use crate::side::Side;

#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn frames_that_arrive_at_tc_are_counted_as_the_contract_says() {
    every_frame_counts_as_expected(End::Receiver(HookChoice::Tc));
}

#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn frames_that_arrive_at_native_xdp_are_counted_as_the_contract_says() {
    every_frame_counts_as_expected(End::Receiver(HookChoice::XdpNative));
}

#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn frames_that_arrive_at_generic_xdp_are_counted_as_the_contract_says() {
    every_frame_counts_as_expected(End::Receiver(HookChoice::XdpGeneric));
}

#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn frames_that_leave_are_counted_as_the_contract_says() {
    every_frame_counts_as_expected(End::Sender);
}

fn every_frame_counts_as_expected(end: End) {
    let cable = Cable::new();
    let mut side = Side::load_default();
    cable.watch(&mut side, end);
    let socket = cable.socket(false);
    let ran = each_counts(&mut side, |case| {
        let frame = Some(&case.frame).filter(|frame| can_be_sent(frame))?;
        socket
            .send(frame)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        Some(frame.len())
    });
    assert!(ran > 900, "only {ran} frames were sent");
}

/// A frame needs an Ethernet header; with a tag, what stands behind it must be there, or the kernel drops the
/// frame before any hook of TC; and a cable takes no more than 65,535 bytes behind the header.
fn can_be_sent(frame: &[u8]) -> bool {
    const ETHERNET: usize = 14;
    let least = match frame.get(12..ETHERNET) {
        Some([0x81, 0x00] | [0x88, 0xa8]) => ETHERNET + 4 + 2,
        _ => ETHERNET,
    };
    (least..=ETHERNET + 65_535).contains(&frame.len())
}
