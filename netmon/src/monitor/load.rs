//! How the kernel side comes into the kernel.

use std::sync::Arc;

use crate::config::Config;
use crate::kernel::{Kernel, KernelError, OwnQueries, Pins, Settings};

/// Loads the programs, with the maps that are pinned if that is asked for. They know netmon's own queries by `own`.
pub(super) fn load(config: &Config, own: Option<OwnQueries>) -> Result<Kernel, KernelError> {
    let settings = Settings {
        probe: own,
        ..config.settings
    };
    match &config.pin {
        Some(directory) => {
            let pins = Pins::open(directory, settings.destinations)?;
            Kernel::load_pinned(&settings, Arc::new(pins))
        }
        None => Kernel::load(&settings),
    }
}

/// Gives back to the system what loading took of memory, most of it to read the kernel's types.
pub(super) fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes a number, and frees nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
