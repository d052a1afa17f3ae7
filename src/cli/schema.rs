//! `standin schema`: the JSON Schema of scenarios.

use clap::Args;

use super::{Exit, print};
use crate::scenario;

#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        print(&scenario::schema_text())?;
        Ok(Exit::Fine)
    }
}
