//! The schemas that a document names, so that operations share them.

use serde_json::{Map, Value, json};

/// The schemas of a document, by their names.
#[derive(Default)]
pub struct Components {
    /// The schemas, in the order in which they were first needed.
    pub schemas: Map<String, Value>,
}

impl Components {
    /// A reference to `schema`, which is called by the first of these names that is free or has the same schema, or by the last one with a
    /// number. Names differ by more than case and dots, because generators make identifiers of them.
    pub fn reference(&mut self, names: &[&str], schema: Value) -> Value {
        let names: Vec<_> = names.iter().map(|name| identifier(name)).collect();
        let last = names.last().map_or("", String::as_str);
        let numbered = (2..).map(|number| format!("{last}Variant{number}"));
        for name in names.iter().cloned().chain(numbered) {
            let known = self.schemas.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
            match known.map(|(known, other)| (known.clone(), *other == schema)) {
                None => {
                    self.schemas.insert(name.clone(), schema);
                    return to(&name);
                }
                Some((known, true)) => return to(&known),
                Some((_, false)) => {}
            }
        }
        unreachable!("numbers do not end")
    }
}

fn to(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A name as types have it: `imconnector.chat.name.set` → `ImconnectorChatNameSet`, `NO_AUTH_FOUND` → `NoAuthFound`.
fn identifier(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            let is_loud = rest.chars().all(|c| !c.is_ascii_lowercase());
            let rest = if is_loud { rest.to_ascii_lowercase() } else { rest.to_owned() };
            first.to_ascii_uppercase() + &rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_identifier() {
        for (name, expected) in [
            ("imconnector.chat.name.set answer", "ImconnectorChatNameSetAnswer"),
            ("error NO_AUTH_FOUND", "ErrorNoAuthFound"),
            ("error ACCESS_DENIED.rights", "ErrorAccessDeniedRights"),
            ("error 2012", "Error2012"),
            ("webhook_subscriptions.create body", "WebhookSubscriptionsCreateBody"),
        ] {
            assert_eq!(identifier(name), expected);
        }
    }

    #[test]
    fn equal_schemas_share_a_name_and_others_never_do() {
        let mut components = Components::default();
        let mut name = |names: &[&str], value: i64| {
            let reference = components.reference(names, json!({"const": value}));
            reference["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
        };
        assert_eq!(name(&["error INVALID_REQUEST"], 1), "ErrorInvalidRequest");
        assert_eq!(name(&["error invalid_request"], 1), "ErrorInvalidRequest");
        assert_eq!(name(&["error invalid_request"], 2), "ErrorInvalidRequestVariant2");
        assert_eq!(name(&["error invalid_request"], 3), "ErrorInvalidRequestVariant3");
        assert_eq!(name(&["error INVALID_REQUEST"], 2), "ErrorInvalidRequestVariant2");
        let of_send = &["error invalid_request", "send error invalid_request"];
        assert_eq!(name(of_send, 4), "SendErrorInvalidRequest");
        assert_eq!(name(of_send, 5), "SendErrorInvalidRequestVariant2");
        assert_eq!(name(of_send, 1), "ErrorInvalidRequest");
    }
}
