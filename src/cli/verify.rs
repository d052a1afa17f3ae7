//! `standin verify`: hold a server against the contract.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use percent_encoding::percent_decode_str;

use super::reports::{self, Form};
use super::{Exit, env_file, is_closed_pipe, print, read, say};
use crate::contract::verify::{Credentials, Outcome, Report, Session, Slots, Wish, list};
use crate::emulator::{HandlerUrl, Service};
use crate::scalar::Length;
use crate::serve::{self, Asking, Target};
use crate::services;

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// URL of the server, without a path, such as `https://example.bitrix24.com`
    #[arg(value_name = "URL", required_unless_present = "list")]
    url: Option<String>,

    /// The service that the server is, or stands for
    #[arg(long, value_name = "SERVICE", value_parser = ["bitrix24", "chert"])]
    service: String,

    /// Read variables from a file with lines `KEY=VALUE`; they go before those of the environment
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,

    /// The chat that may be asked about: its ID; for Bitrix24 `CONNECTOR:LINE:CHAT_ID`
    #[arg(long, value_name = "ID")]
    chat: Option<String>,

    /// The present name of the chat, which is put back after renames. No call tells it
    #[arg(long, value_name = "NAME", requires = "chat")]
    chat_name: Option<String>,

    /// The external user of the chat, for a connector of Bitrix24 without groups
    #[arg(long, value_name = "ID", requires = "chat")]
    chat_user: Option<String>,

    /// Make the checks that change something too
    #[arg(long)]
    allow_writes: bool,

    /// How many requests a second are sent at most; `0` for no pause, on this machine only
    #[arg(long, value_name = "N", default_value = "1", value_parser = rate)]
    rate: f64,

    /// Make only the checks whose names contain this, and those that they need; `*` stands for any text; can be repeated
    #[arg(long, value_name = "PATTERN", value_parser = NonEmptyStringValueParser::new())]
    only: Vec<String>,

    /// Write a report: `json=FILE` or `junit=FILE`; can be repeated
    #[arg(long = "report", value_name = "FORM=FILE", value_parser = reports::json_or_junit)]
    reports: Vec<(Form, PathBuf)>,

    /// How long an answer may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = Length::parse)]
    time_limit: Length,

    /// Trust the certificates in this file (PEM) besides the public ones
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Print the list of checks in Markdown, and make none
    #[arg(long)]
    list: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| *rate == 0.0 || (0.001..=1_000.0).contains(rate));
    rate.ok_or_else(|| format!("`{text}` is no number of requests a second: type `1`, `0.5` or `0`"))
}

