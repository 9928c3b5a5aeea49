//! What is chosen of a host with a bridge, a VLAN and a tunnel.

use super::*;

fn interface(index: u32, name: &str, kind: Kind, master: Option<u32>, lower: Option<u32>) -> Interface {
    Interface {
        master,
        lower,
        ..Interface::example(index, name, kind)
    }
}

/// `lo`, two cards in a bridge, a VLAN on a third card, a tunnel with the default route.
fn inventory() -> Inventory {
    let interfaces = [
        interface(1, "lo", Kind::Loopback, None, None),
        interface(2, "eth0", Kind::Lowest, Some(4), None),
        interface(3, "eth1", Kind::Lowest, Some(4), None),
        interface(4, "br0", Kind::Stacked("bridge"), None, None),
        interface(5, "eth2", Kind::Lowest, None, None),
        interface(6, "eth2.5", Kind::Stacked("VLAN device"), None, Some(5)),
        Interface {
            link: Link::Ip,
            ..interface(7, "wg0", Kind::Tunnel, None, None)
        },
    ];
    Inventory {
        interfaces: interfaces.into_iter().map(|one| (one.index, one)).collect(),
        unnamed: BTreeSet::new(),
        default_routes: [5, 7].into(),
        addresses: BTreeSet::new(),
        listens_to: BTreeSet::new(),
    }
}

fn names(choice: &Choice) -> Vec<&str> {
    choice.watched.iter().map(|one| one.name.as_str()).collect()
}

fn left_out(choice: &Choice) -> Vec<&str> {
    choice.left_out.iter().map(|(name, _)| name.as_str()).collect()
}

fn all_but(patterns: &[&str]) -> Selection {
    Selection::All {
        exclude: patterns
            .iter()
            .map(|pattern| Pattern::new(pattern).unwrap())
            .collect(),
    }
}

#[test]
fn an_interface_that_cannot_be_named_is_left_out_with_a_word_and_not_in_silence() {
    let mut inventory = inventory();
    inventory.unnamed.insert(9);
    let choice = inventory
        .choose_first(&Selection::All { exclude: Vec::new() })
        .unwrap();
    assert!(left_out(&choice).contains(&"interface 9"), "{choice:?}");
    inventory.default_routes.insert(9);
    let choice = inventory.choose_first(&Selection::DefaultRoutes).unwrap();
    assert!(left_out(&choice).contains(&"interface 9"), "{choice:?}");
}

#[test]
fn by_default_the_default_routes_and_lo_are_watched_tunnels_included() {
    let choice = inventory().choose_first(&Selection::DefaultRoutes).unwrap();
    assert_eq!(names(&choice), ["lo", "eth2", "wg0"]);
    assert_eq!(left_out(&choice), Vec::<&str>::new());
    assert_eq!(choice.entered_by, [1, 5, 6, 7].into());
}

#[test]
fn what_begins_with_a_header_that_cannot_be_read_is_named_as_left_out() {
    let mut inventory = inventory();
    inventory.interfaces.get_mut(&7).unwrap().link = Link::Other;
    let choice = inventory.choose_first(&Selection::DefaultRoutes).unwrap();
    assert_eq!(
        (names(&choice), left_out(&choice)),
        (vec!["lo", "eth2"], vec!["wg0"])
    );
    let named = Selection::Named(vec!["wg0".to_owned()]);
    let error = inventory.choose_first(&named).unwrap_err().to_string();
    assert!(error.contains("neither an Ethernet nor an IP header"), "{error}");
}

#[test]
fn a_tunnel_that_comes_when_its_programs_cannot_be_loaded_any_more_takes_nothing_from_who_is_watched() {
    let mut inventory = inventory();
    inventory.default_routes = [7].into();
    let only_ethernet = |link| link == Link::Ethernet;
    let choice = inventory.choose(&Selection::DefaultRoutes, &[1, 5].into(), &only_ethernet);
    assert_eq!(names(&choice), ["lo", "eth2"]);
    assert_eq!(left_out(&choice), ["wg0"]);
    assert!(choice.left_out[0].1.ends_with("restart netmon"), "{choice:?}");
}

