//! The program under test, running in a host of the laboratory and printing JSON.

use std::{
    path::Path,
    process::{Command, ExitStatus},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{
    PATIENCE,
    namespace::Namespace,
    process::{Line, Process, Stream},
};

/// A line of netmon's JSON output.
#[derive(Clone, Debug)]
pub struct Event {
    /// When the laboratory read the line.
    pub at: SystemTime,
    /// What it says.
    pub value: Value,
}

impl Event {
    /// Its kind: `started`, `incident_opened`, ...
    pub fn name(&self) -> &str {
        self.value
            .get("event")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The incident that it tells of, or null.
    pub fn incident(&self) -> &Value {
        self.value.get("incident").unwrap_or(&Value::Null)
    }

    fn parse(line: &Line) -> Option<Self> {
        Some(Self {
            at: line.at,
            value: serde_json::from_str(&line.text).ok()?,
        })
    }
}

/// A running `netmon run --format json`.
#[derive(Debug)]
pub struct Netmon {
    process: Process,
    started: Event,
}

impl Netmon {
    /// Starts it with `--snapshots` and further arguments, and returns once it is attached.
    pub fn start(namespace: &Namespace, binary: impl AsRef<Path>, arguments: &[&str]) -> Result<Self> {
        let arguments: Vec<&str> = [&["--snapshots"], arguments].concat();
        Self::start_without_snapshots(namespace, binary, &arguments)
    }

    /// The same without snapshots, which cost time where there are thousands of destinations.
    pub fn start_without_snapshots(
        namespace: &Namespace,
        binary: impl AsRef<Path>,
        arguments: &[&str],
    ) -> Result<Self> {
        let mut command = Command::new(binary.as_ref());
        command
            .args(["run", "--format", "json"])
            .args(arguments)
            // What is set on the machine must not change what is tested.
            .env_remove("RUST_LOG");
        if !arguments.iter().any(|argument| argument.starts_with("--config")) {
            command.args(["--config", "/dev/null"]);
        }
        let process = namespace.spawn(&mut command)?;
        let started = wait(&process, "event `started`", PATIENCE, |event| {
            event.name() == "started"
        })?;
        Ok(Self { process, started })
    }

    /// The event `started`.
    pub fn started(&self) -> &Event {
        &self.started
    }

    /// What `started` says of an interface, or null.
    pub fn interface(&self, name: &str) -> &Value {
        self.started
            .value
            .get("interfaces")
            .and_then(Value::as_array)
            .and_then(|all| {
                all.iter()
                    .find(|one| one.get("name").is_some_and(|is| is == name))
            })
            .unwrap_or(&Value::Null)
    }

    /// All events so far. A line that is no JSON object is an error: programs read that output.
    pub fn events(&self) -> Result<Vec<Event>> {
        self.process
            .lines()
            .iter()
            .filter(|line| line.stream == Stream::Out)
            .map(|line| {
                Event::parse(line)
                    .filter(|event| event.value.is_object())
                    .with_context(|| format!("netmon printed what is no JSON object: {}", line.text))
            })
            .collect()
    }

    /// All events of a kind so far.
    pub fn events_named(&self, name: &str) -> Result<Vec<Event>> {
        Ok(self
            .events()?
            .into_iter()
            .filter(|event| event.name() == name)
            .collect())
    }

    /// Waits for the first event of a kind.
    pub fn wait_event(&self, name: &str, within: Duration) -> Result<Event> {
        self.wait_for(&format!("event `{name}`"), within, |event| event.name() == name)
    }

    /// Waits for the first event that the predicate accepts.
    pub fn wait_for(&self, what: &str, within: Duration, accept: impl Fn(&Event) -> bool) -> Result<Event> {
        wait(&self.process, what, within, accept)
    }

    /// The running program.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Stops it as a human does, and gives back its last word: the event `stopped` with the final counts.
    pub fn stop(&mut self) -> Result<Event> {
        self.stop_by(Signal::SIGINT)
    }

    /// Stops it by a signal, and insists that it ends well.
    pub fn stop_by(&mut self, signal: Signal) -> Result<Event> {
        self.process.signal(signal)?;
        let status = self.wait()?;
        ensure!(
            status.success(),
            "netmon ended with {status}\n{}",
            self.process.transcript()
        );
        let last = self.events()?.pop();
        last.filter(|event| event.name() == "stopped").with_context(|| {
            format!(
                "netmon's last event is not `stopped`\n{}",
                self.process.transcript()
            )
        })
    }

    /// Waits for its end by itself.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.process.wait(PATIENCE)
    }
}

fn wait(process: &Process, what: &str, within: Duration, accept: impl Fn(&Event) -> bool) -> Result<Event> {
    let line = process.wait_for(what, within, |line| {
        line.stream == Stream::Out && Event::parse(line).is_some_and(|event| accept(&event))
    })?;
    Event::parse(&line).context("that line was an event a moment ago")
}
