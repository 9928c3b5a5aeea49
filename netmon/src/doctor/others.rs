//! What other programs are attached to an interface, and what netmon does not see because of them.

use super::af_xdp;
use super::findings::Finding;
use crate::kernel::{AtXdp, Interface, Known, OURS, tcx_programs};

/// The program that libxdp puts at the XDP hook, to run several behind it (`xdp-dispatcher.c` of xdp-tools).
const DISPATCHER: &str = "xdp_dispatcher";

/// What is found at the hooks of an interface, netmon's own programs included.
pub(super) fn at(interface: &Interface, all: &[Known]) -> Vec<Finding> {
    let mut there = Vec::new();
    let mut findings = Vec::new();
    if let Some(AtXdp { id, .. }) = interface.xdp {
        let known = all.iter().find(|program| program.id == id);
        let program = known.map_or_else(|| format!("an unknown program (id {id})"), named);
        there.push(format!("{program} at XDP"));
        if known.is_none_or(|known| !known.name.starts_with(OURS)) {
            findings.push(in_the_way(&interface.name, &program, known));
        }
        findings.extend(known.and_then(|known| hidden(&interface.name, known, all)));
    }
    if let Ok(tcx) = tcx_programs(&interface.name) {
        for (programs, hook) in tcx.iter().zip(["TCX ingress", "TCX egress"]) {
            there.extend(
                programs
                    .iter()
                    .map(|program| format!("{} at {hook}", named(program))),
            );
            findings.extend(before_ours(programs).map(|other| {
                Finding::warning(
                    &interface.name,
                    format!(
                        "{} runs before netmon's program at {hook}, which sees only what that one leaves to the next",
                        named(other)
                    ),
                    "restart netmon, which then attaches its own before it",
                )
            }));
        }
    }
    if !there.is_empty() {
        findings.insert(
            0,
            Finding::ok(&interface.name, format!("attached: {}", there.join(", "))),
        );
    }
    findings
}

/// The program of others that runs before one of netmon's. Where none of netmon's is there yet, none will: it attaches before all that
/// are there.
fn before_ours(programs: &[Known]) -> Option<&Known> {
    let is_ours = |program: &Known| program.name.starts_with(OURS);
    let first = programs.first().filter(|first| !is_ours(first))?;
    programs.iter().any(is_ours).then_some(first)
}

fn named(program: &Known) -> String {
    format!("`{}` (id {})", program.name, program.id)
}

/// A program at the XDP hook that is not netmon's.
fn in_the_way(interface: &str, program: &str, known: Option<&Known>) -> Finding {
    let finding = if known.is_some_and(|known| known.name == DISPATCHER) {
        format!(
            "{program} at XDP is libxdp's dispatcher: it runs programs that libxdp made its extensions, and netmon's cannot be one"
        )
    } else {
        format!("{program} has the XDP hook")
    };
    Finding::warning(
        interface,
        finding,
        "netmon never replaces a program at XDP: it uses TC there, and does not see packets that the other program drops",
    )
}

/// What a program at the XDP hook, or an extension of the dispatcher there, hands to a DNS server past netmon.
fn hidden(interface: &str, at_xdp: &Known, all: &[Known]) -> Option<Finding> {
    let extensions = all
        .iter()
        .filter(|program| program.extends && at_xdp.name == DISPATCHER);
    let hides = std::iter::once(at_xdp)
        .chain(extensions)
        .find(|program| program.has_sockets)?;
    let processes = af_xdp::processes();
    let whose = if processes.is_empty() {
        String::new()
    } else {
        format!(" of {}", processes.join(", "))
    };
    Some(Finding::warning(
        interface,
        format!(
            "{} hands packets to AF_XDP sockets{whose}: netmon sees neither these packets nor what is sent by such sockets",
            named(hides)
        ),
        "to have netmon see this server's queries, run it without AF_XDP; else look at its own statistics",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_in_the_way_at_tcx_only_where_it_runs_before_one_of_netmons() {
        let programs = |names: &[&str]| -> Vec<Known> {
            let known = |name: &&str| Known {
                id: 1,
                name: (*name).to_owned(),
                extends: false,
                has_sockets: false,
            };
            names.iter().map(known).collect()
        };
        let cases: [(&[&str], Option<&str>); 5] = [
            (&["shaper", "netmon_ingress"], Some("shaper")),
            (&["netmon_ingress", "shaper"], None),
            (&["netmon_ingress", "shaper", "netmon_ingress"], None),
            (&["shaper"], None),
            (&[], None),
        ];
        for (names, expected) in cases {
            let programs = programs(names);
            let found = before_ours(&programs).map(|program| program.name.as_str());
            assert_eq!(found, expected, "{names:?}");
        }
    }
}
