//! Gives up rights that are no longer needed: whoever takes over the process later cannot load a program or make a map.
//!
//! Linux keeps capabilities by thread (capabilities(7)), so that each thread gives up its own.

use std::collections::HashSet;
use std::thread::{Builder, JoinHandle};
use std::{io, thread};

use caps::errors::CapsError;
use caps::{CapSet, Capability};

/// After loading, links are made with the programs' descriptors and the counters read by the maps': neither needs a
/// right. Filters of the `clsact` qdisc, before Linux 6.6, are made by netlink, which does.
const TO_ATTACH: Capability = Capability::CAP_NET_ADMIN;

/// What loading and attaching need, each with its reason.
const NEEDED: [(Capability, &str); 3] = [
    (Capability::CAP_BPF, "to load programs and maps"),
    (Capability::CAP_NET_ADMIN, "to attach programs to interfaces"),
    (
        Capability::CAP_PERFMON,
        "for programs that calculate with pointers",
    ),
];

/// The capabilities for loading and attaching that this thread lacks, each with what it is needed for.
pub fn missing() -> Result<Vec<(Capability, &'static str)>, CapsError> {
    Ok(missing_from(&caps::read(None, CapSet::Effective)?))
}

/// `CAP_SYS_ADMIN` stands for `CAP_BPF` and `CAP_PERFMON` too (capabilities(7)).
fn missing_from(held: &HashSet<Capability>) -> Vec<(Capability, &'static str)> {
    let has_admin = held.contains(&Capability::CAP_SYS_ADMIN);
    NEEDED
        .into_iter()
        .filter(|(needed, _)| !held.contains(needed) && (*needed == Capability::CAP_NET_ADMIN || !has_admin))
        .collect()
}

/// Gives up what watching does not need, for good: to be called when everything is loaded. On older kernels
/// reading a map needs a right.
pub fn give_up_loading(reading_needs_rights: bool) -> io::Result<()> {
    let mut kept = HashSet::from([TO_ATTACH]);
    if reading_needs_rights {
        kept.insert(Capability::CAP_BPF);
    }
    keep(&kept)
}

/// A thread that has no rights from its start, because what it does needs none.
pub fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.into()).spawn(|| {
        if let Err(error) = keep(&HashSet::new()) {
            let name = thread::current().name().unwrap_or_default().to_owned();
            tracing::warn!("the thread {name} cannot give up its capabilities: {error}");
        }
        work()
    })
}

/// Keeps of this thread's capabilities at most these.
fn keep(kept: &HashSet<Capability>) -> io::Result<()> {
    let error = |error: CapsError| io::Error::other(error.to_string());
    let permitted = caps::read(None, CapSet::Permitted).map_err(error)?;
    let kept = permitted.intersection(kept).copied().collect();
    // In this order: what is effective must be permitted, what is ambient both permitted and inheritable.
    for set in [CapSet::Ambient, CapSet::Inheritable] {
        caps::clear(None, set).map_err(error)?;
    }
    caps::set(None, CapSet::Effective, &kept).map_err(error)?;
    caps::set(None, CapSet::Permitted, &kept).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        use Capability::{CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, CAP_SYS_ADMIN};
        let cases: [(&str, &[Capability], &[Capability]); 4] = [
            ("all", &[CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON], &[]),
            (
                "CAP_SYS_ADMIN for two of them",
                &[CAP_SYS_ADMIN, CAP_NET_ADMIN],
                &[],
            ),
            ("no CAP_NET_ADMIN", &[CAP_SYS_ADMIN], &[CAP_NET_ADMIN]),
            ("none", &[], &[CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON]),
        ];
        for (case, held, expected) in cases {
            let held = held.iter().copied().collect();
            let missing: Vec<Capability> = missing_from(&held)
                .into_iter()
                .map(|(needed, _)| needed)
                .collect();
            assert_eq!(missing, expected, "{case}");
        }
    }
}
