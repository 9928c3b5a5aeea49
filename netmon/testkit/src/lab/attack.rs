//! Queries to more addresses than there are places for, of whoever one likes, as many as this machine can send.

use std::net::IpAddr;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::frame_socket::FrameSocket;
use super::namespace::Namespace;
use crate::frames::build::prelude::{CLIENT, SERVER, frame, ipv4, query, udp};

/// Where the addresses are in a frame.
const SOURCE: usize = 26;
const DESTINATION: usize = 30;

/// Sends queries that differ in who asks and who is asked.
#[derive(Debug)]
pub struct Attack {
    socket: FrameSocket,
    frame: Vec<u8>,
}

impl Attack {
    /// From an interface of a host to the other end of its cable.
    pub fn new(from: &Namespace, interface: &str, to: &Namespace, other_end: &str) -> Result<Self> {
        let mut frame = (frame() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("www.random.test")).bytes();
        let links: Value = serde_json::from_str(&to.ip(&format!("-json link show {other_end}"))?)?;
        let mac = links.pointer("/0/address").and_then(Value::as_str);
        let mac = mac.with_context(|| format!("{other_end} has no hardware address"))?;
        for (place, byte) in frame.iter_mut().zip(mac.split(':')) {
            *place = u8::from_str_radix(byte, 16)?;
        }
        Ok(Self {
            socket: FrameSocket::open(from, interface, false)?,
            frame,
        })
    }

    /// Sends as long as it is to go on, to the next ones of `ends`: who asks and who is asked. How many were sent, and a second.
    pub fn send(
        mut self,
        mut goes_on: impl FnMut() -> bool,
        ends: impl Iterator<Item = (u32, u32)>,
    ) -> (u32, f64) {
        let began = Instant::now();
        let mut sent = 0_u32;
        for (client, server) in ends.take_while(|_| goes_on()) {
            for (at, address) in [(SOURCE, client), (DESTINATION, server)] {
                if let Some(place) = self.frame.get_mut(at..at + 4) {
                    place.copy_from_slice(&address.to_be_bytes());
                }
            }
            // A full queue: it is too much for now.
            sent += u32::from(self.socket.send(&self.frame).is_ok());
        }
        (sent, f64::from(sent) / began.elapsed().as_secs_f64())
    }
}

/// Spreads numbers over 24 bits.
pub const fn spread(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761) >> 8
}

/// Strangers who each ask random addresses of 11.0.0.0/8.
pub fn strangers() -> impl Iterator<Item = (u32, u32)> {
    (0..).map(|number| {
        (
            0xac10_0000 + spread(number) % (1 << 20),
            0x0b00_0000 + spread(number),
        )
    })
}

/// So many clients that ask so many addresses of 11.0.0.0/8 each, all in turn.
pub fn clients(clients: u32, addresses: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..clients * addresses).map(move |number| (0x0a4d_0000 + number % clients, 0x0b00_0000 + number))
}

/// Addresses anywhere, those of the attack left out: so many of each family.
pub fn anywhere(of_each: u16, seed: u64) -> Vec<IpAddr> {
    // SplitMix64, by Sebastiano Vigna.
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut addresses = Vec::new();
    for number in 0..of_each {
        // Another network each.
        let [first, second] = number.wrapping_mul(7).to_be_bytes();
        let [b, c, d, ..] = next().to_be_bytes();
        addresses.push(IpAddr::from([20 + second % 100, b, c, d | 1]));
        let (high, low) = (next(), next());
        let network = 0x2a00_0000 + u128::from(first) + (u128::from(second) << 16);
        let address = (network << 96) + (u128::from(high >> 32) << 64) + u128::from(low | 1);
        addresses.push(IpAddr::from(address.to_be_bytes()));
    }
    addresses
}
