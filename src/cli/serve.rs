//! `standin serve`: answer as the vendors do until told to stop.

use std::fmt::Write;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use tracing_appender::non_blocking::WorkerGuard;

use super::{Exit, is_coloured, load, say, start_of};
use crate::engine::{Clock, World};
use crate::scenario::Scenario;
use crate::serve::{self, Options};
use crate::vendor::Proof;

/// Serve a scenario
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The scenario; without it, the built-in one
    #[arg(value_name = "SCENARIO", env = "STANDIN_SCENARIO")]
    scenario: Option<PathBuf>,

    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address, env = "STANDIN_LISTEN")]
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

    /// Read the scenario again whenever its file changes
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_WATCH")]
    watch: bool,

    /// Let requests ask for an error: `Prefer: error=CODE`
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_ALLOW_PREFER")]
    allow_prefer: bool,

    /// How to log exchanges to stderr
    #[arg(long, value_enum, default_value_t = Log::Text, env = "STANDIN_LOG")]
    log: Log,

    /// Number the answers: adds `x-standin-exchange: N` to each
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_TAG")]
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
        if self.watch && self.scenario.is_none() {
            say(
                "standin: there is no file to watch\nhelp: name a scenario, `standin serve --watch SCENARIO`",
            );
            return Ok(Exit::Usage);
        }
        let scenario = match load(self.scenario.as_deref()) {
            Ok(scenario) => Arc::new(scenario),
            Err(exit) => return Ok(exit),
        };
        if let Some(path) = &self.port_file {
            // Whoever waits for the file must not read the port of an earlier run.
            let _ = std::fs::remove_file(path);
        }
        let listener = TcpListener::bind(self.listen).map_err(|error| taken(self.listen, &error))?;
        let address = listener.local_addr().context("the socket has no address")?;
        let _flushes_at_the_end = self.log.start();
        let seed = self.seed.or(scenario.seed).unwrap_or_else(serve::random_seed);
        let world = World::new(Arc::clone(&scenario), seed, serve::now())
            .allowing_prefer(self.allow_prefer)
            .with_given_seed(self.seed.is_some());
        let options = Options { workers: self.workers.into(), tag: self.tag };
        serve::serve(listener, world, options, |running| {
            let stop = serve::stop_signal()?;
            if let Some(path) = self.scenario.as_ref().filter(|_| self.watch) {
                serve::watch(&running, path.clone(), std::fs::read_to_string(path)?, say);
            }
            if let Some(path) = &self.port_file {
                write_port(path, address.port())?;
            }
            say(&self.banner(&scenario, address, seed));
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
            if let Some(command) = vendor
                .operations()
                .first()
                .and_then(|o| section.curl(o, &base, start_of(scenario), Proof::Lasting))
            {
                let _ = writeln!(text, "  try it:\n\n{command}");
            }
        }
        let _ = write!(text, "\nwhat happened: {base}/__standin/journal\nstop with Ctrl-C");
        text
    }
}

impl Log {
    /// Logs from a thread of its own, which drops lines when nobody reads them: a log never holds up an answer. The
    /// guard writes out what is left.
    fn start(self) -> Option<WorkerGuard> {
        if self == Self::Off {
            return None;
        }
        let (writer, guard) = tracing_appender::non_blocking(io::stderr());
        let builder = tracing_subscriber::fmt()
            .with_writer(writer)
            .with_target(false)
            .with_ansi(is_coloured())
            .log_internal_errors(false);
        // A subscriber is set once a process, and this is the place; a second start keeps the first.
        let _ = match self {
            Self::Json => builder.json().flatten_event(true).try_init(),
            Self::Text | Self::Off => builder.try_init(),
        };
        Some(guard)
    }
}

/// Reads `ADDRESS:PORT`, where the address may be a name such as `localhost`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let expected = || {
        format!("`{text}` is no address and port: type `127.0.0.1:8080`, or `127.0.0.1:0` for a free port")
    };
    text.to_socket_addrs().map_err(|_| expected())?.next().ok_or_else(expected)
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
