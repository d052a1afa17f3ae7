//! Two texts of a scenario → what has changed, by place. Values are not told: they may be secrets.

use serde_json::Value;

use super::{SCENARIO, yaml};

/// How many places are named.
const MOST: usize = 8;

/// What has changed from one text to the other, in a line.
pub fn changes(before: &str, after: &str) -> String {
    let read =
        |text: &str| yaml::read(text, SCENARIO, &mut Vec::new()).map_or(Value::Null, |root| root.to_json());
    let mut found = Vec::new();
    compare(&read(before), &read(after), String::new(), &mut found);
    match found.len() {
        0 => "nothing but its layout has changed".to_owned(),
        count if count > MOST => format!("{}, and {} more", found[..MOST].join(", "), count - MOST),
        _ => found.join(", "),
    }
}

fn compare(before: &Value, after: &Value, path: String, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let place = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            for (key, value) in one {
                match other.get(key) {
                    Some(new) => compare(value, new, place(key), found),
                    None => found.push(format!("{} is gone", place(key))),
                }
            }
            found.extend(
                other
                    .keys()
                    .filter(|key| !one.contains_key(*key))
                    .map(|key| format!("{} is new", place(key))),
            );
        }
        (Value::Array(one), Value::Array(other)) => {
            for (index, pair) in one.iter().zip(other).enumerate() {
                compare(pair.0, pair.1, format!("{path}[{index}]"), found);
            }
            let (fewer, more) = (one.len().min(other.len()), one.len().max(other.len()));
            if fewer < more {
                let what = if one.len() < other.len() { "new" } else { "gone" };
                let is = if more - fewer == 1 { "one item is" } else { "items are" };
                found.push(format!("{is} {what} in {path}"));
            }
        }
        (one, other) if one != other && path.is_empty() => found.push("all of it has changed".to_owned()),
        (one, other) if one != other => found.push(format!("{path} has changed")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_and_values_are_not() {
        let before = "name: a\nseed: 1\nb: {x: secret, y: [1, 2]}\n";
        assert_eq!(changes(before, &format!("# comment\n{before}")), "nothing but its layout has changed");
        assert_eq!(
            changes(before, "name: a\nb: {x: other, y: [1, 3, 4]}\nfaults: []\n"),
            "seed is gone, b.x has changed, b.y[1] has changed, one item is new in b.y, faults is new"
        );
        let many: String = (0..12).map(|n| format!("k{n}: 1\n")).collect();
        assert!(changes("{}", &many).ends_with("k7 is new, and 4 more"));
    }
}
