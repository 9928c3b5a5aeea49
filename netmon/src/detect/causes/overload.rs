//! `overload`: the server was asked far more than usual before it failed; possibly a denial of service.

use crate::detect::overload::Overload;
use crate::model::Cause;

use super::{Case, Finding};

/// Where it holds, it bears on every failure, and stands first.
pub(super) fn overload(case: &Case) -> Option<Finding> {
    let overload: Overload = case.incident.overload?;
    Finding::new(Cause::Overload, case.failures, || overload.evidence()).map(|finding| Finding {
        first: true,
        ..finding
    })
}
