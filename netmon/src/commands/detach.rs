//! `netmon detach`.

use std::process::ExitCode;

use netmon::cli::Detach;
use netmon::kernel::Pins;

/// Removes all pins, and says what was there.
pub fn detach(arguments: &Detach) -> anyhow::Result<ExitCode> {
    let directory = arguments.pin.display();
    match Pins::remove(&arguments.pin)? {
        Some(removed) => println!(
            "removed {} links and {} maps that were pinned in {directory}",
            removed.links, removed.maps
        ),
        None => println!("nothing is pinned in {directory}"),
    }
    Ok(ExitCode::SUCCESS)
}
