//! Tells when the network has changed, and how it is then.
//!
//! What the kernel announces is only taken as a sign to look: the inventory is read again, once for everything that
//! happens within a moment. So a storm of announcements costs no memory, and one that got lost (the kernel drops
//! them when nobody reads in time, and says so with `ENOBUFS`) loses nothing.
//!
//! Most routes are left out: a router's come and go all the time, and whoever needs to know asks for one route
//! ([`super::route`]).
//!
//! What happens in another namespace is announced there alone, also where a device that lies on one of this namespace's comes up,
//! which listens to one more hardware address from then on. That is looked for while frames come for addresses that nobody
//! here knows ([`LookAgain`]).

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};

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

/// Hardware addresses are looked for at most so often, and while nothing new is found each time half as often as before, down to the
/// second one: a network that floods frames of others all the time costs one look in 4 s, which lists what the devices of this
/// host let through and what its bridges have learned. More seldom would be too late: servers are judged to be silent after 5 s.
const LOOK_AT_MOST: Duration = Duration::from_secs(1);
const LOOK_AT_LEAST: Duration = Duration::from_secs(4);
/// A look that took long is followed by a pause of so many times as long.
const TIMES: u32 = 200;

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
    /// Whether somebody had wanted a look: frames for hardware addresses that are new have been taken for those of other hosts.
    pub was_looked_for: bool,
}

/// Where news of the network of this process's namespace come from.
#[derive(Debug)]
pub struct Changes {
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
    look_again: LookAgain,
}

/// Has hardware addresses looked for that were not announced here.
#[derive(Clone, Debug)]
pub struct LookAgain(watch::Sender<()>);

impl LookAgain {
    /// Frames came for an address that nobody here knows. Costs nothing: however often it is called, it is looked now and then.
    pub fn now_and_then(&self) {
        self.0.send_replace(());
    }
}

impl Changes {
    /// Starts listening, and gives back how the network is at first.
    pub async fn start() -> Result<(Self, Inventory), KernelError> {
        // Listening comes first, so that nothing can happen between.
        let socket = listen().map_err(|error| KernelError::netlink("changes of interfaces", &error))?;
        let inventory = Inventory::read().await?;
        let (sender, news) = mpsc::channel(1);
        let (look_again, wanted) = watch::channel(());
        let looks = Looks::new(wanted, clock::instant());
        let task = tokio::spawn(follow(socket, inventory.clone(), looks, sender));
        let look_again = LookAgain(look_again);
        let changes = Self {
            news,
            task,
            look_again,
        };
        Ok((changes, inventory))
    }

    /// For whoever sees that frames are taken for those of other hosts.
    pub fn look_again(&self) -> LookAgain {
        self.look_again.clone()
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

async fn follow(socket: AsyncFd<Socket>, mut known: Inventory, mut looks: Looks, sender: mpsc::Sender<News>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let Signs { changed, deleted } = wait(&socket, &mut buffer, &mut looks).await;
        let was_looked_for = looks.begin() || !changed;
        let inventory = if changed {
            read().await
        } else {
            looks.look(&known).await
        };
        if inventory == known && deleted.is_empty() {
            continue;
        }
        known.clone_from(&inventory);
        let news = News {
            inventory,
            deleted,
            was_looked_for,
        };
        if sender.send(news).await.is_err() {
            return;
        }
    }
}

/// The inventory as it is now, however long it takes.
async fn read() -> Inventory {
    loop {
        match Inventory::read().await {
            Ok(inventory) => return inventory,
            Err(error) => tracing::warn!("interfaces may be watched late: {error}"),
        }
        sleep(AGAIN).await;
    }
}

/// When hardware addresses are looked for.
#[derive(Debug)]
struct Looks {
    wanted: watch::Receiver<()>,
    /// Not before.
    next: Instant,
    pause: Duration,
}

impl Looks {
    /// None was wanted yet.
    const fn new(wanted: watch::Receiver<()>, now: Instant) -> Self {
        Self {
            wanted,
            next: now,
            pause: LOOK_AT_MOST,
        }
    }

    /// Waits until a look is wanted, and it is time for one. Nothing is lost when the waiting is given up.
    async fn wanted(&mut self) {
        sleep_until(self.next.into()).await;
        if self.wanted.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// From here on all is looked at. Whether that was wanted, and not known yet.
    fn begin(&mut self) -> bool {
        let is_wanted = self.wanted.has_changed().unwrap_or_default();
        self.wanted.mark_unchanged();
        is_wanted
    }

    /// What is known, with the hardware addresses as they are now.
    async fn look(&mut self, known: &Inventory) -> Inventory {
        let began = clock::instant();
        let listens_to = Inventory::read_listens_to().await.unwrap_or_else(|error| {
            tracing::debug!("hardware addresses cannot be looked for: {error}");
            known.listens_to.clone()
        });
        let is_new = !listens_to.is_subset(&known.listens_to);
        self.looked(is_new, clock::since(began), clock::instant());
        Inventory {
            listens_to,
            ..known.clone()
        }
    }

    /// It was looked just now, which took so long.
    fn looked(&mut self, is_new: bool, took: Duration, now: Instant) {
        if is_new {
            self.pause = LOOK_AT_MOST;
        }
        self.next = now + self.pause.max(took * TIMES);
        self.pause = LOOK_AT_LEAST.min(self.pause * 2);
    }
}

/// What the announcements say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Signs {
    /// That something has changed, or may have.
    changed: bool,
    deleted: BTreeSet<u32>,
}

/// Waits for a sign, and then until there is a pause in them; or until a look is wanted, of which there is no sign.
async fn wait(socket: &AsyncFd<Socket>, buffer: &mut [u8], looks: &mut Looks) -> Signs {
    let mut signs = Signs::default();
    while !signs.changed {
        tokio::select! {
            ready = socket.readable() => match ready {
                Ok(mut ready) => {
                    if signs.read(socket.get_ref(), buffer) {
                        ready.clear_ready();
                    }
                }
                // The runtime is ending.
                Err(_) => return std::future::pending().await,
            },
            () = looks.wanted() => return signs,
        }
    }
    let latest = clock::instant() + LONGEST;
    loop {
        sleep(QUIET).await;
        signs.changed = false;
        signs.read(socket.get_ref(), buffer);
        if !signs.changed || clock::instant() >= latest {
            signs.changed = true;
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

    #[test]
    fn looks_that_find_nothing_become_seldom_and_one_that_finds_something_is_followed_by_another_one_soon() {
        let (_sender, wanted) = watch::channel(());
        let start = clock::instant();
        let mut looks = Looks::new(wanted, start);
        let pauses: Vec<u64> = [
            (false, 0),
            (false, 0),
            (false, 0),
            (false, 0),
            (false, 100),
            (true, 0),
            (false, 0),
            (true, 100),
        ]
        .into_iter()
        .map(|(is_new, took)| {
            looks.looked(is_new, Duration::from_millis(took), start);
            (looks.next - start).as_secs()
        })
        .collect();
        assert_eq!(pauses, [1, 2, 4, 4, 20, 1, 2, 20]);
    }

    #[test]
    fn a_look_is_wanted_once_however_often_frames_come() {
        let (sender, wanted) = watch::channel(());
        let look_again = LookAgain(sender);
        let mut looks = Looks::new(wanted, clock::instant());
        assert!(!looks.begin());
        look_again.now_and_then();
        look_again.now_and_then();
        assert!(looks.begin());
        assert!(!looks.begin());
    }

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
