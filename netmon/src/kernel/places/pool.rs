//! The places of one kind: the index by which programs find them, the queues of the free ones, who has which, and the counters.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::mem::offset_of;
use std::ops::Range;
use std::sync::atomic::{Ordering, fence};

use aya::Pod;
use aya::maps::{Map, MapData, Queue};
use foldhash::fast::RandomState;
use netmon_common::records::{NO_PLACE, Owner};

use super::super::error::KernelError;
use super::super::table::Table;
use super::mapped::Mapped;

/// The maps of one kind.
#[derive(Debug)]
pub(in crate::kernel) struct Names {
    pub index: &'static str,
    /// Each with the part of the places that is its own: one of so many. The last one has the rest.
    pub free: &'static [(&'static str, u32)],
    pub owners: &'static str,
    /// With one entry of each CPU for a place.
    pub counts: &'static str,
    /// With one entry for a place.
    pub state: Option<&'static str>,
}

/// The places of one kind.
pub(in crate::kernel) struct Pool<K> {
    names: &'static Names,
    index: Table<K>,
    owners: Mapped,
    counts: Mapped,
    state: Option<Mapped>,
    /// How many CPUs have entries.
    cpus: u32,
    /// Where keys were found: to ask the kernel takes longer.
    found: HashMap<K, u32, RandomState>,
    /// How many places each queue has: the first ones have the first places.
    shares: Vec<u32>,
    /// Empty where places are only read.
    free: Vec<Queue<MapData, u32>>,
}

impl<K> fmt::Debug for Pool<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.fmt(f)
    }
}

/// A place, and who has it.
pub(in crate::kernel) type Held<K> = (u32, K);

