//! Answers that come back by an interface that is not watched: netmon sees every query and no answer, and must not take
//! that for silence.

use netmon_testkit::lab::{
    Asker, CLIENT_V4, DnsServer, Hook, Namespace, Rules, SERVER_V4, TwoHosts, cable, two_hosts,
};

use crate::support::incident::silence;
use crate::support::{PATIENCE, assert_adds_up, destination, watch};
use crate::trouble::{NAMES, ask_in_vain, ask_well, assert_exact, assert_nothing_of, warnings};

const QUERIES: u16 = 30;

/// Client and server with a second cable, by which the answers come back.
fn two_ways() -> TwoHosts {
    let hosts = two_hosts().unwrap();
    let no_filter = |host: &Namespace| {
        for scope in ["all", "default"] {
            host.set(&format!("net/ipv4/conf/{scope}/rp_filter"), "0")
                .unwrap();
        }
    };
    no_filter(&hosts.client);
    no_filter(&hosts.server);
    cable((&hosts.client, "way-back"), (&hosts.server, "way-back")).unwrap();
    hosts
        .server
        .ip(&format!("route add {CLIENT_V4}/32 dev way-back"))
        .unwrap();
    hosts
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn answers_that_come_back_another_way_are_no_silence() {
    let hosts = two_ways();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut one_way = watch(&hosts.client, &["--interface", "to-server"]);
    let mut both_ways = watch(
        &hosts.client,
        &["--interface", "to-server", "--interface", "way-back"],
    );
    let asker = Asker::of(&hosts.client, CLIENT_V4, SERVER_V4).unwrap();
    ask_well(&asker, QUERIES);
    one_way
        .wait_for("warning", PATIENCE, |event| {
            event.value["warning"] == "one_direction"
        })
        .unwrap();
    for netmon in [&one_way, &both_ways] {
        assert_nothing_of(netmon, [SERVER_V4]);
    }
    assert_eq!(warnings(&both_ways, "one_direction").len(), 0);

    // The control: nothing comes back at all, and who would see it says so.
    let _drop_all = Rules::new(&hosts.server, Hook::Input, &["udp dport 53 drop"]).unwrap();
    ask_in_vain(&hosts.client, CLIENT_V4, SERVER_V4);
    let incident = silence(CLIENT_V4, SERVER_V4).opened(&both_ways);
    assert_exact(&incident, NAMES.len() as u64, 0);
    assert_nothing_of(&one_way, [SERVER_V4]);
    let told = warnings(&one_way, "one_direction");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["state"], "started", "{told:#?}");
    assert!(
        told[0]["message"].as_str().unwrap().contains("way-back"),
        "{told:#?}"
    );
    // Without the second cable all is watched.
    hosts.client.ip("link delete way-back").unwrap();
    one_way
        .wait_for("the end of the warning", PATIENCE, |event| {
            event.value["warning"] == "one_direction" && event.value["state"] == "over"
        })
        .unwrap();
    for (netmon, answers) in [(&mut one_way, 0), (&mut both_ways, QUERIES)] {
        let stopped = netmon.stop().unwrap();
        assert_eq!(destination(&stopped, SERVER_V4)["dns_responses"], answers);
        assert_adds_up(&stopped);
    }
}
