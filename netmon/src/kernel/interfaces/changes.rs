//! Tells when the network has changed, and how it is then.
//!
//! What the kernel announces is only taken as a sign to look: the inventory is read again, once for everything that
//! happens within a moment. So a storm of announcements costs no memory, and one that got lost (the kernel drops
//! them when nobody reads in time, and says so with `ENOBUFS`) loses nothing.
//!
//! Most routes are left out: a router's come and go all the time, and whoever needs to know asks for one route
//! ([`super::route`]).

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Inventory;
use super::inventory::is_default_route;
use super::netlink::{Message, messages, receive};
use crate::clock;
use crate::kernel::KernelError;

/// As soon as nothing was announced for so long, the inventory is read.
const QUIET: Duration = Duration::from_millis(20);
/// At the latest after so long.
const LONGEST: Duration = Duration::from_millis(200);
/// When reading failed, it is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// An announcement is about 1.5 KiB.
const BUFFER: usize = 8 * 1024;
/// Announcements that are read in one go, before others have their turn.
const BURST: usize = 256;

/// `RTNLGRP_LINK`, `_IPV4_IFADDR`, `_IPV4_ROUTE`, `_IPV4_RULE`, `_IPV6_IFADDR`, `_IPV6_ROUTE`, `_IPV6_RULE` and `_NEXTHOP` in
/// `include/uapi/linux/rtnetlink.h`, a bit each.
const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 1 << 18 | 1 << 31;

const RTM_DELLINK: u16 = 17;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWRULE: u16 = 32;
const RTM_DELRULE: u16 = 33;
const RTM_NEWNEXTHOP: u16 = 104;
const RTM_DELNEXTHOP: u16 = 105;

/// How the network is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// All of it.
    pub inventory: Inventory,
    /// Indexes of interfaces that were deleted since the last news. One may be in use again.
    pub deleted: BTreeSet<u32>,
}

/// Where news of the network of this process's namespace come from.
#[derive(Debug)]
pub struct Changes {
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
}

impl Changes {
    /// Starts listening, and gives back how the network is at first.
    pub async fn start() -> Result<(Self, Inventory), KernelError> {
        // Listening comes first, so that nothing can happen between.
        let socket = listen().map_err(|error| KernelError::netlink("changes of interfaces", &error))?;
        let inventory = Inventory::read().await?;
        let (sender, news) = mpsc::channel(1);
        let task = tokio::spawn(follow(socket, inventory.clone(), sender));
        Ok((Self { news, task }, inventory))
    }

    /// Waits for news. Nothing is lost when the waiting is given up.
    pub async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            // The task only ends when this is dropped.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A socket that hears of all changes, and does not block.
pub(super) fn announcements() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.set_non_blocking(true)?;
    socket.bind(&SocketAddr::new(0, GROUPS))?;
    Ok(socket)
}

fn listen() -> io::Result<AsyncFd<Socket>> {
    let socket = announcements()?;
    // SAFETY: the descriptor is the socket's own, and lives as long as it.
    unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }.map_err(io::Error::from)
}

async fn follow(socket: AsyncFd<Socket>, mut known: Inventory, sender: mpsc::Sender<News>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let signs = wait(&socket, &mut buffer).await;
        let inventory = loop {
            match Inventory::read().await {
                Ok(inventory) => break inventory,
                Err(error) => tracing::warn!("interfaces may be watched late: {error}"),
            }
            sleep(AGAIN).await;
        };
        if inventory == known && signs.deleted.is_empty() {
            continue;
        }
        known.clone_from(&inventory);
        let deleted = signs.deleted;
        if sender.send(News { inventory, deleted }).await.is_err() {
            return;
        }
    }
}

/// What the announcements say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Signs {
    /// That something has changed, or may have.
    changed: bool,
    deleted: BTreeSet<u32>,
}

/// Waits for a sign, and then until there is a pause in them.
async fn wait(socket: &AsyncFd<Socket>, buffer: &mut [u8]) -> Signs {
    let mut signs = Signs::default();
    while !signs.changed {
        match socket.readable().await {
            Ok(mut ready) => {
                if signs.read(socket.get_ref(), buffer) {
                    ready.clear_ready();
                }
            }
            // The runtime is ending.
            Err(_) => return std::future::pending().await,
        }
    }
    let latest = clock::instant() + LONGEST;
    loop {
        sleep(QUIET).await;
        signs.changed = false;
        signs.read(socket.get_ref(), buffer);
        if !signs.changed || clock::instant() >= latest {
            return signs;
        }
    }
}

impl Signs {
    /// Reads what is there; `false` when there may be more.
    fn read(&mut self, socket: &Socket, buffer: &mut [u8]) -> bool {
        for _ in 0..BURST {
            match receive(socket, buffer) {
                Ok(len) => messages(buffer.get(..len).unwrap_or_default()).for_each(|one| self.take(one)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) => {
                    // ENOBUFS: some got lost.
                    tracing::debug!("announcements of the network: {error}");
                    self.changed = true;
                }
            }
        }
        false
    }

    fn take(&mut self, message: Message<'_>) {
        // Of `struct ifinfomsg`.
        const INDEX: usize = 4;
        // A port that leaves a bridge is announced as deleted too, in the bridge's family.
        const UNSPECIFIED: Option<&u8> = Some(&0);
        let is_elsewhere = match message.kind {
            RTM_NEWROUTE | RTM_DELROUTE => !is_default_route(&message),
            RTM_NEWRULE | RTM_DELRULE | RTM_NEWNEXTHOP | RTM_DELNEXTHOP => true,
            _ => false,
        };
        // A router's routes come and go all the time. They are no part of the inventory.
        if is_elsewhere {
            return;
        }
        self.changed = true;
        if message.kind == RTM_DELLINK && message.payload.first() == UNSPECIFIED {
            self.deleted.extend(message.word(INDEX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with these bytes after its header.
    fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(16 + payload.len()).unwrap();
        [&len.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], payload].concat()
    }

    /// What is announced, and what it is a sign of.
    type Case<'a> = (&'a str, u16, &'a [u8], bool, &'a [u32]);

    #[test]
    fn only_routes_and_rules_that_are_not_default_routes_are_no_sign() {
        const NEW_LINK: u16 = 16;
        const NEW_ADDRESS: u16 = 20;
        let link = [0, 0, 0, 0, 7, 0, 0, 0];
        let port = [7, 0, 0, 0, 7, 0, 0, 0];
        let cases: [Case<'_>; 9] = [
            ("a link", NEW_LINK, &link, true, &[]),
            ("a link that is gone", RTM_DELLINK, &link, true, &[7]),
            ("a port that left its bridge", RTM_DELLINK, &port, true, &[]),
            ("an address", NEW_ADDRESS, &link, true, &[]),
            ("a default route", RTM_NEWROUTE, &[2, 0, 0, 0], true, &[]),
            ("a route", RTM_NEWROUTE, &[2, 24, 0, 0], false, &[]),
            ("a route that is gone", RTM_DELROUTE, &[10, 64, 0, 0], false, &[]),
            ("a rule", RTM_NEWRULE, &[2, 0, 0, 0], false, &[]),
            (
                "a next hop that is gone",
                RTM_DELNEXTHOP,
                &[2, 0, 0, 0],
                false,
                &[],
            ),
        ];
        for (case, kind, payload, changed, deleted) in cases {
            let mut signs = Signs::default();
            messages(&message(kind, payload)).for_each(|one| signs.take(one));
            let expected = Signs {
                changed,
                deleted: deleted.iter().copied().collect(),
            };
            assert_eq!(signs, expected, "{case}");
        }
    }
}
