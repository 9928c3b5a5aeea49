//! A DNS server that does what a test says: where no real program can be told to be silent, late or wrong.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::namespace::Namespace;

/// How often it is looked whether it is to end.
const STEP: Duration = Duration::from_millis(20);

/// A server on a thread of its own. Dropping it closes its socket: the kernel refuses what comes then.
#[derive(Debug)]
pub struct Scripted {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Starts one at this address and port of the host: each message that comes is given to the script, and what that
    /// gives back is sent to who asked.
    pub fn start(
        namespace: &Namespace,
        at: SocketAddr,
        mut script: impl FnMut(&[u8]) -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Self> {
        Self::start_late(namespace, at, move |query| Some((Duration::ZERO, script(query)?)))
    }

    /// The same, and sends what the script gives back after the time that it says.
    pub fn start_late(
        namespace: &Namespace,
        at: SocketAddr,
        mut script: impl FnMut(&[u8]) -> Option<(Duration, Vec<u8>)> + Send + 'static,
    ) -> Result<Self> {
        let socket = namespace
            .enter(|| UdpSocket::bind(at))?
            .with_context(|| format!("cannot listen at {at}"))?;
        socket.set_read_timeout(Some(STEP))?;
        let ends = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while !is_over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                // Who asked may be gone.
                match buffer.get(..length).and_then(&mut script) {
                    Some((Duration::ZERO, answer)) => drop(socket.send_to(&answer, from)),
                    Some((late, answer)) => {
                        if let Ok(socket) = socket.try_clone() {
                            thread::spawn(move || {
                                thread::sleep(late);
                                drop(socket.send_to(&answer, from));
                            });
                        }
                    }
                    None => {}
                }
            }
            // A child that another thread of this process has forked holds the socket until it executes its program, and
            // would take what comes: connected to itself, it takes nothing from others, and the kernel refuses that at once.
            drop(socket.connect(at));
        });
        Ok(Self {
            ends,
            thread: Some(thread),
        })
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A script that panicked has said so.
            let _panicked = thread.join();
        }
    }
}
