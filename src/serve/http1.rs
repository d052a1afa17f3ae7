//! HTTP/1: answers the requests of one connection, and closes it when the client sends none.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::Response;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use super::activity::{Activity, InProgress};
use super::answer::{Arriving, Exchanged};
use super::beside::beside;
use super::client::Client;
use super::response::response;
use super::script_stream::{MARK, Order, Orders, Over, Reset, ScriptStream};
use super::shared::Shared;
use super::stream::AnswerBody;
use crate::http::Connection;

/// The largest head of a request, in bytes.
const HEAD_LIMIT: usize = 64 << 10;
/// How long a head that has begun has to become complete after a stop.
const LAST_HEAD: Duration = Duration::from_millis(250);

/// Answers the requests of one connection.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static>(
    stream: S,
    client: Arc<Client>,
    shared: Arc<Shared>,
) {
    let orders = Arc::new(Orders::default());
    let script_stream = ScriptStream::new(stream, Arc::clone(&orders), shared.stopping());
    let conversation =
        &Conversation { shared, client, orders, activity: Arc::default(), answered: AtomicU64::new(0) };
    let service = service_fn(|request| {
        conversation.activity.begin();
        let mut arriving = Arriving::new(request, &conversation.client, conversation.connection());
        async move {
            let answer = conversation.answer(&mut arriving).await;
            conversation.answered.store(conversation.orders.reads(), Ordering::Relaxed);
            conversation.activity.end();
            if arriving.has_rest() {
                arriving.discard_rest();
            }
            answer
        }
    });
    let mut builder = http1::Builder::new();
    builder.max_header_size(HEAD_LIMIT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(script_stream), service));
    // How a connection ends is the client's affair: what was wrong with a request stands in the journal.
    match beside(connection.as_mut(), conversation.silence_or_stop()).await {
        Err(Over::Stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = beside(connection, conversation.last_head()).await;
        }
        Ok(Err(_)) if conversation.is_misled() => tracing::warn!(
            "a client began a TLS handshake on the http port: call http://…, or start with `--tls-listen` and call that port"
        ),
        _ => {}
    }
}

/// A connection whose requests are answered.
struct Conversation {
    shared: Arc<Shared>,
    client: Arc<Client>,
    orders: Arc<Orders>,
    activity: Arc<Activity>,
    /// How often bytes of the client had been read when the latest answer was made.
    answered: AtomicU64,
}

impl Conversation {
    /// What rules know of the connection when a request has come. If no bytes were read since the latest answer, the
    /// client had sent the request before that answer: it pipelines.
    fn connection(&self) -> Connection {
        let in_turn = self.orders.reads() != self.answered.load(Ordering::Relaxed);
        Connection { number: self.client.number, in_turn }
    }

    /// Answers one request. If a fault affects the connection, gives the stream an order for this answer.
    ///
    /// # Errors
    /// When the client leaves before the body of its request is complete. The connection is then closed.
    async fn answer(&self, arriving: &mut Arriving) -> Result<Response<AnswerBody>, hyper::Error> {
        let Exchanged { reply, number, wire, has_body, closes, stream } =
            arriving.answer(&self.shared).await?;
        if self.orders.is_busy() {
            Box::pin(self.orders.idle()).await;
        }
        let length = if has_body { reply.body.len() } else { 0 };
        let mut response = response(reply, wire.map(|_| MARK), number);
        if closes {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(stream) = stream {
            *response.body_mut() = stream.body(&self.shared, InProgress::of(&self.activity));
        }
        if let Some(wire) = wire {
            self.orders.give(Order { wire, body: length });
        }
        Ok(response)
    }

    /// Whether the client takes this port for one of https.
    fn is_misled(&self) -> bool {
        !self.client.is_secure && self.orders.began_with_tls()
    }

    /// Whether no exchange is in progress and no script is being performed.
    fn is_silent(&self) -> bool {
        self.activity.is_idle() && !self.orders.is_busy()
    }

    /// Ends when the client has been silent for too long, or when the server stops.
    async fn silence_or_stop(&self) -> Over {
        let mut stopping = self.shared.stopping();
        tokio::select! {
            () = self.activity.silence(|| self.is_silent()) => Over::Time,
            _ = stopping.wait_for(|stopping| *stopping) => Over::Stop,
        }
    }

    /// Ends after [`LAST_HEAD`], unless an exchange is in progress by then.
    async fn last_head(&self) {
        sleep(LAST_HEAD).await;
        if !self.is_silent() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests;
