//! A fault as a scenario describes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Delay, Pattern, ReplySpec, Wire};
use crate::basics::Stage;
use crate::scalar::{Length, Point, Text};

/// A fault: what it is aimed at, when it fires, and what happens then.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Its name, shown wherever it fires. Unique within the scenario.
    pub name: Text,
    /// A vendor (`chert`) or one of its operations (`chert.chats.rename`).
    pub on: Text,
    /// Only calls whose parameters are these, such as `{CHAT_ID: 47e007b1}`.
    #[serde(default, rename = "match")]
    pub matches: IndexMap<String, Pattern>,
    /// Only requests whose header fields are these, such as `{user-agent: {regex: "^b24"}}`.
    #[serde(default)]
    pub match_headers: IndexMap<String, Pattern>,
    /// Only requests with this credential: an access token, `user/secret` of a webhook, the slug of a tenant.
    #[serde(default)]
    pub match_credential: Option<Pattern>,
    /// Which of these calls; without it, all of them.
    #[serde(default)]
    pub when: When,
    /// The vendor's error code to answer with, such as `CHAT_RENAMING_FAILED` or `4001`.
    #[serde(default)]
    pub error: Option<Text>,
    /// Another text than the vendor's own for this error.
    #[serde(default)]
    pub message: Option<Text>,
    /// Seconds until a retry may succeed, for errors that carry them.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// The argument that the error names, for errors that name one.
    #[serde(default)]
    pub argument: Option<Text>,
    /// An answer in place of the vendor's.
    #[serde(default)]
    pub reply: Option<ReplySpec>,
    /// How long the answer is held up.
    #[serde(default)]
    pub delay: Option<Delay>,
    /// What the connection does to the answer.
    #[serde(default)]
    pub wire: Option<Wire>,
    /// Whether the change is made although the client sees a failure.
    #[serde(default)]
    pub applied: Applied,
}

/// Whether the change is made although the client sees a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Applied {
    /// `true`: at once. `false`: not at all.
    Flag(bool),
    /// Some time after the failure.
    Form(Late),
}

/// A change that comes late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Late {
    /// So long after the answer.
    Later(Length),
}

impl Default for Applied {
    fn default() -> Self {
        Self::Flag(false)
    }
}

/// Which calls a fault fires on. Calls are counted per fault, from 1, as they reach the fault's stage; when
/// several conditions are given, all must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The call with this number only.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub call: Option<u64>,
    /// The first so many calls.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub first: Option<u64>,
    /// All calls after the first so many.
    #[serde(default)]
    pub after: Option<u64>,
    /// Every call whose number is a multiple of this.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub every: Option<u64>,
    /// The calls from the first number to the second, both included.
    #[serde(default)]
    pub between: Option<[u64; 2]>,
    /// The share of calls, drawn from the seed: 0 is never, 1 is always.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: Option<f64>,
    /// From this point on the scenario's clock on.
    #[serde(default)]
    pub from: Option<Point>,
    /// Until this point on the scenario's clock, which is not included.
    #[serde(default)]
    pub until: Option<Point>,
    /// Fires no more than so many times in all.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub limit: Option<u64>,
    /// What has a counter of its own: `fault` counts all calls together; a kind of thing, such as `chat`, counts the
    /// calls for each of them.
    #[serde(default)]
    pub count_by: Option<Text>,
}

impl When {
    /// The kind of thing whose calls are counted one by one; `None` when all calls are counted together.
    pub fn counted_kind(&self) -> Option<&str> {
        self.count_by.as_deref().filter(|kind| *kind != "fault")
    }
}

impl FaultSpec {
    /// Whether the client, when this fires, does not get the answer that the vendor would have given.
    pub fn fails(&self) -> bool {
        self.error.is_some() || self.reply.is_some() || self.wire.is_some_and(|wire| !wire.is_harmless())
    }

    /// The stage at whose end it strikes: that of the change, if the change is made; that of its error; otherwise
    /// the gateway, where the network is.
    pub fn stage(&self, of_error: Option<Stage>) -> Stage {
        if self.fails() && self.is_applied() {
            return Stage::Delivery;
        }
        of_error.unwrap_or(Stage::Gateway)
    }

    /// Whether it does more than to hold answers up.
    pub fn is_more_than_delay(&self) -> bool {
        self.error.is_some() || self.reply.is_some() || self.wire.is_some()
    }

    /// What it does beyond a delay, as a scenario says it: ``error: 4001`, `wire: reset``.
    pub fn effect(&self) -> String {
        let error = self.error.as_ref().map(|code| format!("`error: {code}`"));
        let reply = self.reply.as_ref().map(|reply| format!("`reply: {{status: {}}}`", reply.status));
        let wire = self.wire.map(|wire| format!("`wire: {wire}`"));
        [error, reply, wire].into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// What becomes of the change of a call that it answers, in words; `None` when that is as without it.
    pub fn change(&self) -> Option<String> {
        self.fails().then(|| match self.applied {
            Applied::Flag(false) => "no change was made".to_owned(),
            Applied::Flag(true) => "the change was made".to_owned(),
            Applied::Form(Late::Later(length)) => format!("the change comes {length} after the answer"),
        })
    }

    /// Whether the change is made although the client sees a failure.
    pub fn is_applied(&self) -> bool {
        self.applied != Applied::Flag(false)
    }
}
