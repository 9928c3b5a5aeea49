//! netmon: arguments in, exit status out.

use std::io;
use std::process::ExitCode;

use clap::Parser as _;
use netmon::analyze::AnalyzeError;
use netmon::cli::{Arguments, Command};
use netmon::config::UsageError;

mod commands;

use commands::{REFUSED, USAGE};

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => commands::run(&arguments),
        Command::Analyze(arguments) => commands::analyze(&arguments),
        Command::Doctor(arguments) => commands::doctor(&arguments),
        Command::Status(arguments) => commands::status(&arguments),
    };
    match result {
        Ok(status) => status,
        // Whoever read our output has gone: there is nobody left to tell.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("netmon: error: {error:#}");
            status(&error)
        }
    }
}

/// Whatever is not wrong usage is the system's doing: rights, the kernel, an interface, a full disk.
fn status(error: &anyhow::Error) -> ExitCode {
    let is_usage = error.downcast_ref::<UsageError>().is_some()
        || error
            .downcast_ref::<AnalyzeError>()
            .is_some_and(AnalyzeError::is_usage);
    if is_usage {
        ExitCode::from(USAGE)
    } else {
        ExitCode::from(REFUSED)
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
