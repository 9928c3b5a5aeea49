//! The queueing discipline `clsact`, by which TC programs are attached before Linux 6.6. Its filters outlive whoever made them:
//! those of a netmon that was killed are found here and taken away, and so is the discipline where netmon made it and nobody else
//! uses it.
//!
//! At its place there may be `ingress` instead, which shaping and container networks use. The kernel then says that `clsact` is there
//! (`EEXIST`), takes a filter for what leaves, and runs it for what arrives (`ingress_tcf_block` in `net/sched/sch_ingress.c`).

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::{Arc, Weak};

use aya::programs::tc::{self, SchedClassifierLink, TcError};
use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{TcAttribute, TcFilterBpfOption, TcHandle, TcHeader, TcMessage, TcOption};

use super::error::os_error;
use super::hooks::OURS;
use super::interfaces::{request, value};

/// `TC_H_CLSACT` in `include/uapi/linux/pkt_sched.h`: where it hangs, and the numbers of its two sides.
const CLSACT: u16 = 0xffff;
const ITSELF: u16 = 0xfff1;
const INGRESS: u16 = 0xfff2;
const EGRESS: u16 = 0xfff3;

/// The kinds of disciplines that there may be at this place.
const KIND: &str = "clsact";
const OTHER_KIND: &str = "ingress";

/// A filter of `clsact` that is netmon's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whether it sees what leaves.
    pub leaves: bool,
    /// The id of its program.
    pub program: u32,
    header: TcHeader,
}

/// A filter that this netmon attached, and the discipline, if netmon made that.
#[derive(Debug)]
pub(super) struct ClsactLink {
    // Dropped in this order.
    _filter: SchedClassifierLink,
    _discipline: Option<Arc<Discipline>>,
    index: u32,
    side: u16,
    handle: u32,
}

impl ClsactLink {
    /// Of the filter with this handle, for what arrives at an interface or leaves it.
    pub fn new(
        filter: SchedClassifierLink,
        discipline: Option<Arc<Discipline>>,
        index: u32,
        leaves: bool,
        handle: u32,
    ) -> Self {
        Self {
            _filter: filter,
            _discipline: discipline,
            index,
            side: if leaves { EGRESS } else { INGRESS },
            handle,
        }
    }

    /// Whether it is there still.
    pub fn is_there(&self) -> io::Result<bool> {
        let filters = dump(self.index, self.side)?;
        Ok(filters
            .iter()
            .any(|filter| u32::from(filter.header.handle) == self.handle))
    }
}

/// Whether a filter for what leaves an interface would see that: unless `ingress` is where `clsact` would be. Where the kernel does
/// not say, it is taken to be so.
pub fn takes_what_leaves(index: u32) -> bool {
    kind(index).map_or(true, |kind| kind.as_deref() != Some(OTHER_KIND))
}

/// The kind of the discipline that an interface has at the place of `clsact`.
fn kind(index: u32) -> io::Result<Option<String>> {
    // In `struct tcmsg`, and its length.
    const INDEX: usize = 4;
    const PARENT: usize = 12;
    const HEADER: usize = 20;
    const TCA_KIND: u16 = 1;
    let place = u32::from(CLSACT) << 16 | u32::from(ITSELF);
    let mut kind = None;
    let all = RouteNetlinkMessage::GetQueueDiscipline(TcMessage::default());
    request(all, NLM_F_DUMP, |answer| {
        if answer.word(INDEX) == Some(index) && answer.word(PARENT) == Some(place) {
            let attributes = answer.payload.get(HEADER..).unwrap_or_default();
            kind = value(attributes, TCA_KIND)
                .and_then(|bytes| CStr::from_bytes_until_nul(bytes).ok())
                .map(|name| name.to_string_lossy().into_owned());
        }
    })?;
    Ok(kind)
}

/// The disciplines that this netmon uses.
#[derive(Debug, Default)]
pub(super) struct Disciplines {
    /// Those that it made, by the index of their interface.
    made: BTreeMap<u32, Weak<Discipline>>,
    owner: Option<Owner>,
}

/// A discipline that this netmon made. Dropping it takes it away where it has no filters.
#[derive(Debug)]
pub(super) struct Discipline {
    index: u32,
}

impl Disciplines {
    /// Makes sure that the interface has one, and takes away filters that a netmon left there. Gives back the handle for a
    /// new filter, and what whoever attaches it is to hold.
    pub fn ensure(&mut self, name: &str, index: u32) -> Result<(u32, Option<Arc<Discipline>>), TcError> {
        if self.owner.is_none() {
            self.owner = Some(Owner::new()?);
        }
        let handle = self.owner.as_ref().map_or(0, |owner| owner.handle);
        if is_new(tc::qdisc_add_clsact(name))? {
            let made = Arc::new(Discipline { index });
            self.made.insert(index, Arc::downgrade(&made));
            return Ok((handle, Some(made)));
        }
        sweep(index);
        Ok((handle, self.made.get(&index).and_then(Weak::upgrade)))
    }
}

