//! The command line: one file a subcommand. stdout is data, stderr is talk.

mod act;
mod catalog;
mod check;
mod client;
mod completions;
mod curl;
mod env_file;
mod environment;
mod events;
mod explain;
mod health;
mod later;
mod openapi;
mod proxy;
mod reports;
mod run;
mod schema;
mod serve;
mod verify;

use std::io::{self, IsTerminal, Write};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, thread};

use clap::{Parser, Subcommand};

use self::later::Later;
use crate::scenario::{Origin, Scenario};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// There are findings.
    Findings,
    /// The command line is wrong.
    Usage,
    /// It could not start.
    NotStarted,
    /// As a command ended that it ran.
    Code(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::NotStarted => 3,
            Exit::Code(code) => code,
        })
    }
}

/// Mock server for two chat APIs, Bitrix24 and Chert: serves scenarios and tests clients.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a scenario
    Serve(Later<serve::Serve>),
    /// Serve a scenario while a command runs, and judge the client
    ///
    /// The command finds URLs and credentials in its environment: STANDIN_URL, BITRIX24_WEBHOOK_URL, BITRIX24_REST_URL,
    /// BITRIX24_ACCESS_TOKEN, BITRIX24_REFRESH_TOKEN, BITRIX24_CLIENT_ID, BITRIX24_CLIENT_SECRET, BITRIX24_TOKEN_URL,
    /// BITRIX24_APPLICATION_TOKEN, BITRIX24_MEMBER_ID, CHERT_BASE_URL, CHERT_TENANT, CHERT_SIGNING_SECRET.
    ///
    /// The exit code is that of the command. If that is 0, it is 1 when an expectation of the scenario was not met or a rule of
    /// severity `error` was broken. It is 3 when the server could not start, for example because of a mistake in the scenario.
    Run(Later<run::Run>),
    /// Pass a client's requests on to the real service, and report where its answers differ from what they should be
    ///
    /// With a command, it runs the command and ends with it. The command finds its own environment, but variables such as
    /// BITRIX24_WEBHOOK_URL and CHERT_BASE_URL that name the service name the proxy instead.
    ///
    /// The exit code is 0 when nothing differed, 1 when something did, and 3 when it could not begin. A command's own exit code comes
    /// first, if it is not 0.
    Proxy(Later<proxy::Proxy>),
    /// Let an operator or the portal do something on a running server
    ///
    /// Without a name it lists the actions.
    Act(Later<act::Act>),
    /// Report every mistake in scenario files, and what to type instead
    Check(Later<check::Check>),
    /// Print every operation and every error code, or the differences between the editions
    Catalog(Later<catalog::Catalog>),
    /// Print a curl command for an operation, signed if the service uses signatures
    Curl(Later<curl::Curl>),
    /// Say why each fault fired on an exchange, or why it did not; for an event, why it was sent and how it ended
    Explain(Later<explain::Explain>),
    /// Check whether a server is ready: exit code 0 if it is, 1 if not
    Health(Later<health::Health>),
    /// Hold a server, the real service or any mock, against the contract
    ///
    /// Credentials are read from the environment by the names that `standin run` hands out: BITRIX24_WEBHOOK_URL,
    /// BITRIX24_ACCESS_TOKEN, CHERT_TENANT, CHERT_SIGNING_SECRET. Without `--allow-writes` no check changes anything.
    ///
    /// The exit code is 0 when all checks hold that were made, 1 when some differ, and 3 when they could not begin.
    Verify(Later<verify::Verify>),
    /// Print the JSON Schema of scenarios, for editors
    Schema(Later<schema::Schema>),
    /// Print an OpenAPI document
    #[command(name = "openapi")]
    OpenApi(Later<openapi::OpenApi>),
    /// Print the completion script for a shell
    Completions(Later<completions::Completions>),
    /// Print the manual page
    Man(Later<completions::Man>),
}

/// Reads the command line and does what it says.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    let done = match cli.command {
        Command::Serve(Later(command)) => command.run(),
        Command::Run(Later(command)) => command.run(),
        Command::Proxy(Later(command)) => command.run(),
        Command::Act(Later(command)) => command.run(),
        Command::Check(Later(command)) => command.run(),
        Command::Catalog(Later(command)) => command.run(),
        Command::Curl(Later(command)) => command.run(),
        Command::Explain(Later(command)) => command.run(),
        Command::Verify(Later(command)) => command.run(),
        Command::Schema(Later(command)) => command.run(),
        Command::OpenApi(Later(command)) => command.run(),
        Command::Health(Later(command)) => command.run(),
        Command::Completions(Later(command)) => command.run(),
        Command::Man(Later(command)) => command.run(),
    };
    done.unwrap_or_else(|error| {
        if is_closed_pipe(&error) {
            return Exit::Fine;
        }
        say(&format!("standin: {error:#}"));
        Exit::NotStarted
    })
}

/// Reads a scenario, or the built-in one; on failure says why and gives the exit code.
fn load(path: Option<&Path>) -> Result<Scenario, Exit> {
    let Some(path) = path else { return Ok(Scenario::built_in()) };
    let text = read(path).map_err(|error| {
        say(&format!(
            "standin: {error:#}\nhelp: name a scenario in YAML; without a name, the built-in scenario is used"
        ));
        Exit::NotStarted
    })?;
    let path = path.display().to_string();
    // What is read and thrown away leaves gaps in memory that slow every request down. Each thread has memory of its own, so
    // that the gaps of this one are not where the server's threads look for room.
    let scenario = thread::scope(|scope| scope.spawn(|| Scenario::parse(&path, &text)).join());
    let scenario = scenario.unwrap_or_else(|panic| resume_unwind(panic)).map_err(|report| {
        say(&report.render(is_coloured()));
        Exit::Findings
    })?;
    let missing = scenario.missing(&path, &text);
    if !missing.findings().is_empty() {
        say(&missing.render(is_coloured()));
    }
    Ok(Scenario { origin: Origin::File(path), ..scenario })
}

fn read(path: &Path) -> anyhow::Result<String> {
    use anyhow::Context;
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("`{}` is no UTF-8 text", path.display()))
}

/// What time it is for a scenario that starts now.
fn start_of(scenario: &Scenario) -> jiff::Timestamp {
    let now = crate::serve::now();
    scenario.clock.at(now).now(now)
}

/// Whether stderr shows colours: a terminal, and nobody who objects.
fn is_coloured() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Talk.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", text.trim_end());
}

/// Data.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// A reader such as `head` has had enough; that is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
