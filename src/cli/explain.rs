//! `standin explain`: why faults fired on an exchange of a running server, or did not.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{Exit, client, print, read, say};
use crate::engine::NamespaceName;

/// Say why each fault fired on an exchange, or why it did not
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Number of the exchange in the journal [default: the newest exchange]
    #[arg(value_name = "NUMBER")]
    number: Option<u64>,

    /// URL of the server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,

    /// Name of the namespace of the exchange [default: the main scenario; if nobody called it, the namespace of the newest
    /// exchange]
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    namespace: Option<NamespaceName>,

    /// Explain an exchange of a finished run: the file that `standin run --report json=FILE` wrote
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

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

fn namespace(text: &str) -> Result<NamespaceName, String> {
    NamespaceName::new(text).ok_or_else(|| format!("a name of a namespace has {}", NamespaceName::RULE))
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if let Some(path) = &self.report {
            return self.of_report(path);
        }
        let number = self.number.map_or("last".to_owned(), |number| number.to_string());
        let format = match self.format {
            Format::Text => "text",
            Format::Json => "json",
        };
        let within = self.namespace.map_or(String::new(), |name| format!("/namespaces/{name}"));
        let path = format!("/__standin{within}/journal/{number}/explain?format={format}");
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

    /// Explains an exchange of a report.
    fn of_report(&self, path: &Path) -> anyhow::Result<Exit> {
        let report: Value = serde_json::from_str(&read(path)?)
            .with_context(|| format!("`{}` is no report in JSON", path.display()))?;
        let Some(all) = report["conversation"]["exchanges"].as_array() else {
            say(&format!(
                "standin: `{}` has no exchanges\nhelp: `standin run --report json=FILE` writes a report with exchanges",
                path.display()
            ));
            return Ok(Exit::Findings);
        };
        let wanted = self.namespace.as_ref().map(ToString::to_string);
        let of = |namespace: Option<&str>| -> Vec<&Value> {
            all.iter().filter(|exchange| exchange["namespace"].as_str() == namespace).collect()
        };
        let is_wanted = |exchange: &&&Value| self.number.is_none_or(|number| exchange["number"] == number);
        let candidates: Vec<&Value> = match &wanted {
            Some(name) => of(Some(name)),
            // A number names an exchange of the main scenario, or else of the only namespace that has it.
            None if self.number.is_some() && of(None).iter().any(|exchange| is_wanted(&exchange)) => of(None),
            None => all.iter().collect(),
        };
        let mut namespaces: Vec<_> = candidates
            .iter()
            .filter(is_wanted)
            .filter_map(|exchange| exchange["namespace"].as_str())
            .collect();
        namespaces.dedup();
        if let (Some(number), [_, _, ..]) = (self.number, &namespaces[..]) {
            let names = namespaces.join("`, `");
            say(&format!(
                "standin: several namespaces have an exchange {number}\nhelp: add `--namespace`: `{names}`"
            ));
            return Ok(Exit::Findings);
        }
        // The newest comes last. A number is given again after a reset.
        if let Some(found) = candidates.iter().rev().find(is_wanted) {
            match self.format {
                Format::Json => print(&format!("{found:#}\n"))?,
                Format::Text => print(found["explanation"].as_str().unwrap_or_default())?,
            }
            return Ok(Exit::Fine);
        }
        let wanted = self.number.map_or("exchange".to_owned(), |number| format!("exchange {number}"));
        let mut there: Vec<_> = all.iter().map(named).collect();
        there.dedup();
        let left_out = report["conversation"]["left_out"].as_u64().unwrap_or_default();
        let more = if left_out == 0 { String::new() } else { format!("; {left_out} more were left out") };
        say(&format!(
            "standin: the report has no such {wanted}\nhelp: it has {}{more}",
            if there.is_empty() { "none".to_owned() } else { there.join(", ") }
        ));
        Ok(Exit::Findings)
    }
}

/// The number of an exchange, with its namespace.
fn named(exchange: &Value) -> String {
    let number = &exchange["number"];
    exchange["namespace"].as_str().map_or_else(|| number.to_string(), |name| format!("{number} of {name}"))
}
