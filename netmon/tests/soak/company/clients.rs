//! The office's programs: they look names up, some of which do not exist, and ask again when nothing comes.

use std::net::IpAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle, sleep};
use std::time::Duration;

use fastrand::Rng;
use netmon_testkit::lab::{Namespace, getent};

use super::world::{CLIENTS, DNSMASQ, FORWARDER, SERVICE, SLOW, STUB, UNBOUND, World, client};

/// Starts all clients. Each says at its end how many of its queries were answered.
pub fn ask_as_people_do<'scope>(
    world: &'scope World,
    scope: &'scope Scope<'scope, '_>,
    is_over: &'scope AtomicBool,
) -> Vec<ScopedJoinHandle<'scope, u64>> {
    let office = &world.hosts.client;
    (0..CLIENTS)
        .map(|number| scope.spawn(move || one_client(office, number, is_over)))
        .collect()
}

fn one_client(office: &Namespace, number: u8, is_over: &AtomicBool) -> u64 {
    let mut answered = 0;
    let mut random = Rng::with_seed(number.into());
    while !is_over.load(Ordering::Relaxed) {
        let name = name(&mut random);
        let is_answered = match number % 7 {
            0 => dig(office, client(number), UNBOUND, &name),
            1 => dig(office, client(number), DNSMASQ, &name),
            2 => dig(office, client(number), FORWARDER, &name),
            3 => dig(office, client(number), SERVICE, &name),
            4 => dig(office, client(number), SLOW, &name),
            5 => dig(office, STUB, STUB, &name),
            // The C library's resolver, and its second server.
            _ => getent(office, &[STUB, DNSMASQ], &name).unwrap().is_some(),
        };
        answered += u64::from(is_answered);
        sleep(Duration::from_millis(random.u64(200..2_200)));
    }
    answered
}

/// Asks up to three times, two seconds each.
fn dig(office: &Namespace, from: IpAddr, server: IpAddr, name: &str) -> bool {
    let mut command = Command::new("dig");
    command
        .args(["-r", "+tries=3", "+timeout=2"])
        .args(["-b", &from.to_string()])
        .arg(format!("@{server}"))
        .args([name, "A"]);
    let output = office.output(&mut command).unwrap();
    String::from_utf8_lossy(&output.stdout).contains("status: ")
}

/// Most names are of well domains; some of one that is broken, and some are mistyped.
fn name(random: &mut Rng) -> String {
    let host = random.u32(..40);
    match random.u32(..20) {
        0 => format!("host{host}.broken.test"),
        1 => format!("host{host}.empty.test"),
        _ => format!("host{host}.site{}.test", random.u32(..30)),
    }
}
