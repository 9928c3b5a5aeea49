//! Which programs are at a TCX hook (Linux 6.6), in their order, by ids alone. That needs no right but the one to attach: aya's
//! query opens each program, which only root may.

use std::io;

use aya::programs::TcAttachType;

use super::table::call;

/// In `include/uapi/linux/bpf.h`.
const BPF_PROG_QUERY: libc::c_long = 16;
const BPF_TCX_INGRESS: u32 = 46;
const BPF_TCX_EGRESS: u32 = 47;

/// So many can be at one hook (`BPF_MPROG_MAX` in `include/linux/bpf_mprog.h`).
const MOST: u32 = 64;

/// The member `query` of `union bpf_attr`.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    target_ifindex: u32,
    attach_type: u32,
    query_flags: u32,
    attach_flags: u32,
    prog_ids: u64,
    count: u32,
    padding: u32,
    prog_attach_flags: u64,
    link_ids: u64,
    link_attach_flags: u64,
    revision: u64,
}

/// A program at a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AtHook {
    /// Its id.
    pub program: u32,
    /// The id of the link that attaches it; 0 where it is attached without one.
    pub link: u32,
}

/// Those at one side of an interface, the first one first.
pub(super) fn at(index: u32, direction: TcAttachType) -> io::Result<Vec<AtHook>> {
    let (mut programs, mut links) = ([0_u32; MOST as usize], [0_u32; MOST as usize]);
    let mut query = Attributes {
        target_ifindex: index,
        attach_type: match direction {
            TcAttachType::Egress => BPF_TCX_EGRESS,
            TcAttachType::Ingress | TcAttachType::Custom(_) => BPF_TCX_INGRESS,
        },
        prog_ids: programs.as_mut_ptr() as u64,
        count: MOST,
        link_ids: links.as_mut_ptr() as u64,
        ..Attributes::default()
    };
    // SAFETY: the kernel writes at most `count` ids to each of the two arrays, which live until it returns.
    unsafe { call(BPF_PROG_QUERY, &mut query) }?;
    let there = programs.into_iter().zip(links).take(query.count as usize);
    Ok(there.map(|(program, link)| AtHook { program, link }).collect())
}
