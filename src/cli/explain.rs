//! `standin explain`: why faults fired on an exchange of a running server, or did not; what became of an event.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{Exit, client, print, read, say};
use crate::emulator::some_of;
use crate::engine::NamespaceName;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Number of the exchange in the journal, or of an event, such as `e5` [default: the newest exchange of the server; of a
    /// report, the newest that was refused]
    #[arg(value_name = "NUMBER")]
    number: Option<Subject>,

    /// URL of the server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,

    /// Name of the namespace of the exchange [default: with a number the main scenario, without one all]
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

/// How many exchanges of a report are listed.
const MOST_LISTED: usize = 50;
/// How many namespaces are named with the number of their refused exchanges.
const MOST_TOLD: usize = 10;

/// What is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// The exchange with this number.
    Exchange(u64),
    /// The event with this number.
    Event(u64),
}

impl Subject {
    /// Whether it is this exchange or delivery of a report.
    fn is_that_of(self, value: &Value) -> bool {
        match self {
            Self::Exchange(number) => value["number"] == number,
            Self::Event(number) => value["id"] == format!("e{number}"),
        }
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (is_event, digits) = text.strip_prefix('e').map_or((false, text), |digits| (true, digits));
        let number = digits.parse().map_err(|_| "type the number of an exchange, or `e5` for event 5")?;
        Ok(if is_event { Self::Event(number) } else { Self::Exchange(number) })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(number) => write!(formatter, "{number}"),
            Self::Event(number) => write!(formatter, "e{number}"),
        }
    }
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
        let list = if matches!(self.number, Some(Subject::Event(_))) { "outbox" } else { "journal" };
        let format = match self.format {
            Format::Text => "text",
            Format::Json => "json",
        };
        let within = self.namespace.map_or(String::new(), |name| format!("/namespaces/{name}"));
        let path = format!("/__standin{within}/{list}/{number}/explain?format={format}");
        let answer = match self.server.get(&self.url, &path) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                say(&format!(
                    "standin: {error:#}\nhelp: `--url` names a running server, and `--report FILE` the report of a finished run: the server of `standin run` ends with the run, and `standin run --report json=FILE` keeps its exchanges"
                ));
                return Ok(Exit::NotStarted);
            }
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

    /// Explains an exchange or an event of a report.
    fn of_report(&self, path: &Path) -> anyhow::Result<Exit> {
        let text = match read(path) {
            Ok(text) => text,
            Err(error) => {
                say(&format!("standin: {error:#}\nhelp: `standin run --report json=FILE` writes a report"));
                return Ok(Exit::NotStarted);
            }
        };
        let report: Value = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is no report in JSON", path.display()))?;
        let (list, one) = match self.number {
            Some(Subject::Event(_)) => ("deliveries", "event"),
            Some(Subject::Exchange(_)) | None => ("exchanges", "exchange"),
        };
        let conversation = &report["conversation"];
        // A run without events has no list of them.
        if list == "deliveries" && conversation.is_object() && conversation[list].is_null() {
            let number = self.number.map_or_else(String::new, |number| format!(" {number}"));
            say(&format!(
                "standin: the report has no such {one}{number}\nhelp: no event was sent in this run"
            ));
            return Ok(Exit::Findings);
        }
        let Some(all) = conversation[list].as_array() else {
            say(&format!(
                "standin: `{}` has no {list}\nhelp: `standin run --report json=FILE` writes a report with exchanges and, if there were events, their deliveries",
                path.display()
            ));
            return Ok(Exit::Findings);
        };
        let wanted = self.namespace.as_ref().map(ToString::to_string);
        let of = |namespace: Option<&str>| -> Vec<&Value> {
            all.iter().filter(|exchange| exchange["namespace"].as_str() == namespace).collect()
        };
        let is_wanted = |exchange: &&&Value| self.number.is_none_or(|number| number.is_that_of(exchange));
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
                "standin: several namespaces have an {one} {number}\nhelp: add `--namespace`: `{names}`"
            ));
            return Ok(Exit::Findings);
        }
        // The newest comes last. A number is given again after a reset.
        let mut refused =
            candidates.iter().rev().filter(|exchange| self.number.is_none() && is_refused(exchange));
        if let Some(found) = refused.next().or_else(|| candidates.iter().rev().find(is_wanted)) {
            if self.number.is_none() && wanted.is_none() {
                tell_refused(all, found);
            }
            match self.format {
                Format::Json => print(&format!("{found:#}\n"))?,
                Format::Text => print(found["explanation"].as_str().unwrap_or_default())?,
            }
            return Ok(Exit::Fine);
        }
        if let Some(name) = wanted.filter(|_| candidates.is_empty()) {
            let help = match some_of(all.iter().filter_map(|exchange| exchange["namespace"].as_str())) {
                names if names == "none" => format!("it has only {one}s of the main scenario"),
                names => format!("it has {names}"),
            };
            say(&format!("standin: the report has no namespace `{name}`\nhelp: {help}"));
            return Ok(Exit::Findings);
        }
        let wanted = self.number.map_or(one.to_owned(), |number| format!("{one} {number}"));
        let events = report["conversation"]["deliveries"].as_array().and_then(|events| events.last());
        if let (None, [], Some(event)) = (self.number, &all[..], events) {
            let event = event["id"].as_str().unwrap_or("e1");
            say(&format!(
                "standin: the report has events and no exchanges\nhelp: name an event, such as {event}"
            ));
            return Ok(Exit::Findings);
        }
        let mut there: Vec<_> = all.iter().map(named).collect();
        there.dedup();
        // Of events it is not counted.
        let left_out =
            if one == "event" { None } else { conversation["left_out"].as_u64() }.unwrap_or_default();
        let more = if left_out == 0 { String::new() } else { format!("; {left_out} more were left out") };
        say(&format!(
            "standin: the report has no such {wanted}\nhelp: it has {}{more}",
            match there.len() {
                0 => "none".to_owned(),
                count if count > MOST_LISTED => {
                    format!(
                        "{} and {} older ones",
                        there[count - MOST_LISTED..].join(", "),
                        count - MOST_LISTED
                    )
                }
                _ => there.join(", "),
            }
        ));
        Ok(Exit::Findings)
    }
}

