//! DNS over TCP as a test says: where no real program can be told to be silent, or how it cuts its answers.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::AsRawFd as _,
    sync::Arc,
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result};
use nix::sys::socket::{Shutdown, shutdown};

use super::{PATIENCE, namespace::Namespace};

/// What is answered to a message, if anything is: each part in a segment of its own.
type Script = dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync;

/// A server on threads of its own. Dropping it closes its socket; connections stay until their clients close them.
#[derive(Debug)]
pub struct ScriptedTcp {
    listener: TcpListener,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedTcp {
    /// Listens at this address and port of the host. The script is given each message, without its length, and gives back the
    /// segments to be sent; where there are none, the connection stays open in silence.
    pub fn start(
        namespace: &Namespace,
        at: SocketAddr,
        script: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = namespace
            .enter(|| TcpListener::bind(at))?
            .with_context(|| format!("cannot listen at {at}"))?;
        let accepting = listener.try_clone()?;
        let script: Arc<Script> = Arc::new(script);
        let thread = thread::spawn(move || {
            for stream in accepting.incoming().map_while(Result::ok) {
                let script = Arc::clone(&script);
                // A client that is gone is no concern of ours.
                thread::spawn(move || converse(stream, &*script).ok());
            }
        });
        Ok(Self {
            listener,
            thread: Some(thread),
        })
    }
}

impl Drop for ScriptedTcp {
    fn drop(&mut self) {
        // So that it accepts no more.
        let _it_listened = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _it_does_not_panic = thread.join();
        }
    }
}

/// Until the client closes, or is silent for too long.
fn converse(mut stream: TcpStream, script: &Script) -> std::io::Result<()> {
    // Each write is a segment.
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message)?;
        for segment in script(&message) {
            stream.write_all(&segment)?;
        }
    }
}
