//! Maps that are full: one that forgets what was written longest ago, and how to make room in any other.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use foldhash::fast::RandomState;

/// How many entries a hash table of so many places may hold for ever while some come and others go: beyond half of what it can be filled
/// with, the marks of those that are gone would make it twice as large (hashbrown fills 7 of 8 places). One more comes before one goes.
pub const fn lasting(places: usize) -> usize {
    places / 16 * 7 - 2
}

/// A map of at most so many entries.
#[derive(Debug)]
pub struct Bounded<K, V> {
    entries: HashMap<K, Entry<V>, RandomState>,
    /// Keys in the order they were written, each with when; a key that was written again since is skipped.
    order: VecDeque<(K, u64)>,
    capacity: usize,
    writes: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    written: u64,
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    /// An empty map. It takes memory as it fills.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::default(),
            order: VecDeque::new(),
            capacity,
            writes: 0,
        }
    }

    /// Writes an entry; gives the one that had to be forgotten for it.
    pub fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        let written = self.write(key);
        self.entries.insert(key, Entry { value, written });
        if self.entries.len() > self.capacity {
            self.forget_oldest()
        } else {
            None
        }
    }

    /// The entry of this key, written again as it is, to change; an empty one where there was none.
    pub fn renew(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let written = self.write(key);
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.forget_oldest();
        }
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            value: V::default(),
            written,
        });
        entry.written = written;
        &mut entry.value
    }

    /// Notes that a key is written: when that is.
    fn write(&mut self, key: K) -> u64 {
        if self.order.len() >= 2 * self.capacity {
            let entries = &self.entries;
            self.order
                .retain(|(key, written)| entries.get(key).is_some_and(|entry| entry.written == *written));
        }
        self.writes += 1;
        self.order.push_back((key, self.writes));
        self.writes
    }

    /// The entry of this key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The entry of this key, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Takes the entry of this key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|entry| entry.value)
    }

    fn forget_oldest(&mut self) -> Option<(K, V)> {
        while let Some((key, written)) = self.order.pop_front() {
            if self
                .entries
                .get(&key)
                .is_some_and(|entry| entry.written == written)
            {
                return self.remove(&key).map(|value| (key, value));
            }
        }
        None
    }
}

/// Makes room in a map that is full, at most once a second: to look at all entries takes its time.
#[derive(Debug, Default)]
pub struct Thinner {
    /// In which second it last did.
    looked_at: u64,
}

impl Thinner {
    /// Whether an entry of this key is among at most so many, or may become one; if need be, those go that need not stay.
    pub fn has_room<K: Eq + Hash, V>(
        &mut self,
        map: &mut HashMap<K, V, RandomState>,
        capacity: usize,
        key: &K,
        second: u64,
        stays: impl Fn(&V) -> bool,
    ) -> bool {
        if map.len() < capacity || map.contains_key(key) {
            return true;
        }
        if self.looked_at == second {
            return false;
        }
        self.looked_at = second;
        map.retain(|_, value| stays(value));
        map.len() < capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_written_longest_ago_is_forgotten() {
        let mut map = Bounded::new(2);
        assert_eq!(map.insert("a", 1), None);
        assert_eq!(map.insert("b", 2), None);
        assert_eq!(map.insert("a", 3), None);
        assert_eq!(map.insert("c", 4), Some(("b", 2)));
        assert_eq!(
            (map.get(&"a"), map.get(&"b"), map.get(&"c")),
            (Some(&3), None, Some(&4))
        );
    }

    #[test]
    fn a_table_of_lasting_size_does_not_grow_by_what_has_gone() {
        const PLACES: usize = 1_024;
        let mut map = Bounded::new(lasting(PLACES));
        for key in 0..100 * PLACES {
            map.insert(key, ());
        }
        assert_eq!(map.entries.len(), lasting(PLACES));
        assert!(map.entries.capacity() < PLACES, "{}", map.entries.capacity());
    }

    #[test]
    fn an_entry_that_is_renewed_is_kept_and_a_new_one_is_empty() {
        let mut map = Bounded::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            *map.renew(key) += value;
        }
        assert_eq!(
            (map.get(&"a"), map.get(&"b"), map.get(&"c")),
            (Some(&4), None, Some(&4))
        );
    }

    #[test]
    fn writing_one_key_again_and_again_takes_no_memory() {
        let mut map = Bounded::new(10);
        for value in 0..10_000 {
            map.insert(value % 3, value);
        }
        assert!(map.order.len() <= 20);
        assert_eq!(map.get(&2), Some(&9_998));
    }

    #[test]
    fn a_full_map_is_thinned_once_a_second() {
        let mut thinner = Thinner::default();
        let mut map: HashMap<&str, u32, RandomState> = HashMap::default();
        for (key, value, second, room) in [
            ("a", 1, 1, true),
            ("b", 2, 1, true),
            // Full, but it is in it.
            ("a", 3, 1, true),
            // `b` goes.
            ("c", 4, 1, true),
            ("d", 5, 1, false),
            // All stay.
            ("d", 5, 2, false),
        ] {
            let has_room = thinner.has_room(&mut map, 2, &key, second, |value| *value > 2);
            assert_eq!(has_room, room, "{key} in second {second}");
            if has_room {
                map.insert(key, value);
            }
        }
        let mut left: Vec<_> = map.into_iter().collect();
        left.sort_unstable();
        assert_eq!(left, [("a", 3), ("c", 4)]);
    }
}
