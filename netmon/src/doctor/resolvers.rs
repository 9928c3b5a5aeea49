//! The resolvers that this host is configured to use.

use super::findings::Finding;
use crate::resolvers::{Files, RESOLV_CONF, Resolvers};

pub(super) fn all() -> Vec<Finding> {
    const CHECK: &str = "resolvers";
    let resolvers = Resolvers::read(&Files::of_this_host(RESOLV_CONF));
    let each = resolvers
        .iter()
        .map(|one| format!("{} ({} of {} in {})", one.server, one.position, one.of, one.by));
    let listed = each.collect::<Vec<_>>().join(", ");
    let troubles: Vec<String> = resolvers.troubles().iter().map(ToString::to_string).collect();
    vec![match (listed.is_empty(), troubles.is_empty()) {
        (false, true) => Finding::ok(CHECK, listed),
        (is_unknown, _) => Finding::warning(
            CHECK,
            format!(
                "{}{}",
                if is_unknown {
                    String::new()
                } else {
                    format!("{listed}; ")
                },
                troubles.join("; ")
            ),
            format!("correct {RESOLV_CONF}, or what writes it"),
        ),
    }]
}
