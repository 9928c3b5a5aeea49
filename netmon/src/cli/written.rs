//! How a report is written: what `netmon analyze` and `netmon report` have in common.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::report::Cover;
use crate::report::forms::{FORMS, Form, form};

/// How a report is written.
#[derive(Debug, Args)]
pub struct Written {
    /// The form of the report
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = forms())]
    pub format: &'static Form,

    /// The same as --format brief
    #[arg(long, conflicts_with = "format")]
    pub brief: bool,

    /// The report's title
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Who hands in the report
    #[arg(long, value_name = "TEXT")]
    pub author: Option<String>,

    /// The ticket that the report belongs to
    #[arg(long, value_name = "TEXT")]
    pub ticket: Option<String>,

    /// How the team became aware of the problem; without it the report has a blank
    #[arg(long, value_name = "TEXT")]
    pub noticed: Option<String>,
}

impl Written {
    /// The form that was asked for.
    pub fn form(&self) -> &'static Form {
        let brief = || form("brief").unwrap_or(self.format);
        if self.brief { brief() } else { self.format }
    }

    /// What only the person knows.
    pub fn cover(&self) -> Cover {
        Cover {
            title: self.title.clone(),
            author: self.author.clone(),
            ticket: self.ticket.clone(),
            noticed: self.noticed.clone(),
        }
    }
}

/// The forms, by name.
fn forms() -> impl TypedValueParser<Value = &'static Form> {
    let values = FORMS
        .iter()
        .map(|form| PossibleValue::new(form.name).help(form.about));
    PossibleValuesParser::new(values).try_map(|name| form(&name).ok_or("no such form"))
}
