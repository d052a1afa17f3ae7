//! `standin openapi`: OpenAPI documents.

use clap::{Args, ValueEnum};

use super::{Exit, print};
use crate::control;

#[derive(Debug, Args)]
pub(super) struct OpenApi {
    /// What the document describes
    #[arg(value_enum, value_name = "NAME")]
    name: Described,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Described {
    /// The control interface of standin
    Control,
}

impl OpenApi {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let text = match self.name {
            Described::Control => control::openapi_text(),
        };
        print(&text)?;
        Ok(Exit::Fine)
    }
}
