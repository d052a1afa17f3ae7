//! YAML text → a [`Scenario`], or every finding at once.
//!
//! ```text
//!        yaml                fill (shapes)                 serde           check
//! text ──────▶ nodes ──────────────────────────▶ value ──────────▶ types ──────────▶ Scenario
//!        └──────┴──── mistakes with places ──────────────────────────────┴─────────▶ Report
//! ```
//!
//! The nodes keep every scalar as it was typed and know where it stands. The schema is made from the types, the
//! shapes from the schema: one description of the format serves editors, findings and reading. The shapes are made
//! before the program is built, so that no start has to.

mod action;
mod actions;
mod builder;
mod calls;
mod changes;
mod check;
#[cfg(test)]
mod compile;
mod deliveries;
mod effects;
mod expect;
mod fill;
mod node;
mod refusal;
mod report;
mod schema;
mod shape;
#[rustfmt::skip]
mod shapes;
mod syntax;
mod target;
mod unreachable;
mod warnings;
mod words;
mod yaml;

use std::fmt;

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};

pub use action::{ActionSpec, AfterSpec};
pub use changes::changes;
pub use deliveries::nature_of;
pub use report::{FindingShown, Placed, Report};
pub use schema::{AnyScenario, ClockSpec, schema, schema_text};
pub use target::{HANDLER, events_of};
pub use warnings::obstacle;

use self::node::{MappingEntry, Mistake, Node, NodeKind};
use self::schema::Head;
use self::shape::{Field, Shape};
use crate::emulator::conduct::Severity;
use crate::emulator::{Section, Service};
use crate::fault::FaultSpec;
use crate::judge::ExpectSpec;
use crate::scalar::{Findings, Path, Text};
use crate::services::SERVICES;

/// What a text as a whole is to be.
#[derive(Clone, Copy)]
struct Document {
    what: &'static str,
    /// How one begins.
    begin: &'static str,
}

const SCENARIO: Document =
    Document { what: "the scenario", begin: "begin with `standin: 1` and `name: …`" };
const EXPECTATIONS: Document = Document {
    what: "the list of expectations",
    begin: "write a list: `- name: …`, `on: …`, and how many calls",
};
const MAPPING_OF_EXPECTATIONS: Shape =
    Shape::Record(&[Field { name: "expect", shape: shapes::EXPECT, is_required: true }]);
const FAULT: Document =
    Document { what: "the fault", begin: "write one fault: `name: …`, `on: …`, and what it does" };

/// What a segment of a path spells otherwise.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where a scenario comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the one in the program.
    BuiltIn,
    /// From this file.
    File(String),
    /// It was handed over as a text.
    Text,
}

/// A scenario, read and found free of mistakes.
pub struct Scenario {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is about.
    pub name: String,
    /// The seed of its draws, if it sets one.
    pub seed: Option<u64>,
    /// The clock that it asks for.
    pub clock: ClockSpec,
    /// The vendors that it describes, each with its section.
    pub sections: Vec<(&'static dyn Service, Box<dyn Section>)>,
    /// Its faults in the order of the file.
    pub faults: Vec<FaultSpec>,
    /// What operators and the portal do by themselves.
    pub actions: Vec<ActionSpec>,
    /// What a good client has done at the end.
    pub expect: Vec<ExpectSpec>,
    /// How much breaches of rules weigh, where it says so.
    pub rules: IndexMap<Text, Severity>,
}

impl Scenario {
    /// The text of the scenario that is served when none is given.
    pub const DEFAULT: &'static str = include_str!("../../scenarios/default.yaml");

    /// The scenario that is served when none is given. [`Self::DEFAULT`] as JSON, read and checked by a test, so that no
    /// start has to.
    pub fn built_in() -> Self {
        let value = serde_json::from_str(include_str!("default.json")).expect("a test reads the same JSON");
        let Value::Object(mut keys) = value else { unreachable!("a test reads the same object") };
        let take = |service: &&'static dyn Service| Some((*service, keys.shift_remove(service.name())?));
        let given: Vec<_> = SERVICES.iter().filter_map(take).collect();
        let read = |(service, section): (&'static dyn Service, Value)| {
            (service, service.read(section).expect("a test reads the same section"))
        };
        let sections = given.into_iter().map(read).collect();
        let head = Head::deserialize(Value::Object(keys)).expect("a test reads the same keys");
        Self::of(Origin::BuiltIn, head, sections)
    }

