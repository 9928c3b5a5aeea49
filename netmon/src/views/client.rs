//! Asks the running netmon at its Unix socket.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// No answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there.
    #[error("no netmon answers at {}: {why}", socket.display())]
    Nobody {
        /// The socket.
        socket: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It does not know that.
    #[error("netmon says: {0}")]
    Refused(String),
    /// The answer cannot be read.
    #[error("netmon's answer cannot be understood; it may be of another version: {0}")]
    Garbled(#[from] serde_json::Error),
}

/// Asks at a socket, one question after the other.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    runtime: Runtime,
}

impl Client {
    /// Asks at this socket.
    pub fn new(socket: PathBuf) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { socket, runtime })
    }

    /// What a path answers.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        let answer = self.ask(Request::get(path), Bytes::new())?;
        Ok(serde_json::from_slice(&answer)?)
    }

    fn ask(&self, request: Builder, body: Bytes) -> Result<Bytes, AskError> {
        let (status, body) = self
            .runtime
            .block_on(async { timeout(PATIENCE, self.fetch(request, body)).await })
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|why| AskError::Nobody {
                socket: self.socket.clone(),
                why,
            })?;
        if !status.is_success() {
            return Err(AskError::Refused(String::from_utf8_lossy(&body).into_owned()));
        }
        Ok(body)
    }

    /// Asks for something to be done, as JSON says.
    pub fn post(&self, path: &str, order: &impl Serialize) -> Result<(), AskError> {
        let order = serde_json::to_vec(order)?;
        let request = Request::post(path).header(CONTENT_TYPE, "application/json");
        self.ask(request, order.into()).map(|_nothing| ())
    }

    async fn fetch(&self, request: Builder, body: Bytes) -> io::Result<(StatusCode, Bytes)> {
        let stream = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        let request = request.header(HOST, "localhost");
        let request = request.body(Full::new(body)).map_err(io::Error::other)?;
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(io::Error::other)?;
        Ok((status, body.to_bytes()))
    }
}

/// A value in a URL: whatever is not plain is escaped (RFC 3986, section 2.1).
pub fn escaped(value: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _infallible = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
