//! The checker on small trees.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A workspace with these files, each with its text.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// What is found in the crate whose root is the first file.
fn examine(files: &[(&str, &str)]) -> Findings {
    let directory = workspace(files);
    let mut findings = Findings::default();
    findings.examine(directory.path(), files[0].0).unwrap();
    findings
}

/// Which file imports which, as short as it can be said.
fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let name = |file: &str| file.trim_start_matches("src/").to_owned();
    let findings = examine(files);
    let edges = findings.edges.iter();
    edges
        .map(|(from, to)| format!("{} > {}", name(from), name(to)))
        .collect()
}

#[test]
fn an_import_leads_to_the_file_that_defines_what_it_names() {
    let model = "pub struct Kind; pub mod inner { pub struct Deep; }";
    let cases: &[(&str, &str, &[&str])] = &[
        ("use", "use crate::model::Kind;", &["a.rs > model/mod.rs"]),
        (
            "a tree of use",
            "use crate::{model::{Kind, words}};",
            &["a.rs > model/mod.rs"],
        ),
        (
            "a module, and something of it",
            "use crate::model; fn f(_: model::Kind) {}",
            &["a.rs > model/mod.rs"],
        ),
        ("a module that is not used", "use crate::model;", &[]),
        (
            "super",
            "use super::model::words::say;",
            &["a.rs > model/words.rs"],
        ),
        (
            "a re-export",
            "use crate::model::say;",
            &["a.rs > model/words.rs"],
        ),
        (
            "a re-export under another name",
            "use crate::model::speak;",
            &["a.rs > model/words.rs"],
        ),
        (
            "all of a module",
            "use crate::model::words::*;",
            &["a.rs > model/words.rs"],
        ),
        (
            "by way of all of a module",
            "use crate::model::*; fn f() { words::say() }",
            &["a.rs > model/mod.rs", "a.rs > model/words.rs"],
        ),
        (
            "a path in an expression",
            "fn f() { crate::model::words::say(); }",
            &["a.rs > model/words.rs"],
        ),
        (
            "a path in a type",
            "struct S(Option<crate::model::Kind>);",
            &["a.rs > model/mod.rs"],
        ),
        (
            "a path in a macro",
            "fn f() { println!(\"{}\", crate::model::words::say()); }",
            &["a.rs > model/words.rs"],
        ),
        (
            "an associated function",
            "use crate::model::Kind; fn f() { Kind::new() }",
            &["a.rs > model/mod.rs"],
        ),
        (
            "an inline module",
            "use crate::model::inner::Deep;",
            &["a.rs > model/mod.rs"],
        ),
        (
            "a name of a foreign crate",
            "use model::Kind; use serde::Serialize;",
            &[],
        ),
        ("tests", "#[cfg(test)] mod tests { use crate::model::Kind; }", &[]),
        (
            "a comment and a text",
            "/* crate::model::Kind */ const A: &str = \"crate::model::Kind\";",
            &[],
        ),
    ];
    for (name, a, expected) in cases {
        let mut found = edges(&[
            ("src/lib.rs", "mod a; mod model;"),
            ("src/a.rs", a),
            (
                "src/model/mod.rs",
                &format!("{model} mod words; pub use words::say; pub use self::words::say as speak;"),
            ),
            ("src/model/words.rs", "pub fn say() {}"),
        ]);
        // The re-exports themselves.
        found.retain(|edge| edge != "model/mod.rs > model/words.rs");
        assert_eq!(found, *expected, "{name}: {a}");
    }
}

#[test]
fn modules_are_found_where_rustc_finds_them() {
    let found = edges(&[
        (
            "src/main.rs",
            "mod a; #[path = \"elsewhere/c.rs\"] mod c; mod d { mod e; }",
        ),
        ("src/a.rs", "mod b; use b::B;"),
        ("src/a/b.rs", "pub struct B; use crate::c::C;"),
        ("src/elsewhere/c.rs", "pub struct C; use super::a::A;"),
        ("src/d/e.rs", "use crate::c::C;"),
    ]);
    assert_eq!(
        found,
        [
            "a.rs > a/b.rs",
            "a/b.rs > elsewhere/c.rs",
            "d/e.rs > elsewhere/c.rs",
            "elsewhere/c.rs > a.rs",
        ]
    );
}

