//! Calls to the control interface of a running server.

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::{Exit, say};
use crate::serve::{Answer, fetch};

/// Where a server is, and what it wants to know.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The `--control-token` of the server
    #[arg(long, value_name = "TOKEN", hide_env_values = true, env = "STANDIN_CONTROL_TOKEN")]
    control_token: Option<String>,
}

/// A server on this machine answers at once or not at all.
const PATIENCE: Duration = Duration::from_secs(10);

impl Server {
    /// Asks the server at `base`; on a URL that is none says so and gives the exit code.
    pub(super) fn get(&self, base: &str, path: &str) -> Result<anyhow::Result<Answer>, Exit> {
        self.ask(base, path, None)
    }

    /// Sends JSON to the server at `base`; on a URL that is none says so and gives the exit code.
    pub(super) fn post(&self, base: &str, path: &str, body: &str) -> Result<anyhow::Result<Answer>, Exit> {
        self.ask(base, path, Some(body))
    }

    fn ask(&self, base: &str, path: &str, body: Option<&str>) -> Result<anyhow::Result<Answer>, Exit> {
        let base = base.trim_end_matches('/');
        if !base.starts_with("http://") {
            let (what, help) = match base.split_once("://") {
                Some(("https", _)) => {
                    ("is https, which is for clients", "type its http URL, which every server has".to_owned())
                }
                Some(_) => ("is no URL of a standin", "type `http://127.0.0.1:8080`".to_owned()),
                None => ("is no URL of a standin", format!("type `http://{base}`")),
            };
            say(&format!("standin: `{base}` {what}\nhelp: {help}"));
            return Err(Exit::Usage);
        }
        let answer = fetch(&format!("{base}{path}"), self.control_token.as_deref(), body, PATIENCE);
        Ok(answer.with_context(|| format!("no server answers at {base}")))
    }
}
