//! The simplest monitor: a thread that reads every frame from an `AF_PACKET` socket (packet(7)) and counts DNS messages by server.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};
use netmon_testkit::cost::this_thread;
use netmon_testkit::lab::{FrameSocket, Namespace};
use nix::sys::socket::{self, MsgFlags, sockopt};
use nix::sys::time::TimeVal;

/// As much room as tcpdump has by default.
const BUFFER: usize = 2 << 20;
/// How often it looks whether it is to end.
const WAIT_US: i64 = 50_000;

/// Where the protocol, the two addresses and the two ports are in a frame without options.
const PROTOCOL: usize = 23;
const ADDRESSES: [usize; 2] = [26, 30];
const PORTS: [usize; 2] = [34, 36];
const UDP: u8 = 17;

/// It runs.
pub struct Reader {
    thread: JoinHandle<Result<u64>>,
    ends: Arc<AtomicBool>,
    nanos: Arc<AtomicU64>,
}

impl Reader {
    /// Starts it at an interface of a host.
    pub fn start(host: &Namespace, interface: &str) -> Result<Self> {
        let socket = FrameSocket::listen(host, interface)?;
        socket::setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
        socket::setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(0, WAIT_US))?;
        let (ends, nanos) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = {
            let (ends, nanos) = (Arc::clone(&ends), Arc::clone(&nanos));
            thread::spawn(move || count(&socket, &ends, &nanos))
        };
        Ok(Self { thread, ends, nanos })
    }

    /// What it has taken of a processor, when it last waited.
    pub fn processor_time(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }

    /// Ends it: how many messages it has seen.
    pub fn stop(self) -> Result<u64> {
        self.ends.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .map_err(|_panic| anyhow::anyhow!("the reader died"))?
    }
}

fn count(socket: &FrameSocket, ends: &AtomicBool, nanos: &AtomicU64) -> Result<u64> {
    let mut messages: HashMap<[u8; 4], u64> = HashMap::new();
    let mut frame = [0; 2_048];
    while !ends.load(Ordering::Relaxed) {
        let Ok(length) = socket::recv(socket.as_fd().as_raw_fd(), &mut frame, MsgFlags::empty()) else {
            let taken = u64::try_from(this_thread()?.as_nanos()).context("centuries")?;
            nanos.store(taken, Ordering::Relaxed);
            continue;
        };
        let frame = frame.get(..length).unwrap_or_default();
        if frame.get(PROTOCOL) != Some(&UDP) {
            continue;
        }
        for (address, port) in ADDRESSES.into_iter().zip(PORTS) {
            if frame.get(port..port + 2) == Some(&[0, 53])
                && let Some(server) = frame.get(address..).and_then(<[u8]>::first_chunk)
            {
                *messages.entry(*server).or_default() += 1;
            }
        }
    }
    Ok(messages.values().sum())
}
