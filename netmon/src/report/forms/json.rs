//! The report for programs: the document of the contract, section 4.

use std::io::{self, Write};

use super::{Form, Style};
use crate::report::Report;

pub(super) const FORM: Form = Form {
    name: "json",
    about: "One JSON document, as docs/contract.md says",
    write,
};

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report.document)?;
    out.write_all(b"\n")
}
