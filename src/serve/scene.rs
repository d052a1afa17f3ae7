//! `Scene`: what is played on a server, as a test in the same process asks about it and changes it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::aside;
use super::clock::now;
use super::shared::Shared;
use crate::emulator::{Example, HandlerUrl, Proof, those_of};
use crate::engine::{Entry, Redactor, World};
use crate::http::{Reply, Request};
use crate::judge::ExpectationOutcome;

/// What is played on a server: its main scenario, or that of a namespace. [`Server`](crate::Server) and
/// [`Namespace`](crate::Namespace) both are one.
///
/// Texts are in YAML, as in a scenario; JSON is YAML too. Answers in JSON are those of the control interface, which
/// `docs/control.md` and `schemas/control.openapi.json` describe.
///
/// Every method waits until the server has answered. In a test with an asynchronous runtime of one thread, call
/// [`Scene::wait_for`] and [`Scene::advance`] from a thread of their own: the client cannot run while they wait.
#[derive(Debug)]
pub struct Scene {
    pub(super) url: String,
    pub(super) shared: Arc<Shared>,
    pub(super) runtime: Handle,
    /// The name of the namespace; `None` for the main scenario.
    pub(super) name: Option<String>,
}

/// Why a request to the server was refused: a mistake in a fault, no such action, and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status that the control interface has for it.
    pub status: u16,
    /// What is wrong.
    pub message: String,
    /// What to do instead, or every mistake with its place; empty if there is nothing to say.
    pub help: String,
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, help, .. } = self;
        match help.as_str() {
            "" => write!(formatter, "{message}"),
            help => write!(formatter, "{message}\n{help}"),
        }
    }
}

/// Expectations that were not met, with the exchanges so far.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client did not do what the scenario expects\n{0}")]
pub struct Unmet(pub(super) String);

/// Why waiting has failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The expectations were not met in time, or can no longer be met.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// The expectations have mistakes.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The largest number of exchanges that are shown.
const MOST_SHOWN: usize = 30;

impl Scene {
    /// URL of the server, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// URL of the control interface of this scene, for programs that ask by HTTP: `STANDIN_CONTROL_URL`.
    pub fn control_url(&self) -> String {
        format!("{}{}", self.url, self.root())
    }

    /// A URL or credential for the client, by the name of an environment variable: `BITRIX24_REST_URL`,
    /// `BITRIX24_WEBHOOK_URL`, `BITRIX24_ACCESS_TOKEN`, `BITRIX24_REFRESH_TOKEN`, `BITRIX24_CLIENT_ID`,
    /// `BITRIX24_CLIENT_SECRET`, `BITRIX24_TOKEN_URL`, `BITRIX24_APPLICATION_TOKEN`, `BITRIX24_MEMBER_ID`,
    /// `CHERT_BASE_URL`, `CHERT_TENANT`, `CHERT_SIGNING_SECRET`. `None` when the scenario does not have it.
    pub fn access(&self, variable: &str) -> Option<String> {
        self.look(|world| {
            let seed = world.seed();
            let mut all = world.scenario().sections.iter().flat_map(|(_, section)| section.access(seed));
            all.find(|access| access.variable == variable).map(|access| access.at(&self.url))
        })
        .flatten()
    }

    /// A request for an operation, such as `chert.chats.rename`, that succeeds in the scenario. `None` when there is no
    /// such operation or the scenario has nothing to call it on.
    pub fn example(&self, operation: &str) -> Option<Example> {
        let (service, name) = operation.split_once('.')?;
        self.look(|world| {
            let scenario = world.scenario();
            let (service, section) = scenario.sections.iter().find(|(known, _)| known.name() == service)?;
            let operation = service.operations().iter().find(|known| known.name == name)?;
            section.example(operation, scenario.clock.at(now()).now(now()), Proof::Lasting)
        })
        .flatten()
    }

    /// The exchanges in the journal, oldest first. Old ones are missing when there were more than the journal keeps.
    /// Secrets are not hidden.
    pub fn journal(&self) -> Vec<Entry> {
        self.look(|world| world.journal().entries().collect()).unwrap_or_default()
    }

    /// The state of every service as JSON, the same as `GET /__standin/state` returns, with secrets.
    pub fn state(&self) -> Value {
        self.look(|world| world.state(now())).unwrap_or_default()
    }