/// Whether an exchange of a report was answered with an error.
fn is_refused(exchange: &Value) -> bool {
    !exchange["error"].is_null()
        || exchange["response"]["status"].as_u64().is_some_and(|status| status >= 400)
}

/// Says which exchange was taken, and how many were refused in each namespace, if there are several.
fn tell_refused(all: &[Value], taken: &Value) {
    let mut refused: Vec<(Option<&str>, usize)> = Vec::new();
    for exchange in all {
        let name = exchange["namespace"].as_str();
        let place = refused.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            refused.push((name, 0));
            refused.len() - 1
        });
        refused[place].1 += usize::from(is_refused(exchange));
    }
    if refused.len() < 2 {
        return;
    }
    let whose = |name: Option<&str>| name.map_or("the main scenario".to_owned(), |name| format!("`{name}`"));
    let counts: Vec<_> = refused
        .iter()
        .filter(|(_, count)| *count > 0)
        .take(MOST_TOLD)
        .map(|(name, count)| format!("{count} of {}", whose(*name)))
        .collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    say(&format!(
        "standin: this is exchange {} of {}; refused exchanges: {counts}; `--namespace NAME` takes another",
        taken["number"],
        whose(taken["namespace"].as_str())
    ));
}

/// The number of an exchange, with its namespace, and what was answered.
fn named(exchange: &Value) -> String {
    let of = exchange["namespace"].as_str().map_or(String::new(), |name| format!(" of {name}"));
    if let (Some(id), Some(state)) = (exchange["id"].as_str(), exchange["state"].as_str()) {
        return format!("{id}{of} ({state})");
    }
    let (number, status) = (&exchange["number"], &exchange["response"]["status"]);
    let error = exchange["error"].as_str().map_or(String::new(), |error| format!(" {error}"));
    format!("{number}{of} ({status}{error})")
}
