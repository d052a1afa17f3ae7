//! `standin check`: every mistake of every scenario at once.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, is_coloured, print, read, say};
use crate::scenario::{Report, Scenario};

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
        let (mut reports, mut warnings) = (Vec::new(), Vec::new());
        let mut unreadable = false;
        for path in &self.files {
            match read(path) {
                Err(error) => {
                    say(&format!("standin: {error:#}"));
                    unreadable = true;
                }
                Ok(text) => {
                    let path = path.display().to_string();
                    match Scenario::parse(&path, &text) {
                        Ok(scenario) => warnings.push(scenario.warnings(&path, &text)),
                        Err(report) => reports.push(report),
                    }
                }
            }
        }
        let count = |reports: &[Report]| reports.iter().map(|report| report.findings().len()).sum::<usize>();
        let (findings, warned) = (count(&reports), count(&warnings));
        reports.append(&mut warnings);
        match self.format {
            Format::Text => reports.iter().for_each(|report| say(&report.render(is_coloured()))),
            Format::Json => {
                let all: Vec<_> = reports.iter().flat_map(|report| report.shown()).collect();
                print(&format!("{:#}\n", serde_json::json!(all)))?;
            }
            Format::Github => print(&reports.iter().map(|report| report.to_github()).collect::<String>())?,
        }
        if self.format == Format::Text {
            say(&summary(findings, warned, self.files.len()));
        }
        Ok(match (unreadable, findings) {
            (true, _) => Exit::NotStarted,
            (false, 0) => Exit::Fine,
            (false, _) => Exit::Findings,
        })
    }
}

fn summary(findings: usize, warnings: usize, files: usize) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let warned = if warnings == 0 { String::new() } else { format!(" and {}", count(warnings, "warning")) };
    format!("{}{warned} in {}", count(findings, "finding"), count(files, "file"))
}
