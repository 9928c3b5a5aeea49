//! How pinned maps are laid out, so that a netmon never misreads those of another version.
//!
//! Two small maps are pinned beside the programs' own, made here: one says which layout it is, and its own form never
//! changes; the other keeps the random numbers of the table of traces, so that the traces of before are found by the
//! programs of now.

use std::path::Path;

use aya::Pod;
use aya::maps::{Array, Map, MapData, MapError, MapInfo};
use netmon_common::records::LAYOUT;
use netmon_common::trace;

use super::error::{KernelError, chain};

/// The file of the map that says which layout it is.
pub(super) const FILE: &str = "layout";
/// The file of the random numbers.
pub(super) const KEYS_FILE: &str = "keys";

/// The layout, and how many destinations the table holds.
type Words = [u32; 2];

/// The random numbers of the table of traces.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct TraceKeys(pub [u64; trace::KEYS]);

// SAFETY: integers only.
unsafe impl Pod for TraceKeys {}

/// Notes the layout down where nothing is pinned yet; `true` where something is, of this layout. Anything else is an
/// error.
pub(super) fn agree(path: &Path, destinations: u32) -> Result<bool, KernelError> {
    let ours: Words = [LAYOUT, destinations];
    let Some(theirs) = read::<Words>(path)? else {
        write(path, ours)?;
        return Ok(false);
    };
    if theirs == ours {
        return Ok(true);
    }
    let [their_layout, their_destinations] = theirs;
    let difference = if their_layout == LAYOUT {
        format!("a table of {their_destinations} destinations, and {destinations} were asked for")
    } else {
        format!("layout {their_layout}, and this netmon knows layout {LAYOUT} only")
    };
    Err(KernelError::OtherLayout {
        directory: path.parent().unwrap_or(path).to_owned(),
        difference,
    })
}

/// The random numbers that are pinned; where none are, these are.
pub(super) fn keep_keys(path: &Path, new: TraceKeys) -> Result<TraceKeys, KernelError> {
    if let Some(known) = read(path)? {
        return Ok(known);
    }
    write(path, new)?;
    Ok(new)
}

/// What the map that is pinned there holds; `None` if there is none.
fn read<V: Pod>(path: &Path) -> Result<Option<V>, KernelError> {
    if !path.exists() {
        return Ok(None);
    }
    let error = |error: &MapError| pin_error("read", path, error);
    let info = MapInfo::from_pin(path).map_err(|reason| error(&reason))?;
    let (key_size, value_size) = (info.key_size() as usize, info.value_size() as usize);
    if (key_size, value_size) != (size_of::<u32>(), size_of::<V>()) {
        return Err(KernelError::OtherLayout {
            directory: path.parent().unwrap_or(path).to_owned(),
            difference: format!("a map `{}` of another form", path.display()),
        });
    }
    let map = MapData::from_pin(path).map_err(|reason| error(&reason))?;
    let array: Array<MapData, V> = Map::Array(map).try_into().map_err(|reason| error(&reason))?;
    array.get(&0, 0).map(Some).map_err(|reason| error(&reason))
}

fn write<V: Pod>(path: &Path, value: V) -> Result<(), KernelError> {
    let mut array: Array<MapData, V> =
        Array::create(1, 0).map_err(|error| pin_error("make a map for", path, &error))?;
    // Before it can be found.
    array
        .set(0, value, 0)
        .map_err(|error| pin_error("write", path, &error))?;
    array.pin(path).map_err(|error| KernelError::Pin {
        what: "pin a map at",
        path: path.to_owned(),
        reason: chain(&error),
    })
}

fn pin_error(what: &'static str, path: &Path, error: &MapError) -> KernelError {
    KernelError::Pin {
        what,
        path: path.to_owned(),
        reason: chain(error),
    }
}
