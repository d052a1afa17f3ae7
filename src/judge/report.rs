//! What a run came to, for people and for machines.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Broken, ExpectationOutcome};
use crate::emulator::conduct::Severity;

/// A run of a client's command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of its draws.
    pub seed: u64,
    /// The command that gives the same run again.
    pub replay: String,
    /// The client's command, as a shell would have it.
    pub command: String,
    /// How it ended.
    pub ended: Ended,
    /// Exchanges of the run.
    pub exchanges: u64,
    /// Of these, answered with an error.
    pub errors: u64,
    /// Times that a fault fired.
    pub faults_fired: u64,
    /// What became of each expectation.
    pub outcomes: Vec<ExpectationOutcome>,
    /// The rules that the client broke.
    pub broken: Vec<Broken>,
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
    /// Whether everything that was expected came, and no rule was broken that fails a run.
    pub fn is_good(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.met) && !self.broken.iter().any(is_error)
    }

    /// The exit code of the whole: the command's own when it failed, or else whether the judgement is good.
    pub fn code(&self) -> u8 {
        match self.ended {
            Ended::Code(0) => u8::from(!self.is_good()),
            Ended::Code(code) => u8::try_from(code).unwrap_or(1),
            Ended::Signal(number) => u8::try_from(128 + number).unwrap_or(1),
        }
    }

    /// In words: a line when all is well, and otherwise what is not.
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
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.met) {
            text.push_str(&outcome.text());
        }
        self.broken.iter().for_each(|broken| text.push_str(&broken.text()));
        let _ = writeln!(text, "standin: {}", self.summary());
        if !self.is_good() || self.ended != Ended::Code(0) {
            let _ = writeln!(text, "seed {}; the same server again: {}", self.seed, self.replay);
        }
        text
    }

    /// The figures, in a line.
    pub fn summary(&self) -> String {
        let met = self.outcomes.iter().filter(|outcome| outcome.met).count();
        let expectations = match self.outcomes.len() {
            0 => "nothing was expected".to_owned(),
            count => format!("{met} of {count} expectations met"),
        };
        format!(
            "{}, {}, {}; {expectations}; {}",
            counted(self.exchanges, "exchange"),
            counted(self.errors, "error"),
            counted(self.faults_fired, "fault").replace("fault", "fired fault"),
            match self.broken.len() as u64 {
                0 => "no rule broken".to_owned(),
                count => format!("{} broken", counted(count, "rule")),
            },
        )
    }

    /// As data.
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
            "exchanges": self.exchanges,
            "errors": self.errors,
            "faults_fired": self.faults_fired,
            "expectations": self.outcomes.iter().map(ExpectationOutcome::json).collect::<Vec<_>>(),
            "rules": self.broken.iter().map(Broken::json).collect::<Vec<_>>(),
        })
    }

    /// In the form of JUnit: the command and each expectation a test case.
    pub fn junit(&self) -> String {
        let failed = self.outcomes.iter().filter(|outcome| !outcome.met).count()
            + self.broken.iter().filter(|broken| is_error(broken)).count()
            + usize::from(self.ended != Ended::Code(0));
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"standin: {}\" tests=\"{}\" failures=\"{failed}\">\n",
            escaped(&self.scenario),
            self.outcomes.len() + self.broken.iter().filter(|broken| is_error(broken)).count() + 1,
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
        for outcome in &self.outcomes {
            case("expectation", &outcome.name, (!outcome.met).then(|| outcome.text()));
        }
        for broken in self.broken.iter().filter(|broken| is_error(broken)) {
            case("rule", broken.rule, Some(broken.text()));
        }
        let warnings: String =
            self.broken.iter().filter(|broken| !is_error(broken)).map(Broken::text).collect();
        if !warnings.is_empty() {
            let _ = writeln!(text, "    <system-out>{}</system-out>", escaped(&warnings));
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }

    /// As annotations of a workflow of GitHub, a line each.
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
        unmet.chain(self.broken.iter().map(rule)).collect()
    }

    /// As the summary of a step of GitHub, in Markdown.
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
        let _ = writeln!(text, "\nseed {}: `{}`", self.seed, self.replay);
        text
    }
}

fn is_error(broken: &Broken) -> bool {
    broken.severity == Severity::Error
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A signal by its name.
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

/// For XML. What XML cannot hold at all becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// For Markdown, where tags would be tags.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// For the message of an annotation.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// For a property of an annotation.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