    fn of(origin: Origin, head: Head, sections: Vec<(&'static dyn Service, Box<dyn Section>)>) -> Self {
        let Head { name, seed, clock, faults, actions, expect, rules, .. } = head;
        Self { origin, name: name.to_string(), seed, clock, sections, faults, actions, expect, rules }
    }

    /// Reads a scenario; `origin` is what the report calls it, such as the name of its file.
    ///
    /// # Errors
    /// The report holds every mistake that could be found, not the first one only.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Report> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut mistakes = Vec::new();
        match read(text, &mut mistakes) {
            Some(scenario) if mistakes.is_empty() => Ok(scenario),
            _ => Err(Report::new(origin, text, mistakes)),
        }
    }
}

impl Scenario {
    /// The same with credentials of its own, each with `suffix` behind it.
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let sections = self.sections.iter().map(|(service, section)| (*service, section.with_suffix(suffix)));
        Self {
            origin: self.origin.clone(),
            name: self.name.clone(),
            seed: self.seed,
            clock: self.clock,
            sections: sections.collect(),
            faults: self.faults.clone(),
            actions: self.actions.clone(),
            expect: self.expect.clone(),
            rules: self.rules.clone(),
        }
    }
}

/// Reads one fault that joins those that are `present` in a run of `scenario`.
///
/// # Errors
/// The report holds every mistake, as for a whole scenario.
pub fn parse_fault(text: &str, present: &[FaultSpec], scenario: &Scenario) -> Result<FaultSpec, Report> {
    fault_of(text, None, present, scenario)
}

/// Reads the fault called `name`, which replaces the one of that name among those that are `present`, or joins them. The
/// text may leave the name out.
///
/// # Errors
/// The report holds every mistake, as for a whole scenario. Another name in the text is one.
pub fn parse_fault_called(
    name: &str,
    text: &str,
    present: &[FaultSpec],
    scenario: &Scenario,
) -> Result<FaultSpec, Report> {
    fault_of(text, Some(name), present, scenario)
}

fn fault_of(
    text: &str,
    called: Option<&str>,
    present: &[FaultSpec],
    scenario: &Scenario,
) -> Result<FaultSpec, Report> {
    let mut mistakes = Vec::new();
    match read_fault(text, called, present, scenario, &mut mistakes) {
        Some(fault) if mistakes.is_empty() => Ok(fault),
        _ => Err(Report::new("fault", text, mistakes)),
    }
}

/// Reads a list of expectations for a run of `scenario`, or a mapping with the key `expect` that holds it.
///
/// # Errors
/// The report holds every mistake, as for a whole scenario.
pub fn parse_expectations(text: &str, scenario: &Scenario) -> Result<Vec<ExpectSpec>, Report> {
    let mut mistakes = Vec::new();
    match read_expectations(text, scenario, &mut mistakes) {
        Some(found) if mistakes.is_empty() => Ok(found),
        _ => Err(Report::new("expectations", text, mistakes)),
    }
}

fn read_expectations(
    text: &str,
    scenario: &Scenario,
    mistakes: &mut Vec<Mistake>,
) -> Option<Vec<ExpectSpec>> {
    let mut root = yaml::read(text, EXPECTATIONS, mistakes)?;
    let shape = match &root.kind {
        NodeKind::Mapping(entries) => {
            let has = |key: &str| entries.iter().any(|entry| entry.key == key);
            if has("on") && !has("expect") {
                let help = "write a list: put `- ` before it in YAML, or `[` and `]` around it in JSON";
                mistakes.push(Mistake::new(
                    root.place(),
                    Path::default(),
                    "this is one expectation, not a list",
                    help,
                ));
                return None;
            }
            MAPPING_OF_EXPECTATIONS
        }
        NodeKind::Scalar { .. } | NodeKind::Sequence(_) => shapes::EXPECT,
    };
    let (value, taint) = fill::fill(&mut root, &shape, EXPECTATIONS, mistakes);
    let (value, place) = match value? {
        Value::Object(mut keys) => (keys.shift_remove("expect")?, Path::default().key("expect")),
        list => (list, Path::default()),
    };
    let found: Vec<ExpectSpec> = parsed(serde_json::from_value(value), &place, &root, mistakes)?;
    let mut findings = Findings::default();
    expect::check_at(&found, &place, &scenario.sections, &taint, &mut findings);
    expect::check_scopes(&found, &place, &mut findings);
    let sound = findings.0.into_iter().filter(|finding| !taint.covers(&finding.path));
    mistakes.extend(sound.map(|finding| Mistake { span: root.locate(&finding.path), finding }));
    Some(found)
}

