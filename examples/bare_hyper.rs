//! The yardstick of the benchmarks: hyper alone, which reads the body and answers the same bytes as a rename.
//!
//! `cargo run --profile dist --features bare-hyper --bin bare_hyper ADDRESS WORKERS`

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const BODY: &str = r#"{"result":{"SUCCESS":true,"DATA":{"RESULT":{}}},"time":{"start":1732110908.525962,"finish":1732110908.879113,"duration":0.3531508445739746,"processing":0.07694888114929199,"date_start":"2024-11-20T15:55:08+02:00","date_finish":"2024-11-20T15:55:08+02:00"}}"#;

const HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json; charset=utf-8"),
    ("access-control-allow-origin", "*"),
    ("access-control-allow-headers", "origin, content-type, accept"),
    ("x-content-type-options", "nosniff"),
];

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(Bytes::from_static(BODY.as_bytes())));
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

async fn serve(address: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("the address is missing")?.parse()?;
    let workers: usize = arguments.next().ok_or("the number of workers is missing")?.parse()?;
    let mut builder = match workers {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(workers).enable_all().build()?.block_on(serve(address))?;
    Ok(())
}
