//! The live kernel's door, and the only place that knows aya: load, attach, poll, evidence.
//!
//! It refuses to judge: what it reads goes out as counts and observations.

mod adopt;
mod askers;
mod attach;
mod attachments;
mod btf;
mod change;
mod entered_by;
mod error;
mod event_parts;
mod events;
mod follow;
mod hooks;
mod instances;
mod interfaces;
mod layout;
mod load;
mod log;
mod neighbours;
mod observer;
mod own_addresses;
mod own_frames;
mod pins;
mod places;
mod poll;
mod questions;
mod readings;
mod table;
mod test_run;
pub mod version;
mod watching;
mod watchlist;

pub use askers::{Askers, NoAskers};
pub use attachments::Attachments;
pub use change::{Change, Ways};
pub use error::KernelError;
pub use events::{Event, Events};
pub use hooks::{Attachment, Egress, HookChoice, Ingress};
pub use instances::{Hook, Instance, Occupied, occupied};
pub use interfaces::{AtXdp, Choice, Interface, Inventory, Kind, Selection, driver, native_xdp};
pub use load::{Kernel, Program, Settings};
pub use log::KernelLog;
pub use neighbours::{Known, all_programs, tcx_programs};
pub use observer::{Observer, Reading};
pub use pins::{DEFAULT_DIRECTORY as DEFAULT_PIN_DIRECTORY, Pins, Removed as PinsRemoved};
pub use places::Switches;
pub use poll::Poller;
pub use test_run::{FrameRunner, NotRun};
pub use watching::{Network, Watched, Watching};
pub use watchlist::Watchlist;
