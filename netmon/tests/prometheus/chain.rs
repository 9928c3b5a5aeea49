//! A host whose stub is silent because its server is down: Alertmanager reports the server, and holds the stub back. The control: a
//! stub on the same host that is silent by itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, Forwarder, Hook, Namespace, Rules, SERVER_V4, eventually, switched,
};

use crate::asking::ask;
use crate::programs::{Programs, WEBHOOK};
use crate::support::watch;
use crate::webhook::Webhook;

const STUB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 53));
const BROKEN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 55));
const WELL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 3));

/// The alerts wait for up to 45 s.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
#[ignore = "needs root: network namespaces, XDP, and Debian's Prometheus and Alertmanager"]
fn alertmanager_reports_the_server_and_holds_back_the_stub_that_it_explains() {
    let lab = switched().unwrap();
    let control = Namespace::new("control").unwrap();
    let addresses = ["192.51.100.20", "2001:db8:1::20"].map(|address| address.parse().unwrap());
    lab.plug(&control, "to-server", addresses).unwrap();
    lab.server.add_address(WELL, "to-client").unwrap();
    let mut server = DnsServer::new(&lab.server, &[SERVER_V4]).unwrap();
    let _well = DnsServer::new(&lab.server, &[WELL]).unwrap();
    let _stub = Forwarder::start(&lab.client, STUB, &[SERVER_V4]).unwrap();
    let _broken = Forwarder::start(&lab.client, BROKEN, &[WELL]).unwrap();
    let metrics: SocketAddr = (CLIENT_V4, 19053).into();
    let _netmon = watch(&lab.client, &["--metrics", &metrics.to_string()]);
    let mut webhook = Webhook::listen(&control, WEBHOOK);
    let programs = Programs::start(&control, &[metrics]);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| ask(&lab.client, &[STUB, BROKEN], &over));
        let ended = || over.store(true, Ordering::Relaxed);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for stub in [STUB, BROKEN] {
                let query = format!(
                    "count(netmon_dns_responses_total{{server=\"{stub}\", transport=\"udp\", rcode=\"noerror\"}} > 2)"
                );
                programs.await_value(&query, 1.0);
            }
            server.stop().unwrap();
            let lost = format!("ip saddr {BROKEN} udp sport 53 drop");
            let _lost = Rules::new(&lab.client, Hook::Output, &[&lost]).unwrap();
            let until = Instant::now() + PATIENCE;
            let (name, root) = ("NetmonLocalResolverDown", SERVER_V4.to_string());
            webhook.wait("firing", name, &BROKEN.to_string(), until);
            webhook.wait("firing", "NetmonDnsServerUnreachableUnconfirmed", &root, until);
            let held = || programs.inhibited(name, &STUB.to_string());
            eventually("alert of the stub that is held back", held, |held| *held == 1);
            // A message would have come with the next group.
            thread::sleep(Duration::from_secs(3));
            let stub = STUB.to_string();
            let told = webhook
                .alerts()
                .iter()
                .filter(|alert| alert["labels"]["server"] == stub.as_str());
            assert_eq!(told.count(), 0);
        }));
        ended();
        result.unwrap_or_else(|failed| std::panic::resume_unwind(failed));
    });
}
