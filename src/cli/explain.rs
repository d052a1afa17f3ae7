//! `standin explain`: why faults fired on an exchange of a running server, or did not.

use clap::{Args, ValueEnum};

use super::{Exit, client, print, say};

/// Say why each fault fired on an exchange, or why it did not
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Number of the exchange in the journal [default: the newest exchange]
    #[arg(value_name = "NUMBER")]
    number: Option<u64>,

    /// URL of the server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,

    #[command(flatten)]
    server: client::Server,

    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let number = self.number.map_or("last".to_owned(), |number| number.to_string());
        let format = match self.format {
            Format::Text => "text",
            Format::Json => "json",
        };
        let path = format!("/__standin/journal/{number}/explain?format={format}");
        let answer = match self.server.get(&self.url, &path) {
            Ok(answer) => answer?,
            Err(exit) => return Ok(exit),
        };
        if answer.status == 200 {
            print(&answer.text)?;
            return Ok(Exit::Fine);
        }
        let mistake: serde_json::Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let part = |name: &str| mistake[name].as_str().unwrap_or("this is no standin").to_owned();
        say(&format!("standin: {}\nhelp: {}", part("standin"), part("help")));
        Ok(Exit::Findings)
    }
}
