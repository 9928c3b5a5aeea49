//! The live kernel's door, and the only place that knows aya: load, attach, poll, events.
//!
//! It refuses to judge: what it reads goes out as counts and observations.

mod activity;
mod adopt;
mod askers;
mod attach;
mod attachments;
mod bind;
mod btf;
mod change;
mod choose;
pub mod clsact;
mod error;
mod event_parts;
mod events;
pub mod features;
mod follow;
mod hooks;
mod instances;
mod interfaces;
mod key_set;
mod layout;
mod load;
pub mod locked;
mod log;
mod neighbours;
mod observer;
mod own_addresses;
mod own_frames;
mod pins;
mod places;
mod poll;
mod programs;
mod questions;
mod readings;
mod standing;
mod switches;
mod table;
mod tcx;
mod test_run;
mod trace_lifetime;
mod translated;
pub mod version;
mod watching;
mod watchlist;

pub use askers::{Askers, NoAskers};
pub use attach::can_see_what_leaves;
pub use attachments::Attachments;
pub use change::{Change, Ways};
pub use choose::Policy;
pub use error::KernelError;
pub use events::{Event, Events};
pub use hooks::{Attachment, Egress, HookChoice, Ingress, OURS, Unseen};
pub use instances::{Hook, Instance, Occupied, occupied};
pub use interfaces::{
    AtXdp, Choice, Interface, Inventory, Kind, Link, LookAgain, Route, RouteSigns, Selection, driver,
    native_xdp, route, why_unreadable, xdp_refusal,
};
pub use load::{Kernel, OwnQueries, Settings};
pub use log::KernelLog;
pub use neighbours::{Known, all_programs, tcx_programs};
pub(crate) use observer::service_of;
pub use observer::{Observer, Reading};
pub use pins::{DEFAULT_DIRECTORY as DEFAULT_PIN_DIRECTORY, Pins, Removed as PinsRemoved};
pub use places::{Batch, Gone, Leaving, Places, Retirement, Step};
pub use poll::Poller;
pub use programs::Program;
pub use switches::Switches;
pub use test_run::{FrameRunner, NotRun};
pub use trace_lifetime::TraceLifetime;
pub use translated::{Translated, translated};
pub use watching::{Network, Watched, Watching};
pub use watchlist::Watchlist;
