//! Each interface: its driver, which hook `--hook auto` would take, and which programs are attached.

use std::collections::BTreeSet;

use super::findings::Finding;
use super::others;
use crate::kernel::{
    HookChoice, Interface, Inventory, Kind, Link, Selection, all_programs, can_see_what_leaves, driver,
    features, native_xdp, why_unreadable, xdp_refusal,
};

pub(super) fn all() -> Vec<Finding> {
    let inventory = match Inventory::read_here() {
        Ok(inventory) => inventory,
        Err(error) => {
            return vec![Finding::failure(
                "interfaces",
                error.to_string(),
                "netmon run would fail with the same error",
            )];
        }
    };
    let native = if features::has_xdp_frags() {
        native_xdp()
    } else {
        Some(BTreeSet::new())
    };
    let mut findings = vec![default_choice(&inventory)];
    let programs = all_programs().unwrap_or_else(|error| {
        findings.push(Finding::warning(
            "others",
            error.to_string(),
            "run netmon doctor as root",
        ));
        Vec::new()
    });
    for interface in inventory.interfaces.values() {
        findings.push(look_at(interface, native.as_ref()));
        if let Err(why) = can_see_what_leaves(interface) {
            let remedy = "remove the qdisc `ingress`, or watch the next hop";
            findings.push(Finding::warning(&interface.name, why, remedy));
        }
        findings.extend(others::at(interface, &programs));
    }
    findings
}

/// What netmon watches without further arguments.
fn default_choice(inventory: &Inventory) -> Finding {
    const CHECK: &str = "interfaces";
    match inventory.choose_first(&Selection::DefaultRoutes) {
        Ok(choice) => {
            let watched: Vec<&str> = choice.watched.iter().map(|one| one.name.as_str()).collect();
            let finding = format!("without --interface netmon watches {}", watched.join(", "));
            let only_lo = choice.watched.iter().all(|one| one.kind == Kind::Loopback);
            let remedy = "name the interfaces with --interface, or use --all-interfaces";
            match choice.left_out.first() {
                Some((name, why)) => Finding::warning(CHECK, format!("{finding}; {name} {why}"), remedy),
                None if only_lo => {
                    Finding::warning(CHECK, format!("{finding}: there is no default route"), remedy)
                }
                None => Finding::ok(CHECK, finding),
            }
        }
        Err(error) => Finding::failure(CHECK, error.to_string(), "name interfaces with --interface"),
    }
}

fn look_at(interface: &Interface, native: Option<&BTreeSet<u32>>) -> Finding {
    let name = interface.name.as_str();
    let module = driver(name);
    let driver = module
        .as_ref()
        .map_or_else(|| "no driver".to_owned(), |driver| format!("driver {driver}"));
    let has_native = native.map(|native| native.contains(&interface.index));
    if interface.link == Link::Other {
        return Finding::warning(
            name,
            format!("{driver}; {}", why_unreadable(interface.link)),
            "watch the other interfaces that its packets come by",
        );
    }
    let is_card = interface.kind == Kind::Lowest && module.is_some_and(|module| !is_software(&module));
    let refusal = xdp_refusal(interface);
    let auto = match interface.kind {
        _ if interface.link == Link::Ip => "TC: its packets have no Ethernet header".to_owned(),
        Kind::Loopback => "TC: netmon sees each packet once, where it arrives".to_owned(),
        Kind::Veth => "TC: on virtual Ethernet native XDP costs more than it saves".to_owned(),
        kind if HookChoice::Auto.runs_below(kind) => {
            "TC: native XDP would run at its ports, where nobody knows which frames are for this host"
                .to_owned()
        }
        Kind::Lowest | Kind::Stacked(_) | Kind::Tunnel => match (interface.xdp, &refusal, has_native) {
            (Some(_), _, _) => "TC: the XDP hook is taken".to_owned(),
            (None, _, Some(false)) => "TC: the driver or the kernel has no native XDP for netmon".to_owned(),
            (None, Some(reason), _) => format!("TC: the driver refuses native XDP ({reason})"),
            (None, None, Some(true)) if is_card => {
                "native XDP: the driver has it; where it refuses, for queues, MTU or offloads of the card, TC"
                    .to_owned()
            }
            (None, None, Some(true)) => "native XDP: the driver has it".to_owned(),
            (None, None, None) => {
                "native XDP if the driver accepts it, else TC: this kernel does not say".to_owned()
            }
        },
    };
    let stacked = match interface.kind {
        Kind::Stacked(word) => format!(", a {word}, which --all-interfaces leaves out"),
        Kind::Tunnel => ", a tunnel, which --all-interfaces leaves out".to_owned(),
        _ => String::new(),
    };
    let finding = format!("{driver}{stacked}; --hook auto would take {auto}");
    if is_card && refusal.is_none() && interface.xdp.is_none() && has_native != Some(false) {
        return Finding::warning(
            name,
            format!(
                "{finding}; to attach it may restart the card's queues, which then lose packets for some milliseconds"
            ),
            "start netmon when that does no harm, or use --hook tc, which restarts nothing",
        );
    }
    Finding::ok(name, finding)
}

/// Whether a driver has no queues in hardware that must be made again for XDP (in `ndo_bpf` of `drivers/net`).
fn is_software(driver: &str) -> bool {
    matches!(driver, "tun" | "veth" | "bridge" | "dummy" | "netdevsim")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::findings::Verdict;

    #[test]
    fn at_a_bond_auto_takes_tc_whatever_its_driver_says() {
        let interface = Interface::example(9, "no-such-bond", Kind::Stacked("bond"));
        let found = look_at(&interface, Some(&[9].into()));
        assert!(
            found.finding.contains(
                "a bond, which --all-interfaces leaves out; --hook auto would take TC: native XDP would run"
            ),
            "{found:?}"
        );
        assert_eq!(found.verdict, Verdict::Ok);
    }

    #[test]
    fn a_card_whose_queues_native_xdp_may_restart_is_warned_about_and_nothing_else_is() {
        assert!(is_software("tun") && !is_software("ixgbe"));
        // There is no driver of that name's device here, so that nothing is known to be a card.
        let interface = Interface::example(9, "no-such-card", Kind::Lowest);
        let found = look_at(&interface, Some(&[9].into()));
        assert_eq!(found.verdict, Verdict::Ok, "{found:?}");
    }
}
