//! A listening socket and a world → a server that runs until it is told to stop.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use super::child::{self, Ended, Variable};
use super::connection::{self, Listener};
use super::shared::{Options, Shared};
use super::tls::Tls;
use crate::engine::{Namespaces, World};

/// What a running server shares with its starter.
pub type Running = Arc<Shared>;

/// A socket to answer at.
#[derive(Debug)]
pub struct Socket {
    /// Where connections come from.
    pub listener: TcpListener,
    /// What encrypts them; without it they are not.
    pub tls: Option<Tls>,
}

/// Serves `world` at `sockets` until the future that `ready` returns ends. `ready` is called in the server's
/// runtime, once requests are answered.
///
/// # Errors
/// When the runtime or the socket cannot be set up, or when `ready` says so.
pub fn serve<F, S>(sockets: Vec<Socket>, world: World, options: Options, ready: F) -> io::Result<()>
where
    F: FnOnce(Running) -> io::Result<S>,
    S: Future<Output = ()>,
{
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
        let shared = Arc::new(Shared::new(world, options));
        let stop = ready(Arc::clone(&shared))?;
        connection::accept(listeners, shared, stop).await;
        Ok(())
    })
}

/// Serves while `command` runs, its environment changed by `environment`; `look` sees the worlds when it has ended. The inner
/// error says that the command could not be started.
///
/// # Errors
/// As [`serve`].
pub fn serve_while<T>(
    sockets: Vec<Socket>,
    world: World,
    options: Options,
    (command, environment): (&[OsString], &[Variable]),
    look: impl FnOnce(&Namespaces, Ended) -> T,
) -> io::Result<io::Result<T>> {
    let seen = RefCell::new(None);
    serve(sockets, world, options, |running| {
        let seen = &seen;
        Ok(async move {
            let ended = child::run(command, environment).await;
            seen.replace(Some(ended.map(|ended| look(running.namespaces(), ended))));
        })
    })?;
    seen.into_inner().ok_or_else(|| io::Error::other("the command was not waited for"))
}
