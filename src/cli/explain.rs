//! `standin explain`: why faults fired on an exchange of a running server, or did not.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::{Exit, print, say};

/// Say why each fault fired on an exchange, or did not
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The number of the exchange, as in the journal; without it, the newest
    #[arg(value_name = "NUMBER")]
    number: Option<u64>,

    /// Where the server listens
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A server on this machine answers at once or not at all.
const PATIENCE: Duration = Duration::from_secs(10);

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let base = self.url.trim_end_matches('/');
        if !base.starts_with("http://") {
            say(&format!(
                "standin: `{base}` is no URL of a standin\nhelp: type `--url http://127.0.0.1:8080`"
            ));
            return Ok(Exit::Usage);
        }
        let number = self.number.map_or("last".to_owned(), |number| number.to_string());
        let format = match self.format {
            Format::Text => "text",
            Format::Json => "json",
        };
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let mut response = agent
            .get(format!("{base}/__standin/journal/{number}/explain?format={format}"))
            .call()
            .with_context(|| format!("no server answers at {base}"))?;
        let text = response.body_mut().read_to_string().context("the answer cannot be read")?;
        if response.status().is_success() {
            print(&text)?;
            return Ok(Exit::Fine);
        }
        let mistake: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let part = |name: &str| mistake[name].as_str().unwrap_or("this is no standin").to_owned();
        say(&format!("standin: {}\nhelp: {}", part("standin"), part("help")));
        Ok(Exit::Findings)
    }
}
