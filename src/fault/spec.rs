//! A fault as a scenario describes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Delay, Deliver, Pattern, ReplySpec, Wire};
use crate::basics::Stage;
use crate::scalar::{Length, Point, Text};

/// A fault: which calls it covers, when it fires, and what happens then.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// The name, shown in the journal and in explanations. Unique within the scenario.
    pub name: Text,
    /// A service, such as `chert`, one of its operations, such as `chert.chats.rename`, one of the events that it sends, such
    /// as `chert.message.received`, or all of them: `chert.events`.
    pub on: Text,
    /// Only calls with these parameters, such as `{CHAT_ID: 47e007b1}`.
    #[serde(default, rename = "match")]
    pub matches: IndexMap<String, Pattern>,
    /// Only requests with these headers, such as `{user-agent: {regex: "^b24"}}`.
    #[serde(default)]
    pub match_headers: IndexMap<String, Pattern>,
    /// Only requests with this credential: an access token, `user/secret` of a webhook, the slug of a tenant.
    #[serde(default)]
    pub match_credential: Option<Pattern>,
    /// On which of these calls the fault fires. The default is all of them.
    #[serde(default)]
    pub when: When,
    /// The error code of the service to answer with, such as `CHAT_RENAMING_FAILED` or `4001`.
    #[serde(default)]
    pub error: Option<Text>,
    /// A text that replaces the service's own text for this error.
    #[serde(default)]
    pub message: Option<Text>,
    /// Seconds until a retry may succeed, for errors that carry this number.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// The argument that the error names, for errors that name one.
    #[serde(default)]
    pub argument: Option<Text>,
    /// An answer that replaces the service's own.
    #[serde(default)]
    pub reply: Option<ReplySpec>,
    /// How long the answer is delayed.
    #[serde(default)]
    pub delay: Option<Delay>,
    /// What the connection does to the answer.
    #[serde(default)]
    pub wire: Option<Wire>,
    /// Whether the change is made although the client sees a failure.
    #[serde(default)]
    pub applied: Applied,
    /// What happens to the delivery, for faults on events.
    #[serde(default)]
    pub deliver: Option<Deliver>,
}

/// Whether the change is made although the client sees a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Applied {
    /// `true`: the change is made at once. `false`: it is not made.
    Flag(bool),
    /// The change is made some time after the answer.
    Form(Late),
}

/// A change that is made late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Late {
    /// How long after the answer the change is made.
    Later(Length),
}

impl Default for Applied {
    fn default() -> Self {
        Self::Flag(false)
    }
}

/// On which calls a fault fires. Each fault counts its calls, from 1, when they reach its stage. If several
/// conditions are given, all must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Fires on the call with this number only.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub call: Option<u64>,
    /// Fires on the first calls, up to this number.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub first: Option<u64>,
    /// Fires on every call after the call with this number.
    #[serde(default)]
    pub after: Option<u64>,
    /// Fires on calls whose number is a multiple of this.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub every: Option<u64>,
    /// Fires on the calls from the first number to the second, both included.
    #[serde(default)]
    pub between: Option<[u64; 2]>,
    /// The probability of firing on a call: 0 is never, 1 is always. The seed determines the draws.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: Option<f64>,
    /// Fires on calls at or after this time of the scenario's clock.
    #[serde(default)]
    pub from: Option<Point>,
    /// Fires on calls before this time of the scenario's clock.
    #[serde(default)]
    pub until: Option<Point>,
    /// Fires at most this many times.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub limit: Option<u64>,
    /// How calls are counted. `fault` counts all calls together. A kind of thing, such as `chat`, counts the calls of
    /// each chat separately.
    #[serde(default)]
    pub count_by: Option<Text>,
}

impl When {
    /// The kind of thing that has a counter each, such as `chat`; `None` when all calls are counted together.
    pub fn counted_kind(&self) -> Option<&str> {
        self.count_by.as_deref().filter(|kind| *kind != "fault")
    }
}

impl FaultSpec {
    /// Whether the client does not get the service's own answer when the fault fires. A slow answer is no failure.
    pub fn fails(&self) -> bool {
        self.error.is_some() || self.reply.is_some() || self.wire.is_some_and(|wire| !wire.is_harmless())
    }

    /// The stage at whose end the fault strikes. `delivery` if the change is made, otherwise the stage of its error,
    /// otherwise `gateway`, where the network is.
    pub fn stage(&self, of_error: Option<Stage>) -> Stage {
        if self.fails() && self.is_applied() {
            return Stage::Delivery;
        }
        of_error.unwrap_or(Stage::Gateway)
    }

    /// Whether the fault has an effect beyond a delay.
    pub fn is_more_than_delay(&self) -> bool {
        self.error.is_some() || self.reply.is_some() || self.wire.is_some() || self.deliver.is_some()
    }

    /// The keys that only a fault on calls can have, of those that it has.
    pub fn of_calls(&self) -> impl Iterator<Item = &'static str> {
        let keys = [
            ("error", self.error.is_some()),
            ("message", self.message.is_some()),
            ("retry_after", self.retry_after.is_some()),
            ("argument", self.argument.is_some()),
            ("reply", self.reply.is_some()),
            ("wire", self.wire.is_some()),
            ("applied", self.is_applied()),
            ("match_headers", !self.match_headers.is_empty()),
            ("match_credential", self.match_credential.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key)
    }

    /// The effects beyond a delay, as a scenario spells them: `` `error: 4001` and `wire: reset` ``.
    pub fn effect(&self) -> String {
        let error = self.error.as_ref().map(|code| format!("`error: {code}`"));
        let reply = self.reply.as_ref().map(|reply| format!("`reply: {{status: {}}}`", reply.status));
        let wire = self.wire.map(|wire| format!("`wire: {wire}`"));
        let deliver = self.deliver.map(|deliver| format!("`deliver: {deliver}`"));
        [error, reply, wire, deliver].into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// What happens to the change of the call, in words. `None` when the fault does not affect it.
    pub fn change(&self) -> Option<String> {
        self.fails().then(|| match self.applied {
            Applied::Flag(false) => "no change was made".to_owned(),
            Applied::Flag(true) => "the change was made".to_owned(),
            Applied::Form(Late::Later(length)) => format!("the change is made {length} after the answer"),
        })
    }

    /// Whether the change is made although the client sees a failure.
    pub fn is_applied(&self) -> bool {
        self.applied != Applied::Flag(false)
    }
}
