//! What the maps take of the kernel's memory.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _};

use anyhow::{Context as _, Result};
use aya::maps::MapInfo;
use aya::util::nr_cpus;
use netmon::kernel::{Kernel, Program};

use crate::figures::{Figure, Figures};
use crate::loaded;

/// On two processors, which all that is kept for each of them is counted with.
const MOST_MIB: f64 = 24.0;
const CPUS: usize = 2;

/// What the verifier may have to look at in one program; it gives up at a million (Linux 5.2).
const MOST_VERIFIED: f64 = 100_000.0;

/// Measures each map, and the sum.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    const SUM: &str = "maps: kernel memory, all maps";
    const VERIFIED: &str = "verifier: instructions looked at";
    if !figures.wants(SUM) && !figures.wants(VERIFIED) {
        return Ok(());
    }
    Figures::heading("maps and programs, with defaults");
    let mut kernel = loaded::load(true)?;
    let mut sum = 0.0;
    for id in maps(&mut kernel)? {
        let map = MapInfo::from_id(id)?;
        let mib = memory(&map)? / f64::from(1 << 20);
        sum += mib;
        let name = map.name_as_str().unwrap_or_default();
        figures.take(
            Figure::new(format!("maps: {name}"), mib, "MiB").note(format!("{} entries", map.max_entries())),
        );
    }
    let cpus = nr_cpus().map_err(|(file, error)| anyhow::anyhow!("{file}: {error}"))?;
    figures.take(
        Figure::new(SUM, sum, "MiB")
            .at_most((cpus <= CPUS).then_some(MOST_MIB))
            .note(format!("for {cpus} possible processors")),
    );
    for program in Program::ALL {
        let info = match program {
            Program::Xdp => kernel.xdp()?.info()?,
            _ => kernel.classifier(program)?.info()?,
        };
        let verified = info
            .verified_instruction_count()
            .context("this kernel does not tell how much it verified")?;
        figures.take(
            Figure::new(format!("{VERIFIED}, {}", program.name()), f64::from(verified), "")
                .at_most(MOST_VERIFIED)
                .note(format!("{} bytes of machine code", info.size_jitted())),
        );
    }
    Ok(())
}

/// The maps of all programs, in the order in which they were made.
fn maps(kernel: &mut Kernel) -> Result<BTreeSet<u32>> {
    let mut maps = BTreeSet::new();
    maps.extend(kernel.xdp()?.info()?.map_ids()?.into_iter().flatten());
    for program in [Program::Ingress, Program::Egress] {
        maps.extend(
            kernel
                .classifier(program)?
                .info()?
                .map_ids()?
                .into_iter()
                .flatten(),
        );
    }
    Ok(maps)
}

/// How many bytes a map takes, as the kernel accounts for it.
fn memory(map: &MapInfo) -> Result<f64> {
    let fd = map.fd()?;
    let path = format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd());
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let bytes = text
        .lines()
        .find_map(|line| line.strip_prefix("memlock:"))
        .with_context(|| format!("{path} tells no memlock"))?;
    bytes.trim().parse().context("memlock is no number")
}
