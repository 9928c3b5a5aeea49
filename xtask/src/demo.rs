//! `cargo xtask demo`: the textbook incident, in two network namespaces.

use std::path::Path;

use anyhow::{Result, bail};

/// Runs the demonstration with this netmon, as root.
pub fn run(binary: &Path) -> Result<()> {
    bail!(
        "the demonstration is not written yet; it would run {}",
        binary.display()
    )
}
