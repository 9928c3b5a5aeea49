//! How the kernel side comes into the kernel.

use std::sync::Arc;

use crate::config::Config;
use crate::kernel::{Kernel, KernelError, Pins};

/// Loads the programs, with the maps that are pinned if that is asked for.
pub(super) fn load(config: &Config) -> Result<Kernel, KernelError> {
    match &config.pin {
        Some(directory) => {
            let pins = Pins::open(directory, config.settings.destinations)?;
            Kernel::load_pinned(&config.settings, Arc::new(pins))
        }
        None => Kernel::load(&config.settings),
    }
}
