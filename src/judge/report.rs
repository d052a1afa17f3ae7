//! The result of a run → text, JSON, JUnit, annotations of GitHub, Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::{ActionLeft, Broken, ExpectationOutcome, Refusals};
use crate::emulator::conduct::Severity;
use crate::scalar::xml::escaped;

/// The result of a run of a client's command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The name of the scenario.
    pub scenario: String,
    /// The seed of the draws.
    pub seed: u64,
    /// The command that starts the same server again.
    pub replay: String,
    /// The client's command, quoted for a shell.
    pub command: String,
    /// How the command ended.
    pub ended: Ended,
    /// The number of exchanges.
    pub exchanges: u64,
    /// The number of exchanges that were answered with an error.
    pub errors: u64,
    /// The number of events that a handler answered.
    pub events_answered: u64,
    /// How often a fault fired.
    pub faults_fired: u64,
    /// The outcome of each expectation.
    pub outcomes: Vec<ExpectationOutcome>,
    /// How many more outcomes there were, of namespaces that were dropped.
    pub outcomes_left_out: u64,
    /// The actions of the scenario that were not performed and do not fail the run.
    pub actions_left: Vec<ActionLeft>,
    /// How many events wait because their handler has no URL, by its name.
    pub unsent: BTreeMap<String, u64>,
    /// How many events wait because the clock is virtual and was not moved to their time.
    pub waiting_for_clock: u64,
    /// How many deliveries that faults have made got no answer that accepts or refuses them, by their nature.
    pub unproved: BTreeMap<&'static str, u64>,
    /// The rules that the client broke.
    pub broken: Vec<Broken>,
    /// The exchanges that were answered with an error.
    pub refusals: Refusals,
    /// Whether the run fails when no request came.
    pub requests: Requests,
    /// The exchanges as JSON, with secrets hidden; null when nobody asked for them.
    pub conversation: Value,
}

/// Whether a run needs requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requests {
    /// It is good without one.
    #[default]
    Optional,
    /// Without one it fails.
    Required,
}

/// How the client's command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Code(i32),
    /// By the signal with this number.
    Signal(i32),
}

impl Report {
    /// Whether all expectations are met, no rule with the severity `error` was broken, and a request came if one must.
    pub fn is_good(&self) -> bool {
        !self.lacks_requests()
            && self.outcomes.iter().all(|outcome| outcome.met)
            && !self.broken.iter().any(is_error)
    }

    /// Whether no request came although one must.
    fn lacks_requests(&self) -> bool {
        self.is_silent() && self.requests == Requests::Required
    }

    /// Whether nothing shows that the client is there: no request came, and no handler answered.
    fn is_silent(&self) -> bool {
        self.exchanges == 0 && self.events_answered == 0
    }

    /// Says that no request came; `None` if one did.
    fn silence(&self) -> Option<String> {
        let weight = match self.requests {
            Requests::Optional => "warning",
            Requests::Required => "error",
        };
        self.is_silent().then(|| format!("{weight}: {SILENCE}"))
    }

    /// The exit code of the run: that of the command if it failed, else 0 if the result is good, else 1.
    pub fn code(&self) -> u8 {
        match self.ended {
            Ended::Code(0) => u8::from(!self.is_good()),
            Ended::Code(code) => u8::try_from(code).unwrap_or(1),
            Ended::Signal(number) => u8::try_from(128 + number).unwrap_or(1),
        }
    }

