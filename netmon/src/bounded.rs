//! A map that forgets what was written longest ago when it is full.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use foldhash::fast::RandomState;

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
        self.writes += 1;
        let written = self.writes;
        self.entries.insert(key, Entry { value, written });
        self.order.push_back((key, written));
        if self.order.len() > 2 * self.capacity {
            let entries = &self.entries;
            self.order
                .retain(|(key, written)| entries.get(key).is_some_and(|entry| entry.written == *written));
        }
        if self.entries.len() > self.capacity {
            self.forget_oldest()
        } else {
            None
        }
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
    fn writing_one_key_again_and_again_takes_no_memory() {
        let mut map = Bounded::new(10);
        for value in 0..10_000 {
            map.insert(value % 3, value);
        }
        assert!(map.order.len() <= 20);
        assert_eq!(map.get(&2), Some(&9_998));
    }
}
