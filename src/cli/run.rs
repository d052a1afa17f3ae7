//! `standin run`: serve while a client's command runs, and judge what the client did.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::events::Events;
use super::reports::{self, Form};
use super::{Exit, environment, load, say};
use crate::control;
use crate::engine::{Namespaces, Redactor, World};
use crate::judge::{Ended, Report, Requests};
use crate::page;
use crate::scalar::{Length, shell_word};
use crate::serve::{self, Options, Socket, Tls, Until};

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Scenario file [default: the built-in scenario]
    #[arg(value_name = "SCENARIO", env = "STANDIN_SCENARIO")]
    scenario: Option<PathBuf>,

    /// The command and its arguments
    #[arg(value_name = "CMD", last = true, required = true)]
    command: Vec<OsString>,

    /// Serve https too, and set STANDIN_HTTPS_URL, BITRIX24_HTTPS_REST_URL and so on, STANDIN_CA, and the variables by which
    /// clients trust the certificate
    #[arg(long)]
    tls: bool,

    /// Stop a command that does not end by itself: when it is `idle`, when the `expectations` are met or lost, or after a time
    /// such as `30s`; can be repeated, the first one that comes counts [default limit: 5m]
    #[arg(long, value_name = "END", value_parser = until)]
    until: Vec<Until>,

    /// Do not check the rules of conduct, for a command that breaks them on purpose
    #[arg(long)]
    no_judge: bool,

    /// Fail if no request came, for example because the command called another server
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_REQUIRE_REQUESTS")]
    require_requests: bool,

    #[command(flatten)]
    events: Events,

    /// Let requests ask for an error: `Prefer: error=CODE`
    #[arg(long, value_parser = FalseyValueParser::new(), env = "STANDIN_ALLOW_PREFER")]
    allow_prefer: bool,

    /// Seed of all random draws [default: the scenario's seed, or a new one at each start]
    #[arg(long, value_name = "N", env = "STANDIN_SEED")]
    seed: Option<u64>,

    /// Write a report: `json=FILE`, `junit=FILE` or `html=FILE`; can be repeated. JSON has the exchanges too, which `standin explain
    /// --report FILE` explains. HTML is a page that shows them in a browser
    #[arg(long = "report", value_name = "FORM=FILE", value_parser = reports::any)]
    reports: Vec<(Form, PathBuf)>,
}

/// Reads `idle`, `expectations` or a length of time.
fn until(text: &str) -> Result<Until, String> {
    match text {
        "idle" => Ok(Until::Idle),
        "expectations" => Ok(Until::Expectations),
        text => Length::parse(text).map(|length| Until::After(length.0)).map_err(|_| {
            format!("`{text}` is no end of a run: type `idle`, `expectations` or a time such as `30s`")
        }),
    }
}

/// The exit codes of a shell for a command that is not there, or that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;

impl Run {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if let Err(exit) = reports::check(&self.reports) {
            return Ok(exit);
        }
        let scenario = match load(self.scenario.as_deref()) {
            Ok(scenario) => Arc::new(scenario),
            // 1 would say that the command ran and broke a rule.
            Err(_) => return Ok(Exit::NotStarted),
        };
        if let Err(exit) = reports::open(&self.reports) {
            return Ok(exit);
        }
        let seed = self.seed.or(scenario.seed).unwrap_or_else(serve::random_seed);
        let world =
            World::new(Arc::clone(&scenario), seed, serve::now()).with_given_seed(self.seed.is_some());
        let mut world = world.allowing_prefer(self.allow_prefer);
        if let Err(exit) = self.events.bind(&mut world) {
            return Ok(exit);
        }
        let options = self.events.options(Options::default())?;
        let world = if self.no_judge { world } else { world.judging() };
        // The refusals of dropped namespaces are told too.
        let world = world.keeping_the_past();
        let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free");
        let mut sockets = vec![Socket { listener: free()?, tls: None }];
        let mut trust = None;
        if self.tls {
            let tls = Tls::fresh(Ipv4Addr::LOCALHOST.into()).context("no certificate can be made")?;
            trust = Some(environment::Trust::new(&tls).context("the certificate cannot be written")?);
            sockets.push(Socket { listener: free()?, tls: Some(tls) });
        }
        let ports = sockets.iter().map(|socket| Ok(socket.listener.local_addr()?.port()));
        let ports = ports.collect::<io::Result<Vec<_>>>().context("a socket has no address")?;
        let plain = format!("http://127.0.0.1:{}", ports[0]);
        let secure = ports.get(1).map(|port| format!("https://localhost:{port}"));
        let mut variables = environment::of(&scenario, seed, &plain, secure.as_deref());
        variables.extend(trust.iter().flat_map(environment::Trust::variables));