/// Whether a discipline that was to be added was not there before.
fn is_new(added: Result<(), TcError>) -> Result<bool, TcError> {
    match added {
        Err(TcError::AlreadyAttached) => Ok(false),
        Err(error) if os_error(&error) == Some(libc::EEXIST) => Ok(false),
        other => other.map(|()| true),
    }
}

impl Drop for Discipline {
    fn drop(&mut self) {
        let is_used =
            [INGRESS, EGRESS].map(|side| dump(self.index, side).map_or(true, |all| !all.is_empty()));
        if is_used.contains(&true) {
            return;
        }
        let mut message = message(self.index, ITSELF);
        message.header.handle = handle(0);
        // Somebody may have put `ingress` in its place.
        message.attributes.push(TcAttribute::Kind(KIND.to_owned()));
        if let Err(error) = order(RouteNetlinkMessage::DelQueueDiscipline(message)) {
            tracing::debug!("the clsact qdisc of interface {} stays: {error}", self.index);
        }
    }
}

/// The filters of an interface that are netmon's, whether or not that netmon runs.
pub fn filters(index: u32) -> io::Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for (side, leaves) in [(INGRESS, false), (EGRESS, true)] {
        let there = dump(index, side)?;
        // Of `ingress` the kernel lists the same ones for both sides.
        if leaves && !there.is_empty() && !takes_what_leaves(index) {
            break;
        }
        for found in there {
            if let Some(program) = program_of_ours(&found) {
                filters.push(Filter {
                    leaves,
                    program,
                    header: found.header,
                });
            }
        }
    }
    Ok(filters)
}

/// Takes away the filters of an interface that a netmon left when it was killed. How many they were.
pub fn sweep(index: u32) -> usize {
    let mut swept = 0;
    for filter in filters(index).unwrap_or_default() {
        let Ok(_it_is_gone) = Owner::of(filter.header.handle.into()) else {
            continue;
        };
        let message = TcMessage::from_parts(filter.header, vec![TcAttribute::Kind("bpf".to_owned())]);
        match order(RouteNetlinkMessage::DelTrafficFilter(message)) {
            Ok(()) => swept += 1,
            Err(error) => tracing::warn!("cannot take away a TC filter that a netmon left: {error}"),
        }
    }
    if swept > 0 {
        tracing::info!("took away {swept} TC filters of a netmon that was killed");
    }
    swept
}

/// Whose filters carry a handle. As long as it lives it holds an abstract socket that is named after the handle: such names
/// belong to a network namespace, as filters do, and are free when their holder is gone (unix(7)).
#[derive(Debug)]
struct Owner {
    handle: u32,
    _socket: UnixListener,
}

impl Owner {
    /// Takes the handle; an error where somebody has it.
    fn of(handle: u32) -> io::Result<Self> {
        let address = SocketAddr::from_abstract_name(format!("netmon-filters-{handle:08x}"))?;
        Ok(Self {
            handle,
            _socket: UnixListener::bind_addr(&address)?,
        })
    }

    /// Takes one that nobody has.
    fn new() -> io::Result<Self> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        // The kernel gives others small ones.
        Self::of(u32::from_ne_bytes(bytes) | 1 << 31)
    }
}

fn program_of_ours(message: &TcMessage) -> Option<u32> {
    let mut options = message.attributes.iter().filter_map(|attribute| match attribute {
        TcAttribute::Options(options) => Some(options),
        _ => None,
    });
    let options: Vec<_> = options.next()?.iter().collect();
    let is_ours = options.iter().any(
        |option| matches!(option, TcOption::Bpf(TcFilterBpfOption::ProgName(name)) if name.starts_with(OURS)),
    );
    let id = options.iter().find_map(|option| match option {
        TcOption::Bpf(TcFilterBpfOption::ProgId(id)) => Some(*id),
        _ => None,
    });
    id.filter(|_| is_ours)
}

/// The filters at one side of an interface; none where it has no `clsact`.
fn dump(index: u32, side: u16) -> io::Result<Vec<TcMessage>> {
    let mut found = Vec::new();
    let wanted = RouteNetlinkMessage::GetTrafficFilter(message(index, side));
    let asked = request(wanted, NLM_F_DUMP, |answer| {
        if let Some(RouteNetlinkMessage::NewTrafficFilter(filter)) = answer.parse()
            && filter.header.handle != handle(0)
        {
            found.push(filter);
        }
    });
    match asked {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(Vec::new()),
        other => other.map(|()| found),
    }
}

fn order(message: RouteNetlinkMessage) -> io::Result<()> {
    request(message, NLM_F_ACK, |_| {})
}

fn message(index: u32, side: u16) -> TcMessage {
    let mut message = TcMessage::with_index(index.cast_signed());
    message.header.parent = TcHandle {
        major: CLSACT,
        minor: side,
    };
    message
}

const fn handle(minor: u16) -> TcHandle {
    TcHandle { major: 0, minor }
}
