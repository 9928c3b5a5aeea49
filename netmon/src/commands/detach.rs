//! `netmon detach`.

use std::process::ExitCode;

use netmon::cli::Detach;
use netmon::kernel::{Inventory, Pins, clsact};

/// Removes all pins and what a netmon left that was killed, and says what was there.
pub fn detach(arguments: &Detach) -> anyhow::Result<ExitCode> {
    let directory = arguments.pin.display();
    match Pins::remove(&arguments.pin)? {
        Some(removed) => println!(
            "removed {} links and {} maps that were pinned in {directory}",
            removed.links, removed.maps
        ),
        None => println!("nothing is pinned in {directory}"),
    }
    let interfaces = Inventory::read_here()?.interfaces;
    let swept: usize = interfaces.keys().map(|index| clsact::sweep(*index)).sum();
    if swept > 0 {
        println!("removed {swept} TC filters that a netmon left when it was killed");
    }
    Ok(ExitCode::SUCCESS)
}
