//! References of a command in a batch to what earlier commands have given → values: `$result[a][ID]`.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::{Map, Value};

use super::php;

/// Names of commands, each with a JSON text: its result, error or `time`.
pub type Texts = Vec<(String, Cow<'static, [u8]>)>;

/// What the commands before have given, for references.
#[derive(Clone, Copy)]
pub struct Earlier<'a> {
    /// Results.
    pub results: &'a Texts,
    /// Errors.
    pub errors: &'a Texts,
    /// Times.
    pub times: &'a Texts,
    /// How many bytes references may still read and write.
    pub budget: &'a Cell<usize>,
}

/// How many bytes all references of a batch may read and write. A client that refers to long answers thousands of times
/// must not fill the memory.
const BUDGET: usize = 16 << 20;

/// The budget of a batch.
pub fn budget() -> Cell<usize> {
    Cell::new(BUDGET)
}

impl Earlier<'_> {
    /// The value at the end of a reference; `None` when the budget is spent. If there is no such name or field, it is
    /// the deepest one that there is.
    fn value(&self, kind: &str, keys: &[&str]) -> Option<Value> {
        let of_commands: &[_] = match kind {
            "result" => self.results,
            "error" => self.errors,
            "time" => self.times,
            // These belong to methods that answer in pages.
            "next" | "total" => &[],
            // In upper case a reference is one, but there is nothing of that name.
            _ => return Some(Value::Null),
        };
        let is_first = |(name, _): &&(String, _)| keys.first() == Some(&name.as_str());
        let Some((_, text)) = of_commands.iter().find(is_first) else {
            return of_commands.iter().map(|(name, text)| Some((name.clone(), self.read(text)?))).collect();
        };
        let mut value = self.read(text)?;
        for key in &keys[1..] {
            match field(&value, key) {
                Some(deeper) => value = deeper,
                None => break,
            }
        }
        Some(value)
    }

    fn read(&self, text: &[u8]) -> Option<Value> {
        self.spend(text.len())?;
        serde_json::from_slice(text).ok()
    }

    /// Takes this many bytes from the budget; `None` when there are not so many left.
    fn spend(&self, bytes: usize) -> Option<()> {
        self.budget.set(self.budget.get().checked_sub(bytes)?);
        Some(())
    }
}

/// PHP's `$value[$key]` if `isset($value[$key])`: a text has its bytes as fields.
fn field(value: &Value, key: &str) -> Option<Value> {
    let place = || key.parse().ok().filter(|place: &usize| place.to_string() == key);
    let found = match value {
        Value::Object(members) => members.get(key)?.clone(),
        Value::Array(elements) => elements.get(place()?)?.clone(),
        Value::String(text) => String::from_utf8_lossy(&[*text.as_bytes().get(place()?)?]).into(),
        _ => Value::Null,
    };
    Some(found).filter(|found| !found.is_null())
}

/// Replaces the references in the values of parameters. Names keep theirs.
pub fn replaced(parameters: Map<String, Value>, earlier: Earlier<'_>) -> Map<String, Value> {
    parameters.into_iter().map(|(name, value)| (name, resolved_value(value, earlier))).collect()
}

fn resolved_value(value: Value, earlier: Earlier<'_>) -> Value {
    match value {
        Value::String(text) => resolved(text, earlier),
        Value::Array(elements) => {
            elements.into_iter().map(|element| resolved_value(element, earlier)).collect()
        }
        Value::Object(members) => Value::Object(replaced(members, earlier)),
        other => other,
    }
}

/// Replaces the references in a text, as the server's `processBatchElement` does. A text that is nothing but one
/// reference becomes the value referred to, whatever its type. Within a text, only texts and numbers are put in.
fn resolved(text: String, earlier: Earlier<'_>) -> Value {
    let mut replaced = Cow::Borrowed(&*text);
    for (kind, reference) in references(&text) {
        let keys = keys(reference);
        if keys.is_empty() {
            continue;
        }
        let Some(value) = earlier.value(kind, &keys) else { break };
        if reference == text {
            return value;
        }
        let (Value::String(_) | Value::Number(_)) = value else { continue };
        let put_in = php::to_text(&value).unwrap_or_default();
        let taken = replaced.len() + replaced.matches(reference).count() * put_in.len();
        if earlier.spend(taken).is_none() {
            break;
        }
        // Every place with the same text, also one at which a longer reference begins.
        replaced = replaced.replace(reference, &put_in).into();
    }
    replaced.into_owned().into()
}

