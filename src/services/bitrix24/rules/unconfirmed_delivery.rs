//! `bitrix24.unconfirmed-delivery`: an operator's message that the client took and did not confirm.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::emulator::conduct::{Breach, Ended, Moment, Observer, Rule, Seen, Sent, Severity};
use crate::emulator::{Nature, RequestedCall};
use crate::services::bitrix24::events;

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.unconfirmed-delivery",
    severity: Severity::Error,
    breach: "the client took a message of an operator and did not confirm it with `imconnector.send.status.delivery`",
    source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-send-status-delivery.html",
    observe: || Box::new(Unconfirmed::default()),
};

/// The method that confirms, and its parameter that names the message.
const CONFIRM: &str = "imconnector.send.status.delivery";
const MESSAGE: &str = "MESSAGES[].im.message_id";

/// The actions and the calls after which a client can, or need, not confirm any more.
const ENDING_ACTIONS: [&str; 4] = ["app.uninstall", "line.delete", "operator.disconnect", "operator.delete"];
const ENDING_CALLS: [&str; 2] = ["imconnector.activate", "imconnector.unregister"];

/// Who has not confirmed within this time does not confirm any more.
const CERTAIN: Duration = Duration::from_secs(10);

/// Who has not confirmed within this time may still be about to.
const LIKELY: Duration = Duration::from_secs(1);

/// The doubt about a message that was taken a short time ago.
const SOON: &str =
    "it was taken less than 10 s before the end, so the client may have been about to confirm it";

/// How many messages are remembered.
const MOST_MESSAGES: usize = 1_000;

#[derive(Default)]
struct Unconfirmed {
    /// By the ID of the message.
    messages: IndexMap<String, Message>,
}

/// A message that was sent to a handler.
struct Message {
    delivery: u64,
    /// When the handler took it; `None` when it has not.
    taken: Option<Moment>,
    is_settled: bool,
}

impl Unconfirmed {
    /// Notes that nobody needs to confirm what was taken a short time ago: the connector was switched off, for example.
    fn settle_new_ones(&mut self, since: impl Fn(&Moment) -> Duration) {
        let is_new = |message: &Message| message.taken.is_none_or(|taken| since(&taken) < CERTAIN);
        self.messages
            .values_mut()
            .filter(|message| is_new(message))
            .for_each(|message| message.is_settled = true);
    }
}

impl Observer for Unconfirmed {
    /// A call that is refused, or whose change is dropped by a fault, is a confirmation too.
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if self.messages.is_empty() {
            return None;
        }
        let confirms =
            seen.calls.iter().filter(|call| call.operation.is_some_and(|known| known.name == CONFIRM));
        for call in confirms {
            let mut names_any = false;
            call.facts.each(MESSAGE, &mut |id| {
                names_any = true;
                self.messages.get_mut(id.trim()).into_iter().for_each(|message| message.is_settled = true);
            });
            if !names_any {
                self.settle_new_ones(|taken| seen.came.since(taken));
            }
        }
        let ends = |call: &RequestedCall| {
            call.operation.is_some_and(|operation| ENDING_CALLS.contains(&operation.name))
        };
        if seen.error.is_none() && seen.calls.iter().any(ends) {
            self.settle_new_ones(|taken| seen.came.since(taken));
        }
        None
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        let kind = sent.delivery.event;
        if sent.delivery.nature != Nature::Genuine {
            return;
        }
        if *kind != events::MESSAGE_ADD {
            if events::ENDING.contains(&kind) {
                self.settle_new_ones(|taken| sent.at.since(taken));
            }
            return;
        }
        for brought in sent.brought.iter().filter(|brought| brought.kind == "message") {
            let new = || Message { delivery: sent.number, taken: None, is_settled: false };
            let message = self.messages.entry(brought.value.clone()).or_insert_with(new);
            // A handler that takes it counts, not one that did not.
            if message.taken.is_none() {
                message.delivery = sent.number;
            }
        }
        if self.messages.len() > MOST_MESSAGES {
            self.messages.drain(..MOST_MESSAGES / 2);
        }
    }

    fn ended(&mut self, ended: &Ended<'_>) -> Option<Breach> {
        if ended.outcome.is_success() {
            let taken = self.messages.values_mut().filter(|message| message.delivery == ended.number);
            taken.for_each(|message| message.taken = Some(ended.at));
        }
        None
    }

    fn acted(&mut self, action: &str, at: Timestamp) {
        if ENDING_ACTIONS.contains(&action) {
            self.settle_new_ones(|taken| at.duration_since(taken.clock).try_into().unwrap_or_default());
        }
    }

    fn open(&self, now: Moment) -> Vec<Breach> {
        let open = self.messages.values().filter(|message| !message.is_settled);
        let breach = |message: &Message| {
            let waited = now.since(&message.taken?);
            let breach = Breach::at([message.delivery], "the message was not confirmed");
            if waited >= CERTAIN {
                return Some(breach);
            }
            (waited >= LIKELY).then(|| breach.but(SOON))
        };
        open.filter_map(breach).collect()
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}