    /// The result as text: one line when all is good, and otherwise also what is not.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match self.ended {
            Ended::Code(0) => {}
            Ended::Code(code) => {
                let _ = writeln!(text, "standin: the command ended with exit code {code}");
            }
            Ended::Signal(number) => {
                let _ = writeln!(text, "standin: the command was ended by {}", signal(number));
            }
        }
        if let Some(silence) = self.silence() {
            let _ = writeln!(text, "{silence}");
        }
        for line in self.unheard_in_words() {
            let _ = writeln!(text, "warning: {line}");
        }
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.met) {
            text.push_str(&outcome.text());
        }
        self.broken.iter().for_each(|broken| text.push_str(&broken.text()));
        text.push_str(&self.refusals.text());
        self.actions_left.iter().for_each(|left| text.push_str(&left.text()));
        let _ = writeln!(text, "standin: {}", self.summary());
        if !self.is_good() || self.ended != Ended::Code(0) {
            let _ = writeln!(text, "seed {}; start a server with the same draws: {}", self.seed, self.replay);
        }
        text
    }

    /// Which events did not reach a handler and why, in lines.
    fn unheard_in_words(&self) -> impl Iterator<Item = String> {
        let wait =
            |count: u64| format!("{} {}", counted(count, "event"), if count == 1 { "waits" } else { "wait" });
        let for_url = self.unsent.iter().map(move |(name, count)| {
            format!("{} because the handler `{name}` has no URL: add `--handler {name}=URL`", wait(*count))
        });
        let for_clock = Some(self.waiting_for_clock).filter(|count| *count > 0).map(move |count| {
            format!(
                "{} for the virtual clock: `POST /__standin/clock` with `{{\"advance\": \"next\"}}` moves it",
                wait(count)
            )
        });
        let unproved = Some(&self.unproved).filter(|unproved| !unproved.is_empty()).map(|unproved| {
            let all: Vec<_> = unproved.iter().map(|(nature, count)| format!("{count} {nature}")).collect();
            format!(
                "deliveries that faults made were neither accepted nor refused ({}), so they prove nothing: was the handler ready in time?",
                all.join(", ")
            )
        });
        for_url.chain(for_clock).chain(unproved)
    }

    /// The numbers of the run, in one line.
    pub fn summary(&self) -> String {
        let met = self.outcomes.iter().filter(|outcome| outcome.met).count();
        let expectations = match self.outcomes.len() {
            0 => "the scenario has no `expect`".to_owned(),
            count => format!("{met} of {count} expectations met"),
        };
        format!(
            "{}, {}, {}; {expectations}; {}",
            counted(self.exchanges, "exchange"),
            counted(self.errors, "error"),
            counted(self.faults_fired, "fault").replace("fault", "fired fault"),
            match self.rules_broken() {
                0 => "no rule broken".to_owned(),
                count => format!("{} broken", counted(count, "rule")),
            },
        )
    }

    fn rules_broken(&self) -> u64 {
        let mut names: Vec<_> = self.broken.iter().map(|broken| broken.rule).collect();
        names.sort_unstable();
        names.dedup();
        names.len() as u64
    }

    /// The result as JSON.
    pub fn json(&self) -> Value {
        let ended = match self.ended {
            Ended::Code(code) => json!({"code": code}),
            Ended::Signal(number) => json!({"signal": number}),
        };
        json!({
            "good": self.code() == 0,
            "exit_code": self.code(),
            "scenario": self.scenario,
            "seed": self.seed,
            "replay": self.replay,
            "command": {"line": self.command, "ended": ended},
            "requests": {"required": self.requests == Requests::Required, "came": !self.is_silent()},
            "exchanges": self.exchanges,
            "errors": self.errors,
            "faults_fired": self.faults_fired,
            "expectations": self.outcomes.iter().map(ExpectationOutcome::shown).collect::<Vec<_>>(),
            "expectations_left_out": self.outcomes_left_out,
            "actions_left": self.actions_left.iter().map(ActionLeft::shown).collect::<Vec<_>>(),
            "unsent": self.unsent,
            "waiting_for_clock": self.waiting_for_clock,
            "unproved": self.unproved,
            "rules": self.broken.iter().map(Broken::shown).collect::<Vec<_>>(),
            "refusals": self.refusals.json(),
            "refusals_left_out": self.refusals.left_out,
            "conversation": self.conversation,
        })
    }

    /// The result as JUnit XML. The command, each expectation and each rule that fails the run are a test case.
    pub fn junit(&self) -> String {
        let failed = self.outcomes.iter().filter(|outcome| !outcome.met).count()
            + self.broken.iter().filter(|broken| is_error(broken)).count()
            + usize::from(self.lacks_requests())
            + usize::from(self.ended != Ended::Code(0));
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"standin: {}\" tests=\"{}\" failures=\"{failed}\">\n",
            escaped(&self.scenario),
            self.outcomes.len()
                + self.broken.iter().filter(|broken| is_error(broken)).count()
                + usize::from(self.requests == Requests::Required)
                + 1,
        );
        let mut case = |class: &str, name: &str, failure: Option<String>| {
            let head = format!("    <testcase classname=\"standin.{class}\" name=\"{}\"", escaped(name));
            let _ = match failure {
                None => writeln!(text, "{head}/>"),
                Some(failure) => writeln!(
                    text,
                    "{head}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                    escaped(failure.lines().next().unwrap_or_default()),
                    escaped(&failure)
                ),
            };
        };
        case(
            "command",
            &self.command,
            match self.ended {
                Ended::Code(0) => None,
                Ended::Code(code) => Some(format!("exit code {code}")),
                Ended::Signal(number) => Some(format!("ended by {}", signal(number))),
            },
        );
        if self.requests == Requests::Required {
            case("requests", "a request came", self.silence());
        }
        for outcome in &self.outcomes {
            case("expectation", &outcome.name, (!outcome.met).then(|| outcome.text()));
        }
        for broken in self.broken.iter().filter(|broken| is_error(broken)) {
            case("rule", broken.rule, Some(broken.text()));
        }
        let warnings = self.broken.iter().filter(|broken| !is_error(broken)).map(Broken::text);
        let warnings: String = warnings.chain(self.actions_left.iter().map(ActionLeft::text)).collect();
        if !warnings.is_empty() {
            let _ = writeln!(text, "    <system-out>{}</system-out>", escaped(&warnings));
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }

    /// The result as annotations of a GitHub workflow: a line for each handler that lacks a URL, each unmet
    /// expectation, each broken rule and each action that was not performed.
    pub fn github(&self) -> String {
        let one = |outcome: &ExpectationOutcome| {
            format!(
                "::error title=standin: {}::{}\n",
                property(&outcome.name),
                data(outcome.text().trim_end())
            )
        };
        let rule = |broken: &Broken| {
            let kind = if is_error(broken) { "error" } else { "warning" };
            format!("::{kind} title=standin: {}::{}\n", property(broken.rule), data(broken.text().trim_end()))
        };
        let unmet = self.outcomes.iter().filter(|outcome| !outcome.met).map(one);
        let kind = if self.lacks_requests() { "error" } else { "warning" };
        let silence = self.is_silent().then(|| format!("::{kind} title=standin: no request::{SILENCE}\n"));
        let unsent = self
            .unheard_in_words()
            .map(|line| format!("::warning title=standin: event not sent::{}\n", data(&line)));
        let left = |left: &ActionLeft| {
            format!("::notice title=standin: {}::{}\n", property(&left.name), data(left.text().trim_end()))
        };
        let (rules, left) = (self.broken.iter().map(rule), self.actions_left.iter().map(left));
        silence.into_iter().chain(unsent).chain(unmet).chain(rules).chain(left).collect()
    }

    /// The result as Markdown, for the summary of a GitHub step.
    pub fn markdown(&self) -> String {
        let mut text = format!("### standin: {}\n\n{}\n\n", html(&self.scenario), self.summary());
        let _ = match self.ended {
            Ended::Code(0) => Ok(()),
            Ended::Code(code) => writeln!(text, "`{}` ended with exit code {code}.\n", self.command),
            Ended::Signal(number) => writeln!(text, "`{}` was ended by {}.\n", self.command, signal(number)),
        };
        if !self.outcomes.is_empty() {
            text.push_str("| expectation | met | found |\n| --- | --- | --- |\n");
        }
        for outcome in &self.outcomes {
            let cell = |text: &str| html(text).replace('|', "\\|").replace('\n', " ");
            let met = if outcome.met { "yes" } else { "**no**" };
            let _ = writeln!(
                text,
                "| {}: {} | {met} | {} |",
                cell(&outcome.name),
                cell(&outcome.expected),
                cell(&outcome.found)
            );
        }
        if !self.broken.is_empty() {
            text.push_str("\n| rule | weight | times |\n| --- | --- | --- |\n");
        }
        for broken in &self.broken {
            let weight = if is_error(broken) { "**error**" } else { "warning" };
            let _ = writeln!(text, "| {}: {} | {weight} | {} |", broken.rule, broken.summary, broken.count);
        }
        for left in &self.actions_left {
            let _ = write!(text, "\n{}", html(&left.text()));
        }
        let _ = writeln!(text, "\nseed {}: `{}`", self.seed, self.replay);
        text
    }
}

/// What to say when no request came.
const SILENCE: &str =
    "no request came: does the command call the URLs in its environment and, with --tls, trust `STANDIN_CA`?";

fn is_error(broken: &Broken) -> bool {
    broken.severity == Severity::Error
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The name and the number of a signal.
fn signal(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {number}"),
    };
    format!("{name} (signal {number})")
}

/// Escapes a text for Markdown, so that it holds no HTML tags.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Escapes the message of an annotation.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of an annotation.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
