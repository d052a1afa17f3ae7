//! Where deliveries go: never to the server itself; https to whom its authority is trusted.

use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use serde_json::Value;
use standin::Scenario;
use standin::engine::World;
use standin::serve::{Options, Socket, Tls, serve};
use tokio::sync::oneshot;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::{STUCK, scenario};
use crate::client::send_to;

/// A server with http and https.
struct Both {
    http: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Two sockets on free ports, http and https, and the ports.
fn sockets() -> (Vec<TcpListener>, [u16; 2]) {
    let listeners = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = [0, 1].map(|place: usize| listeners[place].local_addr().unwrap().port());
    (listeners.into(), ports)
}

impl Both {
    fn start(sockets: Vec<TcpListener>, tls: Tls, yaml: &str, options: Options) -> Self {
        let scenario = Scenario::parse("test", yaml).unwrap_or_else(|report| panic!("{report}"));
        let world = World::new(Arc::new(scenario), 1, "2026-03-17T15:52:41Z".parse().unwrap());
        let http = sockets[0].local_addr().unwrap().to_string();
        let mut tls = Some(tls);
        let places = sockets.into_iter().enumerate();
        let sockets: Vec<_> = places
            .map(|(place, listener)| Socket { listener, tls: if place == 1 { tls.take() } else { None } })
            .collect();
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, running) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let is_ready = |_| {
                ready.send(()).unwrap();
                Ok(async { drop(stopped.await) })
            };
            serve(sockets, world, options, is_ready).unwrap();
        });
        running.recv().unwrap();
        Self { http, stop: Some(stop), thread: Some(thread) }
    }

    fn post(&self, target: &str, body: &str) -> u16 {
        let headers = [("content-type", "application/json")];
        send_to(&self.http, "POST", target, &headers, body.as_bytes()).status()
    }

    fn get(&self, target: &str) -> Value {
        send_to(&self.http, "GET", target, &[], b"").json()
    }

    /// Lets an operator write, and returns the deliveries as soon as they have ended.
    fn write(&self) -> Vec<Value> {
        let with = r#"{"connector": "myconnector", "line": 107, "chat": "channel-123", "text": "x"}"#;
        assert_eq!(
            self.post(
                "/__standin/actions",
                &format!(r#"{{"do": "bitrix24.operator.write", "with": {with}}}"#)
            ),
            200
        );
        let began = std::time::Instant::now();
        loop {
            let found = self.get("/__standin/outbox");
            if found["counts"]["waiting"] == 0 && found["counts"]["sending"] == 0 {
                return found["deliveries"].as_array().unwrap().clone();
            }
            assert!(began.elapsed() < STUCK, "{found:#}");
        }
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn a_handler_cannot_be_the_server_itself() {
    let (sockets, [http, https]) = sockets();
    let hosts = [
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "localhost",
        "LOCALHOST",
        "user:pass@127.0.0.1",
        "127.0.0.1.",
        "ip6-localhost",
    ];
    let paths =
        ["/%5f%5fstandin/reset", "//__standin/reset", "/x/../__standin/reset", "/__standin/reset?x#y"];
    let mut urls = Vec::new();
    for port in [http, https] {
        for scheme in ["http", "https", "HTTP"] {
            urls.extend(hosts.iter().map(|host| format!("{scheme}://{host}:{port}/__standin/reset")));
        }
        urls.extend(paths.iter().map(|path| format!("http://127.0.0.1:{port}{path}")));
        urls.push(format!("http://127.0.0.1:0{port}/__standin/reset"));
    }
    let handlers: Vec<_> =
        urls.iter().map(|url| format!("{{event: OnImConnectorMessageAdd, url: \"{url}\"}}")).collect();
    let yaml = scenario(&format!("[{}]", handlers.join(", ")), "");
    let mut options = Options::default();
    options.targets.allowed = vec![("127.0.0.1".into(), None), ("localhost".into(), None)];
    let server = Both::start(sockets, Tls::fresh([127, 0, 0, 1].into()).unwrap(), &yaml, options);
    assert_eq!(server.post("/rest/server.time?auth=access-token-1", ""), 200);
    let deliveries = server.write();
    assert_eq!(deliveries.len(), urls.len());
    for delivery in &deliveries {
        // An address that the system does not know leads nowhere.
        let error = delivery["attempts"][0]["error"].as_str().unwrap();
        let is_nowhere = delivery["state"] == "failed" && error.contains("has no address");
        assert!(delivery["state"] == "blocked" || is_nowhere, "{delivery:#}");
    }
    let blocked = deliveries.iter().filter(|delivery| delivery["state"] == "blocked").count();
    assert!(blocked > urls.len() / 2, "{blocked} of {}", urls.len());
    assert_eq!(server.get("/__standin/health")["counters"]["exchanges"], 1, "nothing was reset");
}

#[test]
fn https_needs_an_authority_that_is_trusted() {
    let (sockets, [handler_http, handler_https]) = self::sockets();
    let tls = Tls::fresh([127, 0, 0, 1].into()).unwrap();
    let authority = CertificateDer::from_pem_slice(tls.authority().unwrap().as_bytes()).unwrap();
    let handler = Both::start(sockets, tls, "{standin: 1, name: handler, bitrix24: {}}", Options::default());
    let urls = [
        format!("https://127.0.0.1:{handler_https}/h"),
        format!("https://localhost:{handler_https}/h"),
        format!("https://127.0.0.1:{handler_http}/h"),
    ];
    let handlers: Vec<_> =
        urls.iter().map(|url| format!("{{event: OnImConnectorMessageAdd, url: \"{url}\"}}")).collect();
    let yaml = scenario(&format!("[{}]", handlers.join(", ")), "");
    for is_trusted in [false, true] {
        let authorities = if is_trusted { vec![authority.clone()] } else { Vec::new() };
        let options = Options { authorities, ..Options::default() };
        let server =
            Both::start(self::sockets().0, Tls::fresh([127, 0, 0, 1].into()).unwrap(), &yaml, options);
        let deliveries = server.write();
        let of = |place: usize| {
            (
                &deliveries[place]["attempts"][0]["status"],
                deliveries[place]["attempts"][0]["error"].as_str().unwrap_or_default(),
            )
        };
        if is_trusted {
            // The handler is a standin, which knows no such path.
            assert_eq!((of(0), of(1)), ((&404.into(), ""), (&404.into(), "")));
        } else {
            assert!(of(0).1.contains("no trusted authority has signed") && of(1).1 == of(0).1, "{:?}", of(0));
        }
        assert_eq!(of(2).1, "no agreement on TLS: the handler does not speak TLS");
    }
    let arrived = handler.get("/__standin/journal");
    assert_eq!(arrived["entries"].as_array().map(Vec::len), Some(2));
    assert!(
        arrived["entries"][0]["request"]["body"]
            .as_str()
            .unwrap()
            .starts_with("event=ONIMCONNECTORMESSAGEADD&")
    );
}
