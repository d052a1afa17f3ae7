//! The portal as the engine drives it.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::brings;
use super::chats::Chat;
use super::portal::LivePortal;
use crate::emulator::{
    ActionInput, ActionResult, BoundHandler, Delivery, Emulator, Endpoint, Exchange, Nature, Outgoing,
    Raised, Thing,
};
use crate::http::Reply;

/// The number of a further delivery among all that were raised is above this one.
const FURTHER: u64 = 1 << 40;

impl Emulator for LivePortal {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        self.handle(exchange)
    }

    fn other_edition(&self, exchange: &mut Exchange<'_>) -> Option<Reply> {
        self.handle_aside(exchange)
    }

    fn secrets(&self) -> Vec<String> {
        let tokens = self.applications.iter().map(|known| known.application_token.text().to_owned());
        self.credentials().issued().chain(tokens).collect()
    }

    fn answered(&mut self, at: Timestamp) {
        self.later.answered(at);
    }

    fn settle(&mut self, now: Timestamp) -> Vec<Cow<'static, str>> {
        let due = self.later.due(now);
        due.into_iter().filter_map(|change| self.commit(change, now)).collect()
    }

    fn next_due(&self) -> Option<Timestamp> {
        let late = self.later.next_due();
        match self.auto_closes.next() {
            None => late,
            Some(close) => Some(late.map_or(close, |late| late.min(close))),
        }
    }

    fn lapse(&mut self, now: Timestamp) {
        self.close_by_itself(now);
    }

    fn copy(&self) -> Box<dyn Emulator> {
        Box::new(self.clone())
    }

    fn things(&self, kind: &str, id: &str) -> Vec<Thing> {
        if kind == "message" {
            return self.messages_called(id);
        }
        let thing = |chat: &Chat| {
            let apart = [("CONNECTOR", Some(chat.connector.clone())), ("LINE", Some(chat.line.to_string()))];
            let apart = apart.into_iter().chain([("USER_ID", chat.user.clone())]);
            let apart = apart.filter_map(|(name, value)| Some((name, value?))).collect();
            let closed = chat.is_closed().to_string();
            Thing { apart, members: vec![("name", chat.name.clone()), ("closed", closed)] }
        };
        let chats = self.chats.iter().filter(|chat| kind == "chat" && chat.id == id);
        chats.map(thing).collect()
    }

    fn state(&self) -> Value {
        self.as_json()
    }

    fn has_raised(&self) -> bool {
        !(self.raised.deliveries.is_empty() && self.raised.silences.is_empty())
    }

    fn raised(&mut self) -> Raised {
        let mut raised = std::mem::take(&mut self.raised);
        for delivery in &mut raised.deliveries {
            self.deliveries += 1;
            delivery.sender.number = self.deliveries;
        }
        raised
    }

    fn further(&mut self, delivery: &Delivery, nature: Nature, draw: u64) -> Delivery {
        self.further_deliveries += 1;
        let mut further = Delivery { nature, ..delivery.clone() };
        // Its tokens are of its own, and those of genuine deliveries stay as they are.
        further.sender.number = FURTHER + self.further_deliveries;
        if nature == Nature::Forged {
            further.body = brings::forged(delivery, draw).into();
        }
        further
    }

    fn outgoing(&mut self, delivery: &Delivery, endpoint: Endpoint<'_>) -> Outgoing {
        self.request_of(delivery, endpoint)
    }

    fn act(&mut self, action: &str, with: &ActionInput, now: Timestamp) -> ActionResult {
        self.perform(action, with, now)
    }

    fn time_limit(&self) -> Duration {
        self.portal.events.time_limit.0
    }

    fn is_hasty(&self) -> bool {
        self.portal.events.before_answer
    }

    fn bind_handler(&mut self, name: &str, url: &str) -> usize {
        self.applications.give_url(name, url)
    }

    fn handlers(&self) -> Vec<BoundHandler<'_>> {
        self.applications.bound()
    }
}

impl LivePortal {
    /// The messages with this ID in the external system; `last` is the last message of an operator in each chat.
    fn messages_called(&self, id: &str) -> Vec<Thing> {
        let found = |chat: &Chat| {
            let message = match id {
                "last" => chat.messages.iter().rev().find(|message| message.operator.is_some()),
                id => chat.message_called(id),
            }?;
            let apart = vec![
                ("CONNECTOR", chat.connector.clone()),
                ("LINE", chat.line.to_string()),
                ("CHAT_ID", chat.id.clone()),
            ];
            let delivered = message.is_delivered.to_string();
            Some(Thing { apart, members: vec![("text", message.text.to_string()), ("delivered", delivered)] })
        };
        self.chats.iter().filter_map(found).collect()
    }
}