    /// Checks the expectations of the scenario. They are checked too when the server or the namespace is dropped, which
    /// panics if they are not met.
    ///
    /// # Errors
    /// When an expectation is not met. The error lists those and the exchanges so far.
    pub fn verify(&self) -> Result<(), Unmet> {
        // The world is unlocked before secrets are hidden.
        let outcomes = self.look(|world| world.outcomes(now()));
        let mut outcomes = outcomes.map(|outcomes| outcomes.hidden()).unwrap_or_default();
        if self.name.is_none() {
            outcomes.extend(self.shared.namespaces().outcomes_of_run());
        }
        let unmet: String =
            outcomes.iter().filter(|outcome| !outcome.met).map(ExpectationOutcome::text).collect();
        if unmet.is_empty() { Ok(()) } else { Err(Unmet(unmet + &self.conversation())) }
    }

    /// Sets state, faults, counters, clock and journal back to the start of the scenario.
    pub fn reset(&self) {
        let reset = self.ask("POST", "/reset", "");
        debug_assert_eq!(reset.status, 200, "a reset is never refused");
    }

    /// Adds a fault behind the others, such as `{name: lost, on: chert.chats.rename, wire: reset, applied: true}`.
    ///
    /// # Errors
    /// When the fault has mistakes, or there is one of that name. The error shows each with its place.
    pub fn fault(&self, fault: &str) -> Result<(), Refused> {
        self.told::<Value>("POST", "/faults", fault).map(drop)
    }

