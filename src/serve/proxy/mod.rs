//! Passes the requests of clients on to the real service, and holds each answer against the contract.

mod body;
mod conversation;
mod copy;
mod exchange;
mod fields;
mod line;
mod own;
mod upload;
mod upstream;
mod url;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::child::{self, Ended, Variable};
use super::clock;
use super::connection::{self, Listener};
use super::shared::{Options, Shared};
use crate::contract::{Contract, Tally};
use crate::engine::World;
use crate::scenario::Scenario;
use upstream::Upstream;
pub use url::ServiceUrl;

/// Options of a proxy.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// Where the service is.
    pub url: ServiceUrl,
    /// The edition that the service must answer by, if it has several; `None` for any of them.
    pub edition: Option<&'static str>,
    /// How many exchanges the page shows with paths, header fields and bodies. They are kept in memory, and nowhere else. If it is 0,
    /// the page shows the newest thousand without these.
    pub keep: usize,
    /// For how long nothing may pass in either direction while an answer is waited for. A stream of events has no such limit.
    pub time_limit: Duration,
    /// Certificates that are trusted besides those of the public authorities.
    pub authorities: Vec<CertificateDer<'static>>,
}

/// What all connections of a proxy share.
struct Proxy {
    upstream: Upstream,
    contract: Contract,
    tally: Mutex<Tally>,
    /// Whether the journal keeps paths, header fields and bodies.
    keeps: bool,
    time_limit: Duration,
    /// The control interface, and the world in whose journal the exchanges are.
    shared: Arc<Shared>,
}

/// Passes requests at `listener` on until the future that `ready` returns ends, then lets running exchanges finish. `ready` is called
/// as soon as requests are answered. Returns what came of all exchanges.
///
/// # Errors
/// When the runtime or the socket cannot be set up, when the service has no address or one that is not allowed, or when `ready`
/// returns an error.
pub fn proxy<F, S>(listener: TcpListener, options: ProxyOptions, ready: F) -> io::Result<Tally>
where
    F: FnOnce() -> io::Result<S>,
    S: Future<Output = ()>,
{
    let own_port = listener.local_addr()?.port();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let proxy = runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = Listener { listener: tokio::net::TcpListener::from_std(listener)?, tls: None };
        let upstream = Upstream::new(&options, own_port)?;
        upstream.check().await.map_err(io::Error::other)?;
        // A world without a service: it only has a journal.
        let scenario = Scenario::parse("proxy", "{standin: 1, name: proxy}").map_err(io::Error::other)?;
        let world = World::new(Arc::new(scenario), 0, clock::now());
        // Nothing is ever due in it, so nobody reads what the deliverer is told.
        let (shared, _) = Shared::new(world, Options::default());
        shared.namespaces().main().records_for_a_proxy(options.keep);
        let shared = Arc::new(shared);
        let proxy = Arc::new(Proxy {
            upstream,
            contract: Contract::new(options.edition),
            tally: Mutex::default(),
            keeps: options.keep > 0,
            time_limit: options.time_limit,
            shared: Arc::clone(&shared),
        });
        let stop = ready()?;
        let converse = |stream, client, _| conversation::converse(stream, client, Arc::clone(&proxy));
        connection::accept(vec![listener], shared, stop, converse).await;
        io::Result::Ok(proxy)
    })?;
    // Connections that were cut off are dropped with the runtime, and their exchanges are counted then.
    drop(runtime);
    let tally = proxy.tally.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(tally.clone())
}

/// Passes requests at `listener` on while `command` runs with its environment changed by `environment`. `begins` is called before the
/// command starts. The inner error means that the command could not be started.
///
/// # Errors
/// As [`proxy`].
pub fn proxy_while(
    listener: TcpListener,
    options: ProxyOptions,
    command: &[OsString],
    environment: &[Variable],
    begins: impl FnOnce(),
) -> io::Result<(Tally, io::Result<Ended>)> {
    let seen = RefCell::new(None);
    let tally = proxy(listener, options, || {
        begins();
        Ok(async {
            let ended =
                child::run(command, environment, std::future::pending(), std::future::ready(())).await;
            seen.replace(Some(ended));
        })
    })?;
    let ended = seen.into_inner().ok_or_else(|| io::Error::other("the command was not waited for"))?;
    Ok((tally, ended))
}
