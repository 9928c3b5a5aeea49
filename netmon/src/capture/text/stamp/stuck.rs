//! Time stamps to which something is stuck: what `grep -n` and log collectors put in front, and line ends that got lost.

use super::super::grammar::endpoint::is_mac;
use super::{FIRST_EPOCH, read_seconds, read_time};
use crate::time::SECOND_NS;

/// A word that ends with a time to which something is stuck: what that is, and the time.
pub fn glued(word: &str) -> Option<(&str, &str)> {
    if is_mac(word) {
        return None;
    }
    glued_time(word).or_else(|| glued_seconds(word))
}

/// A time of day. It has two digits of hour where a digit stands in front of it.
fn glued_time(word: &str) -> Option<(&str, &str)> {
    let seconds = word.rfind(':')?;
    let minutes = word.get(..seconds)?.rfind(':')?;
    let hours = word.get(..minutes)?;
    let digits = hours.len() - hours.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (front, time) = word.split_at_checked(minutes - digits.min(2))?;
    // Only what tcpdump itself prints is known behind a letter or a digit.
    let whole = digits >= 2
        && time
            .split_once('.')
            .is_some_and(|(_, fraction)| fraction.len() >= 6);
    let marked = whole || !front.ends_with(|c: char| c.is_ascii_alphanumeric());
    (marked && !front.is_empty() && read_time(time).is_some()).then_some((front, time))
}

/// Seconds since 1970: they have had ten digits since 2001, and will until 2286.
fn glued_seconds(word: &str) -> Option<(&str, &str)> {
    const DIGITS: usize = 10;
    let (before, fraction) = word.rsplit_once('.')?;
    let place = before.len().checked_sub(DIGITS)?;
    let (front, time) = word.split_at_checked(place)?;
    let (nanos, _) = read_seconds(time)?;
    // tcpdump prints six digits, or nine.
    let whole = nanos >= FIRST_EPOCH * SECOND_NS && matches!(fraction.len(), 6 | 9);
    (whole && !front.is_empty() && !front.ends_with('.')).then_some((front, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_to_which_something_is_stuck_is_found() {
        for time in ["13:24:32.192571", "1732455872.192571", "1732455872.192571004"] {
            for front in [
                "1:",
                "12-",
                "a.log:",
                "a.log-12-",
                "\"",
                "'",
                "[",
                "(",
                "+",
                "#",
                "|",
                "(24)",
                "length",
            ] {
                let word = format!("{front}{time}");
                assert_eq!(glued(&word), Some((front, time)), "{word}");
            }
        }
        for word in [
            "13:24:32.192571",
            "1732455872.192571",
            "1:1732455872.19257",
            "1:0000000872.192571",
            "192.0.1732455872.192571",
            "1:173245587.192571",
            "02:00:00:00:00:01",
        ] {
            assert_eq!(glued(word), None, "{word}");
        }
    }
}
