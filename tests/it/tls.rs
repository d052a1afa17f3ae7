//! https: the certificate, the choice of protocol, and what faults do to the frames of HTTP/2.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use standin::Scenario;
use standin::engine::World;
use standin::serve::{Options, Socket, Tls, serve};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const ANSWER: &str =
    r#"{"chat":{"id":"ch_01H","display_name":"Crew","group_chat_icon":null,"is_group":true}}"#;

/// A server with https only, under a virtual clock.
struct Secure {
    address: SocketAddr,
    authority: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Secure {
    fn with_fault(effect: &str) -> Self {
        let yaml =
            Scenario::DEFAULT.replace("seed: 1", "seed: 1\nclock: {virtual: \"2024-11-20T15:55:08+02:00\"}");
        let yaml = format!("{yaml}faults: [{{name: f, on: chert, {effect}}}]\n");
        let scenario = Scenario::parse("test", &yaml).unwrap_or_else(|report| panic!("{report}"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tls = Tls::fresh(address.ip()).unwrap();
        let authority = tls.authority().unwrap().to_owned();
        let world = World::new(Arc::new(scenario), 1, "2024-11-20T13:55:08Z".parse().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, running) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let sockets = vec![Socket { listener, tls: Some(tls) }];
            serve(sockets, world, Options::default(), |_| {
                ready.send(()).unwrap();
                Ok(async { drop(stopped.await) })
            })
            .unwrap();
        });
        running.recv().unwrap();
        Self { address, authority, stop: Some(stop), thread: Some(thread) }
    }

    /// Connects as a client that trusts the server's authority and offers `protocols`.
    async fn connect(&self, name: &str, protocols: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.as_bytes()).unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// Sends a rename. Returns status, body, and whether the body was complete.
    fn rename(&self, protocol: &str) -> Result<(u16, Bytes, bool), hyper::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stream = self.connect("localhost", &[protocol]).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
            let request = Request::put("https://localhost/api/v1/chats/ch_01H")
                .header("host", "localhost")
                .header("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99")
                .body(Full::new(Bytes::from_static(br#"{"display_name": "Crew"}"#)))
                .unwrap();
            let io = TokioIo::new(stream);
            let response = if protocol == "h2" {
                let (mut sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
                tokio::spawn(connection);
                sender.send_request(request).await?
            } else {
                let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
                tokio::spawn(connection);
                sender.send_request(request).await?
            };
            let expected = if protocol == "h2" { Version::HTTP_2 } else { Version::HTTP_11 };
            assert_eq!(response.version(), expected);
            let (status, mut body) = (response.status().as_u16(), response.into_body());
            let (mut bytes, mut is_whole) = (Vec::new(), true);
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else {
                    is_whole = false;
                    break;
                };
                bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
            }
            Ok((status, bytes.into(), is_whole))
        })
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn both_versions_of_http_give_the_same_answer() {
    let server = Secure::with_fault("delay: 1s");
    for protocol in ["h2", "http/1.1"] {
        let (status, body, is_whole) = server.rename(protocol).unwrap();
        assert_eq!((status, &body[..], is_whole), (200, ANSWER.as_bytes(), true), "{protocol}");
    }
}

#[test]
fn the_certificate_is_for_this_machine_only() {
    let server = Secure::with_fault("delay: 1s");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (name, trusted) in [("localhost", true), ("127.0.0.1", true), ("::1", true), ("example.com", false)] {
        let connected = runtime.block_on(server.connect(name, &["http/1.1"]));
        assert_eq!(connected.is_ok(), trusted, "{name}: {:?}", connected.err());
    }
    let other = Secure::with_fault("delay: 1s");
    let stranger =
        Secure { authority: other.authority.clone(), stop: None, thread: None, address: server.address };
    assert!(
        runtime.block_on(stranger.connect("localhost", &["h2"])).is_err(),
        "each start has its own authority"
    );
}

#[test]
fn faults_do_to_frames_what_they_do_to_bytes() {
    let answer = ANSWER.as_bytes();
    let half = &answer[..answer.len() / 2];
    for (effect, body, is_whole) in [
        ("truncate_json", half, true),
        ("{dribble: {chunks: 5, over: 1h}}", answer, true),
        ("{slow_head: 1h}", answer, true),
        ("{slow_close: 1h}", answer, true),
        ("{close_after: 99999}", answer, true),
        ("malformed_chunk", half, false),
        ("{wrong_length: longer}", answer, false),
    ] {
        let server = Secure::with_fault(&format!("wire: {effect}"));
        let (status, found, whole) = server.rename("h2").unwrap();
        assert_eq!((status, &found[..], whole), (200, body, is_whole), "{effect}");
    }
    for effect in ["reset", "empty", "garbage", "{reset_after: 20}", "{close_after: 20}"] {
        let server = Secure::with_fault(&format!("wire: {effect}"));
        assert!(server.rename("h2").is_err(), "{effect}");
    }
    let server = Secure::with_fault("wire: invalid_utf8");
    let (_, body, _) = server.rename("h2").unwrap();
    assert!(std::str::from_utf8(&body).is_err() && body.len() == answer.len());
}

/// Reads from a body until `end` stands in what came.
async fn until(body: &mut Incoming, end: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(end) {
        let frame = body.frame().await.unwrap_or_else(|| panic!("the stream ended: {seen}")).unwrap();
        seen.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    seen
}

#[test]
fn a_stream_of_events_comes_over_http_2_beside_other_calls() {
    let server = Secure::with_fault("error: 4001, when: {call: 1000}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let io = TokioIo::new(server.connect("localhost", &["h2"]).await.unwrap());
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        let mut ask = |method: &str, target: &str, body: &'static str| {
            let request = Request::builder().method(method).uri(format!("https://localhost{target}"));
            let request = request.header("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99");
            sender.send_request(request.body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap())
        };
        let opened = ask("GET", "/api/v1/events/stream", "").await.unwrap();
        assert_eq!((opened.status().as_u16(), opened.version()), (200, Version::HTTP_2));
        assert_eq!(opened.headers()["content-type"], "text/event-stream");
        assert!(
            !opened.headers().contains_key("transfer-encoding")
                && !opened.headers().contains_key("content-length")
        );
        let mut events = opened.into_body();
        let written =
            r#"{"do": "chert.recipient.write", "with": {"chat": "ch_02D", "text": "Sure, what time?"}}"#;
        assert_eq!(ask("POST", "/__standin/actions", written).await.unwrap().status(), 200);
        let event = until(&mut events, "\n\n").await;
        assert!(event.starts_with("data: {\"id\":\"evt_") && event.contains("Sure, what time?"), "{event}");
        for (length, expected) in [
            (r#"{"advance": "15s"}"#, ": heartbeat\n\n"),
            (
                r#"{"advance": "45s"}"#,
                "event: close\ndata: {\"reconnect_with_since\":\"2024-11-20T13:56:08Z\"}\n\n",
            ),
        ] {
            assert_eq!(ask("POST", "/__standin/clock", length).await.unwrap().status(), 200);
            assert_eq!(until(&mut events, "\n\n").await, expected);
        }
        while let Some(frame) = events.frame().await {
            let rest = frame.expect("the stream ends in order").into_data().unwrap();
            assert!(rest.is_empty(), "nothing comes behind the end: {rest:?}");
        }
        assert_eq!(ask("GET", "/api/v1/whoami", "").await.unwrap().status(), 200, "the connection goes on");
    });
}
