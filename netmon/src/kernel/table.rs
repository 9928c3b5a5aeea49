//! A hash map, read and written by the system calls themselves. aya does not wrap `BPF_MAP_LOOKUP_BATCH` and
//! `BPF_MAP_DELETE_BATCH` (Linux 5.6), by which an entry takes a fraction of the time.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};

use aya::Pod;
use aya::maps::{Map, MapData, MapError};

use super::error::KernelError;

/// `enum bpf_cmd` in `include/uapi/linux/bpf.h`.
const BPF_MAP_LOOKUP_ELEM: libc::c_long = 1;
const BPF_MAP_UPDATE_ELEM: libc::c_long = 2;
const BPF_MAP_DELETE_ELEM: libc::c_long = 3;
const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;
const BPF_MAP_DELETE_BATCH: libc::c_long = 27;

/// An entry that is there stays as it is.
const BPF_NOEXIST: u64 = 1;

/// How many entries are read at once, at first. A hash bucket is never split; if one is larger, this grows.
const ENTRIES: usize = 1_024;

/// The member of `union bpf_attr` for one entry.
#[repr(C)]
#[derive(Default)]
struct Entry {
    map_fd: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// The member `batch` of `union bpf_attr`.
#[expect(clippy::struct_field_names, reason = "the kernel's names")]
#[repr(C)]
#[derive(Default)]
struct Batch {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

/// A hash map of 64-bit words, with buffers that are used again.
#[derive(Debug)]
pub(super) struct Table<K> {
    map: MapData,
    name: &'static str,
    keys: Vec<K>,
    values: Vec<u64>,
}

impl<K: Pod> Table<K> {
    /// Takes the map with this name.
    pub fn open(map: Map, name: &'static str) -> Result<Self, KernelError> {
        let Map::HashMap(map) = map else {
            return Err(KernelError::Map {
                what: "open",
                map: name,
                reason: "it is of another type".to_owned(),
            });
        };
        let mut table = Self {
            map,
            name,
            keys: Vec::new(),
            values: Vec::new(),
        };
        table.resize(ENTRIES);
        Ok(table)
    }

    fn resize(&mut self, entries: usize) {
        // SAFETY: any bytes are a key.
        self.keys.resize(entries, unsafe { std::mem::zeroed() });
        self.values.resize(entries, 0);
    }

    /// The value of one entry.
    pub fn get(&mut self, key: K) -> Result<Option<u64>, KernelError> {
        let mut value = 0_u64;
        let mut entry = Entry {
            map_fd: self.descriptor(),
            key: (&raw const key) as u64,
            value: (&raw mut value) as u64,
            ..Entry::default()
        };
        // SAFETY: the kernel reads the key and writes the value; both live until it returns.
        match unsafe { call(BPF_MAP_LOOKUP_ELEM, &mut entry) } {
            Ok(()) => Ok(Some(value)),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(error) => Err(self.error("read", error)),
        }
    }

    /// Removes an entry, if it is there.
    pub fn remove(&mut self, key: K) -> Result<(), KernelError> {
        let mut entry = Entry {
            map_fd: self.descriptor(),
            key: (&raw const key) as u64,
            ..Entry::default()
        };
        // SAFETY: the kernel reads the key, which lives until it returns.
        match unsafe { call(BPF_MAP_DELETE_ELEM, &mut entry) } {
            Err(error) if error.raw_os_error() != Some(libc::ENOENT) => {
                Err(self.error("remove an entry of", error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes these, as far as they are there.
    pub fn remove_all(&mut self, keys: &[K]) -> Result<(), KernelError> {
        let mut left = keys;
        while !left.is_empty() {
            let mut batch = Batch {
                keys: left.as_ptr() as u64,
                count: u32::try_from(left.len()).unwrap_or(u32::MAX),
                map_fd: self.descriptor(),
                ..Batch::default()
            };
            // SAFETY: the kernel reads `count` keys, which live until it returns.
            let result = unsafe { call(BPF_MAP_DELETE_BATCH, &mut batch) };
            let removed = usize::try_from(batch.count).unwrap_or(0);
            let missing = match result {
                Ok(()) => 0,
                // It stops at one that is not there, and says how many were before it.
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => 1,
                Err(error) => return Err(self.error("remove entries of", error)),
            };
            left = left.get(removed + missing..).unwrap_or_default();
        }
        Ok(())
    }

    /// Puts an entry in; `false` where the key has one.
    pub fn insert_new(&mut self, key: K, value: u64) -> Result<bool, KernelError> {
        let mut entry = Entry {
            map_fd: self.descriptor(),
            key: (&raw const key) as u64,
            value: (&raw const value) as u64,
            flags: BPF_NOEXIST,
            ..Entry::default()
        };
        // SAFETY: the kernel reads key and value, which live until it returns.
        match unsafe { call(BPF_MAP_UPDATE_ELEM, &mut entry) } {
            Ok(()) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(false),
            Err(error) => Err(self.error("write", error)),
        }
    }

    /// Calls `visit` with each key and its value.
    pub fn each(&mut self, mut visit: impl FnMut(K, u64)) -> Result<(), KernelError> {
        let mut position = 0_u32;
        let mut started = false;
        loop {
            let mut batch = Batch {
                in_batch: if started { (&raw const position) as u64 } else { 0 },
                out_batch: (&raw mut position) as u64,
                keys: self.keys.as_mut_ptr() as u64,
                values: self.values.as_mut_ptr() as u64,
                count: u32::try_from(self.keys.len()).unwrap_or(u32::MAX),
                map_fd: self.descriptor(),
                ..Batch::default()
            };
            // SAFETY: the kernel writes at most `count` keys and values, for which the buffers have room;
            // `in_batch` and `out_batch` are null or point to a `u32`, which hash maps use as a position. All of
            // them live until it returns.
            let error = unsafe { call(BPF_MAP_LOOKUP_BATCH, &mut batch) }.err();
            match error.as_ref().and_then(io::Error::raw_os_error) {
                // ENOENT: these are the last ones.
                None | Some(libc::ENOENT) => {}
                Some(libc::ENOSPC) => {
                    self.resize(self.keys.len() * 2);
                    continue;
                }
                Some(_) => return Err(self.error("read", error.unwrap_or_else(io::Error::last_os_error))),
            }
            let entries = self.keys.iter().zip(&self.values);
            for (key, value) in entries.take(usize::try_from(batch.count).unwrap_or(0)) {
                visit(*key, *value);
            }
            if error.is_some() {
                return Ok(());
            }
            started = true;
        }
    }

    fn descriptor(&self) -> u32 {
        self.map.fd().as_fd().as_raw_fd().cast_unsigned()
    }

    fn error(&self, what: &'static str, error: io::Error) -> KernelError {
        KernelError::map(what, self.name, MapError::IoError(error))
    }
}

/// Calls `bpf(2)`.
///
/// # Safety
/// The attributes are those of the command, and what they point to is valid for it.
pub(super) unsafe fn call<T>(command: libc::c_long, attributes: &mut T) -> io::Result<()> {
    // SAFETY: the caller vouches for it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_mut(attributes),
            size_of::<T>(),
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
