//! Gives up rights that are no longer needed: whoever takes over the process later cannot load a program or make a map.
//!
//! Linux keeps capabilities by thread (capabilities(7)), so that each thread gives up its own.

use std::collections::HashSet;
use std::thread::{Builder, JoinHandle};
use std::{io, thread};

use caps::{CapSet, Capability};

use crate::kernel;

/// After loading, links are made with the programs' descriptors and the counters read by the maps': neither needs a
/// right. Filters of the `clsact` qdisc, before Linux 6.6, are made by netlink, which does.
const TO_ATTACH: Capability = Capability::CAP_NET_ADMIN;

/// Gives up what watching does not need, for good: to be called when everything is loaded.
pub fn give_up_loading() -> io::Result<()> {
    let mut kept = HashSet::from([TO_ATTACH]);
    if kernel::reading_needs_rights() {
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
    let error = |error: caps::errors::CapsError| io::Error::other(error.to_string());
    let permitted = caps::read(None, CapSet::Permitted).map_err(error)?;
    let kept = permitted.intersection(kept).copied().collect();
    // In this order: what is effective must be permitted, what is ambient both permitted and inheritable.
    for set in [CapSet::Ambient, CapSet::Inheritable] {
        caps::clear(None, set).map_err(error)?;
    }
    caps::set(None, CapSet::Effective, &kept).map_err(error)?;
    caps::set(None, CapSet::Permitted, &kept).map_err(error)
}
