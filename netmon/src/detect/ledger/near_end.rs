//! Looks in an ordered queue for what is nearly always among its last.

use std::collections::VecDeque;

/// How many of the last are looked at one by one.
const NEAR: usize = 3;

/// As [`VecDeque::partition_point`], from the end: a search by halves looks all over the memory, and a thousand services have a
/// thousand queues.
pub(super) fn place<T>(queue: &VecDeque<T>, is_before: impl Fn(&T) -> bool) -> usize {
    let near = queue.iter().rev().take(NEAR).position(&is_before);
    match near {
        Some(behind) => queue.len() - behind,
        None if queue.len() <= NEAR => 0,
        None => queue.partition_point(is_before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_partition_point() {
        for len in 0..8 {
            let queue: VecDeque<u32> = (0..len).collect();
            for wanted in 0..10 {
                let expected = queue.partition_point(|known| *known < wanted);
                assert_eq!(
                    place(&queue, |known| *known < wanted),
                    expected,
                    "{wanted} of {len}"
                );
            }
        }
    }
}
