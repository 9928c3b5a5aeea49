//! The names of metrics: those that are told are those that are documented, and those that rules and dashboard ask
//! for.

use netmon::model::Happened;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sample;
use crate::served::Served;
use crate::support::http::get;
use crate::text::{Family, families, samples};

/// A file of the workspace.
pub fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace(path)).unwrap()
}

/// Metrics with something of everything.
fn everything() -> String {
    let served = Served::attached(sample::counted(3), 2);
    served.incident(Happened::Opened, &sample::incident());
    served.incident(Happened::Opened, &sample::explained());
    served.order(|metrics| metrics.set_names(&sample::names()));
    get(served.address(), "/metrics").body
}

/// The rows of the tables in docs/metrics.md: name, type, labels, meaning.
fn documented() -> BTreeSet<Family> {
    let text = read("docs/metrics.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `netmon_"));
    let families = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = format!("netmon_{}", cells[0].trim_end_matches('`'));
        let labels = cells[2].split(',').map(|label| label.trim().trim_matches('`'));
        let labels = labels
            .filter(|label| !label.is_empty())
            .map(str::to_owned)
            .collect();
        assert!(cells[3].len() > 10, "no word about {name}");
        (name, cells[1].to_owned(), labels)
    });
    families.collect()
}

#[test]
fn the_metrics_that_are_told_are_those_that_are_documented() {
    let (told, documented) = (families(&everything()), documented());
    assert!(told.len() > 20, "{told:#?}");
    let undocumented: Vec<&Family> = told.difference(&documented).collect();
    let gone: Vec<&Family> = documented.difference(&told).collect();
    assert!(
        undocumented.is_empty() && gone.is_empty(),
        "told, and not in docs/metrics.md: {undocumented:#?}\nin docs/metrics.md, and not told: {gone:#?}"
    );
}

/// The words of a query that name metrics of ours, those that rules record included.
fn names(promql: &str) -> impl Iterator<Item = String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = promql.split(move |c| !is_part(c)).map(str::to_owned);
    words.filter(|word| word.starts_with("netmon_") || word.contains(":netmon_"))
}

/// The names that can be asked for: of samples, of gauges that have none now, and of what the rules record.
fn known(body: &str) -> BTreeSet<String> {
    let recorded = read("deploy/prometheus/netmon.rules.yml");
    let recorded = recorded
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- record: "));
    let told = samples(body).into_iter().map(|sample| sample.name);
    let gauges = body
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" gauge"));
    told.chain(recorded.chain(gauges).map(str::to_owned)).collect()
}

/// All queries of the dashboard: of panels, of annotations, of variables.
fn queries(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(query) if name == "expr" || name == "definition" => found.push(query.to_owned()),
                    _ => queries(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

/// Insists that rules and dashboard ask only for what is there.
pub fn assert_asked_names_exist(body: &str) {
    let known = known(body);
    let mut asked = Vec::new();
    queries(
        &serde_json::from_str(&read("deploy/prometheus/grafana-dashboard.json")).unwrap(),
        &mut asked,
    );
    assert!(asked.len() > 30, "{asked:#?}");
    asked.push(read("deploy/prometheus/netmon.rules.yml"));
    let unknown: BTreeSet<String> = asked
        .iter()
        .flat_map(|query| names(query))
        .filter(|name| !known.contains(name))
        .collect();
    assert!(unknown.is_empty(), "asked for, and never told: {unknown:#?}");
}

#[test]
fn rules_and_dashboard_ask_only_for_metrics_that_are_told() {
    assert_asked_names_exist(&everything());
}

#[test]
fn the_dashboard_shows_every_metric_and_every_panel_says_what_it_is() {
    let dashboard: Value = serde_json::from_str(&read("deploy/prometheus/grafana-dashboard.json")).unwrap();
    let mut asked = Vec::new();
    queries(&dashboard, &mut asked);
    asked.push(read("deploy/prometheus/netmon.rules.yml"));
    let asked: BTreeSet<String> = asked.iter().flat_map(|query| names(query)).collect();
    for name in samples(&everything()).into_iter().map(|sample| sample.name) {
        assert!(asked.contains(&name), "nobody looks at {name}");
    }
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids: Vec<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), panels.len());
    for panel in panels {
        assert!(
            panel["title"].as_str().is_some_and(|title| !title.is_empty()),
            "{panel:#}"
        );
        let is_row = panel["type"] == "row";
        assert!(
            is_row || !panel["targets"].as_array().unwrap().is_empty(),
            "{panel:#}"
        );
    }
}
