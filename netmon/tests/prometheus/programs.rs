//! Prometheus and Alertmanager as Debian ships them, in a host of the laboratory: with the rules and the
//! configuration that are shipped, but for how often they look.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use netmon_testkit::lab::{Namespace, Process, eventually};
use serde_json::Value;
use tempfile::TempDir;

use crate::shipped::shipped;
use crate::support::http::get;

const PROMETHEUS: SocketAddr = loopback(9090);
const ALERTMANAGER: SocketAddr = loopback(9093);
/// Where the shipped example sends its messages.
pub const WEBHOOK: SocketAddr = loopback(9094);

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Both, running.
pub struct Programs<'lab> {
    host: &'lab Namespace,
    _processes: [Process; 2],
    _directory: TempDir,
}

impl<'lab> Programs<'lab> {
    /// Starts them, to scrape these targets each second, and returns once both answer.
    pub fn start(host: &'lab Namespace, targets: &[SocketAddr]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("prometheus.yml"), prometheus(targets)).unwrap();
        fs::write(path("alertmanager.yml"), alertmanager()).unwrap();
        let mut prometheus = Command::new("prometheus");
        prometheus
            .arg(format!("--config.file={}", path("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", path("prometheus").display()))
            .arg(format!("--web.listen-address={PROMETHEUS}"));
        let mut alertmanager = Command::new("prometheus-alertmanager");
        alertmanager
            .arg(format!("--config.file={}", path("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", path("alertmanager").display()))
            .arg(format!("--web.listen-address={ALERTMANAGER}"))
            .arg("--cluster.listen-address=");
        let programs = Self {
            host,
            _processes: [alertmanager, prometheus].map(|mut command| host.spawn(&mut command).unwrap()),
            _directory: directory,
        };
        for address in [PROMETHEUS, ALERTMANAGER] {
            programs.await_port(address);
        }
        programs
    }

    #[track_caller]
    fn await_port(&self, address: SocketAddr) {
        let is_ready =
            || std::net::TcpStream::connect(address).is_ok() && get(address, "/-/ready").status == 200;
        let is_ready = || self.host.enter(is_ready).unwrap();
        eventually(&format!("service at {address}"), is_ready, |is_ready| *is_ready);
    }

    /// The values that a query has now.
    pub fn query(&self, promql: &str) -> Vec<f64> {
        let mut path = "/api/v1/query?query=".to_owned();
        for byte in promql.bytes() {
            write!(path, "%{byte:02x}").unwrap();
        }
        let answer = self.host.enter(|| get(PROMETHEUS, &path)).unwrap();
        let start = answer.body.find('{').unwrap();
        let end = answer.body.rfind('}').unwrap();
        let body: Value = serde_json::from_str(&answer.body[start..=end]).unwrap();
        let samples = body["data"]["result"]
            .as_array()
            .unwrap_or_else(|| panic!("{body:#}"));
        let value = |sample: &Value| sample["value"][1].as_str().unwrap().parse().unwrap();
        samples.iter().map(value).collect()
    }

    /// The alerts of that name and server that Alertmanager holds back because of another one.
    pub fn inhibited(&self, name: &str, server: &str) -> usize {
        let path = format!("/api/v2/alerts?filter=alertname%3D{name}&filter=server%3D%22{server}%22");
        let answer = self.host.enter(|| get(ALERTMANAGER, &path)).unwrap();
        let start = answer.body.find('[').unwrap();
        let end = answer.body.rfind(']').unwrap();
        let alerts: Vec<Value> = serde_json::from_str(&answer.body[start..=end]).unwrap();
        let is_held = |alert: &&Value| !alert["status"]["inhibitedBy"].as_array().unwrap().is_empty();
        alerts.iter().filter(is_held).count()
    }

    /// Waits until a query has exactly this one value.
    #[track_caller]
    pub fn await_value(&self, promql: &str, value: f64) {
        let what = format!("{value} for {promql}");
        eventually(&what, || self.query(promql), |values| *values == [value]);
    }
}

fn prometheus(targets: &[SocketAddr]) -> String {
    let targets: Vec<String> = targets
        .iter()
        .map(|target| format!("{:?}", target.to_string()))
        .collect();
    format!(
        r#"
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{ALERTMANAGER}"]}}]}}]}}
scrape_configs:
  - job_name: netmon
    static_configs: [{{targets: [{targets}]}}]
"#,
        rules = shipped("netmon.rules.yml").display(),
        targets = targets.join(", "),
    )
}

/// The shipped one, with its waiting times cut.
fn alertmanager() -> String {
    let text = fs::read_to_string(shipped("alertmanager.yml")).unwrap();
    let short = text
        .replace("group_wait: 5s", "group_wait: 1s")
        .replace("group_interval: 1m", "group_interval: 1s");
    assert!(short.contains(&format!("http://{WEBHOOK}/")), "{text}");
    assert_eq!(short.matches(": 1s").count(), 2, "{text}");
    short
}