#[test]
fn a_default_route_that_moves_is_followed_and_one_that_vanishes_leaves_its_interface_watched() {
    let cases: [(&str, &[u32], &[&str]); 4] = [
        ("moved to eth0", &[2], &["lo", "eth0"]),
        ("gone", &[], &["lo", "eth2"]),
        ("only by the tunnel", &[7], &["lo", "wg0"]),
        ("by both", &[2, 5], &["lo", "eth0", "eth2"]),
    ];
    for (case, routes, watched) in cases {
        let mut inventory = inventory();
        inventory.default_routes = routes.iter().copied().collect();
        let choice = inventory.choose(&Selection::DefaultRoutes, &[1, 5].into(), &Link::is_known);
        assert_eq!(names(&choice), watched, "{case}");
    }
}

#[test]
fn all_interfaces_are_the_lowest_ones_without_tunnels_and_a_bridge_counts_as_watched_when_its_ports_are() {
    let choice = inventory().choose_first(&all_but(&[])).unwrap();
    assert_eq!(names(&choice), ["lo", "eth0", "eth1", "eth2"]);
    assert_eq!(left_out(&choice), ["br0", "eth2.5", "wg0"]);
    assert_eq!(choice.entered_by, [1, 2, 3, 4, 5, 6].into());
}

#[test]
fn excluded_names_are_left_out_and_a_bridge_with_such_a_port_does_not_count_as_watched() {
    let choice = inventory().choose_first(&all_but(&["eth[12]", "l?"])).unwrap();
    assert_eq!(names(&choice), ["eth0"]);
    assert_eq!(left_out(&choice), ["lo", "eth1", "br0", "eth2", "eth2.5", "wg0"]);
    assert_eq!(choice.left_out[0].1, "is excluded by l?");
    assert_eq!(choice.entered_by, [2].into());
    let error = inventory().choose_first(&all_but(&["*"])).unwrap_err();
    assert!(error.to_string().contains("not excluded"), "{error}");
}

#[test]
fn a_bridge_of_which_one_port_is_watched_is_not() {
    let choice = inventory()
        .choose_first(&Selection::Named(vec!["eth0".to_owned()]))
        .unwrap();
    assert_eq!(choice.entered_by, [2].into());
}

#[test]
fn a_name_that_is_not_there_is_refused_at_the_start_and_waited_for_later() {
    let selection = Selection::Named(vec!["eth0".to_owned(), "eth9".to_owned()]);
    let error = inventory().choose_first(&selection).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no interface eth9; there are: lo, eth0, eth1, br0, eth2, eth2.5, wg0"
    );
    let choice = inventory().choose(&selection, &BTreeSet::new(), &Link::is_known);
    assert_eq!(
        (names(&choice), &choice.missing[..]),
        (vec!["eth0"], &["eth9".to_owned()][..])
    );
}

#[test]
fn a_named_interface_is_followed_when_its_name_changes() {
    let selection = Selection::Named(vec!["eth0".to_owned()]);
    let mut inventory = inventory();
    inventory.interfaces.get_mut(&2).unwrap().name = "wan0".to_owned();
    assert_eq!(
        names(&inventory.choose(&selection, &[2].into(), &Link::is_known)),
        ["wan0"]
    );
    assert!(
        inventory
            .choose(&selection, &BTreeSet::new(), &Link::is_known)
            .watched
            .is_empty()
    );
}

#[test]
fn more_interfaces_than_the_table_holds_are_refused() {
    let most = limits::INTERFACES;
    for (count, fits) in [(most, true), (most + 1, false)] {
        let cards =
            (1..=count).map(|index| interface(index, &format!("eth{index}"), Kind::Lowest, None, None));
        let inventory = Inventory {
            interfaces: cards.map(|one| (one.index, one)).collect(),
            ..Inventory::default()
        };
        assert_eq!(inventory.choose_first(&all_but(&[])).is_ok(), fits, "{count}");
    }
}
