//! A network namespace that is removed with its guard: one host of the laboratory.
//!
//! Programs are started on a thread that has entered the namespace, not by `ip netns exec`: that one mounts
//! a new /sys, and netmon would no longer find /sys/fs/bpf there.

use std::{
    fs::{self, File},
    net::{IpAddr, Ipv4Addr, UdpSocket},
    panic,
    path::PathBuf,
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sched::{CloneFlags, setns};

use super::{
    PATIENCE, command,
    process::{Line, Process},
    sweep::{self, DIRECTORY, PREFIX},
};

/// How often is looked whether an address has come into force.
const STEP: Duration = Duration::from_millis(5);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// One host: a network namespace with its loopback interface up. It does not look for duplicates of its
/// IPv6 addresses (RFC 4862), so that they are usable at once.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes `netmon-<pid>-<number>-<label>`. The first one of a process also clears away what earlier
    /// processes left when they were killed.
    pub fn new(label: &str) -> Result<Self> {
        sweep::once();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}-{label}", std::process::id());
        command::run(Command::new("ip").args(["netns", "add", &name]))
            .context("cannot make a network namespace; that needs root")?;
        // From here on dropping it removes it, also when the next step fails.
        let namespace = Self { name };
        // Nobody else is on its cables. Without this a router has no link-local address for up to two
        // seconds, cannot look for neighbours, and loses the first IPv6 packets.
        for scope in ["all", "default"] {
            namespace.set(&format!("net/ipv6/conf/{scope}/accept_dad"), "0")?;
            // A host that is powered off and on again has its addresses back.
            namespace.set(&format!("net/ipv6/conf/{scope}/keep_addr_on_down"), "1")?;
        }
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Its name, as `ip netns` lists it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that stands for it, as `nsenter --net=` takes it.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(DIRECTORY).join(&self.name)
    }

    /// Runs `ip` inside, with these arguments, split at white space; gives back what it prints.
    pub fn ip(&self, arguments: &str) -> Result<String> {
        command::run(
            Command::new("ip")
                .args(["-n", &self.name])
                .args(arguments.split_whitespace()),
        )
    }

    /// Gives an interface an address, in a network of the usual size, and returns once it is usable: the kernel
    /// puts an IPv6 address in force a moment after it has taken it, and would look for itself on the link until
    /// then.
    pub fn add_address(&self, address: IpAddr, interface: &str) -> Result<()> {
        let prefix_length = if address.is_ipv6() { 64 } else { 24 };
        self.ip(&format!("address add {address}/{prefix_length} dev {interface}"))?;
        self.await_address(address)
    }

    /// Waits until an address that the host has is in force.
    pub fn await_address(&self, address: IpAddr) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.ip(&format!("route get {address}"))?.starts_with("local ") {
            ensure!(
                Instant::now() < deadline,
                "{address} did not come into force in {}",
                self.name
            );
            thread::sleep(STEP);
        }
        Ok(())
    }

    /// Runs a command inside to its end, fails if it fails, and gives back its standard output.
    pub fn exec(&self, command: &mut Command) -> Result<String> {
        self.enter(|| command::run(command))?
    }

    /// Runs a command inside to its end, and gives back its status and all that it printed.
    pub fn output(&self, command: &mut Command) -> Result<Output> {
        self.enter(|| command::output(command))?
    }

    /// Starts a command inside, and leaves it running until its guard is dropped.
    pub fn spawn(&self, command: &mut Command) -> Result<Process> {
        self.enter(|| Process::spawn(command))?
    }

    /// The same, and lets the observer see each line that it prints as it comes.
    pub fn spawn_observed(
        &self,
        command: &mut Command,
        observer: impl Fn(&Line) + Clone + Send + 'static,
    ) -> Result<Process> {
        self.enter(|| Process::spawn_observed(command, observer))?
    }

    /// Does the work on a thread of its own inside the namespace. Sockets and processes made there stay in
    /// it, wherever they are used later.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let path = self.path();
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let entered = thread::scope(|scope| {
            scope
                .spawn(|| setns(file, CloneFlags::CLONE_NEWNET).map(|()| work()))
                .join()
        });
        match entered {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => bail!("cannot enter {}: {error}", path.display()),
            Err(panic) => panic::resume_unwind(panic),
        }
    }

    /// A UDP socket of its own, at a port that its kernel chooses.
    pub fn udp_socket(&self) -> Result<UdpSocket> {
        Ok(self.enter(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))??)
    }

    /// Sets one of the namespace's own settings, such as `net/ipv4/ip_forward`.
    pub fn set(&self, setting: &str, value: &str) -> Result<()> {
        let file = PathBuf::from("/proc/sys").join(setting);
        self.enter(|| fs::write(&file, value))?
            .with_context(|| format!("cannot set {setting} to {value} in {}", self.name))
    }

    /// Lets its kernel send as many ICMP errors as there is reason for. By default Linux limits them to about one a
    /// second for each receiver.
    pub fn limit_no_errors(&self) -> Result<()> {
        self.set("net/ipv4/icmp_ratemask", "0")?;
        self.set("net/ipv4/icmp_msgs_per_sec", "10000")?;
        self.set("net/ipv4/icmp_msgs_burst", "10000")?;
        self.set("net/ipv6/icmp/ratelimit", "0")
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // An error here must not hide the one that a test is dying of.
        if let Err(error) = command::run(Command::new("ip").args(["netns", "delete", &self.name])) {
            eprintln!("{error:#}");
        }
    }
}
