//! `Server`: a server for tests that runs in a thread of its own, on a free port, and stops when it is dropped.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::{fs, io, thread};

use tokio::sync::oneshot;

use super::clock::now;
use super::random::random_seed;
use super::run::{Socket, serve};
use super::shared::{Options, Shared};
use crate::emulator::{Example, Proof};
use crate::engine::{Entry, Redactor, World};
use crate::judge::ExpectationOutcome;
use crate::scenario::{Origin, Report, Scenario};

/// A running server. It stops and frees its port when it is dropped.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = standin::Server::start()?;
/// // Hand these to the client under test.
/// let webhook = server.access("BITRIX24_WEBHOOK_URL").ok_or("the default scenario has a webhook")?;
/// assert!(webhook.starts_with(server.url()));
/// // … and read afterwards what it did.
/// assert!(server.journal().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    url: String,
    shared: Arc<Shared>,
    scenario: Arc<Scenario>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The scenario has mistakes.
    #[error("{0}")]
    Scenario(#[from] Box<Report>),
    /// The scenario's file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    File {
        /// Path of the file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// The operating system refused a socket or a thread.
    #[error("cannot serve: {0}")]
    Socket(#[from] io::Error),
}

impl Server {
    /// Serves the built-in scenario on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When the operating system refuses a socket or a thread.
    pub fn start() -> Result<Self, StartError> {
        Self::from_scenario(Scenario::built_in())
    }

    /// Serves a scenario given as YAML.
    ///
    /// # Errors
    /// When the scenario has mistakes, or as [`Server::start`].
    pub fn from_text(yaml: &str) -> Result<Self, StartError> {
        Self::from_scenario(Scenario::parse("scenario", yaml).map_err(Box::new)?)
    }

    /// Serves a scenario from a file.
    ///
    /// # Errors
    /// When the file cannot be read, or as [`Server::from_text`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, StartError> {
        let path = path.as_ref().display().to_string();
        let yaml =
            fs::read_to_string(&path).map_err(|source| StartError::File { path: path.clone(), source })?;
        let scenario = Scenario::parse(&path, &yaml).map_err(Box::new)?;
        Self::from_scenario(Scenario { origin: Origin::File(path), ..scenario })
    }

    /// Serves a scenario that has been read already.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn from_scenario(scenario: Scenario) -> Result<Self, StartError> {
        let scenario = Arc::new(scenario);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let world = World::new(Arc::clone(&scenario), scenario.seed.unwrap_or_else(random_seed), now());
        let (started, running) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let failed = started.clone();
        let thread = thread::Builder::new().name("standin".into()).spawn(move || {
            let ready = |shared| {
                let _ = started.send(Ok(shared));
                Ok(async {
                    let _ = stopped.await;
                })
            };
            if let Err(error) = serve(vec![Socket { listener, tls: None }], world, Options::default(), ready)
            {
                let _ = failed.send(Err(error));
            }
        })?;
        let shared = running.recv().map_err(io::Error::other)??;
        Ok(Self { url, shared, scenario, stop: Some(stop), thread: Some(thread) })
    }

    /// URL of the server, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A URL or credential for the client, by the name of an environment variable: `BITRIX24_REST_URL`,
    /// `BITRIX24_WEBHOOK_URL`, `BITRIX24_ACCESS_TOKEN`, `BITRIX24_REFRESH_TOKEN`, `BITRIX24_CLIENT_ID`,
    /// `BITRIX24_CLIENT_SECRET`, `BITRIX24_TOKEN_URL`, `BITRIX24_APPLICATION_TOKEN`, `BITRIX24_MEMBER_ID`, `CHERT_BASE_URL`, `CHERT_TENANT`, `CHERT_SIGNING_SECRET`.
    /// `None` when the scenario does not have it.
    pub fn access(&self, variable: &str) -> Option<String> {
        let seed = self.shared.namespaces().main().seed();
        let mut all = self.scenario.sections.iter().flat_map(|(_, section)| section.access(seed));
        all.find(|access| access.variable == variable).map(|access| access.at(&self.url))
    }

    /// A request for an operation, such as `chert.chats.rename`, that succeeds in the scenario. `None` when there is no
    /// such operation or the scenario has nothing to call it on.
    pub fn example(&self, operation: &str) -> Option<Example> {
        let (service, name) = operation.split_once('.')?;
        let (service, section) = self.scenario.sections.iter().find(|(known, _)| known.name() == service)?;
        let operation = service.operations().iter().find(|known| known.name == name)?;
        section.example(operation, self.scenario.clock.at(now()).now(now()), Proof::Lasting)
    }

    /// The exchanges in the journal, oldest first. Old ones are missing when there were more than the journal keeps.
    /// Secrets are not hidden.
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.namespaces().main().journal().entries().collect()
    }

    /// The state of every service as JSON, the same as `GET /__standin/state` returns.
    pub fn state(&self) -> serde_json::Value {
        self.shared.namespaces().main().state(now())
    }

    /// Checks the expectations of the scenario. Dropping the server checks them too, and panics if they are not met.
    ///
    /// # Errors
    /// When an expectation is not met. The error lists those and the exchanges so far.
    pub fn verify(&self) -> Result<(), Unmet> {
        let namespaces = self.shared.namespaces();
        // The world is unlocked before secrets are hidden.
        let outcomes = namespaces.main().outcomes(now());
        let mut outcomes = outcomes.hidden();
        outcomes.extend(namespaces.outcomes_of_run());
        let unmet: String =
            outcomes.iter().filter(|outcome| !outcome.met).map(ExpectationOutcome::text).collect();
        if unmet.is_empty() { Ok(()) } else { Err(Unmet(unmet + &self.conversation())) }
    }

    /// Sets state, counters, clock and journal back to the start of the scenario.
    pub fn reset(&self) {
        self.shared.namespaces().main().reset(now());
        self.shared.deliverer.wake(None);
        self.shared.has_changed();
    }

    /// The latest exchanges, one line each, with secrets hidden.
    fn conversation(&self) -> String {
        let (redactor, count, mut latest) = {
            let world = self.shared.namespaces().main();
            let latest: Vec<_> = world.journal().entries().rev().take(MOST_SHOWN).collect();
            (Redactor::new(&world), world.counters().exchanges, latest)
        };
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

impl Drop for Server {
    /// # Panics
    /// When the scenario has expectations that are not met, unless the thread is already panicking.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if !std::thread::panicking()
            && let Err(unmet) = self.verify()
        {
            panic!("{unmet}");
        }
    }
}

/// Expectations that were not met, with the exchanges so far.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client did not do what the scenario expects\n{0}")]
pub struct Unmet(String);

/// The largest number of exchanges that are shown.
const MOST_SHOWN: usize = 30;
