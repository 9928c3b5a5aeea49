//! What the kernel programs log (aya-log), handed to the log of this process.

use std::future::pending;
use std::io;

use aya_log::EbpfLogger;
use log::Log;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::error::{KernelError, chain};
use super::load::Kernel;

/// The programs' log.
pub struct KernelLog {
    logger: AsyncFd<EbpfLogger<&'static dyn Log>>,
}

impl Kernel {
    /// Opens the log of programs that were loaded with one, inside a tokio runtime.
    pub fn log(&mut self) -> Result<KernelLog, KernelError> {
        let error = |reason| KernelError::Map {
            what: "open",
            map: "AYA_LOGS",
            reason,
        };
        let logger = EbpfLogger::init_with_logger(&mut self.ebpf, log::logger())
            .map_err(|failure| error(chain(&failure)))?;
        // SAFETY: the file descriptor is the logger's own, and lives as long as it.
        let logger = unsafe { AsyncFd::register_with_interest(logger, Interest::READABLE) }
            .map_err(|failure| error(io::Error::from(failure).to_string()))?;
        Ok(KernelLog { logger })
    }
}

impl KernelLog {
    /// Waits for something in the log and hands it on; waits for ever if there is no log.
    pub async fn pass_on(log: &mut Option<Self>) -> io::Result<()> {
        let Some(log) = log else { return pending().await };
        let mut guard = log.logger.readable_mut().await?;
        guard.clear_ready();
        guard.get_inner_mut().flush();
        Ok(())
    }
}
