//! Who imports whom: each path of a tree is followed to the file that defines what it names, through re-exports.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
};

use super::{paths::Written, tree::Tree};

/// How many re-exports are followed; more is a circle of them.
const DEPTH: usize = 16;

/// A file that imports something of another one, or of a foreign crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: PathBuf,
    pub to: To,
}

/// Whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    File(PathBuf),
    Crate(String),
}

/// Where a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    /// A module as such.
    Module(usize),
    /// What is defined in that module.
    Item(usize),
    Foreign(String),
}

/// How an import is written.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// The line of the first path that says so.
    pub line: usize,
    /// Whether it is of the module that the file is a part of, or of one that this is a part of.
    pub is_of_whole: bool,
}

/// All imports of the tree.
pub fn imports(tree: &Tree) -> BTreeMap<Import, How> {
    let mut imports = BTreeMap::new();
    for (number, module) in tree.modules.iter().enumerate() {
        for written in &module.written {
            let to = match tree.resolve(number, &written.segments, DEPTH) {
                Some(Found::Foreign(name)) => To::Crate(name),
                Some(Found::Item(found)) => tree.to(found),
                // Whoever names a module uses something of it, and that is an import; this is none yet.
                Some(Found::Module(found)) if written.is_glob => tree.to(found),
                Some(Found::Module(_)) | None => continue,
            };
            let import = Import {
                from: module.file.clone(),
                to,
            };
            if import.to != To::File(module.file.clone()) {
                let is_of_whole = tree.wholes(number).any(|whole| import.to == tree.to(whole));
                let line = written.line;
                imports.entry(import).or_insert(How { line, is_of_whole });
            }
        }
    }
    imports
}

impl Tree {
    /// The modules that a module is a part of, from the inside out.
    fn wholes(&self, module: usize) -> impl Iterator<Item = usize> {
        let parent = |module: &usize| self.modules.get(*module)?.parent;
        std::iter::successors(parent(&module), move |module| self.modules.get(*module)?.parent)
    }

    fn to(&self, module: usize) -> To {
        let file = self.modules.get(module).map(|module| module.file.clone());
        To::File(file.unwrap_or_default())
    }

    /// Follows a path that is written in that module.
    fn resolve(&self, module: usize, segments: &[String], depth: usize) -> Option<Found> {
        let (first, rest) = segments.split_first()?;
        let start = match first.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(module),
            "super" => Found::Module(self.modules.get(module)?.parent?),
            // An associated item of the type at hand.
            "Self" => return None,
            name => self
                .name(module, name, depth)
                .unwrap_or_else(|| Found::Foreign(name.to_owned())),
        };
        let mut found = start;
        for segment in rest {
            found = match found {
                Found::Module(module) if segment == "super" => {
                    Found::Module(self.modules.get(module)?.parent?)
                }
                // What is not found is made by a macro there.
                Found::Module(module) => self.name(module, segment, depth).unwrap_or(Found::Item(module)),
                // A variant, an associated function; and foreign crates are not looked into.
                found => found,
            };
        }
        Some(found)
    }

    /// What a name stands for in a module.
    fn name(&self, number: usize, name: &str, depth: usize) -> Option<Found> {
        let depth = depth.checked_sub(1)?;
        let module = self.modules.get(number)?;
        if let Some(child) = module.children.get(name) {
            return Some(Found::Module(*child));
        }
        if module.defined.contains(name) {
            return Some(Found::Item(number));
        }
        if let Some(Written { segments, .. }) = module.taken.get(name) {
            return if segments.first().is_some_and(|first| first == name) {
                // `use serde;`, or `use tokio::select as tokio`.
                Some(Found::Foreign(name.to_owned()))
            } else {
                self.resolve(number, segments, depth)
            };
        }
        module
            .globs
            .iter()
            .find_map(|glob| match self.resolve(number, &glob.segments, depth)? {
                Found::Module(from) if from != number => self.name(from, name, depth),
                _ => None,
            })
    }
}

/// An import of one file by another.
pub type Edge = (String, String);

/// A shortest way from one file to another along imports, both ends included.
pub fn way(edges: &BTreeSet<Edge>, from: &str, to: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(file) = waiting.pop_front() {
        let of_file = edges.range((file.to_owned(), String::new())..);
        for (_, next) in of_file.take_while(|(from, _)| from == file) {
            if !before.contains_key(next.as_str()) {
                before.insert(next, file);
                waiting.push_back(next);
            }
        }
        if before.contains_key(to) {
            break;
        }
    }
    let mut way = vec![to.to_owned()];
    let mut at = to;
    loop {
        at = before.get(at)?;
        way.push(at.to_owned());
        if at == from {
            way.reverse();
            return Some(way);
        }
    }
}

/// A shortest circle through each file that is in one, as long as there are any when the first import of those before
/// is left out.
pub fn circles(mut edges: BTreeSet<Edge>) -> Vec<Vec<String>> {
    let files: BTreeSet<String> = edges.iter().map(|(from, _)| from.clone()).collect();
    let mut circles = Vec::new();
    for file in files {
        while let Some(circle) = way(&edges, &file, &file) {
            if let [from, to, ..] = circle.as_slice() {
                edges.remove(&(from.clone(), to.clone()));
            }
            circles.push(circle);
        }
    }
    circles
}