        let look = |namespaces: &Namespaces, ended: serve::Ended| {
            (self.judge(namespaces, &ended), self.worlds(namespaces), ended)
        };
        let job = (&self.command[..], &variables[..], &self.until[..]);
        let judged = serve::serve_while(sockets, world, options, job, look).context("cannot serve")?;
        drop(trust);
        match judged {
            Ok((report, worlds, ended)) => self.tell(&report, &worlds, &ended),
            Err(error) => {
                let code = not_started(&self.command[0], &error);
                // A pipeline that collects reports finds out from them why there is nothing else.
                let namespaces = Namespaces::new(World::new(Arc::clone(&scenario), seed, serve::now()));
                let ended = serve::Ended {
                    code: Some(code.into()),
                    signal: None,
                    left_behind: Vec::new(),
                    stopped: None,
                };
                let report = Report {
                    outcomes: Vec::new(),
                    actions_left: Vec::new(),
                    requests: Requests::Optional,
                    ..self.judge(&namespaces, &ended)
                };
                Ok(Exit::Code(self.write(&report, &json!({})).max(code)))
            }
        }
    }

    /// Prints and writes the report.
    fn tell(&self, report: &Report, worlds: &Value, ended: &serve::Ended) -> anyhow::Result<Exit> {
        if !ended.left_behind.is_empty() {
            say(&format!(
                "standin: the command left processes behind, which were ended: {}",
                ended.left_behind.join(", ")
            ));
        }
        if let Some(why) = &ended.stopped {
            say(&format!("standin: the command was stopped: {why}"));
        }
        say(&report.text());
        if report.errors > 0 {
            let file_of = |wanted| {
                let found = self.reports.iter().find(|(form, _)| *form == wanted);
                found.map(|(_, path)| shell_word(&path.to_string_lossy()))
            };
            say(&match (file_of(Form::Json), file_of(Form::Html)) {
                (Some(path), _) => {
                    format!("to see the exchanges: standin explain --report {path} NUMBER")
                }
                (None, Some(path)) => format!("to see the exchanges: open {path} in a browser"),
                (None, None) => {
                    "to see the exchanges: add `--report json=FILE`, then standin explain --report FILE NUMBER"
                        .to_owned()
                }
            });
        }
        let code = self.write(report, worlds);
        if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            say(&report.github());
            if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
                let summary = OpenOptions::new().append(true).create(true).open(path);
                if let Err(error) = summary.and_then(|mut file| file.write_all(report.markdown().as_bytes()))
                {
                    say(&format!("standin: the summary of the step cannot be written: {error}"));
                }
            }
        }
        Ok(Exit::Code(code))
    }

    /// Writes the reports that were asked for; the exit code of the run, which a report that cannot be written spoils.
    fn write(&self, report: &Report, worlds: &Value) -> u8 {
        let mut code = report.code();
        for (form, path) in &self.reports {
            let text = match form {
                Form::Json => format!("{:#}\n", report.json()),
                Form::Junit => report.junit(),
                Form::Html => page(report, worlds),
            };
            if let Err(error) = std::fs::write(path, text) {
                say(&format!("standin: the report `{}` cannot be written: {error}", path.display()));
                code = code.max(1);
            }
        }
        code
    }

    fn wants_conversation(&self) -> bool {
        self.wants(Form::Json)
    }

    fn wants(&self, wanted: Form) -> bool {
        self.reports.iter().any(|(form, _)| *form == wanted)
    }

    /// What a page without a server shows of the run, if such a page is wanted.
    fn worlds(&self, namespaces: &Namespaces) -> Value {
        match self.wants(Form::Html) {
            true => control::offline(namespaces, serve::now()),
            false => Value::Null,
        }
    }

    /// What the run came to, in every namespace that there was.
    fn judge(&self, namespaces: &Namespaces, ended: &serve::Ended) -> Report {
        let words = self.command.iter().map(|word| shell_word(&word.to_string_lossy()));
        let outcomes = namespaces.outcomes(serve::now());
        let conversation = match self.wants_conversation() {
            true => control::conversation(namespaces, serve::now()),
            false => Value::Null,
        };
        let (counters, broken) = (namespaces.totals().counters, namespaces.broken(serve::now()));
        let refusals = control::refusals(namespaces);
        let (scenario, seed, replay, redactor) = {
            let world = namespaces.main();
            (world.scenario().name.clone(), world.seed(), world.replay(), Redactor::new(&world))
        };
        Report {
            scenario,
            seed,
            replay,
            command: redactor.text(&words.collect::<Vec<_>>().join(" ")),
            ended: match (ended.code, ended.signal) {
                (Some(code), _) => Ended::Code(code),
                (None, Some(number)) => Ended::Signal(number),
                (None, None) => Ended::Code(1),
            },
            exchanges: counters.exchanges,
            errors: counters.errors,
            events_answered: counters.events_answered,
            faults_fired: counters.faults_fired,
            outcomes,
            actions_left: namespaces.actions_left(serve::now()),
            outcomes_left_out: namespaces.outcomes_left_out(),
            unsent: namespaces.unsent(),
            waiting_for_clock: namespaces.waiting_for_clock(),
            unproved: namespaces.unproved(),
            broken,
            refusals,
            requests: if self.require_requests { Requests::Required } else { Requests::Optional },
            conversation,
        }
    }
}

/// The page with what happened in a run, in one file.
fn page(report: &Report, worlds: &Value) -> String {
    let mut report = report.json();
    if let Some(members) = report.as_object_mut() {
        // The worlds have the same exchanges.
        members.remove("conversation");
    }
    page::in_one_file(&json!({"worlds": worlds, "report": report})).unwrap_or_else(|error| {
        // A test joins the page.
        format!("<!doctype html><title>standin</title><p>The page cannot be made: {error}. This is a bug of standin.")
    })
}

/// Says why a command did not start, and gives the exit code of a shell for that.
pub(super) fn not_started(program: &OsString, error: &io::Error) -> u8 {
    let program = program.to_string_lossy();
    match error.kind() {
        io::ErrorKind::NotFound => {
            say(&format!(
                "standin: there is no command `{program}`\nhelp: it is looked for in PATH; a shell's own words need a shell: `-- sh -c '…'`"
            ));
            NOT_FOUND
        }
        _ => {
            say(&format!("standin: the command `{program}` cannot be run: {error}"));
            NOT_RUNNABLE
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_end_is_read_or_refused() {
        assert_eq!(until("idle"), Ok(Until::Idle));
        assert_eq!(until("expectations"), Ok(Until::Expectations));
        assert_eq!(until("1.5s"), Ok(Until::After(Duration::from_millis(1500))));
        for text in ["", "5", "never", "Idle"] {
            assert!(until(text).unwrap_err().contains("`30s`"), "{text}");
        }
    }
}
