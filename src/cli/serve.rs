//! `standin serve`: answer as the vendors do until told to stop.

use std::fmt::Write;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::{Exit, is_coloured, load, say};
use crate::engine::{Clock, World};
use crate::scenario::Scenario;
use crate::serve::{self, Options};

/// Serve a scenario
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The scenario; without it, the built-in one
    #[arg(value_name = "SCENARIO", env = "STANDIN_SCENARIO")]
    scenario: Option<PathBuf>,

    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "STANDIN_LISTEN")]
    listen: SocketAddr,

    /// Threads that answer
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64), env = "STANDIN_WORKERS")]
    workers: u16,

    /// Write the port into this file once requests are answered
    #[arg(long, value_name = "PATH", env = "STANDIN_PORT_FILE")]
    port_file: Option<PathBuf>,

    /// The seed of all draws; without it, the scenario's, or else a fresh one
    #[arg(long, value_name = "N", env = "STANDIN_SEED")]
    seed: Option<u64>,

    /// How to log exchanges to stderr
    #[arg(long, value_enum, default_value_t = Log::Text, env = "STANDIN_LOG")]
    log: Log,

    /// Number the answers: adds `x-standin-exchange: N` to each
    #[arg(long, env = "STANDIN_TAG")]
    tag: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Log {
    Text,
    Json,
    Off,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let scenario = match load(self.scenario.as_deref()) {
            Ok(scenario) => Arc::new(scenario),
            Err(exit) => return Ok(exit),
        };
        let listener = TcpListener::bind(self.listen).map_err(|error| taken(self.listen, &error))?;
        let address = listener.local_addr().context("the socket has no address")?;
        self.log.start();
        let seed = self.seed.or(scenario.seed).unwrap_or_else(serve::random_seed);
        let world = World::new(Arc::clone(&scenario), seed);
        let options = Options { workers: self.workers.into(), tag: self.tag };
        serve::serve(listener, world, options, |_| {
            let stop = serve::stop_signal()?;
            say(&self.banner(&scenario, address, seed));
            if let Some(path) = &self.port_file {
                write_port(path, address.port())?;
            }
            Ok(stop)
        })
        .context("cannot serve")?;
        Ok(Exit::Fine)
    }

    /// What a person needs to make the first call.
    fn banner(&self, scenario: &Scenario, address: SocketAddr, seed: u64) -> String {
        let base = format!("http://{address}");
        let origin =
            self.scenario.as_deref().map_or("built in".to_owned(), |path| path.display().to_string());
        let clock = match scenario.clock {
            Clock::Real => "real".to_owned(),
            Clock::Virtual(start) => format!("virtual, from {start}"),
        };
        let mut text = format!(
            "standin {} serves `{}` ({origin}) at {base}\nseed {seed}, clock {clock}\n",
            env!("CARGO_PKG_VERSION"),
            scenario.name,
        );
        for (vendor, section) in &scenario.sections {
            let _ = writeln!(text, "\n{}", vendor.title());
            for access in section.access() {
                let _ = writeln!(text, "  {:<15} {}", access.label, access.at(&base));
            }
            if let Some(command) = vendor.operations().first().and_then(|o| section.curl(o, &base, None)) {
                let _ = writeln!(text, "  try it:\n\n{command}");
            }
        }
        let _ = write!(text, "\nwhat happened: {base}/__standin/journal\nstop with Ctrl-C");
        text
    }
}

impl Log {
    fn start(self) {
        let builder =
            tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).with_ansi(is_coloured());
        // A subscriber is set once a process, and this is the place; a second start keeps the first.
        let _ = match self {
            Self::Text => builder.try_init(),
            Self::Json => builder.json().flatten_event(true).try_init(),
            Self::Off => Ok(()),
        };
    }
}

fn taken(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "cannot listen on {address}: the port is taken\nhelp: stop the other server, or pick another port with `--listen {}:0`",
            address.ip()
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    }
}

/// Writes the port in one rename, so that a reader sees all of it or nothing.
fn write_port(path: &Path, port: u16) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    std::fs::write(&draft, format!("{port}\n"))
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(|error| io::Error::new(error.kind(), format!("cannot write `{}`: {error}", path.display())))
}
