//! What the maps take of the kernel's memory.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use aya::maps::MapInfo;
use aya::util::nr_cpus;
use netmon::kernel::Program;
use netmon_testkit::figures::{Figure, Figures};

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
    figures.heading("maps and programs, with defaults");
    let mut kernel = loaded::load_asking()?;
    let mut sum = 0.0;
    for (id, bytes) in maps()? {
        let map = MapInfo::from_id(id)?;
        let mib = bytes / f64::from(1 << 20);
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

/// The maps that this process has open, each with how many bytes it takes, as the kernel accounts for it: the loader keeps all
/// that it made.
fn maps() -> Result<BTreeMap<u32, f64>> {
    let mut maps = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/fdinfo")? {
        // The descriptor by which the directory is read is gone by then.
        let Ok(text) = fs::read_to_string(entry?.path()) else {
            continue;
        };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        if let (Some(id), Some(bytes)) = (field("map_id:"), field("memlock:")) {
            maps.insert(id.trim().parse()?, bytes.trim().parse()?);
        }
    }
    Ok(maps)
}
