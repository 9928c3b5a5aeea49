//! A running program: its lines are kept with the time at which they came, and it ends with its guard.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};

/// Standard output and standard error.
const STREAMS: usize = 2;

/// Where a program printed a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line that a program printed.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where.
    pub stream: Stream,
    /// Without its end.
    pub text: String,
    /// When this process read it: no more than a wake-up of a thread after it was printed.
    pub at: SystemTime,
}

/// A running program. Dropping it kills it and waits for its end; in a test that fails, what
/// it printed is shown.
#[derive(Debug)]
pub struct Process {
    shown: String,
    child: Child,
    output: Arc<Output>,
}

#[derive(Debug, Default)]
struct Output {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<Line>,
    /// How many of the two streams have ended.
    ended: usize,
}

impl Process {
    /// Starts the command without input, in the namespace of the calling thread.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        Self::spawn_observed(command, |_| {})
    }

    /// The same, and lets the observer see each line as it comes, on the thread that reads it.
    pub fn spawn_observed(
        command: &mut Command,
        observer: impl Fn(&Line) + Clone + Send + 'static,
    ) -> Result<Self> {
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {shown}"))?;
        let output = Arc::new(Output::default());
        if let Some(out) = child.stdout.take() {
            read(out, Stream::Out, Arc::clone(&output), observer.clone());
        }
        if let Some(err) = child.stderr.take() {
            read(err, Stream::Err, Arc::clone(&output), observer);
        }
        Ok(Self { shown, child, output })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has printed so far.
    pub fn lines(&self) -> Vec<Line> {
        self.output.lock().lines.clone()
    }

    /// Waits for a line that the predicate accepts, those already there included; fails when the program
    /// has ended or the time is over, and then shows all that it printed.
    pub fn wait_for(&self, what: &str, within: Duration, accept: impl Fn(&Line) -> bool) -> Result<Line> {
        let deadline = Instant::now() + within;
        let mut seen = 0;
        let mut state = self.output.lock();
        loop {
            if let Some(line) = state.lines.iter().skip(seen).find(|line| accept(line)) {
                return Ok(line.clone());
            }
            seen = state.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            let both_ended = state.ended == STREAMS;
            if both_ended || left.is_zero() {
                drop(state);
                let why = if both_ended {
                    "it ended"
                } else {
                    "the time is over"
                };
                bail!("no {what} within {within:?}: {why}\n{}", self.transcript());
            }
            state = self
                .output
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(self.pid()?, signal).with_context(|| format!("cannot send {signal} to {}", self.shown))
    }

    /// Stops it with SIGSTOP, and waits until each of its threads has stopped.
    pub fn suspend(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)?;
        waitid(Id::Pid(self.pid()?), WaitPidFlag::WSTOPPED)
            .with_context(|| format!("{} cannot be waited for", self.shown))?;
        Ok(())
    }

    /// Waits for its end by itself, and for the last of its lines.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + within;
        let mut state = self.output.lock();
        // Its output ends with it: only then is there something to wait for without a limit.
        while state.ended < STREAMS {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(state);
                bail!("it did not end within {within:?}\n{}", self.transcript());
            }
            state = self
                .output
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(state);
        self.child
            .wait()
            .with_context(|| format!("cannot wait for {}", self.shown))
    }

    /// The command and all that it printed, for a message about what went wrong.
    pub fn transcript(&self) -> String {
        let mut text = format!("{} printed:\n", self.shown);
        for Line {
            stream, text: line, ..
        } in &self.output.lock().lines
        {
            let _infallible = writeln!(text, "  {stream:?}: {line}");
        }
        text
    }

    fn pid(&self) -> Result<Pid> {
        let id = self.child.id().try_into().context("a process id is positive")?;
        Ok(Pid::from_raw(id))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
        if thread::panicking() {
            eprintln!("{}", self.transcript());
        }
    }
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A reader that panicked leaves whole lines behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }
}

/// Reads on a thread of its own, which ends with the stream.
fn read(
    from: impl Read + Send + 'static,
    stream: Stream,
    output: Arc<Output>,
    observer: impl Fn(&Line) + Send + 'static,
) {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let at = SystemTime::now();
            let text = String::from_utf8_lossy(&line).into_owned();
            let line = Line { stream, text, at };
            observer(&line);
            output.change(|state| state.lines.push(line));
        }
        output.change(|state| state.ended += 1);
    });
}
