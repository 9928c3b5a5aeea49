//! A real browser: Chromium, with one page, driven by playwright-core (`browser.mjs`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::namespace::Namespace;

/// The browser of a host; it goes with its guard.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts one, for the pages below this URL. `None` where playwright-core is not installed (`cargo xtask setup test`).
    pub fn start(host: &Namespace, url: &str) -> Result<Option<Self>> {
        let testkit = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = testkit.ancestors().nth(2).context("no workspace")?;
        let modules = workspace.join(".tools/browser");
        if !modules.join("node_modules/playwright-core").exists() {
            return Ok(None);
        }
        let mut command = Command::new("node");
        command
            .arg(testkit.join("src/lab/browser.mjs"))
            .arg(modules)
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut driver = host.enter(|| command.spawn())??;
        let answers = BufReader::new(driver.stdout.take().context("no output")?);
        Ok(Some(Self { driver, answers }))
    }

    /// Has it do something, and gives back what it answers. If it cannot, the error has the text of the page.
    pub fn ask(&mut self, command: &str, argument: impl Into<Value>) -> Result<Value> {
        let line = json!([command, argument.into()]).to_string();
        let mut answer = self.exchange(&line)?;
        if let Some(error) = answer.get("error") {
            let text = self.exchange(r#"["text",null]"#)?;
            let text = text.get("ok").and_then(Value::as_str).unwrap_or_default();
            bail!("{line}: {error}\n{text}");
        }
        Ok(answer.get_mut("ok").map(Value::take).unwrap_or_default())
    }

    fn exchange(&mut self, line: &str) -> Result<Value> {
        let stdin = self.driver.stdin.as_mut().context("no input")?;
        writeln!(stdin, "{line}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        serde_json::from_str(&answer).with_context(|| format!("{line}: {answer}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It closes the browser when there is nothing more to do.
        drop(self.driver.stdin.take());
        let _ended = self.driver.wait();
    }
}
