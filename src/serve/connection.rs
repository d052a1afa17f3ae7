//! Listeners → connections: accepts them and answers each in a task of its own, until the server stops.

use std::io::Write;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{AlertDescription, Error, InvalidMessage};

use super::client::Client;
use super::seats::{Rank, Seat};
use super::shared::Shared;
use super::tls::Tls;
use super::{http1, http2};

/// How long a client has for the TLS handshake.
const GREETING_TIME: Duration = Duration::from_secs(30);
/// How long running exchanges have to finish after a stop.
const GRACE: Duration = Duration::from_secs(5);
/// The pause after a failed accept, for example when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Kept by each connection until it ends. The channel closes when the last one is dropped; nothing is sent.
type Open = mpsc::Sender<std::convert::Infallible>;

/// A listening socket.
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    /// Encrypts the connections; `None` for plain HTTP.
    pub(super) tls: Option<Tls>,
}

/// Answers at `listeners` until `stop` ends, then lets running exchanges finish. `converse` answers a connection that is not
/// encrypted.
pub(super) async fn accept<F: Future<Output = ()> + Send + 'static>(
    listeners: Vec<Listener>,
    shared: Arc<Shared>,
    stop: impl Future<Output = ()>,
    converse: impl Fn(TcpStream, Arc<Client>, Arc<Shared>) -> F,
) {
    let (open, mut all_closed) = mpsc::channel(1);
    let waiting = listeners.iter().map(|listener| Box::pin(listener.attend(&shared, &open, &converse)));
    let mut waiting: Vec<_> = waiting.collect();
    // No listener ever ends.
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
    drop(open);
    if tokio::time::timeout(GRACE, all_closed.recv()).await.is_err() {
        tracing::warn!("exchanges that were still running were cut off");
    }
}

impl Listener {
    /// Accepts connections for as long as it is polled.
    async fn attend<F: Future<Output = ()> + Send + 'static>(
        &self,
        shared: &Arc<Shared>,
        open: &Open,
        converse: &impl Fn(TcpStream, Arc<Client>, Arc<Shared>) -> F,
    ) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(seat) = self.seat(shared) else {
                if self.tls.is_none()
                    && let Ok(mut stream) = stream.into_std()
                {
                    let _ = stream.write(&shared.seats.refusal_as_bytes());
                }
                continue;
            };
            // Answers are small and written whole: Nagle's algorithm would only delay them.
            let _ = stream.set_nodelay(true);
            let rank = seat.rank;
            let kept = (open.clone(), seat);
            let shared = Arc::clone(shared);
            let mut client = Client::new(peer.ip(), self.tls.is_some(), shared.traffic());
            client.rank = rank;
            let client = Arc::new(client);
            let acceptor = self.tls.as_ref().map(|tls| tls.acceptor.clone());
            // Two kinds of task, because the one for TLS takes several times the memory.
            match acceptor {
                None => {
                    let conversation = converse(stream, client, shared);
                    tokio::spawn(async move {
                        conversation.await;
                        drop(kept);
                    })
                }
                Some(acceptor) => tokio::spawn(async move {
                    greet(acceptor, stream, client, shared).await;
                    drop(kept);
                }),
            };
        }
    }

    /// The seat of a new connection; `None` when it is refused unread. A refusal is not worth a TLS handshake.
    fn seat(&self, shared: &Shared) -> Option<Seat> {
        shared.seats.take().filter(|seat| self.tls.is_none() || seat.rank == Rank::Regular)
    }
}

/// Does the TLS handshake, which also chooses the version of HTTP, then answers the client's requests.
async fn greet(acceptor: TlsAcceptor, stream: TcpStream, client: Arc<Client>, shared: Arc<Shared>) {
    let mut stopping = shared.stopping();
    let agreed = tokio::select! {
        agreed = acceptor.accept(stream) => agreed,
        () = sleep(GREETING_TIME) => return,
        _ = stopping.wait_for(|stopping| *stopping) => return,
    };
    match agreed {
        Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            http2::converse(stream, client, shared).await;
        }
        Ok(stream) => http1::converse(stream, client, shared).await,
        Err(error) => tracing::warn!(%error, "a client and the server did not agree on TLS{}", hint(&error)),
    }
}

/// What a user can do about a handshake that failed; empty when nothing is known.
fn hint(error: &std::io::Error) -> &'static str {
    use AlertDescription::{BadCertificate, CertificateUnknown, UnknownCA};
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return ": the client ended the connection; Node.js, for example, does so if it does not trust the certificate, which \
                `--tls-ca-out FILE` writes for NODE_EXTRA_CA_CERTS";
    }
    let error = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
    match error {
        Some(Error::AlertReceived(UnknownCA | BadCertificate | CertificateUnknown)) => {
            ": the client does not trust the certificate. Write it to a file with `--tls-ca-out FILE` and name the file to the \
             client, for example in NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE; `standin run \
             --tls` sets them (docs/testing.md, Environment)"
        }
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            ": the client did not send TLS, perhaps plain http. This is the https port; call https://…"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_failed_handshake_says_what_to_do() {
        let of = |error: Error| hint(&io::Error::new(io::ErrorKind::InvalidData, error));
        for alert in [AlertDescription::UnknownCA, AlertDescription::BadCertificate] {
            assert!(of(Error::AlertReceived(alert)).contains("does not trust the certificate"));
        }
        let plain = of(Error::InvalidMessage(InvalidMessage::InvalidContentType));
        assert!(plain.contains("This is the https port"));
        assert_eq!(of(Error::AlertReceived(AlertDescription::ProtocolVersion)), "");
        assert!(hint(&io::ErrorKind::UnexpectedEof.into()).contains("NODE_EXTRA_CA_CERTS"));
        assert_eq!(hint(&io::Error::other("something else")), "");
    }
}
