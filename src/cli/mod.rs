//! The command line: one file a subcommand. stdout is data, stderr is talk.

mod act;
mod catalog;
mod check;
mod client;
mod completions;
mod curl;
mod environment;
mod events;
mod explain;
mod health;
mod run;
mod schema;
mod serve;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

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
    Serve(serve::Serve),
    Run(run::Run),
    Act(act::Act),
    Check(check::Check),
    Catalog(catalog::Catalog),
    Curl(curl::Curl),
    Explain(explain::Explain),
    Health(health::Health),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// Reads the command line and does what it says.
pub fn run() -> Exit {
    let cli = match read_command_line() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    let done = match cli.command {
        Command::Serve(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Act(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Catalog(command) => command.run(),
        Command::Curl(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Health(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    done.unwrap_or_else(|error| {
        if is_closed_pipe(&error) {
            return Exit::Fine;
        }
        say(&format!("standin: {error:#}"));
        Exit::NotStarted
    })
}

/// Reads the command line. An environment variable that is set to nothing counts as not set: that is how CI and
/// Compose pass on one that they do not have.
fn read_command_line() -> Result<Cli, clap::Error> {
    let is_blank =
        |argument: &clap::Arg| argument.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    let mut command = Cli::command();
    if env::vars_os().any(|(_, value)| value.is_empty()) {
        command = command.mut_subcommands(|subcommand| {
            subcommand.mut_args(|argument| if is_blank(&argument) { argument.env(None) } else { argument })
        });
    }
    Cli::from_arg_matches(&command.try_get_matches()?)
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
    let scenario = Scenario::parse(&path, &text).map_err(|report| {
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