/// What is wrong with the command line or what it names, and what to type.
struct Mistake(Exit, String);

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let service = services::by_name(&self.service).expect("the command line takes no other");
        if self.list {
            print(&list(service))?;
            return Ok(Exit::Fine);
        }
        if let Err(exit) = reports::check(&self.reports).and_then(|()| reports::open(&self.reports)) {
            return Ok(exit);
        }
        match self.prepared(service) {
            Ok((session, asking)) => self.make(session, asking),
            Err(Mistake(exit, message)) => {
                say(&format!("standin: {message}"));
                Ok(exit)
            }
        }
    }

    fn prepared(&self, service: &'static dyn Service) -> Result<(Session, Asking), Mistake> {
        let target = target(self.url.as_deref().unwrap_or_default())?;
        let is_here = is_loopback(&target.host);
        if !target.is_secure && !is_here {
            let message = "a server elsewhere is asked over https only\nhelp: begin the URL with `https://`";
            return Err(Mistake(Exit::Usage, message.to_owned()));
        }
        if self.rate == 0.0 && !is_here {
            let message = "`--rate 0` is for servers on this machine\nhelp: leave `--rate` out for one request a second";
            return Err(Mistake(Exit::Usage, message.to_owned()));
        }
        let slots = self.slots(service)?;
        let variables = self.variables()?;
        let (credentials, secrets) = credentials(service, &variables, &target)?;
        let wish = Wish {
            service,
            credentials,
            slots,
            allow_writes: self.allow_writes,
            only: self.only.clone(),
            secrets,
        };
        let session = Session::new(wish, serve::now()).map_err(|why| {
            Mistake(
                Exit::Usage,
                format!("what the options name cannot be: {why}\nhelp: `--chat` names a chat that exists"),
            )
        })?;
        if session.count() == 0 {
            let help = format!("`standin verify --service {} --list` lists the checks", service.name());
            return Err(Mistake(Exit::Usage, format!("no check has such a name\nhelp: {help}")));
        }
        let authorities = match &self.ca {
            Some(path) => {
                serve::authorities(path).map_err(|error| Mistake(Exit::NotStarted, error.to_string()))?
            }
            None => Vec::new(),
        };
        let pause = if self.rate == 0.0 { Duration::ZERO } else { Duration::from_secs_f64(1.0 / self.rate) };
        Ok((session, Asking { target, authorities, time_limit: self.time_limit.0, pause }))
    }

    fn make(&self, mut session: Session, asking: Asking) -> anyhow::Result<Exit> {
        let host = asking.target.host.clone();
        let left = session.leaves();
        if !left.is_empty() {
            say(&format!("standin: what these checks may leave behind: {}", left.join("; ")));
        }
        let most = asking.pause * u32::try_from(session.count()).unwrap_or(u32::MAX);
        if io::stderr().is_terminal() && most > Duration::from_secs(10) {
            say(&format!(
                "standin: {} checks take {} minutes at most",
                session.count(),
                most.as_secs() / 60 + 1
            ));
        }
        let begun = serve::verify(&mut session, asking).map_err(|error| error.to_string());
        if let Err(why) = &begun {
            session.stop(&format!("the server cannot be asked: {why}"));
        }
        let report = session.report();
        // Before anything is printed: whoever reads it may have had enough.
        let are_written = self.write(&report);
        if let Err(error) = begun {
            let help = match error.contains("UnknownIssuer") {
                true => "`--ca FILE` trusts the certificates in a file",
                false => "check the URL, and whether the server runs",
            };
            say(&format!("standin: `{host}` cannot be asked: {error}\nhelp: {help}"));
            return Ok(Exit::NotStarted);
        }
        match print(&report.text()) {
            Err(error) if !is_closed_pipe(&error) => return Err(error),
            _ => {}
        }
        for why in &report.unknown {
            say(&format!("standin: {why}\nhelp: check `--chat`, `--chat-user` and the variables"));
        }
        let are_made = report.count(Outcome::Holds) > 0;
        Ok(if report.count(Outcome::Differs) > 0 || !are_written {
            Exit::Findings
        } else if report.stopped.is_some() || !report.unknown.is_empty() {
            Exit::NotStarted
        } else if !are_made {
            say("standin: no check was made; the lines `not tried` say why");
            Exit::NotStarted
        } else {
            Exit::Fine
        })
    }

    /// Writes the reports; tells whether all are written.
    fn write(&self, report: &Report) -> bool {
        let write = |(form, path): &(Form, PathBuf)| {
            let text = match form {
                Form::Junit => report.junit(),
                Form::Json | Form::Html => format!("{:#}\n", report.json()),
            };
            let written = std::fs::write(path, text);
            if let Err(error) = &written {
                say(&format!("standin: the report `{}` cannot be written: {error}", path.display()));
            }
            written.is_ok()
        };
        self.reports.iter().filter(|report| !write(report)).count() == 0
    }

    /// What the user names.
    fn slots(&self, service: &dyn Service) -> Result<Slots, Mistake> {
        let mut slots = Slots::new();
        let Some(chat) = self.chat.as_deref() else { return Ok(slots) };
        if service.name() == "bitrix24" {
            let parts: Vec<_> = chat.splitn(3, ':').collect();
            let [connector, line, id] = parts[..] else {
                let message =
                    format!("`{chat}` names no chat of Bitrix24\nhelp: type `--chat CONNECTOR:LINE:CHAT_ID`");
                return Err(Mistake(Exit::Usage, message));
            };
            if line.parse::<u32>().is_err() {
                let message =
                    format!("`{line}` is no number of a line\nhelp: type `--chat CONNECTOR:LINE:CHAT_ID`");
                return Err(Mistake(Exit::Usage, message));
            }
            slots.extend(
                [("connector", connector), ("line", line), ("chat", id)]
                    .map(|(name, text)| (name, text.to_owned())),
            );
        } else {
            slots.insert("chat", chat.to_owned());
        }
        slots.extend(self.chat_name.iter().map(|name| ("chat_name", name.clone())));
        slots.extend(self.chat_user.iter().map(|user| ("user", user.clone())));
        Ok(slots)
    }

    /// The variables of the file, and behind them those of the environment.
    fn variables(&self) -> Result<BTreeMap<String, String>, Mistake> {
        let of_service = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            (name.starts_with("BITRIX24_") || name.starts_with("CHERT_")).then_some((name, value))
        };
        let mut variables: BTreeMap<_, _> = std::env::vars_os().filter_map(of_service).collect();
        if let Some(path) = &self.env_file {
            let text = read(path).map_err(|error| Mistake(Exit::NotStarted, format!("{error:#}")))?;
            let of_file = env_file::read(&text).map_err(|why| {
                let message =
                    format!("`{}`: {why}\nhelp: each line is `KEY=VALUE` or a comment", path.display());
                Mistake(Exit::Usage, message)
            })?;
            variables.extend(of_file);
        }
        variables.retain(|_, value| !value.is_empty());
        Ok(variables)
    }
}

