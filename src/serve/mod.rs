//! The server: sockets, time and waiting. The only folder that uses hyper and tokio.

mod activity;
mod answer;
mod aside;
mod beside;
mod body;
mod child;
mod client;
mod clock;
mod connection;
mod deliver;
mod fetch;
mod handle;
mod http1;
mod http2;
mod line;
mod page;
mod proxy;
mod random;
mod reload;
mod response;
mod run;
mod scene;
mod script_stream;
mod seats;
mod shared;
mod signals;
mod stream;
mod tls;
mod until;
mod watch;

pub use child::{Ended, Variable};
pub use clock::now;
pub use deliver::{Targets, authorities, target};
pub use fetch::{Answer, fetch};

pub use handle::{Namespace, NamespaceOptions, Server, StartError};
pub use proxy::{ProxyOptions, ServiceUrl, proxy, proxy_while};
pub use random::random_seed;
pub use reload::reload_on_change;
pub use run::{Running, Socket, serve, serve_while};
pub use scene::{Refused, Scene, Unmet, WaitError};
pub use shared::{Options, Shared};
pub use signals::{Stop, stop};
pub use tls::Tls;
pub use until::Until;
