//! Reads metrics in Prometheus text, as far as netmon writes it.

use std::collections::{BTreeMap, BTreeSet};

/// One line with a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The name, suffixes included.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The value, as it stands there.
    pub value: String,
}

/// All samples, in order. No value of a label of ours has a quote in it.
pub fn samples(body: &str) -> Vec<Sample> {
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    lines.map(sample).collect()
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap();
    let labels = labels.split_terminator("\",").filter(|label| !label.is_empty());
    Sample {
        name: name.to_owned(),
        labels: labels
            .map(|label| {
                let (key, value) = label.split_once("=\"").unwrap();
                (key.to_owned(), value.trim_end_matches('"').to_owned())
            })
            .collect(),
        value: value.to_owned(),
    }
}

/// A metric: its name, its type, its labels but those of buckets.
pub type Family = (String, String, BTreeSet<String>);

/// All that are announced by a `TYPE` line.
pub fn families(body: &str) -> BTreeSet<Family> {
    let samples = samples(body);
    let types = body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families = types.map(|line| {
        let (name, kind) = line.split_once(' ').unwrap();
        let suffixes: &[&str] = if kind == "histogram" {
            &["_bucket", "_sum", "_count"]
        } else {
            &[""]
        };
        let of_family = |sample: &&Sample| {
            suffixes
                .iter()
                .any(|suffix| sample.name == format!("{name}{suffix}"))
        };
        let labels = samples
            .iter()
            .filter(of_family)
            .flat_map(|sample| sample.labels.keys());
        let labels = labels.filter(|label| *label != "le").cloned().collect();
        (name.to_owned(), kind.to_owned(), labels)
    });
    families.collect()
}
