//! What the kernel can do: it is tried, because distributions bring features to older versions. Which version brings what
//! stands in [`version`](super::version).

use std::sync::OnceLock;

use aya::programs::ProgramType;
use aya::sys::{BpfHelper, is_helper_supported};

use super::version::{Running, XDP_FRAGS};

/// Whether XDP programs may take packets of several buffers, as netmon's does. It is tried when it is first asked, and netmon asks
/// before it gives up the right to load. Whoever may not try goes by the version.
pub fn has_xdp_frags() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        is_helper_supported(ProgramType::Xdp, BpfHelper::BPF_FUNC_xdp_load_bytes)
            .unwrap_or_else(|_| !Running::now().is_older_than(XDP_FRAGS))
    })
}
