//! `standin openapi`: OpenAPI documents.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{Exit, print, say};
use crate::emulator::Service;
use crate::scalar::nearest;
use crate::services::{self, SERVICES};
use crate::{contract, control};

/// The name that means the control interface.
const CONTROL: &str = "control";

#[derive(Debug, Args)]
pub(super) struct OpenApi {
    /// What the document describes: a service, or the control interface of standin
    #[arg(value_parser = PossibleValuesParser::new(names()), value_name = "NAME")]
    name: String,

    /// Edition of Bitrix24, `documented` or `live`; without it, `documented`
    #[arg(long, value_name = "EDITION")]
    edition: Option<String>,
}

fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(CONTROL).chain(SERVICES.iter().map(|service| service.name()))
}

impl OpenApi {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let service = services::by_name(&self.name);
        let editions = service.map_or(&[][..], |service| service.editions());
        let edition = match &self.edition {
            None => editions.first().copied().unwrap_or_default(),
            Some(named) => match editions.iter().find(|known| **known == named.as_str()) {
                Some(known) => known,
                None => {
                    say(&refusal(&self.name, named, editions));
                    return Ok(Exit::Usage);
                }
            },
        };
        print(&text(service, edition))?;
        Ok(Exit::Fine)
    }
}

fn text(service: Option<&'static dyn Service>, edition: &str) -> String {
    match service {
        Some(service) => format!("{:#}\n", contract::openapi(service, edition)),
        None => control::openapi_text(),
    }
}

/// Why there is no document of the edition `named`.
fn refusal(name: &str, named: &str, editions: &[&str]) -> String {
    if editions.is_empty() {
        let with: Vec<_> = SERVICES.iter().filter(|service| !service.editions().is_empty()).collect();
        let with: Vec<_> = with.iter().map(|service| format!("`{}`", service.name())).collect();
        return format!(
            "error: `{name}` has no editions\n  = help: leave `--edition` out; only {} has editions",
            with.join(", ")
        );
    }
    let help = match nearest(named, editions.iter().copied()) {
        Some(near) => format!("did you mean `--edition {near}`?"),
        None => format!("the editions are `{}`", editions.join("` and `")),
    };
    format!("error: `{name}` has no edition `{named}`\n  = help: {help}")
}
