//! `Server`: a server for tests that runs in a thread of its own, on a free port, and stops when it is dropped.

use std::net::TcpListener;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::{fs, io, thread};

use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::clock::now;
use super::random::random_seed;
use super::run::{Socket, serve};
use super::scene::{Refused, Scene};
use super::shared::Options;
use crate::engine::World;
use crate::scenario::{Origin, Report, Scenario};

/// A running server. It stops and frees its port when it is dropped. What a test asks and changes is in [`Scene`].
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
    scene: Scene,
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
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let seed = scenario.seed.unwrap_or_else(random_seed);
        let world = World::new(Arc::new(scenario), seed, now());
        let (started, running) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let failed = started.clone();
        let thread = thread::Builder::new().name("standin".into()).spawn(move || {
            let ready = |shared| {
                let _ = started.send(Ok((shared, Handle::current())));
                Ok(async {
                    let _ = stopped.await;
                })
            };
            if let Err(error) = serve(vec![Socket { listener, tls: None }], world, Options::default(), ready)
            {
                let _ = failed.send(Err(error));
            }
        })?;
        let (shared, runtime) = running.recv().map_err(io::Error::other)??;
        let scene = Scene { url, shared, runtime, name: None };
        Ok(Self { scene, stop: Some(stop), thread: Some(thread) })
    }

    /// Makes a namespace: a fresh copy of the scenario, with credentials, faults and a journal of its own. Tests that run at
    /// the same time can so share one server.
    ///
    /// # Errors
    /// When there are too many namespaces.
    pub fn namespace(&self) -> Result<Namespace<'_>, Refused> {
        self.namespace_with(NamespaceOptions::default())
    }

    /// Makes a namespace that differs from the main scenario.
    ///
    /// # Errors
    /// When the options have a mistake, or there are too many namespaces.
    pub fn namespace_with(&self, options: NamespaceOptions) -> Result<Namespace<'_>, Refused> {
        let body = Value::Object(options.0).to_string();
        let made: Value = self.scene.told("POST", "/namespaces", &body)?;
        let name = made["namespace"].as_str().map(str::to_owned);
        let Scene { url, shared, runtime, .. } = &self.scene;
        let scene = Scene { url: url.clone(), shared: Arc::clone(shared), runtime: runtime.clone(), name };
        Ok(Namespace { scene, server: self })
    }
}

impl Deref for Server {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
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
            && let Err(unmet) = self.scene.verify()
        {
            panic!("{unmet}");
        }
    }
}

/// A namespace of a [`Server`]. It ends when it is dropped. What a test asks and changes is in [`Scene`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = standin::Server::start()?;
/// let namespace = server.namespace()?;
/// // Its own credentials lead a client into it.
/// assert_ne!(namespace.access("BITRIX24_WEBHOOK_URL"), server.access("BITRIX24_WEBHOOK_URL"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Namespace<'server> {
    scene: Scene,
    server: &'server Server,
}

impl Namespace<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.scene.name.as_deref().unwrap_or_default()
    }
}

impl Deref for Namespace<'_> {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl Drop for Namespace<'_> {
    /// # Panics
    /// When its scenario has expectations that are not met, unless the thread is already panicking.
    fn drop(&mut self) {
        let verified = self.scene.verify();
        let _ = self.server.scene.told::<Value>("DELETE", &format!("/namespaces/{}", self.name()), "");
        if !std::thread::panicking()
            && let Err(unmet) = verified
        {
            panic!("{unmet}");
        }
    }
}

/// How a namespace differs from the main scenario.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use standin::NamespaceOptions;
///
/// let server = standin::Server::start()?;
/// let namespace = server.namespace_with(NamespaceOptions::default().name("test_retry").seed(7))?;
/// assert_eq!(namespace.name(), "test_retry");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct NamespaceOptions(Map<String, Value>);

impl NamespaceOptions {
    /// The name; without it, the namespace gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.with("name", name.into())
    }

    /// Another scenario, as YAML.
    #[must_use]
    pub fn scenario(self, yaml: &str) -> Self {
        self.with("scenario", yaml.into())
    }

    /// Other expectations, a list in YAML.
    #[must_use]
    pub fn expect(self, yaml: &str) -> Self {
        self.with("expect", yaml.into())
    }

    /// Another seed of all random draws.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with("seed", seed.into())
    }

    /// The URL of a handler that the scenario knows by this name.
    #[must_use]
    pub fn handler(mut self, name: &str, url: &str) -> Self {
        let handlers = self.0.entry("handlers").or_insert_with(|| Map::new().into());
        handlers[name] = url.into();
        self
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}
