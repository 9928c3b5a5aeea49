//! What is shown to those who look: at which socket, at which address, and to whom.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Fault;
use crate::cli;
use crate::views::{DEFAULT_SOCKET, Token};

/// What `--socket` takes for no socket.
const NONE: &str = "none";
/// The permissions of all but the owner.
const OTHERS: u32 = 0o077;

/// Where what happens is shown.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the socket is made, if it is to be.
    pub socket: Option<PathBuf>,
    /// Whether somebody asked for it there.
    pub is_socket_asked_for: bool,
    /// Where the web page is served.
    pub web: Option<SocketAddr>,
    /// How readers of it and of the metrics may call this host, beside its addresses and its name.
    pub allowed_hosts: Vec<String>,
    /// What its readers must have.
    pub token: Option<Arc<Token>>,
}

/// From the flags. What cannot be is added to `faults`.
pub fn settings(arguments: &cli::Run, faults: &mut Vec<Fault>) -> Settings {
    let file = arguments.web_token_file.as_deref();
    let token = file.map(token).transpose().unwrap_or_else(|why| {
        faults.push(Fault::new("web.token-file", why));
        None
    });
    if let Some(address) = arguments.web.filter(|address| !address.ip().is_loopback())
        && file.is_none()
    {
        let why = format!(
            "{address} is not a loopback address, and whoever reaches it could read which servers this host asks: \
             --web-token-file (web.token-file) names a file with a token that readers must have; or listen at 127.0.0.1:{}",
            address.port()
        );
        faults.push(Fault::new("web.listen", why));
    }
    let socket = arguments.socket.clone();
    let is_socket_asked_for = socket.is_some();
    Settings {
        socket: Some(socket.unwrap_or_else(|| DEFAULT_SOCKET.into())).filter(|path| path != Path::new(NONE)),
        is_socket_asked_for,
        web: arguments.web,
        allowed_hosts: arguments.allowed_host.clone(),
        token,
    }
}

fn token(file: &Path) -> Result<Arc<Token>, String> {
    let cannot = |why: String| format!("cannot take the web page's token from {}: {why}", file.display());
    let meta = fs::metadata(file).map_err(|error| cannot(error.to_string()))?;
    if meta.permissions().mode() & OTHERS != 0 {
        return Err(cannot(format!(
            "others than its owner may read or write it; chmod 600 {}",
            file.display()
        )));
    }
    let text = fs::read_to_string(file).map_err(|error| cannot(error.to_string()))?;
    Token::new(&text).map(Arc::new).map_err(cannot)
}
