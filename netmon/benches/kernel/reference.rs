//! The programs of reference.c: those that do nothing, those that count and follow exchanges in C, and those that change a
//! packet before they hand it on.

use std::env;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use aya::maps::{Array, Map, MapData, ProgramArray, Queue};
use aya::programs::cgroup_sock_addr::CgroupSockAddrLink;
use aya::programs::{CgroupAttachMode, Program};
use aya::util::nr_cpus;
use aya::{Ebpf, EbpfLoader};
use netmon_common::records::{Entry, Exchanges, Interface, Latency, Owner, ServiceKey, Totals};
use netmon_common::trace::{Bucket, KEYS, Keys as _, Secret};
use netmon_common::{Address, limits};

use crate::runner::{Hook, Runner};

/// Where `cargo xtask bench` says that it left the object.
const OBJECT: &str = "NETMON_REFERENCE_OBJECT";

/// The values that are netmon's own records.
const SIZES: [(&str, usize); 9] = [
    ("C_TOTALS", size_of::<Totals>()),
    ("C_COUNTS", size_of::<Entry>()),
    ("C_EXCHANGES", size_of::<Exchanges>()),
    ("C_LATENCY", size_of::<Latency>()),
    ("C_DEST_OWNERS", size_of::<Owner<Address>>()),
    ("C_SERVICE_OWNERS", size_of::<Owner<ServiceKey>>()),
    ("C_YOUNG_TRACES", size_of::<Bucket>()),
    ("C_OLD_TRACES", size_of::<Bucket>()),
    ("C_INTERFACES", size_of::<Interface>()),
];

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
    /// The query that an error quotes: to this server and the next one in turn, each time from another port.
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
        let cpus = nr_cpus().map_err(|(file, error)| anyhow::anyhow!("{file}: {error}"))?;
        let cpus = u32::try_from(cpus)?;
        let secret: [u64; KEYS] = std::array::from_fn(|place| Secret::expanded(1).at(place));
        let mut ebpf = EbpfLoader::new()
            .map_max_entries("C_COUNTS", limits::DESTINATIONS * cpus)
            .map_max_entries("C_EXCHANGES", limits::SERVICES * cpus)
            .map_max_entries("C_LATENCY", limits::LATENCY_SERVERS * cpus)
            .override_global("C_SECRET", &secret, true)
            .load_file(path)
            .with_context(|| format!("cannot load {}", path.display()))?;
        for (name, program) in ebpf.programs_mut() {
            match program {
                Program::Xdp(program) => program.load(),
                Program::SchedClassifier(program) => program.load(),
                Program::CgroupSockAddr(program) => program.load(),
                _ => bail!("{name} is of a kind that is not expected"),
            }
            .with_context(|| format!("the kernel does not take {name}"))?;
        }
        for (name, size) in SIZES {
            let Some(Map::Array(map) | Map::PerCpuArray(map)) = ebpf.map(name) else {
                bail!("there is no array {name}");
            };
            let theirs = map.info()?.value_size() as usize;
            ensure!(
                theirs == size,
                "a value of {name} has {theirs} bytes, and netmon's {size}"
            );
        }
        let mut map = |name: &str| {
            ebpf.take_map(name)
                .with_context(|| format!("there is no map {name}"))
        };
        for (free, places) in [
            ("C_DEST_FREE", limits::DESTINATIONS),
            ("C_SERVICE_FREE", limits::SERVICES),
            ("C_LATENCY_FREE", limits::LATENCY_SERVERS),
        ] {
            let mut free = Queue::try_from(map(free)?)?;
            (0..places).try_for_each(|place| free.push(place, 0))?;
        }
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
        self.find("noop", hook.kind())
    }

    /// Attaches those that do nothing where processes call, at this control group and all below it, until what is given back is
    /// dropped.
    pub fn attach_noops(&mut self, group: &File) -> Result<Vec<CgroupSockAddrLink>> {
        let mut links = Vec::new();
        for (_name, program) in self.0.programs_mut() {
            if let Program::CgroupSockAddr(program) = program {
                let link = program.attach(group, CgroupAttachMode::Single)?;
                links.push(program.take_link(link)?);
            }
        }
        Ok(links)
    }

    /// The one that counts in C.
    pub fn counting(&self, hook: Hook) -> Result<Runner<'_>> {
        self.find("reference", hook.name())
    }

    /// The one that counts in C, and follows exchanges by the same table as netmon.
    pub fn tracking(&self, hook: Hook) -> Result<Runner<'_>> {
        self.find("table", hook.name())
    }

    /// Of both the one that does what netmon does with these settings.
    pub fn same(&self, tracking: bool, hook: Hook) -> Result<Runner<'_>> {
        if tracking {
            self.tracking(hook)
        } else {
            self.counting(hook)
        }
    }

    /// The one that counts in C, and follows exchanges by a table that drops the least recently used.
    pub fn following(&self, hook: Hook) -> Result<Runner<'_>> {
        self.find("lru", hook.name())
    }

    /// The one that changes a packet and hands it on.
    pub fn varying(&self, vary: Vary, hook: Hook) -> Result<Runner<'_>> {
        match vary {
            Vary::Destinations(_) => self.find("destinations", hook.kind()),
            Vary::Exchanges(..) => self.find("exchanges", hook.kind()),
            Vary::Quoted(_) => self.find("quoted", hook.kind()),
        }
    }

    fn find(&self, what: &str, hook: &str) -> Result<Runner<'_>> {
        let name = format!("{what}_{hook}");
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
