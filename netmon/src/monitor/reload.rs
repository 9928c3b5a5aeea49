//! SIGHUP: takes a new configuration while everything stays attached.

use super::Monitor;
use crate::config::{Reloaded, UsageError};
use crate::model::{self, Event};

/// Reads the configuration again.
pub type Reload<'a> = &'a mut dyn FnMut() -> Result<Reloaded, UsageError>;

impl Monitor<'_> {
    /// Follows the new configuration, or says why it cannot be.
    pub(super) fn reload(&mut self, reload: Reload<'_>) -> anyhow::Result<()> {
        let reloaded = reload();
        if let Ok(reloaded) = &reloaded {
            let config = &reloaded.config;
            // What has happened so far is judged by what held then.
            self.poll(self.taken())?;
            self.decider.set_thresholds(config.thresholds.clone());
            self.decider.set_scope(config.scope());
            self.switches.set_iterative(config.wants_iterative())?;
            self.config = config.clone();
            self.reserve()?;
        }
        let words = match reloaded {
            Ok(reloaded) => {
                self.partners.notifier.set(&reloaded.config.notify);
                if let Some(metrics) = &mut self.partners.metrics {
                    metrics.set_names(&reloaded.config.names);
                }
                if let Some(views) = &mut self.partners.views {
                    views.set_names(&reloaded.config.names);
                }
                reloaded.words
            }
            Err(error) => model::Reloaded {
                error: Some(error.to_string()),
                ..model::Reloaded::default()
            },
        };
        self.emit(&Event::Reloaded(words));
        Ok(())
    }
}
