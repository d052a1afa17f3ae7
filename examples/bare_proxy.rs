//! The yardstick of the proxy's benchmark: hyper's server and hyper's client alone, which pass bytes and look at nothing.
//!
//! `cargo run --profile dist --features bare-hyper --bin bare_proxy ADDRESS UPSTREAM`, both as `127.0.0.1:PORT`

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::client::conn::http1::{self as client, SendRequest};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

type Idle = Rc<RefCell<Vec<SendRequest<Incoming>>>>;

async fn pass(
    request: Request<Incoming>,
    upstream: SocketAddr,
    idle: Idle,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    let kept = idle.borrow_mut().pop();
    let mut sender = match kept {
        Some(kept) => kept,
        None => {
            let stream = TcpStream::connect(upstream).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = client::handshake(TokioIo::new(stream)).await?;
            spawn_local(connection);
            sender
        }
    };
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    idle.borrow_mut().push(sender);
    Ok(response)
}

async fn serve(address: SocketAddr, upstream: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let idle = Idle::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let idle = Rc::clone(&idle);
        let service = service_fn(move |request| pass(request, upstream, Rc::clone(&idle)));
        spawn_local(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("the address is missing")?.parse()?;
    let upstream = arguments.next().ok_or("the address of the server behind it is missing")?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(address, upstream))?;
    Ok(())
}