fn read_fault(
    text: &str,
    called: Option<&str>,
    present: &[FaultSpec],
    scenario: &Scenario,
    mistakes: &mut Vec<Mistake>,
) -> Option<FaultSpec> {
    let mut root = yaml::read(text, FAULT, mistakes)?;
    if let Some(name) = called {
        call(&mut root, name, mistakes);
    }
    let (value, taint) = fill::fill(&mut root, shapes::FAULTS.item(0), FAULT, mistakes);
    let fault: FaultSpec = parsed(serde_json::from_value(value?), &Path::default(), &root, mistakes)?;
    let namesake = present.iter().position(|known| known.name == fault.name);
    let is_sound = mistakes.is_empty();
    if is_sound && namesake.is_some() && called.is_none() {
        let path = Path::default().key("name");
        let message = format!("there is a fault {} already", words::quote(&fault.name));
        let segment = utf8_percent_encode(&fault.name, SEGMENT);
        let help =
            format!("send this one with `PUT …/faults/{segment}` to replace it, or give it another name");
        mistakes.push(Mistake::new(root.locate(&path), path, message, help));
    }
    let at = namesake.unwrap_or(present.len());
    let mut all = present.to_vec();
    all.splice(at..(at + 1).min(present.len()), [fault.clone()]);
    let mut findings = Findings::default();
    // Stand-ins are at other places in a whole scenario: what is left out here is told once they are mended.
    if is_sound {
        check::check(&all, &scenario.sections, scenario.clock, &taint, &mut findings);
    }
    let place = Path::default().key("faults").index(at);
    mistakes.extend(findings.0.into_iter().filter_map(|mut finding| {
        let steps = finding.path.0.strip_prefix(&place.0[..])?;
        finding.path = Path(steps.to_vec());
        Some(Mistake { span: root.locate(&finding.path), finding })
    }));
    Some(fault)
}

/// Gives the fault the name `name`, if the text has none. Another name in the text is a mistake.
fn call(root: &mut Node<'_>, name: &str, mistakes: &mut Vec<Mistake>) {
    let span = root.place();
    let NodeKind::Mapping(entries) = &mut root.kind else { return };
    let Some(entry) = entries.iter().find(|entry| entry.key == "name") else {
        let kind = NodeKind::Scalar { text: name.to_owned().into(), is_plain: false };
        entries.push(MappingEntry { key: "name".into(), key_span: span, value: Node { span, kind } });
        return;
    };
    if let NodeKind::Scalar { text, .. } = &entry.value.kind
        && text != name
    {
        let message =
            format!("the fault is called {} here and {} in the path", words::quote(text), words::quote(name));
        let help = "leave `name` out: the path says it";
        mistakes.push(Mistake::new(entry.value.span, Path::default().key("name"), message, help));
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, name, seed, clock, sections, faults, actions, expect, rules } = self;
        let sections: Vec<_> = sections.iter().map(|(service, section)| (service.name(), section)).collect();
        formatter
            .debug_struct("Scenario")
            .field("origin", origin)
            .field("name", name)
            .field("seed", seed)
            .field("clock", clock)
            .field("sections", &sections)
            .field("faults", faults)
            .field("actions", actions)
            .field("expect", expect)
            .field("rules", rules)
            .finish()
    }
}

/// Reads what can be read, mistakes or not.
fn read(text: &str, mistakes: &mut Vec<Mistake>) -> Option<Scenario> {
    let mut root = yaml::read(text, SCENARIO, mistakes)?;
    let (value, taint) = fill::fill(&mut root, &shapes::SCENARIO, SCENARIO, mistakes);
    let Some(Value::Object(mut keys)) = value else { return None };
    let sections = sections(&mut keys, &root, mistakes);
    let head = parsed(Head::deserialize(Value::Object(keys)), &Path::default(), &root, mistakes)?;

    let mut findings = Findings::default();
    for (service, section) in &sections {
        section.check(&Path::default().key(service.name()), &mut findings);
    }
    check::check(&head.faults, &sections, head.clock, &taint, &mut findings);
    actions::check(&head.actions, &sections, &mut findings);
    expect::check(&head.expect, &sections, &taint, &mut findings);
    expect::check_rules(&head.rules, &mut findings);
    let sound = findings.0.into_iter().filter(|finding| !taint.covers(&finding.path));
    mistakes.extend(sound.map(|finding| Mistake { span: root.locate(&finding.path), finding }));

    let origin = if text == Scenario::DEFAULT { Origin::BuiltIn } else { Origin::Text };
    Some(Scenario::of(origin, head, sections))
}

fn sections(
    keys: &mut Map<String, Value>,
    root: &Node<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<(&'static dyn Service, Box<dyn Section>)> {
    let mut sections = Vec::new();
    for &service in SERVICES {
        let Some(section) = keys.shift_remove(service.name()) else { continue };
        let path = Path::default().key(service.name());
        sections
            .extend(parsed(service.read(section), &path, root, mistakes).map(|section| (service, section)));
    }
    sections
}

/// What serde made of a value. It satisfies the schema, so a refusal is news only where nothing else is wrong.
fn parsed<T>(
    read: Result<T, serde_json::Error>,
    path: &Path,
    root: &Node<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    read.map_err(|error| {
        if mistakes.is_empty() {
            mistakes.push(Mistake::new(
                root.locate(path),
                path.clone(),
                error.to_string(),
                "change the value",
            ));
        }
    })
    .ok()
}