/// Reads the URL of a server. It is not repeated in messages: somebody may type a webhook.
fn target(url: &str) -> Result<Target, Mistake> {
    let wrong =
        |why: &str| Mistake(Exit::Usage, format!("the URL cannot be used: {why}\nhelp: type `https://HOST`"));
    let HandlerUrl { is_secure, host, port, path } = HandlerUrl::parse(url).map_err(|why| wrong(&why))?;
    if url.contains('@') {
        return Err(wrong("credentials are read from the environment"));
    }
    if !matches!(path, "" | "/") || url.contains('#') {
        return Err(wrong("it has more than scheme, host and port, and the paths of the service are known"));
    }
    Ok(Target { is_secure, host: host.to_owned(), port })
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The credentials in the variables, and what else must not be shown.
fn credentials(
    service: &dyn Service,
    variables: &BTreeMap<String, String>,
    target: &Target,
) -> Result<(Credentials, Vec<String>), Mistake> {
    let get = |name: &str| variables.get(name).map(String::as_str);
    let lacking = |help: &str| {
        let message = format!("there are no credentials for {}\nhelp: {help}", service.title());
        Mistake(Exit::NotStarted, message)
    };
    let is_own = |name: &str| name.starts_with(&service.name().to_uppercase());
    let is_odd = |value: &str| value.trim() != value || value.contains(char::is_control);
    if let Some((name, _)) = variables.iter().find(|(name, value)| is_own(name) && is_odd(value)) {
        let message = format!(
            "`{name}` begins or ends with a blank, or has a control character\nhelp: a file with line ends of Windows, or a copied line, is the usual cause"
        );
        return Err(Mistake(Exit::NotStarted, message));
    }
    for name in ["BITRIX24_WEBHOOK_URL", "BITRIX24_REST_URL", "CHERT_BASE_URL"] {
        let Some(url) = get(name).filter(|_| is_own(name)) else { continue };
        if let Err(why) = HandlerUrl::parse(url) {
            return Err(Mistake(Exit::NotStarted, format!("`{name}` is no URL: {why}")));
        }
        if !is_of(url, target) {
            let message = format!(
                "`{name}` is of another server\nhelp: credentials are sent to their own server only: set it to a URL of `{}`, or unset it",
                target.host
            );
            return Err(Mistake(Exit::NotStarted, message));
        }
    }
    if service.name() == "chert" {
        let (Some(tenant), Some(secret)) = (get("CHERT_TENANT"), get("CHERT_SIGNING_SECRET")) else {
            return Err(lacking(
                "set `CHERT_TENANT` and `CHERT_SIGNING_SECRET`, or name a file with them: `--env-file FILE`",
            ));
        };
        return Ok((Credentials::Chert { tenant: tenant.to_owned(), secret: secret.to_owned() }, Vec::new()));
    }
    let webhook = get("BITRIX24_WEBHOOK_URL").map(|url| {
        webhook_of(url).ok_or_else(|| {
            let message =
                "`BITRIX24_WEBHOOK_URL` is no URL of a webhook\nhelp: it ends in `/rest/USER/SECRET/`";
            Mistake(Exit::NotStarted, message.to_owned())
        })
    });
    let webhook = webhook.transpose()?;
    let token = get("BITRIX24_ACCESS_TOKEN").map(str::to_owned);
    if webhook.is_none() && token.is_none() {
        return Err(lacking(
            "set `BITRIX24_ACCESS_TOKEN`, `BITRIX24_WEBHOOK_URL` or both, or name a file with them: `--env-file FILE`",
        ));
    }
    let issues = get("BITRIX24_TOKEN_URL").is_some_and(|url| is_of(url, target));
    let client = get("BITRIX24_CLIENT_ID").zip(get("BITRIX24_CLIENT_SECRET")).filter(|_| issues);
    let client = client.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
    let others = ["BITRIX24_REFRESH_TOKEN", "BITRIX24_CLIENT_SECRET", "BITRIX24_APPLICATION_TOKEN"];
    let secrets = others.iter().filter_map(|name| get(name)).map(str::to_owned).collect();
    Ok((Credentials::Bitrix24 { webhook, token, client }, secrets))
}

/// Whether a URL is one of this server. All servers on this machine count as one: a secret stays on it.
fn is_of(url: &str, target: &Target) -> bool {
    HandlerUrl::parse(url).is_ok_and(|known| {
        let is_same = known.host.eq_ignore_ascii_case(&target.host) && known.port == target.port;
        is_same || (is_loopback(known.host) && is_loopback(&target.host))
    })
}

/// User and secret of a webhook.
fn webhook_of(url: &str) -> Option<(String, String)> {
    let path = HandlerUrl::parse(url).ok()?.path;
    let mut segments = path.split('/').skip_while(|segment| *segment != "rest").skip(1);
    let mut next = || {
        let segment = segments.next().filter(|segment| !segment.is_empty())?;
        Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
    };
    Some((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_read_from_its_url() {
        for (url, found) in [
            ("https://a.bitrix24.com/rest/1/se%2Fcret/", Some(("1", "se/cret"))),
            ("https://a.bitrix24.com/rest/1/secret", Some(("1", "secret"))),
            ("https://a.bitrix24.com/rest/1/", None),
            ("https://a.bitrix24.com/", None),
            ("nonsense", None),
        ] {
            let found = found.map(|(user, secret)| (user.to_owned(), secret.to_owned()));
            assert_eq!(webhook_of(url), found, "{url}");
        }
    }
}
