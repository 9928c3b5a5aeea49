//! Which paths and words an item is written with, in expressions, types and patterns, and within macros.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

/// A path as it is written, `crate::model::Kind` or `super::limits`, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub segments: Vec<String>,
    pub line: usize,
    /// Whether it ends in `*`.
    pub is_glob: bool,
}

/// Adds the paths of the item, and its words, each with its first line.
///
/// The tokens of the item are read as they are: a path is identifiers with `::` between them, within a macro as
/// elsewhere. A parser would say more about each, and nothing about those within macros.
pub fn collect(item: &impl ToTokens, paths: &mut Vec<Written>, words: &mut BTreeMap<String, usize>) {
    tokens(item.to_token_stream(), paths, words);
}

fn tokens(stream: TokenStream, paths: &mut Vec<Written>, words: &mut BTreeMap<String, usize>) {
    let mut path: Option<Written> = None;
    // How many colons have come since the last identifier.
    let mut colons = 0;
    for token in stream {
        match token {
            TokenTree::Ident(ident) => {
                let (word, line) = (ident.to_string(), ident.span().start().line);
                words.entry(word.clone()).or_insert(line);
                match &mut path {
                    Some(path) if colons == 2 => path.segments.push(word),
                    _ => {
                        end(path.take(), paths);
                        path = Some(Written {
                            segments: vec![word],
                            line,
                            is_glob: false,
                        });
                    }
                }
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => {
                end(path.take(), paths);
                tokens(group.stream(), paths, words);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => end(path.take(), paths),
        }
    }
    end(path, paths);
}

/// A word alone is no path: what it stands for was taken by a `use`, or is the module's own.
fn end(path: Option<Written>, paths: &mut Vec<Written>) {
    paths.extend(path.filter(|path| path.segments.len() > 1));
}