    /// Removes the fault of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_fault(&self, name: &str) -> Result<(), Refused> {
        self.told::<Value>("DELETE", &format!("/faults/{}", segment(name)), "").map(drop)
    }

    /// Lets an operator, a recipient or the portal do something, such as `bitrix24.operator.write`. `standin act` lists the
    /// actions. Returns what has changed, and the names of the events that it has raised.
    ///
    /// # Errors
    /// When there is no such action, or its parameters make no sense.
    pub fn act(&self, action: &str, with: Value) -> Result<Value, Refused> {
        self.told("POST", "/actions", &json!({"do": action, "with": with}).to_string())
    }

    /// The events that wait, that are being sent and that have ended, the oldest first.
    pub fn outbox(&self) -> Vec<Value> {
        let mut outbox: Value = self.told("GET", "/outbox", "").unwrap_or_default();
        outbox["deliveries"].as_array_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Gives a named handler of the scenario its URL. Events that are raised from now on are sent there, also
    /// those of namespaces that are made from now on.
    ///
    /// # Errors
    /// When the scenario has no handler of this name, or `url` is no URL.
    pub fn handler(&self, name: &str, url: &str) -> Result<(), Refused> {
        let refused = |message| Refused { status: 422, message, help: String::new() };
        HandlerUrl::parse(url)
            .map_err(|why| refused(format!("`{url}` is no URL of the handler `{name}`: {why}")))?;
        let known = self.look(|world| match world.handler_names().contains(&name) {
            true => {
                world.bind_handler(name, url);
                Ok(())
            }
            false => Err(those_of("handlers with a name", world.handler_names())),
        });
        if let Some(Err(help)) = known {
            return Err(Refused { help, ..refused(format!("the scenario has no handler called `{name}`")) });
        }
        Ok(())
    }

    /// Takes an event that waits, such as `e1`: its `url`, `headers` and `body`. The test delivers it itself, and says by
    /// [`Scene::answer_event`] how its handler has answered.
    ///
    /// # Errors
    /// When there is no such event, or it does not wait.
    pub fn take_event(&self, event: &str) -> Result<Value, Refused> {
        self.told("POST", &format!("/outbox/{}/take", segment(event)), "")
    }

    /// Says with which status the test's own handler has answered an event that was taken.
    ///
    /// # Errors
    /// When no attempt of this event is under way.
    pub fn answer_event(&self, event: &str, status: u16) -> Result<(), Refused> {
        let body = json!({"status": status}).to_string();
        self.told::<Value>("POST", &format!("/outbox/{}/answer", segment(event)), &body).map(drop)
    }

    /// Moves a virtual clock forward, for example by `30s`, or with `next` to the instant at which something is due. Waits
    /// until what is due then has been sent.
    ///
    /// # Errors
    /// When the scenario follows the real clock, or `by` is no length of time.
    pub fn advance(&self, by: &str) -> Result<(), Refused> {
        self.told::<Value>("POST", "/clock", &json!({"advance": by}).to_string()).map(drop)
    }

    /// Waits until expectations are met, a list as in `expect` of a scenario. It ends early when they can no longer be met.
    ///
    /// # Errors
    /// When they are not met in time, with the exchanges so far, or when they have mistakes.
    pub fn wait_for(&self, expectations: &str, patience: Duration) -> Result<(), WaitError> {
        let path = format!("/verify?wait_for={}us", patience.as_micros());
        let reply = self.ask("POST", &path, expectations);
        match reply.status {
            200 => Ok(()),
            417 => {
                let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
                let report = told["report"].as_str().unwrap_or_default();
                Err(Unmet(report.to_owned() + &self.conversation()).into())
            }
            _ => Err(refused(&reply).into()),
        }
    }

    /// Says in words why the exchange with this number got its answer.
    ///
    /// # Errors
    /// When the journal does not have it.
    pub fn explain(&self, exchange: u64) -> Result<String, Refused> {
        let reply = self.ask("GET", &format!("/journal/{exchange}/explain"), "");
        match reply.status {
            200 => Ok(String::from_utf8_lossy(&reply.body).into_owned()),
            _ => Err(refused(&reply)),
        }
    }

    /// What `look` finds in the world; `None` when the namespace is gone.
    fn look<T>(&self, look: impl FnOnce(&mut World) -> T) -> Option<T> {
        let namespaces = self.shared.namespaces();
        match &self.name {
            None => Some(look(&mut namespaces.main())),
            Some(name) => {
                let namespace = namespaces.called(name, now()).ok()?;
                let mut world = namespace.world()?;
                Some(look(&mut world))
            }
        }
    }

    /// The path of the control interface, without a final slash.
    fn root(&self) -> Cow<'static, str> {
        match &self.name {
            None => "/__standin".into(),
            Some(name) => format!("/__standin/namespaces/{name}").into(),
        }
    }

    /// Asks the control interface. `path` is that behind its root.
    fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        let headers = [("host", self.url.trim_start_matches("http://"))].into_iter().collect();
        let target = format!("{}{path}", self.root());
        let request = Request::new(method, &target, headers, body.to_owned().into_bytes().into());
        let (answered, answer) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        // The caller may be in a runtime of its own, in which nothing may be waited for.
        self.runtime.spawn(async move {
            let _ = answered.send(aside::control(&shared, &request).await.reply);
        });
        answer.recv().unwrap_or_else(|_| crate::control::failure())
    }

    /// The same, with the answer read.
    pub(super) fn told<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<T, Refused> {
        let reply = self.ask(method, path, body);
        if reply.status >= 400 {
            return Err(refused(&reply));
        }
        serde_json::from_slice(&reply.body).map_err(|error| Refused {
            status: reply.status,
            message: error.to_string(),
            help: String::new(),
        })
    }

    /// The latest exchanges, one line each, with secrets hidden.
    fn conversation(&self) -> String {
        let found = self.look(|world| {
            let latest: Vec<_> = world.journal().entries().rev().take(MOST_SHOWN).collect();
            (Redactor::new(world), world.counters().exchanges, latest)
        });
        let Some((redactor, count, mut latest)) = found else { return String::new() };
        latest.reverse();
        let mut text = format!("the conversation, {count} exchanges:\n");
        for entry in latest {
            let hidden = redactor.exchange(&entry.request, &entry.reply);
            let line = format!(
                "{:>4}  {} {} {}",
                entry.number, entry.request.method, hidden.target, hidden.request_body
            );
            let outcome = match entry.note.error {
                Some(error) => format!("{} {error}", entry.reply.status),
                None => entry.reply.status.to_string(),
            };
            text += &format!("{} -> {outcome}\n", line.trim_end());
        }
        text
    }
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn refused(reply: &Reply) -> Refused {
    let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let help = if told["report"].is_string() { text("report") } else { text("help") };
    Refused { status: reply.status, message: text("standin"), help }
}
