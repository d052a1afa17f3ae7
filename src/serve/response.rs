//! `http::Reply` → hyper's response.

use std::borrow::Cow;
use std::cell::RefCell;

use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::stream::AnswerBody;
use crate::http::{Field, Reply};

/// A reply as hyper's response, with `mark` as its first header field and with the number of its exchange, if given.
pub(super) fn response(
    reply: Reply,
    mark: Option<&'static str>,
    number: Option<u64>,
) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::Whole(Full::new(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let (common, own) = reply.headers.parts();
    if let Some(mark) = mark {
        headers.insert(HeaderName::from_static(mark), HeaderValue::from_static("1"));
    }
    // A copied map has no spare capacity, so copying does not pay when most fields are not common ones.
    if mark.is_some() || common.len() <= own.len() {
        headers.reserve(common.len() + own.len() + 1);
        append(headers, common);
    } else {
        *headers = ready(common);
    }
    append(headers, own);
    if let Some(number) = number {
        headers.insert(HeaderName::from_static("x-standin-exchange"), HeaderValue::from(number));
    }
    response
}

/// A constant list of fields as a `HeaderMap`: built once on each thread, then cloned.
fn ready(common: &'static [Field]) -> HeaderMap {
    thread_local! {
        static KNOWN: RefCell<Vec<(&'static [Field], HeaderMap)>> = const { RefCell::new(Vec::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        let found = known.iter().position(|(list, _)| std::ptr::eq(*list, common));
        let place = found.unwrap_or_else(|| {
            let mut map = HeaderMap::new();
            append(&mut map, common);
            known.push((common, map));
            known.len() - 1
        });
        known[place].1.clone()
    })
}

fn append(headers: &mut HeaderMap, fields: &[Field]) {
    for (name, value) in fields {
        // A borrowed name is one of our constants, so it needs no allocation.
        let name = match name {
            Cow::Borrowed(text) => Ok(HeaderName::from_static(text)),
            Cow::Owned(text) => HeaderName::from_bytes(text.as_bytes()),
        };
        let value = match value {
            Cow::Borrowed(text) => Ok(HeaderValue::from_static(text)),
            Cow::Owned(text) => HeaderValue::from_str(text),
        };
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
}
