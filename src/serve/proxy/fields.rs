//! Header fields as a client or the service sent them → those that are passed on.

use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// The fields that are about one connection and not passed on (RFC 9110, section 7.6.1), besides those that `connection` names.
const OF_ONE_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Changes the fields of a request to those for the service.
pub(super) fn of_request(fields: &mut HeaderMap, host: &HeaderValue) {
    without_hops(fields);
    // The client has been told to go on already.
    fields.remove(EXPECT);
    fields.insert(HOST, host.clone());
    // What is compressed cannot be held against the contract.
    fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Changes the fields of an answer to those for the client.
pub(super) fn of_answer(fields: &mut HeaderMap) {
    without_hops(fields);
}

fn without_hops(fields: &mut HeaderMap) {
    if fields.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = fields
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        named.into_iter().for_each(|name| drop(fields.remove(name)));
    }
    // A length beside a transfer coding is void (RFC 9112, section 6.3), and must not come to life when the coding is gone.
    if fields.contains_key(TRANSFER_ENCODING) {
        fields.remove(CONTENT_LENGTH);
    }
    // To look at the few fields that there are takes less time than to search for each of these.
    if fields.keys().any(|name| OF_ONE_CONNECTION.contains(name)) {
        OF_ONE_CONNECTION.iter().for_each(|name| drop(fields.remove(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_about_one_connection_are_not_passed_on() {
        let sent = [
            ("connection", "keep-alive, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("content-length", "7"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
            ("proxy-authorization", "Basic eDp5"),
            ("expect", "100-continue"),
            ("accept-encoding", "gzip"),
            ("host", "127.0.0.1:8081"),
            ("authorization", "Bearer t"),
            ("x-two", "1"),
            ("x-two", "2"),
        ];
        let field = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut fields: HeaderMap = sent.into_iter().map(field).collect();
        of_request(&mut fields, &HeaderValue::from_static("example.org"));
        let mut left: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        left.sort();
        assert_eq!(
            left,
            [
                "accept-encoding: identity",
                "authorization: Bearer t",
                "host: example.org",
                "x-two: 1",
                "x-two: 2"
            ]
        );
    }
}
