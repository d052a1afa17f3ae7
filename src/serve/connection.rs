//! Listeners → connections, one task each, until told to stop.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::client::Client;
use super::shared::Shared;
use super::tls::Tls;
use super::{http1, http2};

/// The time a client has to agree on encryption.
const GREETING_TIME: Duration = Duration::from_secs(30);
/// The time running exchanges have to finish after a stop.
const GRACE: Duration = Duration::from_secs(5);
/// The pause after an accept that failed, as when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A socket that connections come from.
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    /// What encrypts them.
    pub(super) tls: Option<Tls>,
}

/// Answers at `listeners` until `stop` ends, then lets running exchanges finish.
pub(super) async fn accept(listeners: Vec<Listener>, shared: Arc<Shared>, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let waiting = listeners.iter().map(|listener| Box::pin(listener.attend(&shared, &graceful)));
    let mut waiting: Vec<_> = waiting.collect();
    // None of them ends.
    let all = std::future::poll_fn(|context| {
        let ended = waiting.iter_mut().map(|listener| listener.as_mut().poll(context).is_ready());
        if ended.fold(false, |some, one| some | one) { Poll::Ready(()) } else { Poll::Pending }
    });
    tokio::select! {
        () = all => {}
        () = stop => {}
    }
    drop(waiting);
    drop(listeners);
    shared.stop();
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("exchanges that were still running were cut off");
    }
}

impl Listener {
    /// Takes connections in for as long as it is polled.
    async fn attend(&self, shared: &Arc<Shared>, graceful: &GracefulShutdown) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // Answers are small and complete: waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            let (shared, watcher) = (Arc::clone(shared), graceful.watcher());
            let client = Arc::new(Client::new(peer.ip(), self.tls.is_some(), shared.traffic()));
            let acceptor = self.tls.as_ref().map(|tls| tls.acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    None => http1::converse(stream, client, shared, watcher).await,
                    Some(acceptor) => greet(acceptor, stream, client, shared, watcher).await,
                }
            });
        }
    }
}

/// Agrees with a client on encryption and on a version of HTTP, and answers its requests.
async fn greet(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    client: Arc<Client>,
    shared: Arc<Shared>,
    graceful: Watcher,
) {
    let mut stopping = shared.stopping();
    let agreed = tokio::select! {
        agreed = acceptor.accept(stream) => agreed,
        () = sleep(GREETING_TIME) => return,
        _ = stopping.wait_for(|stopping| *stopping) => return,
    };
    match agreed {
        Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            http2::converse(stream, client, shared, graceful).await;
        }
        Ok(stream) => http1::converse(stream, client, shared, graceful).await,
        // A client that does not trust the certificate says so here, and its user looks for the reason.
        Err(error) => tracing::warn!(%error, "a client and the server did not agree on TLS"),
    }
}
