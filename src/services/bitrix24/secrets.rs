//! A request → the credentials in it, so that the journal can hide them.

use percent_encoding::{percent_decode, percent_decode_str};

use super::{call, methods, oauth};
use crate::http::Request;

/// Names of parameters whose values are secret.
const NAMES: [&str; 7] = ["auth", "access_token", "ap", "sessid", "token", "refresh_token", "client_secret"];

/// Every credential in a request, as spelt there. Unknown and malformed ones are included: people send real credentials
/// to the wrong place by mistake.
pub fn credentials_in(request: &Request) -> Vec<String> {
    let mut found = Vec::new();
    let segments: Vec<_> = request.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let is_method = |name: &str| methods::by_name(name).is_some();
    if let [_, _, secret, ..] = segments[..]
        && !is_method(secret)
    {
        found.push(secret.to_owned());
        found.push(percent_decode_str(secret).decode_utf8_lossy().into_owned());
    }
    for header in ["authorization", "x-bitrix-csrf-token", "cookie"] {
        let value = request.headers.get(header).map(String::from_utf8_lossy).unwrap_or_default();
        found.extend(
            value
                .split([' ', ';', '='])
                .filter(|word| !word.eq_ignore_ascii_case("bearer"))
                .map(str::to_owned),
        );
    }
    for text in [request.query().as_bytes(), request.body()] {
        // A command of a batch is percent-encoded twice: once as a query and once as a part of the batch.
        let once: Vec<u8> = percent_decode(text).collect();
        let twice: Vec<u8> = percent_decode(&once).collect();
        for text in [text, &once, &twice] {
            found.extend(named(&String::from_utf8_lossy(text)));
        }
    }
    if oauth::is_token(request.path()) {
        found.extend(oauth::secrets_in(request));
    } else {
        let called = call::read(request);
        let presented = &called.presented;
        let webhook = presented.webhook.iter().map(|webhook| webhook.secret());
        found.extend(presented.token.as_deref().into_iter().chain(webhook).map(str::to_owned));
    }
    found.retain(|secret| !secret.is_empty());
    found
}

/// The values that follow the name of a secret parameter, in any notation: `auth=x`, `"auth": "x"`, `auth[]=x`, and
/// `name="auth"` with a blank line as in a multipart form. Broken JSON and commands of a batch are searched too.
fn named(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for name in NAMES {
        for (position, _) in text.match_indices(name) {
            let rest = &text[position + name.len()..];
            if text[..position].ends_with(is_word) || rest.starts_with(is_word) {
                continue;
            }
            let value =
                rest.trim_start_matches(['"', '\'', '\\', ' ', '\r', '\n', '\t', '[', ']', '{', ':', '=']);
            let end = value.find(['"', '\'', '&', ',', '}', ']', '\\', '\r', '\n']).unwrap_or(value.len());
            found.push(value[..end].to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_every_notation() {
        for text in [
            "auth=s3cret&x=1",
            "x=1&access_token=s3cret",
            r#"{"auth":"s3cret"}"#,
            r#"{"auth": "s3cret", broken"#,
            "auth[]=s3cret",
            r#"{"cmd":{"a":"method?auth=s3cret&x=1"}}"#,
            "Content-Disposition: form-data; name=\"auth\"\r\n\r\ns3cret\r\n--x",
        ] {
            assert!(named(text).iter().any(|found| found == "s3cret"), "{text}: {:?}", named(text));
        }
        assert!(named("author=x&tokens=y").is_empty());
    }

    #[test]
    fn secrets_are_found_in_commands_that_are_encoded_again() {
        let target = "/rest/batch?cmd[a]=m%3Faccess_token%3Ds3cret%26x&cmd%5Bb%5D=m%253Fauth%253Dother";
        let request = Request::new("GET", target, crate::http::Headers::default(), "".into());
        let found = credentials_in(&request);
        assert!(
            found.iter().any(|secret| secret == "s3cret") && found.iter().any(|s| s == "other"),
            "{found:?}"
        );
    }
}
