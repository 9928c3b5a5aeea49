//! What the maps take of the kernel's memory.

use anyhow::{Context as _, Result};
use aya::maps::MapInfo;
use aya::util::nr_cpus;
use netmon::kernel::Program;
use netmon_testkit::figures::{Figure, Figures};
use netmon_testkit::resources;

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
    // The loader keeps all that it made.
    let mut maps: Vec<_> = resources::maps("self")?.into_iter().collect();
    maps.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    for (id, bytes) in maps {
        let map = MapInfo::from_id(id)?;
        #[expect(clippy::cast_precision_loss, reason = "maps have less than 2^52 bytes")]
        let mib = bytes as f64 / f64::from(1 << 20);
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
