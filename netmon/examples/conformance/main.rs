//! `cargo xtask conformance DIR`: is what netmon reads in captures what others read?
//!
//! Exit status: 0 if all witnesses agree, but for what docs/conformance.md lists; 1 if they do not, or if
//! something listed there does not occur; 2 for wrong usage; 1 with a message if the comparison cannot be made.

mod comparison;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use comparison::{Witnesses, compare};

/// Compares how netmon reads captures with its XDP program (as root) and with tshark.
#[derive(Parser)]
#[command(name = "conformance")]
struct Arguments {
    /// The directory with the captures
    directory: PathBuf,
    /// Leave the XDP program out
    #[arg(long)]
    no_xdp: bool,
    /// Leave tshark out
    #[arg(long)]
    no_tshark: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let witnesses = Witnesses {
        xdp: !arguments.no_xdp,
        tshark: !arguments.no_tshark,
    };
    match compare(&arguments.directory, witnesses) {
        Ok(comparison) => {
            println!("{comparison}");
            if comparison.is_clean() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("conformance: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
