//! SIGHUP: the file is read again, and what can change without detaching does.
//!
//! A file that is wrong changes nothing. What needs a restart keeps its value, and is named each time.

use std::collections::BTreeSet;

use super::keys::{Change, KEYS, THRESHOLDS};
use super::layer::Layer;
use super::loaded::{Loaded, Source};
use super::problem::Problems;
use super::schema::Schema;
use super::{Config, UsageError};
use crate::detect::THRESHOLD_NAMES;
use crate::model;

/// The running configuration, and where it comes from.
#[derive(Debug)]
pub struct Live {
    source: Source,
    running: Loaded,
}

/// A new configuration that holds.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// What holds from now on.
    pub config: Config,
    /// What that changes, in words.
    pub words: model::Reloaded,
}

impl Live {
    /// What was loaded from there is running now.
    pub const fn new(source: Source, running: Loaded) -> Self {
        Self { source, running }
    }

    /// Reads the file again. An error leaves everything as it is.
    pub fn reload(&mut self) -> Result<Reloaded, UsageError> {
        let schema = Schema::new();
        let read = self.source.load()?;
        let mut changed = BTreeSet::new();
        let mut restart = BTreeSet::new();
        let mut mixed = Layer::default();
        for key in KEYS {
            let is_other = schema.texts(&read.set, key) != schema.texts(&self.running.set, key);
            let from = match key.change {
                Change::Reload => &read.set,
                Change::Restart => &self.running.set,
            };
            if let Some(values) = from.get(key) {
                mixed.set(key, values.to_vec());
            }
            if is_other && *key != THRESHOLDS {
                match key.change {
                    Change::Reload => changed.insert(key.path.to_owned()),
                    Change::Restart => restart.insert(key.path.to_owned()),
                };
            }
        }
        let mut next = Loaded::new(read.file.clone(), mixed, &schema)
            .map_err(|problems| Problems::new(read.file.clone(), problems))?;
        changed.extend(self.changed_thresholds(&next.config));
        if next.config.notify.secret() != self.running.config.notify.secret() {
            changed.insert("notify.webhook.secret-file".to_owned());
        }
        if next.config.log_level.reaches_the_kernel() != self.running.config.settings.log {
            restart.insert("log-level (what the kernel programs log)".to_owned());
        }
        // The programs stay as they were loaded, with or without their log.
        next.config.settings = self.running.config.settings;
        self.running = next;
        Ok(Reloaded {
            config: self.running.config.clone(),
            words: model::Reloaded {
                changed: changed.into_iter().collect(),
                restart: restart.into_iter().collect(),
                error: None,
            },
        })
    }

    fn changed_thresholds(&self, next: &Config) -> Vec<String> {
        let now = &self.running.config.thresholds;
        let is_other = |name: &&str| now.value(name) != next.thresholds.value(name);
        let names = THRESHOLD_NAMES.into_iter().filter(is_other);
        names.map(|name| format!("{}.{name}", THRESHOLDS.path)).collect()
    }
}
