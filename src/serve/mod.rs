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
mod random;
mod reload;
mod response;
mod run;
mod script_stream;
mod seats;
mod shared;
mod signals;
mod tls;

pub use child::{Ended, Variable};
pub use clock::now;
pub use deliver::{Targets, authorities, target};
pub use fetch::{Answer, fetch};
pub use handle::{Server, StartError, Unmet};
pub use random::random_seed;
pub use reload::reload_on_change;
pub use run::{Running, Socket, serve, serve_while};
pub use shared::Options;
pub use signals::stop_signal;
pub use tls::Tls;
