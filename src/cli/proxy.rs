//! `standin proxy`: pass a client's requests on to the real service, and hold each answer against the contract.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::reports::{self, Form};
use super::run::not_started;
use super::serve::{Log, address, bind, page_at, write_at_once};
use super::{Exit, environment, say};
use crate::contract::Tally;
use crate::scalar::Length;
use crate::serve::{self, ProxyOptions, ServiceUrl, Stop};

#[derive(Debug, Args)]
pub(super) struct Proxy {
    /// Scheme, host and port of the real service, such as `https://portal.bitrix24.com`; https, unless it is on this machine
    #[arg(value_name = "URL")]
    url: String,

    /// A client's command and its arguments: the proxy runs for as long as it does
    #[arg(value_name = "CMD", last = true)]
    command: Vec<OsString>,

    /// Address and port, on this machine; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081", value_parser = address)]
    listen: SocketAddr,

    /// The edition that Bitrix24 must answer by [default: any of them]
    #[arg(long, value_enum)]
    edition: Option<Edition>,

    /// Show this many of the newest exchanges on the page with paths, header fields and bodies, which are kept in memory; without it,
    /// nothing of them is kept
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u16).range(0..=1000))]
    keep: u16,

    /// How long nothing may pass in either direction while an answer is waited for
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    time_limit: Length,

    /// Trust the certificates in this file (PEM), besides the public ones
    #[arg(long, value_name = "PATH")]
    ca: Option<PathBuf>,

    /// Write a report at the end: `json=FILE` or `junit=FILE`; can be repeated
    #[arg(long = "report", value_name = "FORM=FILE", value_parser = reports::json_or_junit)]
    reports: Vec<(Form, PathBuf)>,

    /// Write the port to this file when the proxy is ready; the file is removed at the end
    #[arg(long, value_name = "PATH")]
    port_file: Option<PathBuf>,

    /// Format of the log of exchanges and differences on stderr
    #[arg(long, value_enum, default_value_t = Log::Text, env = "STANDIN_LOG")]
    log: Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Edition {
    Documented,
    Live,
}

/// Reads a length of time that is more than nothing.
fn time(text: &str) -> Result<Length, String> {
    let without_unit = || text.parse::<u32>().is_ok_and(|number| number > 0);
    match Length::parse(text) {
        Ok(length) if !length.0.is_zero() => Ok(length),
        Ok(_) => Err(format!("`{text}` lets nobody answer: type a longer time, such as `60s`")),
        Err(_) if without_unit() => Err(format!("`{text}` has no unit: type `{text}s` for seconds")),
        Err(why) => Err(why),
    }
}

impl Proxy {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let url: ServiceUrl = match self.url.parse() {
            Ok(url) => url,
            Err(why) => {
                // The URL is not repeated: it may hold a credential.
                say(&format!("standin: the URL of the service is not as it should be: {why}"));
                return Ok(Exit::Usage);
            }
        };
        if !self.listen.ip().to_canonical().is_loopback() {
            say(&format!(
                "standin: on {} others than this machine could send requests to the service\nhelp: listen on 127.0.0.1",
                self.listen
            ));
            return Ok(Exit::Usage);
        }
        if let Err(exit) = reports::check(&self.reports).and_then(|()| reports::open(&self.reports)) {
            return Ok(exit);
        }
        if let Some(path) = &self.port_file {
            // Whoever waits for the file must not read the port of an earlier run.
            let _ = std::fs::remove_file(path);
        }
        let authorities = match &self.ca {
            Some(path) => serve::authorities(path)?,
            None => Vec::new(),
        };
        let listener = bind(self.listen, "--listen")?;
        let address = listener.local_addr().context("the socket has no address")?;
        let options = ProxyOptions {
            url: url.clone(),
            edition: self.edition.map(Edition::name),
            keep: self.keep.into(),
            time_limit: self.time_limit.0,
            authorities,
        };
        let flushes_at_the_end = self.log.start();
        let (tally, code) = if self.command.is_empty() {
            let tally = serve::proxy(listener, options, || {
                let stop = serve::stop(Stop::Signal, || {})?;
                if let Some(path) = &self.port_file {
                    write_at_once(path, &format!("{}\n", address.port()))?;
                }
                say(&format!(
                    "standin {} passes http://{address} on to {url}\nwhat happens: {} in a browser\nstop with Ctrl-C",
                    env!("CARGO_PKG_VERSION"),
                    page_at(address)
                ));
                Ok(stop)
            });
            if let Some(path) = &self.port_file {
                let _ = std::fs::remove_file(path);
            }
            (tally.context("cannot pass anything on")?, 0)
        } else {
            let plain = format!("http://{address}");
            let (moved, others) = environment::through(&url, &plain);
            let begins = || {
                if moved.is_empty() {
                    say(&format!(
                        "standin: no variable such as BITRIX24_WEBHOOK_URL or CHERT_BASE_URL begins with {url}, so the command must \
                         find the proxy by itself, in STANDIN_PROXY_URL"
                    ));
                }
                for name in others {
                    say(&format!(
                        "standin: {name} does not begin with {url}, so requests to it do not pass the proxy"
                    ));
                }
            };
            let variables = environment::of_proxy(moved.clone(), &plain);
            let (tally, ended) = serve::proxy_while(listener, options, &self.command, &variables, begins)
                .context("cannot pass anything on")?;
            let code = match ended {
                Ok(serve::Ended { code: Some(code), .. }) => u8::try_from(code).unwrap_or(1),
                // As shells have it.
                Ok(serve::Ended { signal, .. }) => u8::try_from(128 + signal.unwrap_or(0)).unwrap_or(1),
                Err(error) => not_started(&self.command[0], &error),
            };
            (tally, code)
        };
        // The log comes before the result.
        drop(flushes_at_the_end);
        say(&tally.text());
        let written = self.write(&tally, &url);
        Ok(Exit::Code(match code {
            0 => u8::from(tally.differs()).max(written),
            code => code,
        }))
    }

    /// Writes the reports; 1 when one cannot be written.
    fn write(&self, tally: &Tally, url: &ServiceUrl) -> u8 {
        let mut code = 0;
        for (form, path) in &self.reports {
            let text = match form {
                Form::Junit => tally.junit(&url.to_string()),
                Form::Json | Form::Html => format!("{:#}\n", tally.json(&url.to_string())),
            };
            if let Err(error) = std::fs::write(path, text) {
                say(&format!("standin: the report `{}` cannot be written: {error}", path.display()));
                code = 1;
            }
        }
        code
    }
}

impl Edition {
    fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Live => "live",
        }
    }
}
