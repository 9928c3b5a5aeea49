//! A crate as a tree of modules: which file each is in, what it defines, and which names it takes from where.
//!
//! What only tests compile (`#[cfg(test)]`) is left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use syn::{Attribute, Expr, Ident, Item, ItemMod, Lit, Meta, UseTree, spanned::Spanned as _};

use super::paths::{self, Written};

/// A module, in a file or inline.
#[derive(Debug, Default)]
pub struct Module {
    pub file: PathBuf,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// The names of what is defined in it.
    pub defined: BTreeSet<String>,
    /// The names that it takes from elsewhere.
    pub taken: BTreeMap<String, Written>,
    /// Where it takes all names from.
    pub globs: Vec<Written>,
    /// All paths that are written in it, those of `use` included.
    pub written: Vec<Written>,
    /// All identifiers that are written in it.
    pub words: BTreeMap<String, usize>,
}

/// The modules of a crate; the first one is its root.
#[derive(Debug, Default)]
pub struct Tree {
    pub modules: Vec<Module>,
}

impl Tree {
    /// Reads the crate from its root file, and all files that belong to it.
    pub fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.file(root, None, true)?;
        Ok(tree)
    }

    /// Reads a file, whose modules lie beside it (`mod.rs`, the root) or in a directory of its name.
    fn file(&mut self, path: &Path, parent: Option<usize>, is_directory: bool) -> Result<usize> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = syn::parse_file(&text).with_context(|| format!("cannot parse {}", path.display()))?;
        let beside = path.parent().context("a file lies in a directory")?;
        let directory = match path.file_stem() {
            Some(stem) if !is_directory => beside.join(stem),
            _ => beside.to_owned(),
        };
        let number = self.add(path, parent);
        self.items(number, file.items, &directory)?;
        Ok(number)
    }

    fn add(&mut self, file: &Path, parent: Option<usize>) -> usize {
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            ..Module::default()
        });
        self.modules.len() - 1
    }

    fn items(&mut self, number: usize, items: Vec<Item>, directory: &Path) -> Result<()> {
        for item in items {
            if is_for_tests(attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(module) => self.module(number, module, directory)?,
                Item::Use(item) => {
                    let mut names = Vec::new();
                    flatten(&item.tree, &mut Vec::new(), &mut names);
                    if let Some(module) = self.modules.get_mut(number) {
                        module.take(names);
                    }
                }
                item => {
                    if let Some(module) = self.modules.get_mut(number) {
                        module.defined.extend(name(&item).map(ToString::to_string));
                        paths::collect(&item, &mut module.written, &mut module.words);
                    }
                }
            }
        }
        Ok(())
    }

    fn module(&mut self, parent: usize, item: ItemMod, directory: &Path) -> Result<()> {
        let name = item.ident.to_string();
        let file = self
            .modules
            .get(parent)
            .map(|module| module.file.clone())
            .context("a module has a parent")?;
        let child = if let Some((_, items)) = item.content {
            let child = self.add(&file, Some(parent));
            self.items(child, items, &directory.join(&name))?;
            child
        } else if let Some(path) = path_attribute(&item.attrs) {
            let beside = file.parent().context("a file lies in a directory")?;
            self.file(&beside.join(path), Some(parent), true)?
        } else {
            let flat = directory.join(format!("{name}.rs"));
            if flat.exists() {
                self.file(&flat, Some(parent), false)?
            } else {
                self.file(&directory.join(&name).join("mod.rs"), Some(parent), true)?
            }
        };
        if let Some(module) = self.modules.get_mut(parent) {
            module.children.insert(name, child);
        }
        Ok(())
    }
}

impl Module {
    fn take(&mut self, names: Vec<(Option<String>, Written)>) {
        for (name, written) in names {
            self.written.push(written.clone());
            if written.is_glob {
                self.globs.push(written);
            } else if let Some(name) = name {
                self.taken.insert(name, written);
            }
        }
    }
}

/// The paths of a `use`, each with the name that it is known by from then on; `_` is none.
fn flatten(tree: &UseTree, before: &mut Vec<String>, names: &mut Vec<(Option<String>, Written)>) {
    let mut push = |before: &[String], last: Option<&Ident>, name: Option<&Ident>, line: usize, is_glob| {
        let mut segments = before.to_vec();
        segments.extend(last.filter(|last| *last != "self").map(ToString::to_string));
        let name = match name {
            // `use a::b::{self}` is known as b.
            Some(name) if name == "self" => segments.last().cloned(),
            Some(name) if name == "_" => None,
            name => name.map(ToString::to_string),
        };
        let written = Written {
            segments,
            line,
            is_glob,
        };
        names.push((name, written));
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, names);
            before.pop();
        }
        UseTree::Name(name) => {
            let ident = &name.ident;
            push(before, Some(ident), Some(ident), ident.span().start().line, false);
        }
        UseTree::Rename(rename) => {
            let line = rename.ident.span().start().line;
            push(before, Some(&rename.ident), Some(&rename.rename), line, false);
        }
        UseTree::Glob(glob) => push(before, None, None, glob.span().start().line, true),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, names);
            }
        }
    }
}

fn name(item: &Item) -> Option<&Ident> {
    Some(match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether one of them is `#[cfg(test)]`.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// What `#[path = "..."]` says.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}
