//! Keeps the programs attached to the interfaces that were chosen, whatever becomes of the network, and keeps nobody
//! waiting for that.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use netmon_common::Address;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep_until;

use super::change::{Change, Ways};
use super::error::KernelError;
use super::follow::Following;
use super::hooks::{Attachment, HookChoice};
use super::interfaces::{Changes, Choice, Inventory, Kind, LookAgain, Selection};
use super::load::Kernel;
use crate::clock;

/// How often it is looked whether all that is attached is there still. It must be known before the silence of a server is
/// judged whose answers are not seen any more, which is 5 s (`unanswered_wait`) after a query at the earliest. At TCX it takes four
/// system calls an interface, a few microseconds; for a program at XDP or a filter of `clsact` a request by netlink, some ten
/// microseconds; where an `ingress` qdisc has the place of `clsact`, a list of all qdiscs. The thread of [`At::Work`] does it.
const LOOK: Duration = Duration::from_secs(4);

/// The network as it is at the start, and what is chosen of it.
#[derive(Debug)]
pub struct Network {
    selection: Selection,
    changes: Changes,
    inventory: Inventory,
    choice: Choice,
}

/// What is watched at the start.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Each interface, and how.
    pub attachments: Vec<Attachment>,
    /// What is not watched, and why.
    pub left_out: Vec<(String, String)>,
    /// By which ways packets come.
    pub ways: Ways,
}

/// Everything that is attached.
#[derive(Debug)]
pub struct Watching {
    changes: Changes,
    at: At,
    /// When it is to be looked whether all that is attached is there still.
    next_look: Instant,
    is_looking: bool,
}

/// Where the work is.
#[derive(Debug)]
enum At {
    /// Here.
    Rest(Box<Following>),
    /// On a thread that may wait for the kernel.
    Work(JoinHandle<(Box<Following>, Result<(), KernelError>)>),
    /// Nowhere: the thread died.
    Lost,
}

impl Network {
    /// Begins to watch the network, and chooses. Everything that was chosen by name must be there.
    pub async fn watch(selection: &Selection) -> Result<Self, KernelError> {
        let (changes, inventory) = Changes::start().await?;
        let choice = inventory.choose_first(selection)?;
        Ok(Self {
            selection: selection.clone(),
            changes,
            inventory,
            choice,
        })
    }

    /// This host's own addresses, as keys.
    pub fn addresses(&self) -> BTreeSet<Address> {
        let watched = self.choice.watched.iter().map(|interface| interface.index);
        self.inventory.own_addresses(&watched.collect())
    }

    /// For whoever sees that frames are taken for those of other hosts.
    pub fn look_again(&self) -> LookAgain {
        self.changes.look_again()
    }

    /// Whether the loopback interface was chosen.
    pub fn watches_loopback(&self) -> bool {
        let mut watched = self.choice.watched.iter();
        watched.any(|interface| interface.kind == Kind::Loopback)
    }

    /// Loads the programs that this network may need, as long as its interfaces are of the kinds that are there.
    pub fn load_programs(&self, kernel: &mut Kernel, hook: HookChoice) -> Result<(), KernelError> {
        let all = self.inventory.interfaces.values();
        match &self.selection {
            Selection::Named(_) => kernel.load_for(hook, &self.choice.watched),
            Selection::DefaultRoutes => kernel.load_for(hook, all),
            Selection::All { .. } => kernel.load_for(hook, all.filter(|one| one.kind != Kind::Tunnel)),
        }
    }

    /// Attaches to what was chosen; the interfaces with these names are mirror ports.
    pub fn attach(
        self,
        kernel: Kernel,
        hook: HookChoice,
        mirrors: &BTreeSet<String>,
    ) -> Result<(Watching, Watched), KernelError> {
        let Self {
            selection,
            changes,
            inventory,
            choice,
        } = self;
        let pins = kernel.pins.clone();
        let following = Following::start(kernel, hook, selection, inventory, choice, mirrors.clone())?;
        if let Some(pins) = pins {
            pins.keep();
        }
        let watched = Watched {
            attachments: following.attachments(),
            left_out: following.left_out().to_vec(),
            ways: following.ways().clone(),
        };
        let at = At::Rest(Box::new(following));
        let watching = Watching {
            changes,
            at,
            next_look: clock::instant() + LOOK,
            is_looking: false,
        };
        Ok((watching, watched))
    }
}

impl Watching {
    /// Waits for the next change, after doing what it needs. Nothing is lost when the waiting is given up.
    pub async fn next(&mut self) -> Result<Change, KernelError> {
        loop {
            self.at.finish().await?;
            if std::mem::take(&mut self.is_looking) {
                // Counted from its end: between two looks there is always time for news.
                self.next_look = clock::instant() + LOOK;
            }
            let At::Rest(following) = &mut self.at else {
                return Err(lost());
            };
            if let Some(change) = following.tell() {
                return Ok(change);
            }
            let now = clock::instant();
            if now >= self.next_look {
                self.is_looking = true;
                self.at.work(Following::look);
            } else if following.is_behind() {
                self.at.work(Following::attach_next);
            } else {
                tokio::select! {
                    news = self.changes.next() => self.at.work(|following| following.take(news)),
                    () = sleep_until(self.next_look.into()) => {}
                }
            }
        }
    }

    /// Detaches everything. After that nothing is counted any more.
    pub async fn detach(mut self) {
        // A refusal to attach does not matter any more.
        let _last = self.at.finish().await;
    }
}

impl At {
    /// Sends the work to a thread of its own.
    fn work(&mut self, work: impl FnOnce(&mut Following) -> Result<(), KernelError> + Send + 'static) {
        *self = match std::mem::replace(self, Self::Lost) {
            Self::Rest(mut following) => Self::Work(spawn_blocking(move || {
                let result = work(&mut following);
                (following, result)
            })),
            busy => busy,
        };
    }

    /// Waits for the work to be done.
    async fn finish(&mut self) -> Result<(), KernelError> {
        let Self::Work(work) = self else { return Ok(()) };
        let Ok((following, result)) = work.await else {
            *self = Self::Lost;
            return Err(lost());
        };
        *self = Self::Rest(following);
        result
    }
}

/// The thread panicked, which is a mistake of netmon's own.
fn lost() -> KernelError {
    KernelError::Netlink {
        what: "changes of interfaces",
        reason: "the thread that follows them has died".to_owned(),
    }
}
