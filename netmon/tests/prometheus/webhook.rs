//! Receives what Alertmanager sends to a webhook, and keeps it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use netmon_testkit::lab::Namespace;
use serde_json::Value;

/// A running receiver; its thread ends with the test's process.
pub struct Webhook {
    received: Receiver<Value>,
    alerts: Vec<Value>,
}

impl Webhook {
    /// Listens in a host.
    pub fn listen(host: &Namespace, address: SocketAddr) -> Self {
        let listener = host.enter(|| TcpListener::bind(address)).unwrap().unwrap();
        let (sender, received) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if receive(&stream.unwrap(), &sender).is_none() {
                    return;
                }
            }
        });
        Self {
            received,
            alerts: Vec::new(),
        }
    }

    /// Waits for an alert with this status, name and server, and returns it and when it came.
    #[track_caller]
    pub fn wait(&mut self, status: &str, name: &str, server: &str, until: Instant) -> Value {
        let is_it = |alert: &Value| {
            let labels = &alert["labels"];
            alert["status"] == status && labels["alertname"] == name && labels["server"] == server
        };
        loop {
            if let Some(alert) = self.alerts.iter().find(|alert| is_it(alert)) {
                return alert.clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.received.recv_timeout(left) {
                Ok(message) => self
                    .alerts
                    .extend(message["alerts"].as_array().unwrap().iter().cloned()),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {name} of {server} that is {status}, only {:#?}", self.alerts)
                }
                Err(RecvTimeoutError::Disconnected) => panic!("the webhook has ended"),
            }
        }
    }

    /// All alerts that came.
    pub fn alerts(&mut self) -> &[Value] {
        for message in self.received.try_iter() {
            self.alerts
                .extend(message["alerts"].as_array().unwrap().iter().cloned());
        }
        &self.alerts
    }
}

/// Reads one request, answers it, and passes its body on; `None` once nobody wants it.
fn receive(stream: &TcpStream, sender: &Sender<Value>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream = stream;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    sender.send(serde_json::from_slice(&body).unwrap()).ok()
}
