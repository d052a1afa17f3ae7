//! `standin check`: every mistake of every scenario at once.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, is_coloured, print, read, say};
use crate::scenario::Scenario;

/// Report every mistake in scenario files, and what to type instead
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Format of the report: text on stderr, JSON on stdout, or GitHub annotations on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Github,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut reports = Vec::new();
        let mut unreadable = false;
        for path in &self.files {
            match read(path) {
                Err(error) => {
                    say(&format!("standin: {error:#}"));
                    unreadable = true;
                }
                Ok(text) => reports.extend(Scenario::parse(&path.display().to_string(), &text).err()),
            }
        }
        match self.format {
            Format::Text => reports.iter().for_each(|report| say(&report.render(is_coloured()))),
            Format::Json => {
                let all: Vec<_> = reports.iter().flat_map(|report| report.to_json()).collect();
                print(&format!("{:#}\n", serde_json::Value::from(all)))?;
            }
            Format::Github => print(&reports.iter().map(|report| report.to_github()).collect::<String>())?,
        }
        let findings: usize = reports.iter().map(|report| report.findings().len()).sum();
        if self.format == Format::Text {
            say(&summary(findings, self.files.len()));
        }
        Ok(match (unreadable, findings) {
            (true, _) => Exit::NotStarted,
            (false, 0) => Exit::Fine,
            (false, _) => Exit::Findings,
        })
    }
}

fn summary(findings: usize, files: usize) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    format!("{} in {}", count(findings, "finding"), count(files, "file"))
}
