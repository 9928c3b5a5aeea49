//! What `netmon analyze` costs, against the tools that read the same captures: wall time as ratios of one run, and
//! memory. Started by `cargo xtask bench analyze`; it needs no rights.
//!
//! The captures are generated, the same bytes each time, in a folder that is removed afterwards. Every command runs
//! once before it is measured, so that the file is in memory for all of them. It refuses to compare anything that
//! was not measured in the same rounds.

mod memory;
mod rounds;
mod speed;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use netmon_testkit::figures::Figures;
use tempfile::TempDir;

use traffic::Traffic;

/// Measures netmon analyze, and compares with what it must reach.
#[derive(Parser)]
#[command(bin_name = "cargo xtask bench analyze --")]
struct Options {
    /// Measure only what has all these words in its name
    filter: Vec<String>,
    /// Keep the captures in this folder, and take those that are there
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Only make the captures
    #[arg(long, requires = "keep")]
    only_make: bool,
    /// End well also when a figure misses its target
    #[arg(long)]
    no_fail: bool,
    /// What cargo tells every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match measure(&options) {
        Ok(are_all_met) if are_all_met || options.no_fail => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<bool> {
    let captures = Captures::new(options.keep.clone())?;
    if options.only_make {
        for capture in Capture::ALL {
            captures.path(capture)?;
        }
        return Ok(true);
    }
    let mut figures = Figures::new(&options.filter);
    figures.heading("netmon analyze");
    speed::measure(&captures, &mut figures)?;
    memory::measure(&captures, &mut figures)?;
    figures.finish()
}

/// A generated capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    traffic: Traffic,
    mib: u64,
}

impl Capture {
    /// What an office sends in ten minutes.
    pub const MIXED: Self = Self::new(Traffic::Mixed, 1_024);
    /// A part of it, for tools that take long.
    pub const MIXED_SLICE: Self = Self::new(Traffic::Mixed, 64);
    /// The same with few connections.
    pub const MIXED_LONG: Self = Self::new(Traffic::MixedLong, 64);
    /// Four times as much.
    pub const MIXED_LARGE: Self = Self::new(Traffic::Mixed, 4_096);
    /// Nothing but what netmon looks at.
    pub const DNS_AND_ICMP: Self = Self::new(Traffic::DnsAndIcmp, 256);

    const ALL: [Self; 5] = [
        Self::MIXED_SLICE,
        Self::MIXED_LONG,
        Self::MIXED,
        Self::MIXED_LARGE,
        Self::DNS_AND_ICMP,
    ];

    const fn new(traffic: Traffic, mib: u64) -> Self {
        Self { traffic, mib }
    }
}

/// The folder with the captures, which are made when they are first asked for.
pub struct Captures {
    folder: PathBuf,
    /// Removes the folder when it is dropped; there is none to be removed if it is to be kept.
    removed: Option<TempDir>,
}

impl Captures {
    fn new(keep: Option<PathBuf>) -> Result<Self> {
        if let Some(folder) = keep {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            return Ok(Self {
                folder,
                removed: None,
            });
        }
        let removed = TempDir::new().context("cannot make a folder for the captures")?;
        Ok(Self {
            folder: removed.path().to_owned(),
            removed: Some(removed),
        })
    }

    /// The file of a capture.
    pub fn path(&self, capture: Capture) -> Result<PathBuf> {
        let Capture { traffic, mib } = capture;
        let path = self.folder.join(format!("{traffic:?}-{mib}.pcap"));
        if !path.exists() {
            let packets = traffic::write(traffic, mib << 20, &path)
                .with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("bench: {traffic:?}, {mib} MiB: {packets} packets");
        }
        Ok(path)
    }

    /// Removes the file of a capture that is not asked for again, unless all are kept.
    pub fn remove(&self, capture: Capture) -> Result<()> {
        if self.removed.is_some() {
            std::fs::remove_file(self.path(capture)?).context("cannot remove a capture")?;
        }
        Ok(())
    }
}
