//! An array map as memory (`BPF_F_MMAPABLE`): what the programs count is read without a system call.
//!
//! Programs write to it at any time. So there is no reference into it: all is read and written word by word, each word at once.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::ptr::NonNull;

use aya::Pod;
use aya::maps::{Map, MapData};

use super::super::error::KernelError;

/// What words are as wide as.
const WORD: usize = size_of::<u64>();

/// The entries of an array map.
#[derive(Debug)]
pub(in super::super) struct Mapped {
    start: NonNull<u8>,
    len: usize,
    /// Bytes of an entry.
    size: usize,
    entries: u32,
}

// SAFETY: the memory belongs to the kernel, and whoever has this reads and writes single words of it.
unsafe impl Send for Mapped {}

impl Mapped {
    /// Maps an array, to read and to write.
    pub fn open(map: Map, name: &'static str) -> Result<Self, KernelError> {
        let Map::Array(map) = map else {
            return Err(KernelError::Map {
                what: "open",
                map: name,
                reason: "it is of another type".to_owned(),
            });
        };
        Self::of(&map, name)
    }

    fn of(map: &MapData, name: &'static str) -> Result<Self, KernelError> {
        let info = map
            .info()
            .map_err(|error| KernelError::map("open", name, error))?;
        // As the kernel lays an array out (`array_map_alloc` in kernel/bpf/arraymap.c).
        let size = (info.value_size() as usize).next_multiple_of(WORD);
        let len = size * info.max_entries() as usize;
        // SAFETY: a new mapping, wherever there is room, of a map that is open.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.fd().as_fd().as_raw_fd(),
                0,
            )
        };
        let failed = || KernelError::Map {
            what: "map",
            map: name,
            reason: std::io::Error::last_os_error().to_string(),
        };
        if start == libc::MAP_FAILED {
            return Err(failed());
        }
        Ok(Self {
            start: NonNull::new(start.cast()).ok_or_else(failed)?,
            len,
            size,
            entries: info.max_entries(),
        })
    }

    /// How many entries there are.
    pub const fn entries(&self) -> u32 {
        self.entries
    }

    /// Where `bytes` bytes of an entry are, from `offset` on.
    fn at(&self, entry: u32, offset: usize, bytes: usize) -> Option<*mut u8> {
        if entry >= self.entries || offset + bytes > self.size {
            return None;
        }
        let place = entry as usize * self.size + offset;
        // SAFETY: it lies inside.
        Some(unsafe { self.start.as_ptr().add(place) })
    }

    /// What stands there; `None` beyond the end. Aligned to its size, which is that of a word or a part of it.
    pub fn word<T: Pod>(&self, entry: u32, offset: usize) -> Option<T> {
        const { assert!(size_of::<T>() <= WORD && align_of::<T>() <= size_of::<T>()) };
        let at = self.at(entry, offset, size_of::<T>())?;
        // SAFETY: it is inside, and aligned: entries are multiples of a word. Volatile, because programs write meanwhile.
        Some(unsafe { at.cast::<T>().read_volatile() })
    }

    /// Writes it.
    pub fn set_word<T: Pod>(&self, entry: u32, offset: usize, value: T) {
        const { assert!(size_of::<T>() <= WORD && align_of::<T>() <= size_of::<T>()) };
        if let Some(at) = self.at(entry, offset, size_of::<T>()) {
            // SAFETY: as above.
            unsafe { at.cast::<T>().write_volatile(value) };
        }
    }

    /// A record at that offset, word by word: its words may be of different moments.
    pub fn read<T: Pod>(&self, entry: u32, offset: usize) -> Option<T> {
        const { assert!(size_of::<T>().is_multiple_of(WORD) || align_of::<T>() < WORD) };
        // SAFETY: zeros are a value of it.
        let mut record: T = unsafe { std::mem::zeroed() };
        let to = (&raw mut record).cast::<u8>();
        self.at(entry, offset, size_of::<T>())?;
        let (step, words) = steps::<T>();
        for place in (0..words).map(|word| word * step) {
            // SAFETY: both are inside; where the step is a word, both are aligned to it.
            unsafe {
                if step == WORD {
                    to.add(place)
                        .cast::<u64>()
                        .write_unaligned(self.word(entry, offset + place)?);
                } else {
                    to.add(place)
                        .cast::<u32>()
                        .write_unaligned(self.word(entry, offset + place)?);
                }
            }
        }
        Some(record)
    }

    /// Writes one.
    pub fn write<T: Pod>(&self, entry: u32, offset: usize, record: &T) {
        let from = std::ptr::from_ref(record).cast::<u8>();
        let (step, words) = steps::<T>();
        for place in (0..words).map(|word| word * step) {
            // SAFETY: it is inside.
            unsafe {
                if step == WORD {
                    self.set_word(
                        entry,
                        offset + place,
                        from.add(place).cast::<u64>().read_unaligned(),
                    );
                } else {
                    self.set_word(
                        entry,
                        offset + place,
                        from.add(place).cast::<u32>().read_unaligned(),
                    );
                }
            }
        }
    }

    /// Sets an entry to zeros.
    pub fn clear(&self, entry: u32) {
        for offset in (0..self.size).step_by(WORD) {
            self.set_word(entry, offset, 0_u64);
        }
    }
}

/// By what a record is read and written, and how often.
const fn steps<T>() -> (usize, usize) {
    if size_of::<T>().is_multiple_of(WORD) {
        (WORD, size_of::<T>() / WORD)
    } else {
        (size_of::<u32>(), size_of::<T>() / size_of::<u32>())
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped by `of`, and nothing refers to it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
