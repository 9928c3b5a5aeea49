//! What is pinned outlives netmon: counts go on through crashes and upgrades, to the packet.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aya::maps::{Array, Map, MapData, MapInfo};
use netmon::kernel::{Kernel, Pins, Program, Settings};
use netmon_common::limits;
use netmon_common::records::LAYOUT;
use netmon_testkit::lab::{
    DnsServer, Netmon, Position, SERVER_V4, Seen, TYPE_A, TcxProgram, query, two_hosts, with_silent_router,
};
use nix::sys::signal::Signal;
use support::kernel::lacks_tcx;
use support::pins::Directory;
use support::{
    NETMON, REFUSED, ask_answered, ask_refused, assert_counts, assert_nothing_attached, assert_says,
    destination, start,
};

fn netmon(arguments: &[&str]) -> Output {
    Command::new(NETMON).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Insists that all links were taken over as they were.
fn assert_adopted(netmon: &Netmon, interface: &str) {
    let told = netmon.interface(interface);
    assert_eq!(told["why"], "netmon continues with the pinned link", "{told}");
}

/// Two netmons, one where the queries leave and one where they arrive, are killed 25 times, and each start replaces the
/// programs of four links: 100 replacements. Nothing of it costs a packet.
#[test]
#[ignore = "needs root: network namespaces, XDP, TC and pins"]
fn nothing_is_lost_when_netmon_is_killed_and_its_programs_are_replaced_under_load() {
    const CYCLES: usize = 25;
    if lacks_tcx() {
        return;
    }
    let hosts = with_silent_router().unwrap();
    let pins = [Directory::new(), Directory::new()];
    let places = [
        (&hosts.client, "to-router", "tc"),
        (&hosts.router, "to-client", "xdp-native"),
    ];
    let begin = || -> Vec<Netmon> {
        let each = places.iter().zip(&pins);
        each.map(|((host, interface, hook), pins)| {
            let arguments = ["--interface", interface, "--hook", hook, "--pin", pins.text()];
            start(host, &arguments)
        })
        .collect()
    };
    let ended = AtomicBool::new(false);
    let (sent, last) = thread::scope(|scope| {
        // Before the load: what is sent while nothing is attached is not counted.
        let mut running = begin();
        let load = scope.spawn(|| {
            let socket = hosts.client.udp_socket().unwrap();
            send_until(&ended, &socket, SocketAddr::from((SERVER_V4, 53)))
        });
        for cycle in 0..CYCLES {
            for netmon in &mut running {
                netmon.process().signal(Signal::SIGKILL).unwrap();
                netmon.wait().unwrap();
            }
            if cycle % 5 == 0 {
                thread::sleep(Duration::from_millis(300));
            }
            running = begin();
            for (netmon, (_host, interface, _hook)) in running.iter().zip(&places) {
                assert_adopted(netmon, interface);
            }
        }
        ended.store(true, Ordering::Relaxed);
        let sent = load.join().unwrap();
        let last: Vec<_> = running.iter_mut().map(|netmon| netmon.stop().unwrap()).collect();
        (sent, last)
    });
    println!("{sent} queries were sent");
    assert!(sent > 10_000, "only {sent} queries were sent");
    for event in &last {
        assert_eq!(
            destination(event, SERVER_V4)["dns_queries"],
            sent,
            "{:#}",
            event.value["totals"]
        );
        assert_eq!(event.value["totals"]["dns_queries"], sent);
    }
}

/// Sends 4,000 queries a second until it is told to end; how many they were.
fn send_until(ended: &AtomicBool, socket: &UdpSocket, to: SocketAddr) -> u64 {
    const BATCH: u64 = 40;
    const EVERY: Duration = Duration::from_millis(10);
    let message = query(7, "pinned.test", TYPE_A);
    let mut sent = 0;
    let mut next = Instant::now();
    while !ended.load(Ordering::Relaxed) {
        for _ in 0..BATCH {
            assert_eq!(socket.send_to(&message, to).unwrap(), message.len());
        }
        sent += BATCH;
        next += EVERY;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    sent
}

#[test]
#[ignore = "needs root: network namespaces, TC and pins"]
fn the_kernel_counts_while_netmon_is_stopped_and_detach_ends_it() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let pins = Directory::new();
    let arguments = ["--interface", "to-server", "--pin", pins.text()];
    let mut first = start(&hosts.client, &arguments);
    ask_answered(&hosts.client, SERVER_V4, 2);
    assert_counts(&first.stop().unwrap(), SERVER_V4, 2, 2, 0);

    ask_answered(&hosts.client, SERVER_V4, 3);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    let mut second = start(&hosts.client, &arguments);
    assert_adopted(&second, "to-server");
    let in_use = netmon(&["detach", "--pin", pins.text()]);
    assert_eq!(in_use.status.code(), Some(3));
    assert!(
        stderr(&in_use).contains("another netmon uses the pins"),
        "{}",
        stderr(&in_use)
    );
    let mut third = Command::new(NETMON);
    third
        .args(["run", "--config", "/dev/null", "--duration", "1s"])
        .args(arguments);
    assert_says(
        &hosts.client.output(&mut third).unwrap(),
        REFUSED,
        &["another netmon uses the pins", "--pin DIRECTORY"],
    );
    // An error that came meanwhile is told now, and verified by the trace of before.
    second.wait_event("incident_opened", support::PATIENCE).unwrap();
    let stopped = second.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, 6, 5, 1);

    let removed = netmon(&["detach", "--pin", pins.text()]);
    assert!(removed.status.success(), "{}", stderr(&removed));
    let words = String::from_utf8(removed.stdout).unwrap();
    assert!(words.starts_with("removed 2 links and "), "{words}");
    assert!(!pins.0.exists());
    assert_nothing_attached(&hosts.client);
    let again = netmon(&["detach", "--pin", pins.text()]);
    assert!(again.status.success());
    assert!(
        String::from_utf8(again.stdout)
            .unwrap()
            .starts_with("nothing is pinned")
    );
}

