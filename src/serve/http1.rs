//! HTTP/1: answers the requests of one connection, and closes it when the client sends none.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use super::answer::{Arriving, Exchanged};
use super::beside::beside;
use super::client::Client;
use super::response::response;
use super::script_stream::{MARK, Order, Orders, Over, Reset, ScriptStream};
use super::shared::Shared;
use crate::http::Connection;

/// The largest head of a request, in bytes.
const HEAD_LIMIT: usize = 64 << 10;
/// How long a client has to send a complete head.
const HEAD_TIME: Duration = Duration::from_secs(30);
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
    let conversation = Arc::new(Conversation {
        shared,
        client,
        orders,
        steps: AtomicU64::new(0),
        answered: AtomicU64::new(0),
    });
    let service = {
        let conversation = Arc::clone(&conversation);
        service_fn(move |request| {
            let conversation = Arc::clone(&conversation);
            conversation.steps.fetch_add(1, Ordering::Relaxed);
            let mut arriving = Arriving::new(request, &conversation.client, conversation.connection());
            async move {
                let answer = conversation.answer(&mut arriving).await;
                conversation.answered.store(conversation.orders.reads(), Ordering::Relaxed);
                conversation.steps.fetch_add(1, Ordering::Relaxed);
                answer
            }
        })
    };
    let mut builder = http1::Builder::new();
    builder.max_header_size(HEAD_LIMIT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(script_stream), service));
    // How a connection ends is the client's affair: what was wrong with a request stands in the journal.
    if let Err(Over::Stop) = beside(connection.as_mut(), conversation.silence_or_stop()).await {
        connection.as_mut().graceful_shutdown();
        let _ = beside(connection, conversation.last_head()).await;
    }
}

/// A connection whose requests are answered.
struct Conversation {
    shared: Arc<Shared>,
    client: Arc<Client>,
    orders: Arc<Orders>,
    /// Counts the beginning and the end of each exchange, so an odd number means that one is in progress.
    steps: AtomicU64,
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
    async fn answer(&self, arriving: &mut Arriving) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let Exchanged { reply, number, wire, has_body, closes } = arriving.answer(&self.shared).await?;
        if self.orders.is_busy() {
            Box::pin(self.orders.idle()).await;
        }
        let length = if has_body { reply.body.len() } else { 0 };
        let mut response = response(reply, wire.map(|_| MARK), number);
        if closes {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(wire) = wire {
            self.orders.give(Order { wire, body: length });
        }
        Ok(response)
    }

    /// Whether no exchange is in progress and no script is being performed.
    fn is_silent(&self) -> bool {
        self.steps.load(Ordering::Relaxed).is_multiple_of(2) && !self.orders.is_busy()
    }

    /// Ends when the client has been silent for too long, or when the server stops.
    async fn silence_or_stop(&self) -> Over {
        let mut stopping = self.shared.stopping();
        tokio::select! {
            () = self.silence() => Over::Time,
            _ = stopping.wait_for(|stopping| *stopping) => Over::Stop,
        }
    }