impl<K: Pod + Eq + Hash> Pool<K> {
    /// Opens the maps, to read what is in them.
    pub fn open(
        names: &'static Names,
        map: &mut impl FnMut(&'static str) -> Result<Map, KernelError>,
    ) -> Result<Self, KernelError> {
        let owners = Mapped::open(map(names.owners)?, names.owners)?;
        let counts = Mapped::open(map(names.counts)?, names.counts)?;
        let state = names
            .state
            .map(|name| Mapped::open(map(name)?, name))
            .transpose()?;
        Ok(Self {
            names,
            index: Table::open(map(names.index)?, names.index)?,
            cpus: counts.entries() / owners.entries().max(1),
            shares: shares(names.free, owners.entries()),
            owners,
            counts,
            state,
            found: HashMap::default(),
            free: Vec::new(),
        })
    }

    /// Opens the queues too, to give places back.
    pub fn open_free(
        &mut self,
        map: &mut impl FnMut(&'static str) -> Result<Map, KernelError>,
    ) -> Result<(), KernelError> {
        for (name, _share) in self.names.free {
            let queue = Queue::try_from(map(name)?);
            self.free
                .push(queue.map_err(|error| KernelError::map("open", name, error))?);
        }
        Ok(())
    }

    /// How many places there are.
    pub const fn capacity(&self) -> u32 {
        self.owners.entries()
    }

    /// The places of each queue.
    pub fn parts(&self) -> impl Iterator<Item = Range<u32>> {
        self.shares.iter().scan(0, |end, share| {
            let start = *end;
            *end += share;
            Some(start..*end)
        })
    }

    /// Which queue a place belongs to.
    fn queue(&self, place: u32) -> usize {
        self.parts().take_while(|part| place >= part.end).count()
    }

    fn state(&self, place: u32) -> u64 {
        let state = self.owners.word(place, offset_of!(Owner<K>, state));
        fence(Ordering::Acquire);
        state.unwrap_or(Owner::<K>::FREE)
    }

    fn set_state(&self, place: u32, state: u64) {
        fence(Ordering::SeqCst);
        self.owners.set_word(place, offset_of!(Owner<K>, state), state);
        fence(Ordering::SeqCst);
    }

    fn owner(&self, place: u32) -> Option<K> {
        self.owners.read(place, offset_of!(Owner<K>, key))
    }

    /// All whose state is so, each with its state.
    fn those(&self, is_so: impl Fn(u64) -> bool) -> impl Iterator<Item = (u64, Held<K>)> {
        (0..self.capacity()).filter_map(move |place| {
            let state = self.state(place);
            let owner = is_so(state).then(|| self.owner(place))?;
            Some((state, (place, owner?)))
        })
    }

    /// Whether somebody has that place, and stays.
    pub fn is_taken(&self, place: u32) -> bool {
        self.state(place) == Owner::<K>::TAKEN
    }

    /// Who has that place, and stays.
    pub fn taker(&self, place: u32) -> Option<K> {
        self.is_taken(place).then(|| self.owner(place))?
    }

    /// All that are taken, with those that retire and are not in the sums of `batch` yet.
    pub fn held(&self, batch: u64) -> impl Iterator<Item = Held<K>> {
        let is_held =
            move |state| state == Owner::<K>::TAKEN || state > batch && state >= Owner::<K>::FIRST_BATCH;
        self.those(is_held).map(|(_state, held)| held)
    }

    /// All that are taken and stay.
    pub fn taken(&self) -> impl Iterator<Item = Held<K>> {
        self.those(|state| state == Owner::<K>::TAKEN)
            .map(|(_state, held)| held)
    }

    /// Those that an earlier netmon began to retire, each with its batch.
    pub fn leaving(&self) -> Vec<(u64, Held<K>)> {
        self.those(|state| state >= Owner::<K>::FIRST_BATCH).collect()
    }

    /// Where the index has it.
    pub fn find(&mut self, key: K) -> Result<Option<u32>, KernelError> {
        let place = self.index.get(key)?;
        Ok(place
            .and_then(|place| u32::try_from(place).ok())
            .filter(|place| *place != NO_PLACE))
    }

    /// The place of one that stays: where it was found before, or where the index has it.
    pub fn locate(&mut self, key: K) -> Result<Option<u32>, KernelError> {
        let before = self.found.get(&key).copied();
        if before.and_then(|place| self.taker(place)) == Some(key) {
            return Ok(before);
        }
        let place = self.find(key)?;
        match place {
            Some(place) => self.found.insert(key, place),
            None => self.found.remove(&key),
        };
        Ok(place)
    }

    /// It has lost its place.
    pub fn forget(&mut self, key: K) {
        self.found.remove(&key);
    }

    /// Each CPU's entry of a place.
    pub fn entries(&self, place: u32) -> impl Iterator<Item = u32> + use<K> {
        let places = self.capacity();
        (0..self.cpus).map(move |cpu| cpu * places + place)
    }

    /// What CPUs have counted in their entries.
    pub fn sum<T: Pod>(&self, entries: impl Iterator<Item = u32>, zero: T, merge: impl Fn(&mut T, &T)) -> T {
        let each = entries.filter_map(|entry| self.counts.read::<T>(entry, 0));
        each.fold(zero, |mut sum, one| {
            merge(&mut sum, &one);
            sum
        })
    }

    /// The counters.
    pub const fn counts(&self) -> &Mapped {
        &self.counts
    }

    /// The sum of a word of each CPU's entry that comes round.
    pub fn changes(&self, place: u32, offset: usize) -> u32 {
        self.entries(place).fold(0, |sum: u32, entry| {
            sum.wrapping_add(self.counts.word(entry, offset).unwrap_or(0))
        })
    }

    /// Writes down that these retire.
    pub fn mark(&self, leaving: &[Held<K>], batch: u64) {
        for (place, _key) in leaving {
            self.set_state(*place, batch);
        }
    }

    /// Removes them from the index: no program finds them from now on.
    pub fn remove(&mut self, leaving: &[Held<K>]) -> Result<(), KernelError> {
        let keys: Vec<K> = leaving.iter().map(|(_place, key)| *key).collect();
        self.index.remove_all(&keys)
    }

    /// The same for those that an earlier netmon began to retire: one that it removed may have come again, and have another place.
    pub fn remove_if_there(&mut self, leaving: &[Held<K>]) -> Result<(), KernelError> {
        for (place, key) in leaving {
            if self.find(*key)? == Some(*place) {
                self.index.remove(*key)?;
            }
        }
        Ok(())
    }

    /// Sets their counters to zeros, and gives their places back.
    pub fn release(&mut self, leaving: &[Held<K>]) -> Result<(), KernelError> {
        for (place, _key) in leaving {
            for entry in self.entries(*place) {
                self.counts.clear(entry);
            }
            if let Some(state) = &self.state {
                state.clear(*place);
            }
            self.set_state(*place, Owner::<K>::FREE);
            self.push(*place)?;
        }
        Ok(())
    }

    /// Gives the key a free place, if it has none: one of the rest, or else of a part of its own. Whether it has one now.
    pub fn give(&mut self, key: K) -> Result<bool, KernelError> {
        if self.find(key)?.is_some() {
            return Ok(true);
        }
        for queue in (0..self.free.len()).rev() {
            let Some(place) = self.pop(queue)? else { continue };
            self.owners.write(place, offset_of!(Owner<K>, key), &key);
            self.set_state(place, Owner::<K>::TAKEN);
            if !self.index.insert_new(key, place.into())? {
                // A program was first.
                self.set_state(place, Owner::<K>::FREE);
                self.push(place)?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn pop(&mut self, queue: usize) -> Result<Option<u32>, KernelError> {
        let Some((free, (name, _share))) = self.free.get_mut(queue).zip(self.names.free.get(queue)) else {
            return Ok(None);
        };
        match free.pop(0) {
            Ok(place) => Ok(Some(place)),
            Err(aya::maps::MapError::ElementNotFound) => Ok(None),
            Err(error) => Err(KernelError::map("read", name, error)),
        }
    }

    fn push(&mut self, place: u32) -> Result<(), KernelError> {
        let queue = self.queue(place);
        let (Some(free), Some((name, _share))) = (self.free.get_mut(queue), self.names.free.get(queue))
        else {
            return Ok(());
        };
        free.push(place, 0)
            .map_err(|error| KernelError::map("write", name, error))
    }

    /// Takes all free places out of the queues.
    pub fn drain(&mut self) -> Result<(), KernelError> {
        for queue in 0..self.free.len() {
            while self.pop(queue)?.is_some() {}
        }
        Ok(())
    }

    /// Puts all places that the index does not have into the queues, which are empty.
    pub fn fill(&mut self) -> Result<(), KernelError> {
        let mut is_used = vec![false; self.capacity() as usize];
        self.index.each(|_key, place| {
            let place = usize::try_from(place).ok();
            if let Some(used) = place.and_then(|place| is_used.get_mut(place)) {
                *used = true;
            }
        })?;
        for (place, is_used) in (0..).zip(is_used) {
            if !is_used {
                self.set_state(place, Owner::<K>::FREE);
                self.push(place)?;
            }
        }
        Ok(())
    }
}

/// How the places are shared by queues, each with its part: one of so many, and the rest for 1.
fn shares(queues: &[(&str, u32)], places: u32) -> Vec<u32> {
    let mut left = places;
    let share = |(_name, part): &(&str, u32)| {
        let share = if *part == 1 { left } else { places / part };
        left -= share;
        share
    };
    queues.iter().map(share).collect()
}
