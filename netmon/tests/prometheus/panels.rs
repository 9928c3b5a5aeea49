//! The dashboard's queries, put to the Prometheus of the tests during an outage: each is understood, and has data.

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

/// Each query, with the title of its panel.
fn queries() -> Vec<(String, String)> {
    let text = fs::read_to_string(shipped("grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut queries = Vec::new();
    let mut waiting: Vec<&Value> = dashboard["panels"].as_array().unwrap().iter().collect();
    while let Some(panel) = waiting.pop() {
        waiting.extend(panel["panels"].as_array().into_iter().flatten());
        for target in panel["targets"].as_array().into_iter().flatten() {
            let mut query = target["expr"].as_str().unwrap().to_owned();
            for (variable, value) in VARIABLES {
                query = query.replace(variable, value);
            }
            assert!(!query.contains('$'), "{query}");
            queries.push((panel["title"].as_str().unwrap().to_owned(), query));
        }
    }
    queries
}

/// Insists on data for every query of every panel.
#[track_caller]
pub fn assert_data(programs: &Programs<'_>) {
    let queries = queries();
    assert!(queries.len() > 40, "{queries:#?}");
    let empty: Vec<_> = queries
        .iter()
        .filter(|(_, query)| programs.query(query).is_empty())
        .collect();
    assert!(empty.is_empty(), "no data for {empty:#?}");
}
