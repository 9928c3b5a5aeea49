//! What limits the rest of what netmon reports.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// What a warning is about.
    pub enum WarningKind {
        /// Silence cannot be judged: answers may pass unseen.
        OneDirection = "one_direction",
        /// An incident rests on errors whose queries are not seen.
        QueriesUnseen = "queries_unseen",
        /// An error cannot be verified, because its query cannot be seen: it opens nothing.
        UnverifiedError = "unverified_error",
        /// A client fails at so many servers that it scans, or has lost its network.
        ManyServers = "many_servers",
        /// So many servers fail that not all of them are reported.
        ManyIncidents = "many_incidents",
        /// The kernel's tables are short of places.
        TablePressure = "table_pressure",
        /// The ring to user space was full.
        EventsLost = "events_lost",
        /// Queries lose their traces while they wait.
        TracesOverwritten = "traces_overwritten",
        /// An outlet is too slow, or cannot be written: what it was to report is lost.
        OutputDropped = "output_dropped",
        /// The history cannot be read or written.
        History = "history",
        /// The history has nothing about the time around an incident.
        NoMinutes = "no_minutes",
        /// The history ends before the incident does.
        MinutesBehind = "minutes_behind",
        /// The history has gaps.
        Unwatched = "unwatched",
        /// The history knows the least active servers only in sum.
        ServersSummed = "servers_summed",
        /// There were more incidents than are kept.
        IncidentsLeftOut = "incidents_left_out",
        /// The kernel's programs count a capture in another way than user space.
        KernelDiffers = "kernel_differs",
        /// The kernel's programs cannot read some frames of a capture.
        FramesLeftOut = "frames_left_out",
        /// Packets of a capture have no time.
        NoTime = "no_time",
        /// A text has no times.
        NoTimes = "no_times",
        /// Times of a text go back: a new day is assumed.
        NextDay = "next_day",
        /// A text has times without a date.
        RelativeTimes = "relative_times",
        /// A text has host names in place of addresses.
        HostNames = "host_names",
        /// Packets of a text are left out, for there are too many host names.
        HostNamesLeftOut = "host_names_left_out",
        /// A text has its packets in columns, as tshark prints them.
        SummaryText = "summary_text",
        /// Lines have an error of DNS in them, and are not read.
        UnreadErrors = "unread_errors",
        /// So many packets of a text cannot be read that an incident may be missing.
        UnreadPackets = "unread_packets",
        /// Lines are cut within the names of queries.
        CutNames = "cut_names",
        /// Packets that may tell of queries cannot be read.
        UnreadablePackets = "unreadable_packets",
        /// Packets carry packets of others, which are not looked at.
        Tunnel = "tunnel",
        /// One packet was seen several times, and is counted once.
        Duplicates = "duplicates",
        /// Lines are not what tcpdump prints.
        UnreadableLines = "unreadable_lines",
        /// Records of a text are longer than any packet's.
        OverlongText = "overlong_text",
        /// A text does not say what packets carry.
        QuietText = "quiet_text",
        /// A packet of a capture is longer than netmon reads.
        PacketTooLong = "packet_too_long",
        /// A length in a capture cannot be right.
        WrongLength = "wrong_length",
        /// A capture has more interfaces than netmon reads.
        TooManyInterfaces = "too_many_interfaces",
        /// A packet of a capture names an interface that the capture does not have.
        UnknownInterface = "unknown_interface",
        /// A capture has more addresses than are remembered.
        AddressesForgotten = "addresses_forgotten",
        /// netmon does not know a capture's link headers.
        UnknownLinkType = "unknown_link_type",
        /// A file ends before its end.
        TruncatedFile = "truncated_file",
        /// A file cannot be read on.
        ReadError = "read_error",
        /// A file cannot be read at all.
        UnreadableFile = "unreadable_file",
        /// An interface is watched from now on.
        InterfaceAttached = "interface_attached",
        /// An interface that was watched is gone.
        InterfaceGone = "interface_gone",
        /// An interface is no longer to be watched.
        InterfaceLeft = "interface_left",
        /// An interface that is watched has another name.
        InterfaceRenamed = "interface_renamed",
        /// Of an interface that is watched, not all packets may be seen.
        PacketsUnseen = "packets_unseen",
        /// An interface cannot be watched.
        InterfaceNotAttached = "interface_not_attached",
        /// An interface is not watched, and why.
        InterfaceLeftOut = "interface_left_out",
        /// There are more interfaces than can be watched.
        InterfacesTooMany = "interfaces_too_many",
        /// This host is configured to use other resolvers from now on.
        ResolversChanged = "resolvers_changed",
        /// A resolver of this host that was down is not asked any more.
        ResolverUnused = "resolver_unused",
    }
}

words! {
    /// Whether what a warning is about goes on.
    pub enum WarningState {
        /// From now on.
        Started = "started",
        /// No longer.
        Over = "over",
    }
}

/// Something that limits what the rest says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Warning {
    /// The word for programs.
    pub warning: WarningKind,
    /// A sentence for people.
    pub message: String,
    /// Whether it goes on; `None` for what simply happened.
    pub state: Option<WarningState>,
}

impl Warning {
    /// Something happened.
    pub fn new(warning: WarningKind, message: impl Into<String>) -> Self {
        Self {
            warning,
            message: message.into(),
            state: None,
        }
    }

    /// The same, which goes on from now, or is over.
    #[must_use]
    pub fn in_state(self, state: WarningState) -> Self {
        Self {
            state: Some(state),
            ..self
        }
    }
}
