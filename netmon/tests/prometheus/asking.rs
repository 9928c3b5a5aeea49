//! Hosts that ask DNS servers all the time.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use netmon_testkit::lab::{Namespace, TYPE_A, query};

const PAUSE: Duration = Duration::from_millis(200);

/// Asks each server for a new name five times a second until told to stop, whatever comes of it.
pub fn ask(host: &Namespace, servers: &[IpAddr], stop: &AtomicBool) {
    host.enter(|| {
        let sockets: Vec<UdpSocket> = servers.iter().map(|server| connected(*server)).collect();
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            for socket in &sockets {
                number += 1;
                let message = query(number, &format!("name{number}.test"), TYPE_A);
                // Refused, prohibited or lost: netmon is to say so, not we.
                let _failed = socket.send(&message);
                let _failed = socket.recv(&mut [0; 512]);
            }
            thread::sleep(PAUSE);
        }
    })
    .unwrap();
}

fn connected(server: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    socket.set_read_timeout(Some(PAUSE)).unwrap();
    socket.connect((server, 53)).unwrap();
    socket
}
