//! A scenario without mistakes → what may still surprise its author.

use super::node::Mistake;
use super::{Report, SCENARIO, Scenario, yaml};
use crate::emulator::weakness;
use crate::scalar::{Findings, Path};

impl Scenario {
    /// The warnings about this scenario, which was read from `text`. `origin` is what the report calls it.
    pub fn warnings(&self, origin: &str, text: &str) -> Report {
        let mut findings = Findings::default();
        for (service, section) in &self.sections {
            for secret in section.secrets() {
                let Some(weakness) = weakness(&secret.text) else { continue };
                let mut path = Path::default().key(service.name());
                path.0.extend(secret.path.0);
                let help = "type a longer one that is no word: outside of its own places, journals and reports cannot tell this one from other words, and show it";
                findings.add(path, format!("this secret {weakness}"), help);
            }
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = yaml::read(text, SCENARIO, &mut Vec::new());
        let place = |path: &Path| root.as_ref().map(|root| root.locate(path)).unwrap_or_default();
        let placed = findings.0.into_iter().map(|finding| Mistake { span: place(&finding.path), finding });
        Report::of_warnings(origin, text, placed.collect())
    }
}
