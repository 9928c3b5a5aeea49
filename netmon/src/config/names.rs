//! What the configuration calls servers, for `netmon run` and for the commands that only want to know that.

use std::fs;
use std::path::{Path, PathBuf};

use super::keys::Key;
use super::layer::Layer;
use super::loaded::DEFAULT_FILE;
use super::problem::{Problem, Problems};
use super::schema::Schema;
use super::servers::SERVER;
use super::{UsageError, file, loaded};
use crate::cli;
use crate::model::Names;

/// What these servers are called.
pub(super) fn names(servers: &[cli::Server]) -> Names {
    let named = servers.iter().map(|one| (one.address.into(), one.info.clone()));
    named.collect()
}

/// The names that a command which is not `netmon run` uses: those of the file that was asked for, or of the usual one if
/// it can be read. What is wrong with the rest of the file is not its business.
pub fn names_in(named: Option<&PathBuf>) -> Result<Names, UsageError> {
    let schema = Schema::new();
    let read = |file: &Path| -> Result<(Layer, Vec<Problem>), UsageError> {
        Ok(file::read(&loaded::read(file)?, &schema))
    };
    let layer = match named {
        Some(file) => {
            let (layer, problems) = read(file)?;
            if !problems.is_empty() {
                return Err(Problems::new(Some(file.clone()), problems).into());
            }
            layer
        }
        None if fs::exists(DEFAULT_FILE).unwrap_or(false) => match read(Path::new(DEFAULT_FILE)) {
            Ok((layer, _)) => layer,
            Err(_) => Layer::default(),
        },
        None => Layer::default(),
    };
    let values = Key::of(SERVER).and_then(|key| layer.get(key)).unwrap_or_default();
    let servers: Vec<cli::Server> = values
        .iter()
        .filter_map(|value| cli::server(value.text.to_str()?).ok())
        .collect();
    Ok(names(&servers))
}
