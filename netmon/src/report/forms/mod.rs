//! How a story looks: one form a file, each escaping what came from packets in its own way.

mod brief;
mod clean;
mod html;
mod json;
pub mod list;
mod markdown;
mod sparkline;
mod text;

use std::io::{self, Write};

use super::Report;
pub use text::{Page, Paint, Style};

/// A form of a report.
#[derive(Debug)]
pub struct Form {
    /// What `--format` calls it.
    pub name: &'static str,
    /// What it is, for the help.
    pub about: &'static str,
    /// Writes a report.
    pub write: fn(&Report<'_>, Style, &mut dyn Write) -> io::Result<()>,
}

/// All of them; the first is the default.
pub const FORMS: &[Form] = &[text::FORM, brief::FORM, json::FORM, markdown::FORM, html::FORM];

/// The form of this name.
pub fn form(name: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.name == name)
}
