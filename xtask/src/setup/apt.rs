//! Installing Debian packages: without questions, without removing anything, and patient while another
//! apt holds the lock.

use std::{path::Path, process::Command, thread, time::Duration};

use anyhow::{Context as _, Result};

use super::say;
use crate::manual::{Manual, typed_as_root};
use crate::process;

/// How often a failing apt is started again. Its lists have a lock that apt itself does not wait for.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(6);

/// Daemons that must not start because a test needs their program: one would take port 53 of the host.
const DAEMONS: [&str; 3] = ["unbound", "prometheus", "prometheus-alertmanager"];

/// Apt, and whether its lists are fresh.
#[derive(Default)]
pub struct Apt {
    updated: bool,
}

impl Apt {
    /// Installs the packages, or says what to type.
    pub fn install(&mut self, packages: &[&str]) -> Result<()> {
        let by_hand = |problem: String| Manual::new(problem, commands(packages));
        let names = packages.join(", ");
        if process::find("apt-get").is_none() {
            return Err(Manual::new(
                format!("there is no apt-get here to install {names}"),
                [format!(
                    "# with this system's package manager, what Debian calls: {}",
                    packages.join(" ")
                )],
            )
            .into());
        }
        if !process::can_be_root() {
            return Err(by_hand(format!("only root can install {names}, and sudo cannot be used")).into());
        }
        self.update();
        say(format!("apt-get install {}", packages.join(" ")));
        let daemons: Vec<&str> = DAEMONS
            .into_iter()
            .filter(|daemon| packages.contains(daemon))
            .collect();
        let held = Held::new(daemons)?;
        let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends", "--no-remove"];
        arguments.extend(packages);
        let done = patiently(&arguments);
        held.release()?;
        done.map_err(|error| by_hand(format!("apt cannot install {names}: {error:#}")).into())
    }

    /// Gets the packages' files into a directory, as any user, and installs nothing.
    pub fn download(&mut self, packages: &[&str], into: &Path) -> Result<()> {
        let get = || {
            say(format!("apt-get download {}", packages.join(" ")));
            let mut apt = Command::new("apt-get");
            apt.args(["download", "-qq"]).args(packages).current_dir(into);
            apt.stdin(std::process::Stdio::null()).stdout(std::io::stderr());
            process::run(&mut apt)
        };
        let by_hand = || {
            let commands = typed_as_root(&["apt-get update".to_owned()]);
            Manual::new(format!("apt cannot get {}", packages.join(", ")), commands)
        };
        get()
            .or_else(|error| {
                if self.updated || !process::can_be_root() {
                    return Err(error);
                }
                self.update();
                get()
            })
            .with_context(by_hand)
    }

    fn update(&mut self) {
        if self.updated {
            return;
        }
        say("apt-get update");
        // Old lists may do, and one broken source must not stop us: what is done with them will tell.
        if let Err(error) = patiently(&["update", "-qq"]) {
            say(format!(
                "{error:#}; going on with the package lists that are there"
            ));
        }
        self.updated = true;
    }
}

/// What a human types to install the packages.
pub fn commands(packages: &[&str]) -> Vec<String> {
    typed_as_root(&[
        "apt-get update".to_owned(),
        format!("apt-get install --no-install-recommends {}", packages.join(" ")),
    ])
}

/// Runs apt-get, and again after a pause when it fails, as it does while another one works.
fn patiently(arguments: &[&str]) -> Result<()> {
    let mut attempt = 1;
    loop {
        let mut apt = process::as_root("env")?;
        apt.args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-o",
            "DPkg::Lock::Timeout=120",
        ]);
        apt.args(["-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .stdin(std::process::Stdio::null());
        // What cargo and we print on standard output is read by others.
        apt.stdout(std::io::stderr());
        match process::run(&mut apt) {
            Ok(()) => return Ok(()),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => {
                say(format!(
                    "{error:#}; again in {} s ({attempt} of {ATTEMPTS})",
                    PAUSE.as_secs()
                ));
                attempt += 1;
                thread::sleep(PAUSE);
            }
        }
    }
}

/// Keeps daemons from starting while their package is installed, and disables them afterwards. Only where
/// systemd runs: elsewhere nothing starts them.
struct Held(Vec<&'static str>);

impl Held {
    fn new(daemons: Vec<&'static str>) -> Result<Self> {
        let held = Self(if Path::new("/run/systemd/system").exists() {
            daemons
        } else {
            Vec::new()
        });
        held.systemctl(&["mask", "--runtime"])?;
        Ok(held)
    }

    fn release(&self) -> Result<()> {
        self.systemctl(&["unmask", "--runtime"])?;
        self.systemctl(&["disable"])
    }

    fn systemctl(&self, arguments: &[&str]) -> Result<()> {
        for daemon in &self.0 {
            say(format!(
                "systemctl {} {daemon}: tests start their own",
                arguments.join(" ")
            ));
            let mut systemctl: Command = process::as_root("systemctl")?;
            // Fails when the package did not come; then there is nothing to hold.
            let _held = systemctl.arg("--quiet").args(arguments).arg(daemon).status();
        }
        Ok(())
    }
}
