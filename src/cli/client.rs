//! Calls to the control interface of a running server.

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::{Exit, say};

/// Where a server is, and what it wants to know.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// What the server was told as `--control-token`
    #[arg(long, value_name = "TOKEN", hide_env_values = true, env = "STANDIN_CONTROL_TOKEN")]
    control_token: Option<String>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// A server on this machine answers at once or not at all.
const PATIENCE: Duration = Duration::from_secs(10);

impl Server {
    /// Asks the server at `base`; on a URL that is none says so and gives the exit code.
    pub(super) fn get(&self, base: &str, path: &str) -> Result<anyhow::Result<Answer>, Exit> {
        let base = base.trim_end_matches('/');
        if !base.starts_with("http://") {
            let (what, help) = match base.starts_with("https://") {
                true => ("is https, which is for clients", "type its http URL, which every server has"),
                false => ("is no URL of a standin", "type `http://127.0.0.1:8080`"),
            };
            say(&format!("standin: `{base}` {what}\nhelp: {help}"));
            return Err(Exit::Usage);
        }
        Ok(self.ask(base, path))
    }

    fn ask(&self, base: &str, path: &str) -> anyhow::Result<Answer> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build();
        let mut request = ureq::Agent::new_with_config(config).get(format!("{base}{path}"));
        if let Some(token) = &self.control_token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().with_context(|| format!("no server answers at {base}"))?;
        let text = response.body_mut().read_to_string().context("the answer cannot be read")?;
        Ok(Answer { status: response.status().as_u16(), text })
    }
}