    /// Ends when the client has sent no complete head for [`HEAD_TIME`]. One timer for the connection costs less than
    /// one for each request; in return, a client that falls silent after an answer gets up to twice the time.
    async fn silence(&self) {
        let mut seen = self.steps.load(Ordering::Relaxed);
        loop {
            sleep(HEAD_TIME).await;
            let now = self.steps.load(Ordering::Relaxed);
            if now == seen && self.is_silent() {
                return;
            }
            seen = now;
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
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::super::shared::{Options, Step};
    use super::*;
    use crate::engine::{Note, Planned, World};
    use crate::http::Reply;
    use crate::scenario::Scenario;

    /// A pipe cannot be reset: its other end reads the end of the stream in either case.
    impl Reset for tokio::io::DuplexStream {
        fn reset(&self) {}
    }

    /// A connection to a server of the built-in scenario; `step`, if given, replaces the engine's.
    fn connect(step: Option<Step>) -> (tokio::io::DuplexStream, Arc<Shared>) {
        connect_to(Scenario::DEFAULT, step)
    }

    fn connect_to(scenario: &str, step: Option<Step>) -> (tokio::io::DuplexStream, Arc<Shared>) {
        connect_through(1 << 16, scenario, step)
    }

    /// The same through a pipe that holds `size` bytes.
    fn connect_through(
        size: usize,
        scenario: &str,
        step: Option<Step>,
    ) -> (tokio::io::DuplexStream, Arc<Shared>) {
        let scenario = Scenario::parse("test", scenario).unwrap_or_else(|report| panic!("{report}"));
        let mut shared =
            Shared::new(World::new(Arc::new(scenario), 1, jiff::Timestamp::UNIX_EPOCH), Options::default());
        if let Some(step) = step {
            shared.step = step;
        }
        let shared = Arc::new(shared);
        let (client, server) = duplex(size);
        let client_end = Arc::new(Client::new([127, 0, 0, 1].into(), false, shared.traffic()));
        tokio::spawn(converse(server, client_end, Arc::clone(&shared)));
        (client, shared)
    }

    async fn received(mut client: tokio::io::DuplexStream) -> String {
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_its_head_too_slowly_is_closed() {
        let (mut client, shared) = connect(None);
        client.write_all(b"POST /rest/x HTTP/1.1\r\nhost: st").await.unwrap();
        let start = tokio::time::Instant::now();
        assert_eq!(received(client).await, "");
        assert_eq!(start.elapsed().as_secs(), 30);
        assert_eq!(shared.namespaces().main().counters().exchanges, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_its_time_over_a_body_is_not_closed() {
        let (mut client, _shared) = connect(None);
        client
            .write_all(b"POST /rest/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n")
            .await
            .unwrap();
        sleep(HEAD_TIME * 10).await;
        client.write_all(b"{}").await.unwrap();
        assert!(received(client).await.starts_with("HTTP/1.1 404 "));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_was_sent_before_the_answer_is_told_from_one_that_was_sent_after_it() {
        /// Answers with 201 in the client's turn, else with 202.
        fn step(_: &mut World, request: &crate::http::Request, _: crate::basics::Arrival) -> Planned {
            let status = if request.connection.in_turn { 201 } else { 202 };
            Planned::plain(Reply::json(status, &serde_json::Value::Null), Note::default())
        }
        const ONE: &[u8] = b"POST /rest/x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
        async fn statuses(client: &mut tokio::io::DuplexStream, count: usize) -> Vec<String> {
            let (mut text, mut found) = (String::new(), Vec::new());
            while found.len() < count {
                let mut part = [0; 512];
                let length = client.read(&mut part).await.unwrap();
                text.push_str(str::from_utf8(&part[..length]).unwrap());
                found =
                    text.match_indices("HTTP/1.1 ").map(|(at, _)| text[at + 9..at + 12].to_owned()).collect();
            }
            found
        }
        let (mut client, _shared) = connect(Some(step));
        client.write_all(ONE).await.unwrap();
        statuses(&mut client, 1).await;
        client.write_all(ONE).await.unwrap();
        assert_eq!(statuses(&mut client, 1).await, ["201"]);
        client.write_all(&[ONE, ONE, ONE].concat()).await.unwrap();
        assert_eq!(statuses(&mut client, 3).await, ["201", "202", "202"]);
        client.write_all(ONE).await.unwrap();
        assert_eq!(statuses(&mut client, 1).await, ["201"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_answered_with_the_vendors_own_500_and_the_server_goes_on() {
        let (mut client, shared) = connect(Some(|world, request, arrival| {
            assert!(!request.target().ends_with("panic"), "this panic is part of a test");
            crate::engine::step(world, request, arrival)
        }));
        client.write_all(b"POST /rest/panic HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        client
            .write_all(b"PUT /api/v1/panic HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        client
            .write_all(b"POST /rest/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        let text = received(client).await;
        let statuses: Vec<_> =
            text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
        assert_eq!(statuses, ["500", "500", "404"], "{text}");
        assert!(
            text.contains(r#"{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}"#),
            "{text}"
        );
        assert!(text.contains(r#""code":3001,"message":"Internal server error""#), "{text}");
        assert_eq!(shared.namespaces().main().counters().exchanges, 3);
    }

    /// A request that renames a chat of the built-in scenario and asks to close the connection.
    const RENAME: &[u8] = b"PUT /api/v1/chats/ch_01H HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 24\r\nauthorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99\r\n\r\n{\"display_name\": \"Crew\"}";

    fn with_fault(effect: &str) -> String {
        format!("{}faults: [{{name: f, on: chert, {effect}}}]\n", Scenario::DEFAULT)
    }

    /// The bytes that a client receives under a fault with this `effect`, and the milliseconds until the connection
    /// ends.
    async fn struck(effect: &str) -> (Vec<u8>, u128) {
        let (mut client, _shared) = connect_to(&with_fault(effect), None);
        client.write_all(RENAME).await.unwrap();
        let start = tokio::time::Instant::now();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        (received, start.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn each_effect_sends_what_it_says_when_it_says() {
        let (whole, took) = struck("delay: 0s").await;
        assert_eq!(took, 0);
        let body =
            br#"{"chat":{"id":"ch_01H","display_name":"Crew","group_chat_icon":null,"is_group":true}}"#;
        assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n") && whole.ends_with(body));
        // `date` follows the wall clock.
        let dateless = |bytes: &[u8]| {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n');
            lines.filter(|line| !line.starts_with(b"date: ")).flatten().copied().collect::<Vec<_>>()
        };
        for (effect, count, milliseconds) in [
            ("delay: 250ms", whole.len(), 250),
            ("delay: {uniform: [2s, 2s]}", whole.len(), 2_000),
            ("wire: reset", 0, 0),
            ("wire: {reset_after: 20}", 20, 0),
            ("wire: {close_after: 20}", 20, 0),
            ("wire: empty", 0, 0),
            ("wire: {slow_head: 9s}", whole.len(), 9_000),
            ("wire: {dribble: {chunks: 5, over: 2s}}", whole.len(), 2_000),
            ("wire: {slow_close: 5s}", whole.len(), 5_000),
            ("wire: {slow_close: 5s}, delay: 1s", whole.len(), 6_000),
            ("wire: {close_after: 99999}", whole.len(), 0),
        ] {
            let (received, took) = struck(effect).await;
            assert_eq!((received.len(), took), (count, milliseconds), "{effect}");
            let full = count == whole.len();
            let same =
                if full { dateless(&received) == dateless(&whole) } else { received == whole[..count] };
            assert!(same, "{effect}: {}", String::from_utf8_lossy(&received));
        }
        for (effect, part) in [
            ("wire: garbage", "\r\n"),
            ("wire: malformed_chunk", "\r\nxyz\r\n"),
            ("wire: {wrong_length: longer}", "content-length: 101\r\n"),
            ("wire: {wrong_length: shorter}", "content-length: 69\r\n"),
            ("wire: truncate_json", "content-length: 42\r\n"),
            ("wire: invalid_utf8", "\u{fffd}"),
        ] {
            let (received, took) = struck(effect).await;
            assert_eq!(took, 0, "{effect}");
            let text = String::from_utf8_lossy(&received);
            assert!(text.contains(part), "{effect}: {text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_lasts_until_the_client_leaves_or_the_server_stops() {
        for (effect, count) in [("wire: stall", 0), ("wire: {stall_after: 20}", 20)] {
            let (mut client, _shared) = connect_to(&with_fault(effect), None);
            client.write_all(RENAME).await.unwrap();
            let mut first = vec![0; count];
            client.read_exact(&mut first).await.unwrap();
            // An hour is longer than any timeout of the server.
            let silent = tokio::time::timeout(Duration::from_secs(3_600), client.read_u8()).await;
            assert!(silent.is_err(), "{effect}");
            client.shutdown().await.unwrap();
            assert_eq!(client.read_to_end(&mut Vec::new()).await.unwrap(), 0, "{effect}");
        }
        let (mut client, shared) = connect_to(&with_fault("wire: stall"), None);
        client.write_all(RENAME).await.unwrap();
        sleep(Duration::from_secs(60)).await;
        shared.stop();
        assert_eq!(client.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_held_up_is_cut_when_the_server_stops() {
        for (effect, milliseconds) in
            [("delay: 1h", 0), ("wire: {slow_head: 1h}", 0), ("wire: {dribble: {chunks: 5, over: 1h}}", 0)]
        {
            let (mut client, shared) = connect_to(&with_fault(effect), None);
            client.write_all(RENAME).await.unwrap();
            sleep(Duration::from_secs(60)).await;
            shared.stop();
            let start = tokio::time::Instant::now();
            let mut received = Vec::new();
            client.read_to_end(&mut received).await.unwrap();
            assert_eq!(start.elapsed().as_millis(), milliseconds, "{effect}");
            assert!(!received.ends_with(b"true}}"), "{effect}");
        }
        let (mut client, shared) = connect(None);
        client.write_all(&RENAME[..30]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        shared.stop();
        let start = tokio::time::Instant::now();
        assert_eq!(received(client).await, "");
        assert_eq!(start.elapsed(), LAST_HEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_are_still_on_their_way_are_not_taken_for_the_one_with_the_order() {
        let scenario = with_fault("when: {call: 3}, wire: {close_after: 20}");
        let (mut client, _shared) = connect_through(300, &scenario, None);
        let keep = String::from_utf8(RENAME.to_vec()).unwrap().replace("connection: close\r\n", "");
        // The client reads nothing before it has sent all requests, so the first answer is not written at once.
        client.write_all(keep.as_bytes()).await.unwrap();
        client.write_all(keep.as_bytes()).await.unwrap();
        client.write_all(keep.as_bytes()).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let text = received(client).await;
        assert_eq!(text.matches("true}}").count(), 2, "{text}");
        assert!(text.ends_with("true}}HTTP/1.1 200 OK\r\ncon"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_as_good_as_before_after_effects_that_keep_it() {
        for effect in
            ["wire: {slow_head: 9s}", "wire: {dribble: {chunks: 3, over: 9s}}", "wire: truncate_json"]
        {
            let (mut client, shared) = connect_to(&with_fault(&format!("{effect}, when: {{call: 1}}")), None);
            let keep = String::from_utf8(RENAME.to_vec()).unwrap().replace("connection: close\r\n", "");
            // Both requests are sent at once; the second answer waits for the end of the first.
            client.write_all(keep.as_bytes()).await.unwrap();
            client.write_all(RENAME).await.unwrap();
            let text = received(client).await;
            assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{effect}: {text}");
            assert_eq!(shared.namespaces().main().counters().exchanges, 2);
        }
    }
}
