//! Inputs in the shapes in which people post them, one of each kind, with what is right of each (`cases/want.json`).
//!
//! `incidents` lists server, kind, first cause, queries and errors (all codes); what is null is not looked at. `warning` is
//! a word that must be among the warnings. `name` says that the server is a name.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::run::analyze;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/analyze/cases")
}

/// An incident as `want.json` has it.
fn in_short(incident: &Value) -> Vec<Value> {
    let errors: u64 = (incident["errors"].as_object().unwrap().values())
        .map(|count| count.as_u64().unwrap())
        .sum();
    vec![
        incident["server"].clone(),
        incident["kind"].clone(),
        incident["causes"][0]["cause"].clone(),
        incident["queries"].clone(),
        errors.into(),
    ]
}

#[test]
fn what_people_post_is_read() {
    let want: Value = serde_json::from_str(&fs::read_to_string(folder().join("want.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (file, want) in want.as_object().unwrap() {
        let path = folder().join(file);
        let run = analyze(["--format", "json", path.to_str().unwrap()]);
        let document: Value =
            serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{file}: {error}: {run:?}"));
        let incidents = document["incidents"].as_array().unwrap();
        let wanted = want["incidents"].as_array().unwrap();
        let fits = |(incident, wanted): (&Value, &Value)| {
            let wanted = wanted.as_array().unwrap();
            (in_short(incident).iter().zip(wanted)).all(|(is, wanted)| wanted.is_null() || is == wanted)
        };
        let warned = |word: &Value| {
            let mut warnings = document["warnings"].as_array().unwrap().iter();
            word.is_null() || warnings.any(|warning| warning["warning"] == *word)
        };
        let named = want["name"] == true;
        if incidents.len() != wanted.len()
            || !incidents.iter().zip(wanted).all(fits)
            || !warned(&want["warning"])
            || incidents
                .iter()
                .any(|incident| (incident["server_is_name"] == true) != named)
        {
            wrong.push(format!(
                "{file}: wanted {want}, got {:?}, {}",
                incidents.iter().map(in_short).collect::<Vec<_>>(),
                document["warnings"]
            ));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_case_is_wanted() {
    let want: Value = serde_json::from_str(&fs::read_to_string(folder().join("want.json")).unwrap()).unwrap();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "want.json" || !want[&name].is_null(), "{name}");
    }
}
