//! netmon's kernel programs, loaded as `netmon run` loads them.

use anyhow::Result;
use netmon::kernel::{Kernel, Program, Settings};

use crate::runner::{Hook, Runner};

/// Loads them, with tracking or without.
pub fn load(tracking: bool) -> Result<Kernel> {
    load_with(tracking, false)
}

/// Loads them with tracking, and so that it is noted who asks.
pub fn load_asking() -> Result<Kernel> {
    load_with(true, true)
}

/// Loads them without tracking, for so many destinations.
pub fn load_for(destinations: u32) -> Result<Kernel> {
    let settings = Settings {
        destinations,
        ..with(false, false)
    };
    Ok(Kernel::load(&settings)?)
}

fn load_with(tracking: bool, askers: bool) -> Result<Kernel> {
    Ok(Kernel::load(&with(tracking, askers))?)
}

fn with(tracking: bool, askers: bool) -> Settings {
    Settings {
        tracking,
        askers,
        apart: false,
        ..Settings::default()
    }
}

/// The program at a hook.
pub fn at(kernel: &mut Kernel, hook: Hook) -> Result<Runner<'_>> {
    Ok(match hook {
        Hook::Xdp => Runner::Xdp(kernel.xdp()?),
        Hook::Ingress => Runner::Tc(kernel.classifier(Program::Ingress)?),
        Hook::Egress => Runner::Tc(kernel.classifier(Program::Egress)?),
    })
}