#[test]
#[ignore = "needs root: network namespaces, TCX and pins"]
fn a_pinned_link_behind_a_program_of_others_is_not_taken_but_one_before_it() {
    if lacks_tcx() {
        return;
    }
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let pins = Directory::new();
    let arguments = ["--interface", "to-server", "--pin", pins.text()];
    let mut first = start(&hosts.client, &arguments);
    ask_answered(&hosts.client, SERVER_V4, 2);
    first.stop().unwrap();
    let attach = |position| {
        TcxProgram::attach(&hosts.client, "to-server", "somebody", Seen::Arriving, position).unwrap()
    };
    let behind = attach(Position::Last);
    ask_answered(&hosts.client, SERVER_V4, 2);
    let mut second = start(&hosts.client, &arguments);
    assert_adopted(&second, "to-server");
    assert_counts(&second.stop().unwrap(), SERVER_V4, 4, 4, 0);
    drop(behind);
    let before = attach(Position::First);
    // What is pinned does not see the answers to these.
    ask_answered(&hosts.client, SERVER_V4, 2);
    let mut third = start(&hosts.client, &arguments);
    let told = third.interface("to-server");
    assert_ne!(told["why"], "netmon continues with the pinned link", "{told}");
    ask_answered(&hosts.client, SERVER_V4, 2);
    assert_counts(&third.stop().unwrap(), SERVER_V4, 8, 6, 0);
    drop(before);
    // The new link is pinned in the place of the old one.
    ask_answered(&hosts.client, SERVER_V4, 2);
    let mut fourth = start(&hosts.client, &arguments);
    assert_adopted(&fourth, "to-server");
    assert_counts(&fourth.stop().unwrap(), SERVER_V4, 10, 8, 0);
    assert!(netmon(&["detach", "--pin", pins.text()]).status.success());
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: pins maps"]
fn a_start_that_is_refused_takes_away_what_it_pinned_and_nothing_else() {
    let hosts = two_hosts().unwrap();
    let mut occupant = start(
        &hosts.client,
        &["--hook", "xdp-native", "--interface", "to-server"],
    );
    let pins = Directory::new();
    let run = |hook: &str| {
        let mut netmon = Command::new(NETMON);
        netmon.args(["run", "--interface=to-server", "--duration=1s", "--hook", hook]);
        hosts.client.output(netmon.args(["--pin", pins.text()])).unwrap()
    };
    let refused = || assert_says(&run("xdp-native"), REFUSED, &["to-server", "another program"]);
    // It has loaded and pinned by then.
    refused();
    assert!(!pins.0.exists());
    assert!(run("tc").status.success());
    let before = files(&pins.0.join("maps"));
    assert!(!before.is_empty());
    refused();
    assert_eq!(files(&pins.0.join("maps")), before);
    occupant.stop().unwrap();
}

#[test]
#[ignore = "needs root: pins maps"]
fn pins_of_another_layout_are_refused_and_left_as_they_are() {
    let run = |pins: &Directory| {
        netmon(&[
            "run",
            "--interface",
            "lo",
            "--duration",
            "1s",
            "--pin",
            pins.text(),
        ])
    };
    let other_size = Directory::new();
    Pins::open(&other_size.0, limits::DESTINATIONS / 2)
        .unwrap()
        .keep();
    let mut cases = vec![(
        other_size,
        "a table of 4096 destinations, and 8192 were asked for".to_owned(),
    )];
    // The layout of commit 035f192, and one that is still to come. What says which one it is has the same form in all of them.
    for theirs in [1, LAYOUT + 1] {
        let pins = Directory::new();
        Pins::open(&pins.0, limits::DESTINATIONS).unwrap().keep();
        let map = MapData::from_pin(pins.0.join("layout")).unwrap();
        let mut layout: Array<_, [u32; 2]> = Map::Array(map).try_into().unwrap();
        layout.set(0, [theirs, limits::DESTINATIONS], 0).unwrap();
        let difference = format!("layout {theirs}, and this netmon knows layout {LAYOUT} only");
        cases.push((pins, difference));
    }
    for (pins, difference) in &cases {
        let before = files(&pins.0);
        let refused = run(pins);
        assert_eq!(refused.status.code(), Some(3), "{difference}");
        assert!(stderr(&refused).contains(difference), "{}", stderr(&refused));
        assert_eq!(stderr(&refused).lines().count(), 1, "{}", stderr(&refused));
        assert!(
            stderr(&refused).contains("netmon detach --pin"),
            "{}",
            stderr(&refused)
        );
        assert_eq!(files(&pins.0), before);
    }
}

#[test]
#[ignore = "needs root: pins maps"]
fn a_directory_that_is_no_bpf_file_system_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let pins = directory.path().join("netmon");
    let refused = netmon(&["run", "--interface", "lo", "--pin", pins.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(3));
    let words = stderr(&refused);
    assert!(words.contains("mount -t bpf bpf /sys/fs/bpf"), "{words}");
    assert!(!pins.exists());
}

/// Its service's user owns the directory, and root runs `netmon detach`: what that user puts there must not lead root
/// to other files.
#[test]
#[ignore = "needs root: the BPF file system"]
fn detach_follows_no_symbolic_link_and_removes_nothing_that_is_not_pinned() {
    let secrets = tempfile::tempdir().unwrap();
    fs::write(secrets.path().join("key"), "secret").unwrap();
    let pins = Directory::new();
    fs::create_dir(&pins.0).unwrap();
    std::os::unix::fs::symlink(secrets.path(), pins.0.join("links")).unwrap();
    let ordinary = tempfile::tempdir().unwrap();
    fs::create_dir(ordinary.path().join("links")).unwrap();
    fs::write(ordinary.path().join("links/key"), "secret").unwrap();
    let link = tempfile::tempdir().unwrap().keep().join("pins");
    std::os::unix::fs::symlink(ordinary.path(), &link).unwrap();
    let cases = [
        (pins.0.as_path(), "it is a link or a file, not a directory"),
        (ordinary.path(), "it is not on a BPF file system"),
        (link.as_path(), "it is a link or a file, not a directory"),
    ];
    for (directory, reason) in cases {
        let refused = netmon(&["detach", "--pin", directory.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(3), "{}", directory.display());
        assert!(stderr(&refused).contains(reason), "{}", stderr(&refused));
    }
    assert!(secrets.path().join("key").exists());
    assert!(ordinary.path().join("links/key").exists());
    // The control: without the link, all of it goes.
    fs::remove_file(pins.0.join("links")).unwrap();
    let removed = netmon(&["detach", "--pin", pins.text()]);
    assert_eq!(removed.status.code(), Some(0), "{}", stderr(&removed));
    assert!(!pins.0.exists());
    fs::remove_dir_all(link.parent().unwrap()).unwrap();
}

/// Pinned maps are known by their layout alone: whoever changes a map counts `LAYOUT` up, and takes the new snapshot.
#[test]
#[ignore = "needs root: pins maps"]
fn all_maps_are_pinned_and_have_the_form_of_their_layout() {
    let pins = Directory::new();
    let opened = Pins::open(&pins.0, limits::DESTINATIONS).unwrap();
    let mut kernel = Kernel::load_pinned(&Settings::default(), Arc::new(opened)).unwrap();
    let pinned: Vec<MapInfo> = files(&pins.0.join("maps"))
        .iter()
        .map(|file| MapInfo::from_pin(file).unwrap())
        .collect();
    let ids: BTreeSet<u32> = pinned.iter().map(MapInfo::id).collect();
    let mut used: BTreeSet<u32> = BTreeSet::new();
    used.extend(kernel.xdp().unwrap().info().unwrap().map_ids().unwrap().unwrap());
    for program in [Program::Ingress, Program::Egress] {
        let info = kernel.classifier(program).unwrap().info().unwrap();
        used.extend(info.map_ids().unwrap().unwrap());
    }
    for id in used.difference(&ids) {
        let name = MapInfo::from_id(*id).unwrap().name_as_str().unwrap().to_owned();
        // Constants are each program's own, and who asks is to be forgotten with the process.
        let is_own = name.starts_with(".rodata") || name == "ORIGIN";
        assert!(is_own, "{name} is not pinned");
    }
    let forms: Vec<String> = pinned.iter().map(form).collect();
    insta::assert_snapshot!(format!("maps_of_layout_{LAYOUT}"), forms.join("\n"));
}

fn form(map: &MapInfo) -> String {
    format!(
        "{}: {:?}, {} to {} bytes, {} entries",
        map.name_as_str().unwrap(),
        map.map_type().unwrap(),
        map.key_size(),
        map.value_size(),
        map.max_entries()
    )
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}