/// What a reference may refer to.
const KINDS: [&str; 5] = ["result", "next", "total", "time", "error"];

/// The references in a text, each with its kind: `$result[a][ID]` and all that follows up to the next blank.
fn references(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let from = &rest[rest.find('$')?..];
            let typed =
                |kind: &&str| from.get(1..=kind.len()).filter(|typed| typed.eq_ignore_ascii_case(kind));
            let Some(kind) = KINDS.iter().find_map(typed) else {
                rest = &from[1..];
                continue;
            };
            let is_blank = |c: char| c.is_ascii_whitespace() || c == '\x0b';
            let (reference, behind) = from.split_at(from.find(is_blank).unwrap_or(from.len()));
            rest = behind;
            return Some((kind, reference));
        }
    })
}

/// The keys in brackets, wherever they stand in a reference.
fn keys(reference: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut rest = reference;
    while let Some((_, inner)) = rest.split_once('[') {
        match inner.find(']') {
            // `[]` holds no key, so the search goes on behind its first bracket.
            Some(0) => rest = inner,
            Some(end) => {
                keys.push(&inner[..end]);
                rest = &inner[end + 1..];
            }
            None => break,
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_replaced_as_the_server_does() {
        let texts = |texts: &[(&str, &'static str)]| -> Texts {
            texts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().into())).collect()
        };
        let results = &texts(&[("a", r#"{"ID":7,"LIST":["x","y"],"NONE":null,"F":0.5}"#), ("b", "true")]);
        let errors = &texts(&[("c", r#"{"error":"E","error_description":"it failed"}"#)]);
        let times = &texts(&[("a", r#"{"start":1.5}"#)]);
        let budget = &budget();
        let earlier = Earlier { results, errors, times, budget };
        let all = json!({"a": {"ID": 7, "LIST": ["x", "y"], "NONE": null, "F": 0.5}, "b": true});
        for (text, expected) in [
            ("$result[a][ID]", json!(7)),
            ("$RESULT[a][ID]", Value::Null),
            ("x $RESULT[a][ID]", json!("x $RESULT[a][ID]")),
            ("$result[a][LIST][1]", json!("y")),
            ("$result[a][LIST][01]", json!(["x", "y"])),
            ("$result[a][LIST]", json!(["x", "y"])),
            ("$result[b]", json!(true)),
            ("$time[a][start]", json!(1.5)),
            ("$error[c][error_description]", json!("it failed")),
            ("$error[c][error][0]", json!("E")),
            ("$next[a]", json!({})),
            // A missing field gives the deepest one that there is.
            ("$result[a][NONE]", all["a"].clone()),
            ("$result[a][ID][deeper]", json!(7)),
            ("$result[none]", all.clone()),
            ("$total[a][b]", json!({})),
            // A reference runs up to the next blank.
            ("chat $result[a][ID]-$result[b]! x", json!("chat 7 x")),
            ("$result[a][ID]\t$time[a][start]$error[c]", json!("7\t1.5")),
            ("$result[a] $result[a][ID] $result[a][F]", json!("$result[a] 7 0.5")),
            ("$results[a]", all["a"].clone()),
            ("$result[a][ID] $result[a][ID]!", json!("7 7!")),
            ("a$result[a][F]", json!("a0.5")),
            // What is neither a text nor a number is not put into a text.
            ("is $result[b]", json!("is $result[b]")),
            ("$result[a][LIST] in text", json!("$result[a][LIST] in text")),
            ("all of $result[none]", json!("all of $result[none]")),
            ("$result", json!("$result")),
            ("$result[", json!("$result[")),
            ("$result[]", json!("$result[]")),
            ("5 $ or $other[a]", json!("5 $ or $other[a]")),
            ("no reference", json!("no reference")),
        ] {
            assert_eq!(resolved(text.to_owned(), earlier), expected, "{text}");
        }
        let names = json!({"$result[a]": "$result[b]", "list": ["$result[a][ID]"]});
        let expected = json!({"$result[a]": true, "list": [7]});
        assert_eq!(resolved_value(names, earlier), expected);
        budget.set(3);
        assert_eq!(resolved("$result[b]".to_owned(), earlier), "$result[b]");
    }
}
