//! `standin serve`: answer as the vendors do until told to stop.

use std::fmt::Write;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context;
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use tracing_appender::non_blocking::WorkerGuard;

use super::events::Events;
use super::{Exit, is_coloured, load, say, start_of};
use crate::emulator::{BoundHandler, Proof, ReplicaName};
use crate::engine::World;
use crate::scalar::Start;
use crate::scenario::{ClockSpec, Scenario, obstacle};
use crate::serve::{self, Options, Socket, Stop, Tls};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Scenario file [default: the built-in scenario]
    #[arg(value_name = "SCENARIO", env = "STANDIN_SCENARIO")]
    scenario: Option<PathBuf>,

    /// Address and port for http; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address, env = "STANDIN_LISTEN")]
    listen: SocketAddr,

    /// Address and port for https, in addition to http; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", value_parser = address, env = "STANDIN_TLS_LISTEN")]
    tls_listen: Option<SocketAddr>,

    /// Write the certificate that clients must trust to this file; each start makes a new one
    #[arg(
        long,
        value_name = "PATH",
        requires = "tls_listen",
        conflicts_with = "tls_cert",
        env = "STANDIN_TLS_CA_OUT"
    )]
    tls_ca_out: Option<PathBuf>,

    /// Use this certificate chain (PEM) instead of making one
    #[arg(long, value_name = "PATH", requires_all = ["tls_listen", "tls_key"], env = "STANDIN_TLS_CERT")]
    tls_cert: Option<PathBuf>,

    /// Private key of `--tls-cert` (PEM)
    #[arg(long, value_name = "PATH", requires = "tls_cert", env = "STANDIN_TLS_KEY")]
    tls_key: Option<PathBuf>,

    /// Number of threads
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64), env = "STANDIN_WORKERS")]
    workers: u16,

    /// Number of connections that may be open at a time; beyond it, only the control interface answers
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..), env = "STANDIN_MAX_CONNECTIONS")]
    max_connections: u32,

    /// Write the port to this file when the server is ready, and the https port to its second line; the file is removed at
    /// the end
    #[arg(long, value_name = "PATH", env = "STANDIN_PORT_FILE")]
    port_file: Option<PathBuf>,

    /// Seed of all random draws [default: the scenario's seed, or a new one at each start]
    #[arg(long, value_name = "N", env = "STANDIN_SEED")]
    seed: Option<u64>,

    #[command(flatten)]
    events: Events,

    /// Read the scenario again when its file changes
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_WATCH")]
    watch: bool,

    /// Let requests ask for an error: `Prefer: error=CODE`
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_ALLOW_PREFER")]
    allow_prefer: bool,

    /// Let other machines use the control interface if they send `authorization: Bearer TOKEN`
    #[arg(long, value_name = "TOKEN", hide_env_values = true, env = "STANDIN_CONTROL_TOKEN")]
    control_token: Option<String>,

    /// Name of this server among several behind a balancer; it ends names of namespaces and their credentials
    #[arg(long, value_name = "NAME", env = "STANDIN_REPLICA")]
    replica: Option<ReplicaName>,

    /// Check whether clients keep the rules of conduct; `GET /__standin/conduct` has the result
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_JUDGE")]
    judge: bool,

    /// Open the page that shows what happens in a browser
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_OPEN")]
    open: bool,

    /// End when stdin ends: a program that holds the other end of a pipe takes the server with it, however it ends itself
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_UNTIL_STDIN_CLOSES")]
    until_stdin_closes: bool,

    /// Format of the log of exchanges on stderr
    #[arg(long, value_enum, default_value_t = Log::Text, env = "STANDIN_LOG")]
    log: Log,

    /// Add the header `x-standin-exchange: N` to each answer
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_TAG")]
    tag: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Log {
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
        let is_open = |address: &SocketAddr| !address.ip().to_canonical().is_loopback();
        let beyond = std::iter::once(self.listen).chain(self.tls_listen).find(is_open);
        let token = self.control_token.as_ref().filter(|token| !token.trim().is_empty());
        if let (Some(address), None) = (beyond, token) {
            say(&format!(
                "standin: on {address} others than this machine can call, and reset or read what is served\nhelp: add `--control-token TOKEN`, which they must then send to /__standin/, or listen on 127.0.0.1"
            ));
            return Ok(Exit::Usage);
        }
        if self.replica.is_some() && token.is_none() {
            say(
                "standin: behind a balancer everybody seems to call from this machine, so that all could reset or read what is served\nhelp: add `--control-token TOKEN`, which they must then send to /__standin/, or leave out `--replica`",
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
        let mut sockets = vec![Socket { listener: bind(self.listen, "--listen")?, tls: None }];
        sockets.extend(self.tls_socket()?);
        let addresses = sockets.iter().map(|socket| socket.listener.local_addr());
        let addresses = addresses.collect::<Result<Vec<_>, _>>().context("a socket has no address")?;
        let address = addresses[0];
        let _flushes_at_the_end = self.log.start();
        let seed = self.seed.or(scenario.seed).unwrap_or_else(serve::random_seed);
        let mut world = World::new(Arc::clone(&scenario), seed, serve::now())
            .allowing_prefer(self.allow_prefer)
            .with_given_seed(self.seed.is_some());
        if let Err(exit) = self.events.bind(&mut world) {
            return Ok(exit);
        }
        let world = if self.judge { world.judging() } else { world };
        let services = scenario.sections.iter().map(|(service, _)| service.name());
        let handlers: Vec<_> = services.map(|service| handlers(&world.handlers_of(service))).collect();
        let options = Options {
            workers: self.workers.into(),
            max_connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            tag: self.tag,
            control_token: self.control_token.clone(),
            replica: self.replica.clone(),
            ..Options::default()
        };
        let options = self.events.options(options)?;
        let ports: String = addresses.iter().map(|address| format!("{}\n", address.port())).collect();
        let served = serve::serve(sockets, world, options, |running| {
            let stop = serve::stop(
                if self.until_stdin_closes { Stop::EndOfStdin } else { Stop::Signal },
                || {
                    say(
                        "standin: stdin has ended, so the server ends\nhelp: with `--until-stdin-closes`, keep a pipe to its stdin open for as long as it is to run",
                    );
                },
            )?;
            if let Some(path) = self.scenario.as_ref().filter(|_| self.watch) {
                serve::reload_on_change(&running, path.clone(), std::fs::read_to_string(path)?, say);
            }
            if let Some(path) = &self.port_file {
                write_at_once(path, &ports)?;
            }
            say(&self.banner(&scenario, address, addresses.get(1).copied(), (seed, &handlers)));
            if self.open {
                open(&page_at(address));
            }
            Ok(stop)
        });
        if let Some(path) = &self.port_file
            // Another server may have written its own port meanwhile.
            && std::fs::read_to_string(path).is_ok_and(|text| text == ports)
        {
            let _ = std::fs::remove_file(path);
        }
        served.context("cannot serve")?;
        Ok(Exit::Fine)
    }

    /// The socket for https, its certificate written where a client finds it.
    fn tls_socket(&self) -> anyhow::Result<Option<Socket>> {
        let Some(address) = self.tls_listen else { return Ok(None) };
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Tls::from_files(certificate, key)?,
            _ => Tls::fresh(address.ip()).context("no certificate can be made")?,
        };
        if let (Some(path), Some(authority)) = (&self.tls_ca_out, tls.authority()) {
            write_at_once(path, authority)?;
        }
        Ok(Some(Socket { listener: bind(address, "--tls-listen")?, tls: Some(tls) }))
    }

    /// What a person needs to make the first call. `handlers` are those of each service, in lines.
    fn banner(
        &self,
        scenario: &Scenario,
        address: SocketAddr,
        tls: Option<SocketAddr>,
        (seed, handlers): (u64, &[Vec<String>]),
    ) -> String {
        let base = format!("http://{address}");
        let origin =
            self.scenario.as_deref().map_or("built in".to_owned(), |path| path.display().to_string());
        let clock = match scenario.clock {
            ClockSpec::Real => "real".to_owned(),
            ClockSpec::Virtual(Start::Now) => "virtual, from now".to_owned(),
            ClockSpec::Virtual(Start::At(start)) => format!("virtual, from {start}"),
        };
        let mut text = format!(
            "standin {} serves `{}` ({origin}) at {base}\nseed {seed}, clock {clock}\n",
            env!("CARGO_PKG_VERSION"),
            scenario.name,
        );
        if let Some(replica) = &self.replica {
            let _ = writeln!(text, "replica {replica}: what is made here ends with `~{replica}`");
        }
        if let Some(address) = tls {
            let _ = write!(text, "and at https://{address}");
            let _ = match &self.tls_ca_out {
                Some(path) => writeln!(text, ", for clients that trust {}", path.display()),
                None => writeln!(text),
            };
        }
        for ((service, section), handlers) in scenario.sections.iter().zip(handlers) {
            let edition =
                section.editions().map_or(String::new(), |[served, _]| format!(", {served} edition"));
            let _ = writeln!(text, "\n{}{edition}", service.title());
            // Only handlers need the token that events carry, and the first draw takes a good part of a start.
            let access = if handlers.is_empty() { section.shown_access() } else { section.access(seed) };
            for access in access.iter().filter(|access| access.variable != "BITRIX24_MEMBER_ID") {
                let _ = writeln!(text, "  {:<17} {}", access.label, access.at(&base));
            }
            for handler in handlers {
                let _ = writeln!(text, "  {:<17} {handler}", "handler");
            }
            let Some(first) = service.operations().first() else { continue };
            let start = start_of(scenario);
            let _ = match section.example(first, start, Proof::Lasting) {
                Some(example) => writeln!(text, "  try it:\n\n{}", example.curl(&base)),
                None => {
                    let why = obstacle(&**section, first, start).unwrap_or_default();
                    writeln!(
                        text,
                        "  no call of `{}.{}` can succeed at the start: {why}",
                        service.name(),
                        first.name
                    )
                }
            };
        }
        let _ = write!(
            text,
            "\nwhat happened: {} in a browser, {base}/__standin/journal as JSON\nstop with Ctrl-C",
            page_at(address)
        );
        text
    }
}

