//! The lists of resolvers, over any bytes: resolv.conf, and those of systemd-resolved, NetworkManager and dnsmasq, one behind
//! each zero byte.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use netmon::resolvers::{Files, Resolvers};
use netmon_fuzz::Place;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == 0);
    let mut file = |name: &str| PLACE.file(name, parts.next().unwrap_or_default());
    let files = Files {
        resolv_conf: file("resolv.conf"),
        resolved: file("resolved.conf"),
        network_manager: file("network-manager.conf"),
        dnsmasq_servers: file("dnsmasq-servers.conf"),
        dnsmasq_conf: file("dnsmasq.conf"),
        dnsmasq_pid: PLACE.file("dnsmasq.pid", b"1\n"),
        dnsmasq_conf_dir: PLACE.path("dnsmasq.d"),
    };
    fs::create_dir_all(&files.dnsmasq_conf_dir).expect("there is room");
    PLACE.file("dnsmasq.d/more.conf", parts.next().unwrap_or_default());
    let resolvers = Resolvers::read(&files);
    for resolver in resolvers.iter() {
        assert!((1..=resolver.of).contains(&resolver.position), "{resolver:?}");
        assert!(
            resolvers
                .place_of(resolver.server, resolver.port, resolver.interface.as_deref())
                .is_some()
        );
    }
});
