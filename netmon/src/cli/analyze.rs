//! The command line of `netmon analyze`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::zone::zone;
use super::{Naming, Server, Written, address, server, values};
use crate::detect::Prefix;

/// `netmon analyze`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads pcap and pcapng, also compressed by gzip or zstd, and the text that tcpdump prints; it recognises each by its \
content.\n\n\
Exit status: 0 done; 1 with --exit-code if there was an incident; 2 wrong usage, or nothing could be read; 3 the \
system refused.")]
pub struct Analyze {
    /// The files to read, merged by time; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How the report is written
    #[command(flatten)]
    pub written: Written,

    /// Look at this DNS port (repeatable, at most 8) [default: 53]
    #[arg(long, value_name = "PORT", value_parser = values::port)]
    pub port: Vec<u16>,

    /// An address of the host where the capture was made (repeatable): its failures count only once it has answered
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub local: Vec<IpAddr>,

    /// Always count failures of this server (repeatable): also if it is --local and has not answered yet, or if it gets
    /// only iterative queries
    #[arg(long, value_name = "ADDRESS", value_parser = server)]
    pub server: Vec<Server>,

    /// Who servers are
    #[command(flatten)]
    pub naming: Naming,

    /// Service addresses that this host translates, such as a Kubernetes cluster's (repeatable): a port unreachable that this
    /// host raises about one says that the service has no endpoints
    #[arg(long, value_name = "RANGE")]
    pub service_cidr: Vec<Prefix>,

    /// Let failed iterative queries (RD = 0, as recursive resolvers send them) open incidents too
    #[arg(long)]
    pub iterative: bool,

    /// Change one of the thresholds in docs/detection.md (repeatable); the packages have it in /usr/share/doc/netmon
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::threshold)]
    pub threshold: Vec<String>,

    /// The date of the first packet of text whose times have no date [default: the latest with which no packet is from after
    /// the file's last change; of standard input, today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = values::date)]
    pub date: Option<jiff::civil::Date>,

    /// The time zone that text's times are in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// Also run the frames through the XDP program in this kernel (as root), and say where it differs from user space
    #[arg(long)]
    pub via_kernel: bool,

    /// End with status 1 if there was an incident
    #[arg(long)]
    pub exit_code: bool,
}
