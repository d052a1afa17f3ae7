//! The secrets of a portal, and where credentials stand in requests and answers, so that journals can hide them.

use std::ops::Range;

use super::section::Portal;
use super::{call, methods, oauth};
use crate::emulator::{FieldForm, Places, Secret};
use crate::scalar::{Path, Text};

/// Parameters whose values are secret. An answer of the token endpoint has some of them too.
const NAMES: &[&str] = &["auth", "access_token", "ap", "sessid", "token", "refresh_token", "client_secret"];

/// The same with the code that the token endpoint exchanges. Elsewhere `code` is no secret.
const NAMES_OF_OAUTH: &[&str] =
    &["auth", "access_token", "ap", "sessid", "token", "refresh_token", "client_secret", "code"];

/// Where credentials stand in a request with this path, and in its answer.
pub fn places(path: &str) -> Places {
    Places {
        path: if call::is_rest(path) { secret_segment(path) } else { None },
        root: Some("/rest/"),
        parameters: if oauth::is_token(path) { NAMES_OF_OAUTH } else { NAMES },
        headers: &[
            ("authorization", FieldForm::Scheme),
            ("x-bitrix-csrf-token", FieldForm::Whole),
            ("cookie", FieldForm::Pairs),
        ],
    }
}

/// The secret of a webhook in the path, `/rest/USER/SECRET/…`. A secret without its user is found too: people send real
/// credentials in the wrong form by mistake.
fn secret_segment(path: &str) -> Option<Range<usize>> {
    let mut end = 0;
    let ranges = path.split('/').map(|segment| {
        let start = end;
        end += segment.len() + 1;
        start..start + segment.len()
    });
    let segments: Vec<_> = ranges.filter(|range| !range.is_empty()).collect();
    let is_method =
        |range: &Range<usize>| methods::by_name(call::without_transport(&path[range.clone()])).is_some();
    // The URL of a webhook has one segment more in REST 3.0.
    let segments = match &segments[..] {
        [_, version, rest @ ..] if &path[version.clone()] == "api" => {
            &segments[segments.len() - rest.len() - 1..]
        }
        all => all,
    };
    match segments {
        [_, _, secret, ..] if !is_method(secret) => Some(secret.clone()),
        [_, secret, method]
            if is_method(method) && !path[secret.clone()].bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Some(secret.clone())
        }
        _ => None,
    }
}

/// The secrets of a portal.
pub fn of(portal: &Portal) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let mut add = |path: Path, text: &Text| secrets.push(Secret { path, text: text.to_string() });
    for (index, credential) in portal.credentials.iter().enumerate() {
        let here = Path::default().key("credentials").index(index);
        credential.webhook.iter().for_each(|webhook| add(here.key("webhook").key("secret"), &webhook.secret));
        credential.token.iter().for_each(|token| add(here.key("token"), token));
        credential.refresh_token.iter().for_each(|token| add(here.key("refresh_token"), token));
    }
    for (index, application) in portal.applications.iter().enumerate() {
        let here = Path::default().key("applications").index(index);
        add(here.key("client_secret"), &application.client_secret);
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_path_is_found() {
        for (path, secret) in [
            ("/rest/1/s3cret/batch", "s3cret"),
            ("/rest//1//s3cret//batch/", "s3cret"),
            ("/rest/1/s3cret", "s3cret"),
            ("/rest/1/s3cret/unknown.method/more", "s3cret"),
            ("/rest/s3cret/batch.json", "s3cret"),
            ("/rest/api/1/s3cret/batch", "s3cret"),
        ] {
            let found = secret_segment(path).unwrap_or_else(|| panic!("nothing in {path}"));
            assert_eq!(&path[found], secret, "{path}");
        }
        for path in [
            "/rest",
            "/rest/batch",
            "/rest/api/batch",
            "/rest/1/",
            "/rest/1/batch.json",
            "/rest/imconnector.chat.name.set/",
        ] {
            assert_eq!(secret_segment(path), None, "{path}");
        }
    }
}
