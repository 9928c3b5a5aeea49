//! The right name that is nearest to a wrong one.

/// The candidate that was probably meant, if one is near: by its whole path, or by its last word, so that a key
/// in the wrong table is found too. Of equally near ones the first is taken.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = candidates
        .into_iter()
        .map(|candidate| (distance(wrong, candidate), candidate));
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= tolerated(wrong)).then_some(candidate)
}

/// Letters that are wrong, missing, too many or exchanged. One word for both kinds of joint.
fn distance(wrong: &str, candidate: &str) -> usize {
    let wrong = wrong.replace('_', "-").to_lowercase();
    let candidate = candidate.replace('_', "-");
    let whole = strsim::damerau_levenshtein(&wrong, &candidate);
    let last = strsim::damerau_levenshtein(last_word(&wrong), last_word(&candidate));
    // Equal in the last word only is worth a little less.
    (2 * whole).min(2 * last + 1)
}

/// A third of the letters.
fn tolerated(wrong: &str) -> usize {
    2 * (last_word(wrong).chars().count() / 3).max(1) + 1
}

fn last_word(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_nothing_where_nothing_is_near() {
        const KEYS: [&str; 6] = [
            "interface",
            "interval",
            "log-level",
            "thresholds.down_window",
            "notify.webhook.url",
            "notify.webhook.timeout",
        ];
        for (wrong, right) in [
            ("interfaces", Some("interface")),
            ("intervall", Some("interval")),
            ("loglevel", Some("log-level")),
            ("log_level", Some("log-level")),
            ("Log-Level", Some("log-level")),
            ("url", Some("notify.webhook.url")),
            ("down-window", Some("thresholds.down_window")),
            ("notify.webhook.timeuot", Some("notify.webhook.timeout")),
            ("notify.url", Some("notify.webhook.url")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(wrong, KEYS), right, "{wrong}");
        }
    }
}