#[test]
fn an_import_against_the_direction_is_named_with_its_line() {
    let root = "pub mod capture; pub mod detect; pub mod model; pub mod report; pub mod time; pub mod attic;";
    let cases = [
        ("detect", "use crate::time::X;\nuse crate::model::X;", None),
        ("report", "use crate::model::X;", None),
        ("model", "use crate::time::X;", None),
        (
            "detect",
            "\nuse crate::report::X;",
            Some("detect.rs:2: imports report"),
        ),
        (
            "capture",
            "use crate::detect::X;",
            Some("capture.rs:1: imports detect"),
        ),
        (
            "model",
            "use crate::detect::X;",
            Some("model.rs:1: imports detect"),
        ),
        ("time", "use crate::model::X;", None),
        ("time", "use crate::report::X;", Some("time.rs:1: imports report")),
        (
            "detect",
            "use aya::Ebpf;",
            Some("detect.rs:1: imports aya: only netmon/src/kernel may"),
        ),
        (
            "attic",
            "use crate::report::X;",
            Some("attic.rs:1: imports attic: it is in no table"),
        ),
    ];
    for (room, text, expected) in cases {
        let rooms = ["capture", "detect", "model", "report", "time", "attic"];
        let names = rooms.map(|name| format!("netmon/src/{name}.rs"));
        let mut files = vec![("netmon/src/lib.rs", root)];
        let own = format!("{text}\npub struct X;");
        for (name, file) in rooms.iter().zip(&names) {
            files.push((file, if *name == room { &own } else { "pub struct X;" }));
        }
        let wrong = examine(&files).judge();
        match expected {
            None => assert_eq!(wrong, [""; 0], "{room}: {text}"),
            Some(words) => assert!(wrong.len() == 1 && wrong[0].contains(words), "{words}: {wrong:?}"),
        }
    }
}

#[test]
fn only_the_packet_files_touch_packet_memory() {
    let touches = "fn f(c: &C) { c.ctx.data_end(); }";
    let wrong = examine(&[
        ("netmon-ebpf/src/main.rs", "mod xdp; mod count;"),
        ("netmon-ebpf/src/xdp.rs", touches),
        ("netmon-ebpf/src/count.rs", touches),
    ])
    .judge();
    assert_eq!(
        wrong,
        ["netmon-ebpf/src/count.rs:1: uses data_end: only packet.rs, xdp.rs and skb.rs touch packet memory"]
    );
}

const CIRCLE: &[(&str, &str)] = &[
    ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
    ("src/a.rs", "pub struct A; use crate::b::B;"),
    ("src/b.rs", "pub struct B; use crate::c::C;"),
    ("src/c.rs", "pub struct C; use crate::a::A;"),
    ("src/d.rs", "use crate::a::A;"),
];

#[test]
fn a_circle_is_named_from_file_to_file() {
    let wrong = examine(CIRCLE).judge();
    assert_eq!(
        wrong,
        ["a circle of imports: src/a.rs -> src/b.rs -> src/c.rs -> src/a.rs"]
    );
}

#[test]
fn a_part_and_its_whole_are_no_circle() {
    let files = [
        ("src/lib.rs", "mod a;"),
        ("src/a/mod.rs", "mod b; mod c; pub struct A; use b::B;"),
        ("src/a/b.rs", "pub struct B; use super::A; use super::c::C;"),
        (
            "src/a/c.rs",
            "pub struct C; use super::A; use super::super::a::A as Again;",
        ),
    ];
    assert_eq!(examine(&files).judge(), [""; 0]);
}
