//! A tree of values → a form body, as PHP's `http_build_query` writes it.

use serde_json::Value;

/// Writes a member of a form, with the members of lists and mappings in brackets. Null and empty lists are left out;
/// true is `1` and false is `0`.
pub fn append(form: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => pair(form, name, if *flag { "1" } else { "0" }),
        Value::Number(number) => pair(form, name, &number.to_string()),
        Value::String(text) => pair(form, name, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                append(form, &format!("{name}[{index}]"), item);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                append(form, &format!("{name}[{key}]"), member);
            }
        }
    }
}

fn pair(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    encode(form, name);
    form.push('=');
    encode(form, value);
}

/// Writes a text as PHP's `urlencode` does: letters, digits, `-`, `_` and `.` stay, a blank becomes `+`.
fn encode(form: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => form.push(char::from(byte)),
            b' ' => form.push('+'),
            _ => {
                form.push('%');
                form.push(char::from(DIGITS[usize::from(byte >> 4)]));
                form.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_is_written_as_php_writes_it() {
        let mut form = String::new();
        let data = json!({"a": [1, {"b": true, "c": null}], "d": [], "e": "x y~*é", "f": false, "g": ""});
        append(&mut form, "data", &data);
        append(&mut form, "ts", &json!(5));
        assert_eq!(
            form,
            "data%5Ba%5D%5B0%5D=1&data%5Ba%5D%5B1%5D%5Bb%5D=1&data%5Be%5D=x+y%7E%2A%C3%A9&data%5Bf%5D=0&data%5Bg%5D=&ts=5"
        );
    }
}
