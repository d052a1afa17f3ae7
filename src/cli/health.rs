//! `standin health`: whether a server answers, for images without curl.

use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;

use super::{Exit, client, print, say};
use crate::scalar::Length;

#[derive(Debug, Args)]
pub(super) struct Health {
    /// URL of the server
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,

    /// How long to wait until the server is ready, such as 10s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = length)]
    wait: Duration,

    #[command(flatten)]
    server: client::Server,
}

fn length(text: &str) -> Result<Duration, String> {
    Length::parse(text).map(|length| length.0)
}

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(20);

impl Health {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let start = Instant::now();
        loop {
            let answer = match self.server.get(&self.url, "/__standin/health") {
                Ok(answer) => answer,
                Err(exit) => return Ok(exit),
            };
            let why = match answer {
                Ok(answer) if answer.status == 200 => {
                    print(&answer.text)?;
                    return Ok(Exit::Fine);
                }
                Ok(answer) => format!("{} answers with status {}", self.url, answer.status),
                Err(error) => format!("{error:#}"),
            };
            if start.elapsed() >= self.wait {
                say(&format!("standin: {why}"));
                return Ok(Exit::Findings);
            }
            sleep(PAUSE);
        }
    }
}
