//! The JSON Schema of a scenario, and the parts of one that no vendor owns.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::engine::Clock;
use crate::fault::FaultSpec;
use crate::seed::{Moment, Text};
use crate::vendor::VENDORS;

/// A scenario of standin, a mock of two chat APIs.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "standin scenario")]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// The version of this format.
    #[schemars(schema_with = "version")]
    #[serde(rename = "standin")]
    _version: u64,
    /// What the scenario is about.
    pub(super) name: Text,
    /// The seed of every random draw; without it, another one at each start.
    #[serde(default)]
    pub(super) seed: Option<u64>,
    /// What time it is.
    #[serde(default)]
    clock: ClockSpec,
    /// What fails on purpose.
    #[serde(default)]
    pub(super) faults: Vec<FaultSpec>,
}

/// What time it is.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ClockSpec {
    /// The time of the machine.
    #[default]
    Real,
    /// This instant, moved only by what exchanges take.
    Virtual(Moment),
}

impl Head {
    /// The clock that the scenario asks for.
    pub(super) fn clock(&self) -> Clock {
        match self.clock {
            ClockSpec::Real => Clock::Real,
            ClockSpec::Virtual(Moment(start)) => Clock::Virtual(start),
        }
    }
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": 1 })
}

/// The JSON Schema of a whole scenario, draft 2020-12.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut top = Head::json_schema(&mut generator);
    if let Some(properties) = top.get_mut("properties").and_then(Value::as_object_mut) {
        let faults = properties.shift_remove_entry("faults");
        properties.extend(VENDORS.iter().map(|vendor| (vendor.name().to_owned(), vendor.schema(&mut generator).to_value())));
        properties.extend(faults);
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.extend(top.to_value().as_object_mut().map(std::mem::take).unwrap_or_default());
    whole.insert("$defs".to_owned(), generator.take_definitions(true).into());
    whole.into()
}

/// [`schema`] as the file in `schemas/` holds it.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}
