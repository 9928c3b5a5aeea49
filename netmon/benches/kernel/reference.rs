//! The programs of reference.c: those that do nothing, those that count in C, and those that change a packet
//! before they hand it on.

use std::env;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use aya::maps::{Array, MapData, ProgramArray};
use aya::programs::Program;
use aya::{Ebpf, EbpfLoader};

use crate::runner::{Hook, Runner};

/// Where `cargo xtask bench` says that it left the object.
const OBJECT: &str = "NETMON_REFERENCE_OBJECT";

/// What is in the object.
pub struct Reference {
    /// Its programs.
    pub programs: Programs,
    /// How packets vary.
    pub varying: Varying,
}

/// The loaded programs.
pub struct Programs(Ebpf);

/// What a program changes before each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vary {
    /// The destination: at random one of so many, from 198.18.0.0 on (RFC 2544 section C.2.2).
    Destinations(u32),
    /// The client, its port and the id: another exchange with this server in each run, first so many blocks of
    /// queries, then as many of their answers.
    Exchanges(Ipv4Addr, u32),
    /// The server of the query that an error quotes: this one and the next one in turn.
    Quoted(Ipv4Addr),
}

/// Which programs packets are handed on to, and from where on they vary.
pub struct Varying {
    next: [ProgramArray<MapData>; 2],
    vary: Array<MapData, Told>,
    began: Array<MapData, u64>,
}

/// Runs that are timed together, and how many such blocks a call has.
#[derive(Clone, Copy, Debug)]
pub struct Blocks {
    /// Of a call, at most 63.
    pub count: u32,
    /// Of a block.
    pub runs: u32,
}

/// What the programs are told: `struct vary` of vary.h.
type Told = [u64; 5];

impl Reference {
    /// Loads the object.
    pub fn load() -> Result<Self> {
        let path = env::var_os(OBJECT)
            .with_context(|| format!("{OBJECT} is not set; this is run by `cargo xtask bench`"))?;
        let path = Path::new(&path);
        let mut ebpf = EbpfLoader::new()
            .load_file(path)
            .with_context(|| format!("cannot load {}", path.display()))?;
        for (name, program) in ebpf.programs_mut() {
            match program {
                Program::Xdp(program) => program.load(),
                Program::SchedClassifier(program) => program.load(),
                _ => bail!("{name} is of a kind that is not expected"),
            }
            .with_context(|| format!("the kernel does not take {name}"))?;
        }
        let mut map = |name: &str| {
            ebpf.take_map(name)
                .with_context(|| format!("there is no map {name}"))
        };
        let next = [
            ProgramArray::try_from(map("NEXT_XDP")?)?,
            ProgramArray::try_from(map("NEXT_TC")?)?,
        ];
        let vary = Array::try_from(map("VARY")?)?;
        let began = Array::try_from(map("BEGAN")?)?;
        Ok(Self {
            programs: Programs(ebpf),
            varying: Varying { next, vary, began },
        })
    }
}

impl Programs {
    /// One that does nothing.
    pub fn noop(&self, hook: Hook) -> Result<Runner<'_>> {
        self.find("noop", hook)
    }

    /// The one that counts in C.
    pub fn counting(&self, hook: Hook) -> Result<Runner<'_>> {
        self.find("reference", hook)
    }

    /// The one that counts in C, and follows exchanges by a table that drops the least recently used.
    pub fn following(&self, hook: Hook) -> Result<Runner<'_>> {
        self.find("lru", hook)
    }

    /// The one that changes a packet and hands it on.
    pub fn varying(&self, vary: Vary, hook: Hook) -> Result<Runner<'_>> {
        match vary {
            Vary::Destinations(_) => self.find("destinations", hook),
            Vary::Exchanges(..) => self.find("exchanges", hook),
            Vary::Quoted(_) => self.find("quoted", hook),
        }
    }

    fn find(&self, what: &str, hook: Hook) -> Result<Runner<'_>> {
        let name = format!("{what}_{}", hook.name());
        match self.0.program(&name) {
            Some(Program::Xdp(program)) => Ok(Runner::Xdp(program)),
            Some(Program::SchedClassifier(program)) => Ok(Runner::Tc(program)),
            Some(_) | None => bail!("there is no program {name}"),
        }
    }
}

impl Varying {
    /// Packets are handed on to this program.
    pub fn hand_on(&mut self, to: Runner<'_>) -> Result<()> {
        let [xdp, tc] = &mut self.next;
        match to {
            Runner::Xdp(program) => xdp.set(0, program.fd()?, 0),
            Runner::Tc(program) => tc.set(0, program.fd()?, 0),
        }
        .context("one program cannot call the other")
    }

    /// The next packets are those of this seed: the same seed gives the same ones.
    pub fn begin(&mut self, vary: Vary, seed: u64) -> Result<()> {
        self.tell(vary, seed, u32::MAX)
    }

    /// How long a run of each block takes, in nanoseconds, when packets are changed by the caller and handed on to
    /// another program.
    pub fn time(
        &mut self,
        [caller, to]: [Runner<'_>; 2],
        frame: &[u8],
        (vary, seed): (Vary, u64),
        blocks: Blocks,
    ) -> Result<Vec<f64>> {
        self.hand_on(to)?;
        self.tell(vary, seed, blocks.runs)?;
        // The first run behind the last block ends it.
        caller.run(frame, blocks.count * blocks.runs + 1)?;
        let began: Vec<u64> = (0..=blocks.count)
            .map(|block| self.began.get(&block, 0))
            .collect::<Result<_, _>>()?;
        let times = began.windows(2).map(|times| {
            let [began, ended] = times else { return Ok(0.0) };
            let nanos = u32::try_from(ended.saturating_sub(*began)).context("a block took seconds")?;
            Ok(f64::from(nanos) / f64::from(blocks.runs))
        });
        times.collect()
    }

    fn tell(&mut self, vary: Vary, seed: u64, block: u32) -> Result<()> {
        let (first, range) = match vary {
            Vary::Destinations(range) => (Ipv4Addr::new(198, 18, 0, 0), range),
            Vary::Exchanges(server, blocks) => (server, blocks),
            Vary::Quoted(server) => (server, 0),
        };
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        self.vary
            .set(0, [seed, pair(first.to_bits(), range), pair(block, 0), 0, 0], 0)?;
        Ok(())
    }
}
