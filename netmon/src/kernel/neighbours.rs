//! Which programs are attached to an interface, whoever's they are. Needs `CAP_SYS_ADMIN`, which nothing else in
//! netmon does.

use aya::maps::{MapInfo, MapType};
use aya::programs::{ProgramInfo, SchedClassifier, TcAttachType, loaded_programs};

use super::error::{KernelError, chain, is_not_permitted, os_error};

const LISTING: &str = "listing the programs in the kernel";

/// `BPF_PROG_TYPE_XDP` and `BPF_PROG_TYPE_EXT` in `include/uapi/linux/bpf.h`.
const XDP: u32 = 6;
const EXTENSION: u32 = 28;

/// A program in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: u32,
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Whether it is an extension of another program, which runs as a part of that.
    pub extends: bool,
    /// Whether it can hand packets to `AF_XDP` sockets: it has a map of such.
    pub has_sockets: bool,
}

/// The TCX programs of an interface (Linux 6.6), in their order: of what arrives, and of what leaves. Empty where
/// the kernel has no TCX.
pub fn tcx_programs(interface: &str) -> Result<[Vec<Known>; 2], KernelError> {
    let ask = |direction| match SchedClassifier::query_tcx(interface, direction) {
        Ok((_revision, programs)) => Ok(programs.iter().map(Known::of).collect()),
        Err(error) if is_not_permitted(&error) => Err(KernelError::NeedsRoot { what: LISTING }),
        Err(_) => Ok(Vec::new()),
    };
    Ok([ask(TcAttachType::Ingress)?, ask(TcAttachType::Egress)?])
}

/// All programs in the kernel.
pub fn all_programs() -> Result<Vec<Known>, KernelError> {
    Ok(loaded()?.iter().map(Known::of).collect())
}

/// The same, with all that the kernel says of them.
pub(super) fn loaded() -> Result<Vec<ProgramInfo>, KernelError> {
    loaded_programs()
        // One may be gone before it is looked at.
        .filter(|program| !matches!(program, Err(error) if os_error(error) == Some(libc::ENOENT)))
        .collect::<Result<_, _>>()
        .map_err(|error| {
            if is_not_permitted(&error) {
                KernelError::NeedsRoot { what: LISTING }
            } else {
                KernelError::System {
                    what: LISTING,
                    reason: chain(&error),
                }
            }
        })
}

impl Known {
    fn of(program: &ProgramInfo) -> Self {
        Self {
            id: program.id(),
            name: String::from_utf8_lossy(program.name()).into_owned(),
            extends: kind(program) == EXTENSION,
            has_sockets: has_sockets(program),
        }
    }
}

fn kind(program: &ProgramInfo) -> u32 {
    program.program_type() as u32
}

fn has_sockets(program: &ProgramInfo) -> bool {
    if !matches!(kind(program), XDP | EXTENSION) {
        return false;
    }
    let ids = program.map_ids().ok().flatten().unwrap_or_default();
    let mut kinds = ids
        .into_iter()
        .filter_map(|id| MapInfo::from_id(id).ok()?.map_type().ok());
    kinds.any(|kind| kind == MapType::XskMap)
}