/// The address of the page. A browser on this machine cannot call an address that means all of its own.
pub(super) fn page_at(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_unspecified() => format!("http://localhost:{}/__standin/", address.port()),
        _ => format!("http://{address}/__standin/"),
    }
}

/// Opens a page in a browser, or says why it cannot.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        // It ends when the browser has the address, or when the browser is closed. Nobody waits for that.
        Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
        Err(error) => say(&format!(
            "standin: no browser can be opened: `{program}`: {error}\nhelp: open {url} yourself"
        )),
    }
}

/// How many handlers the banner names.
const MOST_HANDLERS: usize = 20;

/// The handlers in lines: where each is, and the events that go there.
fn handlers(all: &[BoundHandler<'_>]) -> Vec<String> {
    let mut places: Vec<(String, Vec<&str>)> = Vec::new();
    for BoundHandler { event, name, url } in all {
        let place = match (name, url) {
            (Some(name), Some(url)) => format!("`{name}` at {url}"),
            (None, Some(url)) => (*url).to_owned(),
            (Some(name), None) => {
                format!("`{name}` has no URL: add `--handler {name}=URL`, or its events wait")
            }
            (None, None) => continue,
        };
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, events)) => events.push(event),
            None => places.push((place, vec![event])),
        }
    }
    let more = places.len().saturating_sub(MOST_HANDLERS);
    places.truncate(MOST_HANDLERS);
    let mut lines: Vec<_> =
        places.iter().map(|(place, events)| format!("{place} ({})", events.join(", "))).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

impl Log {
    /// Logs from a thread of its own, which drops lines when nobody reads them: a log never holds up an answer. The
    /// guard writes out what is left.
    pub(super) fn start(self) -> Option<WorkerGuard> {
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
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let expected = || {
        format!("`{text}` is no address and port: type `127.0.0.1:8080`, or `127.0.0.1:0` for a free port")
    };
    text.to_socket_addrs().map_err(|_| expected())?.next().ok_or_else(expected)
}

/// Listens; `flag` is the one that names the address.
pub(super) fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "cannot listen on {address}: the port is taken\nhelp: stop the other server, or pick another port with `{flag} {}:0`",
            address.ip()
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })
}

/// Writes a file in one rename, so that a reader sees all of it or nothing.
pub(super) fn write_at_once(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(|error| io::Error::new(error.kind(), format!("cannot write `{}`: {error}", path.display())))
}
