//! Listening sockets and a world → a server that runs until it is told to stop.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use super::child::{self, Ended, Variable};
use super::connection::{self, Listener};
use super::deliver;
use super::http1;
use super::shared::{Options, Shared};
use super::tls::Tls;
use super::until::{self, Patience, Until};
use crate::engine::{Namespaces, World};

/// A handle to a running server.
pub type Running = Arc<Shared>;

/// A listening socket, plain or encrypted.
#[derive(Debug)]
pub struct Socket {
    /// The listening socket.
    pub listener: TcpListener,
    /// Encrypts the connections; `None` for plain HTTP.
    pub tls: Option<Tls>,
}

/// Serves `world` on `sockets` until the future that `ready` returns ends. `ready` is called in the server's runtime as
/// soon as requests are answered.
///
/// # Errors
/// When the runtime or a socket cannot be set up, or when `ready` returns an error.
pub fn serve<F, S>(sockets: Vec<Socket>, mut world: World, mut options: Options, ready: F) -> io::Result<()>
where
    F: FnOnce(Running) -> io::Result<S>,
    S: Future<Output = ()>,
{
    let addresses = sockets.iter().map(|socket| socket.listener.local_addr());
    let addresses = addresses.collect::<io::Result<Vec<_>>>()?;
    options.targets.own_ports = addresses.iter().map(std::net::SocketAddr::port).collect();
    match (&options.public_url, addresses.first()) {
        (Some(url), _) => world.set_public_url(url),
        (None, Some(address)) => world.set_public_url(&format!("http://{address}")),
        (None, None) => {}
    }
    let mut builder = match options.workers {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(options.workers.max(1)).enable_all().build()?;
    runtime.block_on(async {
        let listeners = sockets.into_iter().map(|Socket { listener, tls }| {
            listener.set_nonblocking(true)?;
            Ok(Listener { listener: tokio::net::TcpListener::from_std(listener)?, tls })
        });
        let listeners = listeners.collect::<io::Result<Vec<_>>>()?;
        let (shared, inbox) = Shared::new(world, options);
        let shared = Arc::new(shared);
        let deliveries = tokio::spawn(deliver::run(Arc::clone(&shared), inbox));
        let stop = ready(Arc::clone(&shared))?;
        connection::accept(listeners, shared, stop, http1::converse).await;
        let _ = deliveries.await;
        Ok(())
    })
}

/// Serves `world` while `command` runs with its environment changed by `environment`, until it ends or one of `ends`
/// has come. `look` is called when the command
/// has ended, to read the worlds. The inner error means that the command could not be started.
///
/// # Errors
/// As [`serve`].
pub fn serve_while<T>(
    sockets: Vec<Socket>,
    world: World,
    options: Options,
    (command, environment, ends): (&[OsString], &[Variable], &[Until]),
    look: impl FnOnce(&Namespaces, Ended) -> T,
) -> io::Result<io::Result<T>> {
    let seen = RefCell::new(None);
    serve(sockets, world, options, |running| {
        let seen = &seen;
        Ok(async move {
            let patience = Patience::new();
            let stop = async {
                match ends {
                    [] => std::future::pending().await,
                    ends => until::stop(&running, ends, &patience).await,
                }
            };
            let settle = until::delivered(&running, &patience);
            let ended = child::run(command, environment, stop, settle).await;
            seen.replace(Some(ended.map(|ended| look(running.namespaces(), ended))));
        })
    })?;
    seen.into_inner().ok_or_else(|| io::Error::other("the command was not waited for"))
}
