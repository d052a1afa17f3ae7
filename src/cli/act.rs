//! `standin act`: let an operator, an administrator or the portal of a running server do something.

use std::fmt::Write;

use clap::Args;
use serde_json::{Map, Value, json};

use super::client::Server;
use super::{Exit, print, say};

#[derive(Debug, Args)]
pub(super) struct Act {
    /// The action, such as `bitrix24.operator.write`
    #[arg(value_name = "ACTION")]
    action: Option<String>,

    /// Its parameters, such as `connector=connector line=105 chat=chat-1 text=Hello`
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,

    /// URL of the server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,

    /// Namespace [default: the main scenario]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,

    #[command(flatten)]
    server: Server,
}

impl Act {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let Some(action) = &self.action else {
            print(&list())?;
            return Ok(Exit::Fine);
        };
        let name = |place: usize| &self.parameters[place].0;
        let mut places = 0..self.parameters.len();
        if let Some(twice) = places.find(|place| (0..*place).any(|earlier| name(earlier) == name(*place))) {
            say(&format!("standin: `{}` is given twice\nhelp: give each parameter once", name(twice)));
            return Ok(Exit::Usage);
        }
        let with: Map<String, Value> =
            self.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let path = match &self.namespace {
            Some(name) => format!("/__standin/namespaces/{name}/actions"),
            None => "/__standin/actions".to_owned(),
        };
        let order = json!({"do": action, "with": with});
        let answer = match self.server.post(&self.url, &path, &order.to_string()) {
            Ok(answer) => answer?,
            Err(exit) => return Ok(exit),
        };
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        if answer.status == 200 && body["action"].is_string() {
            print(&answer.text)?;
            return Ok(Exit::Fine);
        }
        let Some(message) = body["standin"].as_str() else {
            say(&format!(
                "standin: {} is no standin: it answers with status {}\nhelp: `--url` names a running server",
                self.url, answer.status
            ));
            return Ok(Exit::Findings);
        };
        let help = body["help"].as_str().filter(|help| !help.is_empty());
        say(&format!("standin: {message}{}", help.map_or(String::new(), |help| format!("\nhelp: {help}"))));
        Ok(Exit::Findings)
    }
}

/// All actions with their parameters.
fn list() -> String {
    let mut text = String::new();
    for service in crate::services::SERVICES {
        for action in service.actions() {
            let _ = writeln!(text, "{}.{}  {}", service.name(), action.name, action.summary);
            for parameter in action.parameters {
                let need = if parameter.is_required { "" } else { "optional: " };
                let _ = writeln!(text, "    {:<12} {need}{}", parameter.name, parameter.summary);
            }
        }
    }
    text
}

/// Reads `NAME=VALUE`.
fn parameter(text: &str) -> Result<(String, String), String> {
    let parted = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) =
        parted.ok_or_else(|| format!("`{text}` is no parameter: type `NAME=VALUE`, such as `line=105`"))?;
    Ok((name.to_owned(), value.to_owned()))
}
