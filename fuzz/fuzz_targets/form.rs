//! Forms, decoded: the input as a form and as text with percent escapes; its first line as a content type and the
//! rest as a body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use standin::services::bitrix24::php::{form, multipart};

fuzz_target!(|input: &[u8]| {
    let fields = form::decode(input);
    check_again(&fields);

    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let content_type = String::from_utf8_lossy(&input[..line]);
    let body = input.get(line + 1..).unwrap_or_default();
    if let Some(fields) = multipart::decode(&content_type, body) {
        check_again(&fields);
    }
});

/// Encoded and decoded again, fields are what they were.
fn check_again(fields: &Map<String, Value>) {
    let mut text = String::new();
    for (name, value) in fields {
        if !encode(&escape(name.as_bytes()), value, &mut text) {
            return;
        }
    }
    // As text: a map compares equal in any order.
    let again = Value::Object(form::decode(text.as_bytes())).to_string();
    assert_eq!(again, Value::Object(fields.clone()).to_string(), "{text}");
}

/// Appends `name=value&`, for an array once for each member; false when there is an empty array, which no form can
/// say.
fn encode(name: &str, value: &Value, text: &mut String) -> bool {
    match value {
        Value::String(value) => {
            *text += &format!("{name}={}&", escape(value.as_bytes()));
            true
        }
        Value::Array(members) => {
            let mut indexed = (0..).zip(members);
            !members.is_empty()
                && indexed.all(|(index, value)| encode(&format!("{name}[{index}]"), value, text))
        }
        Value::Object(members) => {
            let mut named = members.iter();
            named.all(|(key, value)| encode(&format!("{name}[{}]", escape(key.as_bytes())), value, text))
        }
        _ => panic!("a form holds texts and arrays, not {value}"),
    }
}

fn escape(text: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
    text.iter().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect()
}
