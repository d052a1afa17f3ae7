//! Time limits of a connection, seen by a client.

use http_body_util::BodyExt;
use hyper::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use tokio::io::duplex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::activity::PATIENCE;
use super::super::shared::Options;
use super::*;
use crate::engine::World;
use crate::scenario::Scenario;

/// A body that begins and never ends, or of which a byte arrives from time to time.
struct Slow {
    left: usize,
    pause: Option<Duration>,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return if self.pause.is_some() { Poll::Ready(None) } else { Poll::Pending };
        }
        if let Some(pause) = self.pause {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(timer.as_mut().poll(context));
        }
        self.timer = None;
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

/// A connection to a server of the built-in scenario with a fault of this effect, and the task that ends when the
/// connection does.
async fn connect(effect: &str) -> (SendRequest<Slow>, JoinHandle<()>) {
    let yaml = format!("{}faults: [{{name: f, on: chert, {effect}}}]\n", Scenario::DEFAULT);
    let scenario = Scenario::parse("test", &yaml).unwrap_or_else(|report| panic!("{report}"));
    let world = World::new(Arc::new(scenario), 1, jiff::Timestamp::UNIX_EPOCH);
    let shared = Arc::new(Shared::new(world, Options::default()).0);
    let (client, server) = duplex(1 << 16);
    let client_end = Arc::new(Client::new([127, 0, 0, 1].into(), true, shared.traffic()));
    tokio::spawn(converse(server, client_end, shared));
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
    (sender, tokio::spawn(async { drop(connection.await) }))
}

async fn status(sender: &mut SendRequest<Slow>, left: usize, pause: Option<Duration>) -> u16 {
    let body = Slow { left, pause, timer: None };
    let request = Request::post("http://localhost/api/v1/x").body(body).unwrap();
    sender.send_request(request).await.unwrap().status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stops_arriving_is_answered_with_408_and_the_others_go_on() {
    let (mut sender, connection) = connect("delay: 0s").await;
    let start = Instant::now();
    assert_eq!(status(&mut sender, 3, None).await, 408);
    assert_eq!(start.elapsed(), PATIENCE);
    assert_eq!(status(&mut sender, 1, Some(Duration::ZERO)).await, 401);
    assert!(!connection.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_announces_too_much_is_answered_at_once_and_the_others_go_on() {
    let (mut sender, _connection) = connect("delay: 0s").await;
    let start = Instant::now();
    let request = Request::post("http://localhost/api/v1/x").header(CONTENT_LENGTH, (1 << 20) + 1);
    let body = Slow { left: 9, pause: Some(Duration::from_secs(9)), timer: None };
    let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), start.elapsed()), (413, Duration::ZERO));
    response.into_body().collect().await.unwrap();
    assert_eq!(status(&mut sender, 1, Some(Duration::ZERO)).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_arrives_slowly_but_steadily_is_answered() {
    let (mut sender, _connection) = connect("delay: 0s").await;
    let start = Instant::now();
    assert_eq!(status(&mut sender, 10, Some(PATIENCE - Duration::from_secs(1))).await, 401);
    assert_eq!(start.elapsed(), (PATIENCE - Duration::from_secs(1)) * 10);
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed() {
    let (mut sender, connection) = connect("delay: 0s").await;
    assert_eq!(status(&mut sender, 1, Some(Duration::ZERO)).await, 401);
    let start = Instant::now();
    connection.await.unwrap();
    let silence = start.elapsed();
    assert!(silence >= PATIENCE && silence <= PATIENCE * 2 + Duration::from_secs(1), "{silence:?}");
    drop(sender);
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_answer_is_held_back_is_not_silent() {
    for effect in ["delay: 1h", "wire: {slow_head: 1h}", "wire: stall"] {
        let (mut sender, connection) = connect(effect).await;
        let late = tokio::time::timeout(PATIENCE * 10, status(&mut sender, 0, Some(Duration::ZERO))).await;
        assert!(late.is_err() && !connection.is_finished(), "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_a_fault_keeps_open_is_not_silent() {
    let (mut sender, connection) = connect("wire: {slow_close: 1h}").await;
    let body = Slow { left: 0, pause: Some(Duration::ZERO), timer: None };
    let request = Request::post("http://localhost/api/v1/x").body(body).unwrap();
    let start = Instant::now();
    sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    assert!(start.elapsed() < PATIENCE);
    connection.await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(3_600), "{:?}", start.elapsed());
}
