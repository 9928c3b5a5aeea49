//! The dashboard's queries, put to the Prometheus of the tests during an outage: each is understood, and each panel has data.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::programs::Programs;
use crate::shipped::shipped;

/// What Grafana puts in place of its variables.
const VARIABLES: [(&str, &str); 4] = [
    ("$__rate_interval", "1m"),
    ("$site", ".*"),
    ("$instance", ".*"),
    ("$server", ".*"),
];

/// Each panel with a query, and the queries.
fn panels() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(shipped("grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut panels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut waiting: Vec<&Value> = dashboard["panels"].as_array().unwrap().iter().collect();
    while let Some(panel) = waiting.pop() {
        waiting.extend(panel["panels"].as_array().into_iter().flatten());
        for target in panel["targets"].as_array().into_iter().flatten() {
            let mut query = target["expr"].as_str().unwrap().to_owned();
            for (variable, value) in VARIABLES {
                query = query.replace(variable, value);
            }
            assert!(!query.contains('$'), "{query}");
            let title = panel["title"].as_str().unwrap().to_owned();
            panels.entry(title).or_default().push(query);
        }
    }
    panels
}

/// Insists on data in every panel.
#[track_caller]
pub fn assert_data(programs: &Programs<'_>) {
    let panels = panels();
    assert!(panels.len() > 20, "{panels:#?}");
    let empty: Vec<&String> = panels
        .iter()
        // All are asked: what Prometheus does not understand, it refuses.
        .filter(|(_, queries)| {
            queries
                .iter()
                .map(|query| programs.query(query).len())
                .sum::<usize>()
                == 0
        })
        .map(|(title, _)| title)
        .collect();
    assert!(empty.is_empty(), "no data in {empty:#?}");
}
