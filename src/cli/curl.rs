//! `standin curl`: a ready curl command for an operation.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{Exit, load, print, say, start_of};
use crate::emulator::{Operation, Proof, Service};
use crate::scalar::nearest;
use crate::scenario::obstacle;
use crate::services::SERVICES;

#[derive(Debug, Args)]
pub(super) struct Curl {
    /// Operation, such as `chert.chats.rename`; `standin catalog` lists all
    operation: String,

    /// Scenario file with the chats and credentials to use [default: the built-in scenario]
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// URL of the server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "STANDIN_URL")]
    url: String,
}

impl Curl {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let all =
            || SERVICES.iter().flat_map(|service| service.operations().iter().map(move |o| (*service, *o)));
        let full = |(service, operation): (&dyn Service, &Operation)| {
            format!("{}.{}", service.name(), operation.name)
        };
        let wanted = self.operation.as_str();
        let Some((service, operation)) = all().find(|&(v, o)| full((v, o)) == wanted || o.name == wanted)
        else {
            let names: Vec<_> = all().map(full).collect();
            let help = match nearest(wanted, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are `{}`", names.join("`, `")),
            };
            say(&format!("standin: there is no operation `{wanted}`\nhelp: {help}"));
            return Ok(Exit::Usage);
        };
        let scenario = match load(self.scenario.as_deref()) {
            Ok(scenario) => scenario,
            Err(exit) => return Ok(exit),
        };
        let section = scenario.sections.iter().find(|(known, _)| known.name() == service.name());
        let Some((_, section)) = section else { bail!("the scenario has no `{}:` section", service.name()) };
        let start = start_of(&scenario);
        let Some(example) = section.example(operation, start, Proof::Signed) else {
            let why = obstacle(&**section, operation, start).unwrap_or_default();
            bail!("no call of `{}` can succeed at the start: {why}", full((service, operation)));
        };
        let command = example.curl(self.url.trim_end_matches('/'));
        print(&format!("{command}\n"))?;
        Ok(Exit::Fine)
    }
}
