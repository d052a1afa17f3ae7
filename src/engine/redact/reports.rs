//! Outcomes and broken rules → the same with secrets hidden.

use super::{Hidden, Redactor};
use crate::engine::World;
use crate::judge::{Broken, ExpectationOutcome, Member, Near};

impl World {
    /// Hides secrets in what a client is blamed for. The texts quote requests, whose own credentials are hidden too as long as
    /// the journal has the exchange.
    pub(in crate::engine) fn hide_in_broken(&self, broken: &mut [Broken]) {
        if broken.is_empty() {
            return;
        }
        let redactor = Redactor::new(self);
        for kind in broken.iter_mut().flat_map(|broken| &mut broken.kinds) {
            // The journal begins again with a reset, and so do its numbers.
            let shown = kind.shown.iter().filter(|shown| shown.before_reset.is_none());
            let exchanges = shown.flat_map(|shown| &shown.exchanges);
            let hidden: Vec<_> = exchanges.filter_map(|number| self.hidden(&redactor, *number)).collect();
            let text = redactor.text(&kind.what);
            kind.what = hidden.iter().fold(text, |text, hidden| hidden.text(&text));
        }
    }

    /// Hides secrets in what was expected and found.
    pub(in crate::engine) fn hide_in_outcomes(&self, outcomes: &mut [ExpectationOutcome]) {
        if outcomes.is_empty() {
            return;
        }
        let redactor = Redactor::new(self);
        for outcome in outcomes {
            for text in [&mut outcome.expected, &mut outcome.found] {
                *text = redactor.text(text);
            }
            let Some(Near { exchange, members, .. }) = &mut outcome.near else { continue };
            let hidden = self.hidden(&redactor, *exchange);
            let hide = |text: &str| {
                let text = redactor.text(text);
                hidden.as_ref().map_or_else(|| text.clone(), |hidden| hidden.text(&text))
            };
            for Member { wanted, found, .. } in members {
                *wanted = hide(wanted);
                found.iter_mut().for_each(|found| *found = hide(found));
            }
        }
    }

    /// Hides secrets in a text about an exchange.
    pub(in crate::engine) fn hide_in(&self, exchange: u64, text: &str) -> String {
        let redactor = Redactor::new(self);
        let text = redactor.text(text);
        self.hidden(&redactor, exchange).map_or_else(|| text.clone(), |hidden| hidden.text(&text))
    }

    fn hidden(&self, redactor: &Redactor, exchange: u64) -> Option<Hidden> {
        let entry = self.exchange(exchange)?;
        Some(redactor.exchange(&entry.request, &entry.reply))
    }
}
