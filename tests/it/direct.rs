//! A world that is asked without sockets.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::Scenario;
use standin::basics::Arrival;
use standin::contract::{Given, drifts};
use standin::emulator::{ActionMistake, Example, Operation, Proof, Service};
use standin::engine::{Acted, Dispatch, Note, World, step};
use standin::http::{Headers, Reply, Request};

/// A world of a scenario. A scenario without a clock stays at the start of 1970.
pub struct Direct(World);

impl Direct {
    /// The world of a scenario given as YAML.
    pub fn new(yaml: &str) -> Self {
        let scenario = Scenario::parse("direct.yaml", yaml).unwrap_or_else(|error| panic!("{error}"));
        Self(World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH))
    }

    /// A request for an operation that succeeds, with a credential that stays valid.
    pub fn example(&self, service: &dyn Service, operation: &Operation) -> Example {
        let sections = &self.0.scenario().sections;
        let (_, section) = sections.iter().find(|(known, _)| known.name() == service.name()).unwrap();
        let now = self.0.clock().now(Timestamp::UNIX_EPOCH);
        section.example(operation, now, Proof::Lasting).expect(operation.name)
    }

    /// Sends an example.
    pub fn call(&mut self, example: &Example) -> (Reply, Note) {
        let headers: Vec<_> = example.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.exchange(example.verb, &example.target, &headers, example.body.as_bytes())
    }

    /// Sends a request. Returns the reply and the note for the journal.
    pub fn exchange(
        &mut self,
        verb: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (Reply, Note) {
        let headers: Headers = headers.iter().copied().collect();
        let request = Request::new(verb, target, headers, body.to_vec().into());
        let planned = step(&mut self.0, &request, Arrival::at(Timestamp::UNIX_EPOCH));
        check_described(self.0.scenario(), &planned.note, &planned.reply);
        (planned.reply, planned.note)
    }

    /// The state of Bitrix24, as the control interface shows it.
    pub fn state(&mut self) -> Value {
        self.0.state(Timestamp::UNIX_EPOCH)["bitrix24"].clone()
    }

    /// The world itself.
    pub fn world(&mut self) -> &mut World {
        &mut self.0
    }

    /// Performs an action of Bitrix24.
    pub fn act(&mut self, action: &str, with: &Value) -> Result<Acted, ActionMistake> {
        let with = with.as_object().unwrap();
        self.0.act(&format!("bitrix24.{action}"), with, Timestamp::UNIX_EPOCH)
    }

    /// Begins the attempt of a delivery, as a test that is its own handler does.
    pub fn take(&mut self, number: u64) -> Dispatch {
        self.0.take(number, Timestamp::UNIX_EPOCH).unwrap_or_else(|| panic!("e{number} does not wait"))
    }

    /// Sends a POST with a JSON body.
    pub fn post(&mut self, target: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.exchange("POST", target, &headers, body.to_string().as_bytes()).0
    }
}

/// Checks that a reply is one of those that its operation may give.
pub fn check_described(scenario: &Scenario, note: &Note, reply: &Reply) {
    let field = |name: &str| reply.header(name).map(Cow::Borrowed);
    check_given(scenario, note, &Given { status: reply.status, header: &field, body: &reply.body });
}

/// Checks that an answer, as a server gave it, is one of those that its operation may give, as the service describes them. An answer that a fault
/// has replaced, reworded or spoilt is none of the service's, and one without an operation is described nowhere.
pub fn check_given(scenario: &Scenario, note: &Note, given: &Given<'_>) {
    let section = scenario.sections.iter().find(|(service, _)| Some(service.name()) == note.service);
    let Some((service, section)) = section else { return };
    let operation = service.operations().iter().find(|known| Some(known.name) == note.operation);
    let Some(operation) = operation else { return };
    let is_struck = note.faults.iter().filter(|decision| decision.fired).any(|decision| {
        let fault = &decision.fault.spec;
        fault.reply.is_some() || fault.message.is_some() || fault.wire.is_some()
    });
    if is_struck {
        return;
    }
    let edition = section.editions().map_or("", |[served, _]| served);
    let mut answers = service.answers(operation, edition);
    answers.retain(|known| known.error.map(|error| error.code) == note.error);
    let context = format!("{}.{}, {edition}, {:?}", service.name(), operation.name, note.error);
    assert!(!answers.is_empty(), "no answer is described: {context}");
    let found = drifts(&answers, given);
    assert!(found.is_empty(), "{context}: {found:#?}\n{}", String::from_utf8_lossy(given.body));
}

/// The body of a reply as JSON.
pub fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {:?}", reply.body))
}

/// Status, error code and text of an error of Bitrix24; of a success the status and the part of its body at `pointer`.
pub fn outcome(reply: &Reply, pointer: &str) -> Value {
    let body = body(reply);
    match body.get("error") {
        Some(error) => json!([reply.status, error, body["error_description"]]),
        None => json!([reply.status, body.pointer(pointer)]),
    }
}
