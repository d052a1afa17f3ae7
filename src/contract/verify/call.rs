//! What a check sends, with slots for what only the user or an earlier answer knows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::segment;

/// A request with slots such as `{chat}` in its target and in the texts of its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The verb.
    pub verb: &'static str,
    /// Path and query behind the root of the server.
    pub target: String,
    /// The body.
    pub body: Content,
    /// How the request proves who calls.
    pub proof: Proof,
}

/// The body of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// A text of this content type.
    Text(&'static str, &'static str),
}

/// How a request proves who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// As the service prefers it: a signature, an access token, or else a webhook.
    Usual,
    /// Not at all.
    Absent,
    /// With a bearer token, which is the tenant's secret.
    Bearer,
    /// With a bearer token that nobody has, in the name of the tenant.
    ForgedBearer,
    /// With a signature that does not fit.
    ForgedSignature,
    /// With a signature that is an hour old.
    OldSignature,
    /// In the name of a tenant that does not exist.
    UnknownTenant,
    /// With an access token that nobody has.
    ForgedToken,
    /// With a webhook.
    Webhook,
    /// With a webhook that does not exist.
    ForgedWebhook,
    /// With the names that stand in the body, which are an application's.
    Body,
}

/// What stands in the slots.
pub type Slots = BTreeMap<&'static str, String>;

impl Proof {
    /// The proof in words, for the list of checks.
    pub fn words(self) -> &'static str {
        match self {
            Self::Usual | Self::Body => "",
            Self::Absent => "without credentials",
            Self::Bearer => "with the bearer token",
            Self::ForgedBearer => "with a bearer token that nobody has",
            Self::ForgedSignature => "with a signature that does not fit",
            Self::OldSignature => "with a signature that is an hour old",
            Self::UnknownTenant => "for a tenant that does not exist",
            Self::ForgedToken => "with an access token that nobody has",
            Self::Webhook => "by the webhook",
            Self::ForgedWebhook => "by a webhook that does not exist",
        }
    }
}

impl Call {
    /// The call with its slots filled.
    ///
    /// # Errors
    /// The name of a slot that is empty.
    pub fn filled(&self, slots: &Slots) -> Result<Self, String> {
        let target = filled(&self.target, slots, segment)?;
        let body = match &self.body {
            Content::Json(value) => Content::Json(filled_within(value, slots)?),
            other => other.clone(),
        };
        Ok(Self { target, body, ..self.clone() })
    }

    /// Whether a slot of this name stands in the target or in the body.
    pub fn has_slot(&self, name: &str) -> bool {
        let slot = format!("{{{name}}}");
        let is_in_body = matches!(&self.body, Content::Json(value) if value.to_string().contains(&slot));
        self.target.contains(&slot) || is_in_body
    }

    /// The bytes of the body.
    pub fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Content::Empty => Vec::new(),
            Content::Json(value) => value.to_string().into_bytes(),
            Content::Text(text, _) => text.as_bytes().to_vec(),
        }
    }

    /// The content type of the body; `None` when there is no body.
    pub fn content_type(&self) -> Option<&'static str> {
        match &self.body {
            Content::Empty => None,
            Content::Json(_) => Some("application/json"),
            Content::Text(_, content_type) => Some(content_type),
        }
    }

    /// The call in a line, as the list of checks shows it.
    pub fn words(&self) -> String {
        let body = match &self.body {
            Content::Empty => String::new(),
            Content::Json(value) => format!(" {value}"),
            Content::Text(text, _) => format!(" {text}"),
        };
        let body = if body.chars().count() > LONGEST {
            format!("{}…", body.chars().take(LONGEST).collect::<String>())
        } else {
            body
        };
        format!("{} {}{body}", self.verb, self.target)
    }
}

/// How many characters of a body are shown.
const LONGEST: usize = 400;

fn filled_within(value: &Value, slots: &Slots) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => filled(text, slots, str::to_owned)?.into(),
        Value::Array(items) => {
            items.iter().map(|item| filled_within(item, slots)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(members) => {
            let filled = |(name, value): (&String, &Value)| Ok((name.clone(), filled_within(value, slots)?));
            Value::Object(members.iter().map(filled).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// A text whose slots are filled, each value spelt by `spelt`. A brace that begins no slot stays.
///
/// # Errors
/// The name of a slot that is empty.
pub fn filled(text: &str, slots: &Slots, spelt: impl Fn(&str) -> String) -> Result<String, String> {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        made.push_str(before);
        let name: String = after.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        if name.is_empty() || !after[name.len()..].starts_with('}') {
            made.push('{');
            rest = after;
            continue;
        }
        made.push_str(&spelt(slots.get(name.as_str()).ok_or_else(|| name.clone())?));
        rest = &after[name.len() + 1..];
    }
    made.push_str(rest);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slots_are_filled_in_target_and_body_alone() {
        let call = Call {
            verb: "PUT",
            target: "/chats/{chat}?a={".to_owned(),
            body: Content::Json(json!({"{chat}": ["{chat}", "a {chat} {b", 1]})),
            proof: Proof::Usual,
        };
        let slots = Slots::from([("chat", "a/b{chat}".to_owned())]);
        let filled = call.filled(&slots).unwrap();
        assert_eq!(filled.target, "/chats/a%2Fb%7Bchat%7D?a={");
        assert_eq!(filled.body, Content::Json(json!({"{chat}": ["a/b{chat}", "a a/b{chat} {b", 1]})));
        assert_eq!(call.filled(&Slots::new()), Err("chat".to_owned()));
    }
}
