//! The JSON Schema of a scenario, and the parts of one that no service owns.

use std::borrow::Cow;

use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::action::ActionSpec;
use crate::basics::Clock;
use crate::emulator::conduct::Severity;
use crate::fault::FaultSpec;
use crate::judge::ExpectSpec;
use crate::scalar::{Start, Text};
use crate::services::SERVICES;

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
    pub(super) clock: ClockSpec,
    /// What fails on purpose.
    #[serde(default)]
    pub(super) faults: Vec<FaultSpec>,
    /// What operators and the portal do by themselves while a client runs.
    #[serde(default)]
    pub(super) actions: Vec<ActionSpec>,
    /// What a good client has done at the end.
    #[serde(default)]
    pub(super) expect: Vec<ExpectSpec>,
    /// How much a breach of a rule of conduct weighs, such as `{chert.backoff: error}`.
    #[serde(default)]
    pub(super) rules: IndexMap<Text, Severity>,
}

/// What time it is.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClockSpec {
    /// The time of the machine.
    #[default]
    Real,
    /// This instant, moved only by what exchanges take.
    Virtual(Start),
}

impl ClockSpec {
    /// The clock of a scenario that starts when the wall clock says `now`.
    pub fn at(self, now: Timestamp) -> Clock {
        match self {
            Self::Real => Clock::Real,
            Self::Virtual(Start::Now) => Clock::Virtual(now),
            Self::Virtual(Start::At(start)) => Clock::Virtual(start),
        }
    }
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": 1 })
}

/// The JSON Schema of a whole scenario, draft 2020-12.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut top = AnyScenario::json_schema(&mut generator);
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.extend(top.as_object_mut().map(std::mem::take).unwrap_or_default());
    whole.insert("$defs".to_owned(), generator.take_definitions(true).into());
    whole.into()
}

/// A whole scenario, for a schema that has one in it.
#[derive(Debug)]
pub struct AnyScenario;

impl JsonSchema for AnyScenario {
    fn schema_name() -> Cow<'static, str> {
        "Scenario".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        whole(generator)
    }
}

fn whole(generator: &mut SchemaGenerator) -> Schema {
    let mut top = Head::json_schema(generator);
    if let Some(properties) = top.get_mut("properties").and_then(Value::as_object_mut) {
        let last = ["faults", "actions", "expect", "rules"].map(|name| properties.shift_remove_entry(name));
        properties.extend(
            SERVICES.iter().map(|service| (service.name().to_owned(), service.schema(generator).to_value())),
        );
        properties.extend(last.into_iter().flatten());
    }
    top
}

/// [`schema`] as the file in `schemas/` holds it.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::node::Mistake;
    use super::super::shape::Shape;
    use super::super::{fill, shapes, yaml};
    use super::*;

    /// The scenario as an editor sees it that knows YAML and the schema, but not this program.
    fn as_json(text: &str) -> Value {
        let mut mistakes = Vec::new();
        yaml::read(text, crate::scenario::SCENARIO, &mut mistakes)
            .unwrap_or_else(|| panic!("{mistakes:?}"))
            .to_json()
    }

    fn is_valid(text: &str) -> bool {
        let schema = jsonschema::validator_for(&schema()).expect("a JSON Schema");
        schema.is_valid(&as_json(text))
    }

    #[test]
    fn the_shipped_scenarios_satisfy_the_schema() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for file in fs::read_dir(folder).expect("the folder of scenarios") {
            let path = file.expect("a file").path();
            assert!(is_valid(&fs::read_to_string(&path).expect("a text")), "{}", path.display());
        }
    }

    #[test]
    fn broken_scenarios_do_not() {
        for text in [
            "name: x",
            "standin: 2\nname: x",
            "standin: 1\nname: x\nnaem: x",
            "standin: 1\nname: x\nseed: -1",
            "standin: 1\nname: x\nclock: virtual",
            "standin: 1\nname: x\nclock: {virtual: today}",
            "standin: 1\nname: x\nbitrix24: {lines: [{id: 0}]}",
            "standin: 1\nname: x\nbitrix24: {timing: {duration: 5, processing: 1ms}}",
            "standin: 1\nname: x\nfaults: [{name: a, on: chert, error: 1, when: {between: [1]}}]",
        ] {
            assert!(!is_valid(text), "{text}");
        }
    }

    #[test]
    fn nothing_in_the_schema_is_beyond_the_shapes() {
        fn gaps(shape: &Shape, path: &str, found: &mut Vec<String>) {
            let mut fields = |fields: &[super::super::shape::Field]| {
                fields.iter().for_each(|field| gaps(&field.shape, &format!("{path}.{}", field.name), found));
            };
            match shape {
                Shape::Anything => found.push(path.to_owned()),
                Shape::Record(all) | Shape::Choice { forms: all, .. } => fields(all),
                Shape::Table(inner) | Shape::Optional(inner) => gaps(inner, path, found),
                Shape::Kinds { scalar, list, mapping } => {
                    [Some(*scalar), *list, *mapping]
                        .into_iter()
                        .flatten()
                        .for_each(|inner| gaps(inner, path, found));
                }
                Shape::List { first, rest, .. } => {
                    first.iter().chain(*rest).for_each(|item| gaps(item, &format!("{path}[]"), found));
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        gaps(&shapes::SCENARIO, "", &mut found);
        assert!(found.is_empty(), "{found:?}");
    }

    /// Values that one might type in the place of another.
    const TYPED: &[&str] = &[
        "",
        "~",
        "null",
        "true",
        "no",
        "0",
        "1",
        "-1",
        "017",
        "+5",
        "0x1F",
        "1.5",
        "1e3",
        "\"105\"",
        "'true'",
        "text",
        "[]",
        "[a]",
        "[1, 2]",
        "[1, 2, 3]",
        "{}",
        "{id: 1}",
        "5ms",
        "+02:00",
        "2024-11-20T15:55:08Z",
        "live",
        "real",
        "{virtual: 2024-11-20T15:55:08Z}",
    ];

    const SCENARIO: &str = "
standin: §1§
name: §a§
seed: §7§
clock: §real§
bitrix24:
  edition: §live§
  require_https: §true§
  time_zone: §+01:00§
  timing: {duration: §2ms§, processing: §1ms§}
  credentials: [{token: §t§, scope: §[x]§, expires: §2030-01-01T00:00:00Z§, state: §active§}, §{webhook: {user: 1, secret: s}}§]
  lines: [{id: §105§, active: §true§, connectors: §[c]§}]
  chats: §[]§
faults: [{name: §a§, on: §chert§, match: §{id: 1}§, when: {first: §1§, between: §[1, 2]§}, error: §4001§, retry_after: §1§}]
";

    proptest! {
        #[test]
        fn what_the_shapes_accept_the_schema_accepts(at in any::<prop::sample::Index>(), typed in prop::sample::select(TYPED)) {
            let mut parts: Vec<&str> = SCENARIO.split('§').collect();
            let slots = parts.len() / 2;
            parts[at.index(slots) * 2 + 1] = typed;
            let text = parts.concat();
            let mut mistakes: Vec<Mistake> = Vec::new();
            let mut root = yaml::read(&text, crate::scenario::SCENARIO, &mut mistakes).expect("YAML");
            let seen = root.to_json();
            fill::fill(&mut root, &shapes::SCENARIO, crate::scenario::SCENARIO, &mut mistakes);
            let valid = jsonschema::validator_for(&schema()).expect("a JSON Schema").is_valid(&seen);
            prop_assert!(valid || !mistakes.is_empty(), "{text}");
        }
    }
}
