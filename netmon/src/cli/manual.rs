//! The command lines of `netmon completions` and `netmon man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `netmon completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
bash: netmon completions bash >~/.local/share/bash-completion/completions/netmon\n\
zsh:  netmon completions zsh >_netmon, in a directory of $fpath\n\
fish: netmon completions fish >~/.config/fish/completions/netmon.fish")]
pub struct Completions {
    /// For which shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// `netmon man`.
#[derive(Debug, Args)]
#[command(after_help = "\
To read a page: netmon man run | man -l -\n\
To install all: netmon man --directory /usr/local/share/man/man1")]
pub struct Manual {
    /// The command whose page it is, such as run, or config check [default: netmon's own page]
    #[arg(value_name = "COMMAND", conflicts_with = "directory")]
    pub command: Vec<String>,

    /// Write all pages to this directory, as files such as netmon-run.1.gz
    #[arg(long, value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
}
