//! Where netmon listens: an address, or a socket in the file system.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::Group;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::outlets::limits::BACKLOG;

/// Who may read the socket beside its owner.
const GROUP: &str = "netmon";
const MODE: u32 = 0o660;

/// A socket that listens, with nobody to accept yet.
#[derive(Debug)]
pub struct Bound(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener, Owned),
}

/// The socket's file, which only the process that holds its lock may make and remove.
#[derive(Debug)]
pub(super) struct Owned {
    path: PathBuf,
    _lock: Flock<File>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Who cannot remove it leaves a socket that refuses connections, and that the next one replaces.
        let _left = fs::remove_file(&self.path);
    }
}

impl Bound {
    /// Binds an address.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        // Not by nix, which takes no more than the constant that libc has for musl, 128, whatever the kernel allows.
        // SAFETY: a system call without pointers, on a socket that lives as long as `listener` (listen(2)).
        Errno::result(unsafe { libc::listen(listener.as_raw_fd(), BACKLOG) })?;
        listener.set_nonblocking(true)?;
        Ok(Self(Kind::Tcp(listener)))
    }

    /// Makes a socket that its owner and the group netmon, where there is one, may read. One that is in use is an error
    /// (`AddrInUse`); one that a process left behind is replaced.
    pub fn unix(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
            fs::create_dir_all(directory)?;
        }
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock)?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
            nix::Error::EWOULDBLOCK => io::ErrorKind::AddrInUse.into(),
            error => io::Error::from(error),
        })?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Nobody can connect before it has its mode: until it is renamed, nobody knows it.
        let mut unnamed = path.as_os_str().to_owned();
        unnamed.push(".new");
        let _left = fs::remove_file(&unnamed);
        let listener = UnixListener::bind(&unnamed)?;
        if let Ok(Some(group)) = Group::from_name(GROUP) {
            // Allowed to root and to the group's members, such as the service.
            let _as_it_is = chown(&unnamed, None, Some(group.gid.as_raw()));
        }
        fs::set_permissions(&unnamed, Permissions::from_mode(MODE))?;
        fs::rename(&unnamed, path)?;
        listener.set_nonblocking(true)?;
        let owned = Owned {
            path: path.to_owned(),
            _lock: lock,
        };
        Ok(Self(Kind::Unix(listener, owned)))
    }

    /// The address; with the port that the system chose if none was asked for. A socket in the file system has none.
    pub fn address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Kind::Tcp(listener) => listener.local_addr(),
            Kind::Unix(..) => Err(io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    /// For a runtime, which must have been entered.
    pub(super) fn listener(self) -> io::Result<Listener> {
        Ok(match self.0 {
            Kind::Tcp(listener) => Listener::Tcp(tokio::net::TcpListener::from_std(listener)?),
            Kind::Unix(listener, owned) => Listener::Unix {
                listener: tokio::net::UnixListener::from_std(listener)?,
                _owned: owned,
            },
        })
    }
}

/// A socket of this thread's runtime.
pub(super) enum Listener {
    Tcp(tokio::net::TcpListener),
    Unix {
        listener: tokio::net::UnixListener,
        /// Its file goes with it.
        _owned: Owned,
    },
}

impl Listener {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
            Self::Unix { listener, .. } => Box::new(listener.accept().await?.0),
        })
    }
}

/// What is read from and written to, whatever it is.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_socket_in_use_is_refused_and_one_that_was_left_behind_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/netmon.sock");
        let bound = Bound::unix(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        assert_eq!(Bound::unix(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        drop(bound);
        assert!(!path.exists());
        drop(UnixListener::bind(&path).unwrap());
        UnixStream::connect(&path).unwrap_err();
        let _bound = Bound::unix(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }
}
