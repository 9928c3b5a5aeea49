//! Which process a query comes from: programs at the root of the control groups note who connects a socket to a DNS port or
//! sends to one, in whatever network namespace; those where packets leave note the socket. One more notes which errors the kernel
//! hands to these sockets.

use std::fs::File;
use std::path::Path;

use aya::maps::{Array, MapData};
use aya::programs::cgroup_sock_addr::CgroupSockAddrLink;
use aya::programs::tp_btf::BtfTracePointLink;
use aya::programs::{
    BtfTracePoint, CgroupAttachMode, CgroupSockAddr, ProgramError, SchedClassifier, TcAttachType,
};
use aya::{Btf, BtfError, Endianness};
use netmon_common::limits::ASKERS;
use netmon_common::records::{Asker, Interface};

use super::attach::TcLink;
use super::btf::Types;
use super::error::chain;
use super::load::Kernel;
use super::programs::patiently;

/// The programs at the control groups' root.
const AT_SOCKETS: [&str; 4] = [
    "netmon_connect4",
    "netmon_connect6",
    "netmon_sendmsg4",
    "netmon_sendmsg6",
];
/// The one where packets leave by the loopback interface.
const AT_LOOPBACK: &str = "netmon_loopback";
const LOOPBACK: &str = "lo";

/// The one where the kernel hands a socket an error, and the tracepoint (since Linux 5.14).
const AT_ERRORS: &str = "netmon_error_report";
const ERROR_REPORT: &str = "inet_sk_error_report";

/// The map of sockets and their processes.
const ASKED_BY: &str = "ASKED_BY";

/// Who asks. While this is kept, it is noted.
pub struct Askers {
    map: Array<MapData, Asker>,
    _sockets: Vec<CgroupSockAddrLink>,
    _loopback: Option<TcLink>,
    errors: Result<BtfTracePointLink, NoAskers>,
}

/// Who asks cannot be noted, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoAskers(String);

impl NoAskers {
    /// There is no root of control groups to attach to.
    pub fn no_cgroups() -> Self {
        Self("the second version of control groups is mounted nowhere".to_owned())
    }
}

impl Kernel {
    /// Notes from now on who asks, at this control group and all below it; what crosses the loopback interface of this network
    /// namespace only where that is wanted. Can be had once.
    pub fn askers(&mut self, root: &Path, loopback: bool) -> Result<Askers, NoAskers> {
        let failed =
            |what: &str, error: &dyn std::error::Error| NoAskers(format!("{what}: {}", chain(error)));
        let group = File::open(root).map_err(|error| failed(&format!("{}", root.display()), &error))?;
        let map = self.take(ASKED_BY).map_err(|error| failed(ASKED_BY, &error))?;
        let map = Array::try_from(map).map_err(|error| failed(ASKED_BY, &error))?;
        let mut sockets = Vec::new();
        for name in AT_SOCKETS {
            sockets.push(
                self.at_socket(name, &group)
                    .map_err(|error| failed(name, &error))?,
            );
        }
        let loopback = loopback.then(|| self.at_loopback()).transpose();
        Ok(Askers {
            map,
            _sockets: sockets,
            _loopback: loopback.map_err(|error| failed(AT_LOOPBACK, &error))?,
            errors: if self.reads_errors {
                self.at_errors().map_err(|error| failed(ERROR_REPORT, &error))
            } else {
                Err(NoAskers(
                    "the kernel does not say where a socket's error lies".to_owned(),
                ))
            },
        })
    }

    fn error_report(&mut self) -> Result<&mut BtfTracePoint, ProgramError> {
        let program = self.ebpf.program_mut(AT_ERRORS).ok_or(ProgramError::NotLoaded)?;
        program.try_into()
    }

    /// Loads the program that reads which errors the kernel hands to sockets.
    pub(super) fn load_error_report(&mut self, types: &Types) -> Result<(), ProgramError> {
        let program = self.error_report()?;
        let name = format!("btf_trace_{ERROR_REPORT}");
        let Some(types) = types.only_definition(&name) else {
            return Err(BtfError::UnknownBtfTypeName { type_name: name }.into());
        };
        let types = Btf::parse(&types, Endianness::default())?;
        patiently(|| program.load(ERROR_REPORT, &types))
    }

    fn at_errors(&mut self) -> Result<BtfTracePointLink, ProgramError> {
        std::mem::replace(&mut self.error_report, Ok(()))?;
        let program = self.error_report()?;
        let link = program.attach()?;
        program.take_link(link)
    }

    fn at_socket(&mut self, name: &str, group: &File) -> Result<CgroupSockAddrLink, ProgramError> {
        let program = self.ebpf.program_mut(name).ok_or(ProgramError::NotLoaded)?;
        let program: &mut CgroupSockAddr = program.try_into()?;
        patiently(|| program.load())?;
        // Others may attach there too: a link never keeps them out.
        let link = program.attach(group, CgroupAttachMode::Single)?;
        program.take_link(link)
    }

    /// Gives back the program where packets leave by the loopback interface, which is loaded if it was not.
    pub fn loopback(&mut self) -> Result<&mut SchedClassifier, ProgramError> {
        let program = self
            .ebpf
            .program_mut(AT_LOOPBACK)
            .ok_or(ProgramError::NotLoaded)?;
        let program: &mut SchedClassifier = program.try_into()?;
        if program.fd().is_err() {
            patiently(|| program.load())?;
        }
        Ok(program)
    }

    fn at_loopback(&mut self) -> Result<TcLink, ProgramError> {
        self.loopback()?;
        self.attach_classifier(AT_LOOPBACK, LOOPBACK, Interface::LOOPBACK, TcAttachType::Egress)
    }
}

impl Askers {
    /// Whether it is noted which errors the kernel hands to sockets; else why not.
    pub fn sees_errors(&self) -> Result<(), &NoAskers> {
        self.errors.as_ref().map(|_| ())
    }

    /// Who asked from the socket with that cookie; `None` where nobody did, several do, or it was long ago.
    pub fn of(&self, cookie: u64) -> Option<Asker> {
        let place = u32::try_from(cookie & u64::from(ASKERS - 1)).ok()?;
        let asker = self.map.get(&place, 0).ok()?;
        let is_whole = asker.cookie == cookie && asker.again == cookie && cookie != 0;
        (is_whole && asker.pid != Asker::SEVERAL).then_some(asker)
    }
}
