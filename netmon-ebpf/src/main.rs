//! The kernel side of netmon: an XDP program and TC classifiers for what arrives, TC classifiers for what leaves, and programs that
//! note who asks. They count and pass every packet on, unchanged.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]
#![cfg_attr(
    target_arch = "bpf",
    expect(
        clippy::inline_always,
        reason = "the verifier follows values through one function; a call would cost a quarter of the budget"
    ),
    expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "lengths and offsets of packets are far below 2^31, and helpers check them; each check more is paid \
                  for by every packet"
    ),
    expect(
        clippy::needless_borrows_for_generic_args,
        reason = "by value a record would be copied to the stack, which is small"
    ),
    expect(
        clippy::needless_pass_by_value,
        reason = "aya's macros hand a program its context by value"
    )
)]

#[cfg(target_arch = "bpf")]
mod accepted;
#[cfg(target_arch = "bpf")]
mod askers;
#[cfg(target_arch = "bpf")]
mod budget;
#[cfg(target_arch = "bpf")]
mod classify_sink;
#[cfg(target_arch = "bpf")]
mod copies;
#[cfg(target_arch = "bpf")]
mod count;
#[cfg(target_arch = "bpf")]
mod destinations;
#[cfg(target_arch = "bpf")]
mod events;
#[cfg(target_arch = "bpf")]
mod exchange;
#[cfg(target_arch = "bpf")]
mod exchanges;
#[cfg(target_arch = "bpf")]
mod finding;
#[cfg(target_arch = "bpf")]
mod header_scratch;
#[cfg(target_arch = "bpf")]
mod interfaces;
#[cfg(target_arch = "bpf")]
mod known;
#[cfg(target_arch = "bpf")]
mod latency;
#[cfg(target_arch = "bpf")]
mod log;
#[cfg(target_arch = "bpf")]
mod observe;
#[cfg(target_arch = "bpf")]
mod packet;
#[cfg(target_arch = "bpf")]
mod packet_scratch;
#[cfg(target_arch = "bpf")]
mod places;
#[cfg(target_arch = "bpf")]
mod probe;
#[cfg(target_arch = "bpf")]
mod programs;
#[cfg(target_arch = "bpf")]
mod services;
#[cfg(target_arch = "bpf")]
mod settings;
#[cfg(target_arch = "bpf")]
mod skb;
#[cfg(target_arch = "bpf")]
mod totals;
#[cfg(target_arch = "bpf")]
mod traces;
#[cfg(target_arch = "bpf")]
mod track;
#[cfg(target_arch = "bpf")]
mod xdp;

/// A panic that could be reached would be an endless loop: the verifier rejects the program.
#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// On the host this crate is only checked.
#[cfg(not(target_arch = "bpf"))]
fn main() {}
