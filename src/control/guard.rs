//! Who may use the control interface.

use core::net::IpAddr;

use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::mistake;
use crate::http::{Reply, Request};

/// The answer to a request that may not use the control interface; `None` when it may. This machine may, unless a web
/// page of somebody else is behind the request; others need the token.
pub fn refusal(request: &Request, token: Option<&str>) -> Option<Reply> {
    let is_local = is_loopback(request.source);
    let authorization = request.headers.text("authorization").unwrap_or_default();
    let presented = authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let knows = |token: &str| presented.is_some_and(|(_, other)| is_same(token, other.trim()));
    if token.is_some_and(knows) {
        return None;
    }
    if !is_local {
        let message = "the control interface answers to this machine, and to others with its token";
        let help = "send `authorization: Bearer TOKEN` with the token of `--control-token`";
        return Some(mistake(401, message.to_owned(), help));
    }
    let host = request.headers.text("host").unwrap_or_default();
    if !names_this_machine(host) {
        let message =
            format!("`{host}` is not this machine: a web page elsewhere may be behind this request");
        return Some(mistake(403, message, "call it by `localhost` or by its IP address"));
    }
    let origin = request.headers.text("origin")?;
    let is_own = Url::parse(origin).is_ok_and(|url| {
        url.host_str().is_some_and(|name| match url.port() {
            Some(port) => format!("{name}:{port}") == host,
            None => name == host,
        })
    });
    let message = || format!("a web page of `{origin}` may not use the control interface");
    (!is_own).then(|| mistake(403, message(), "call it from a program"))
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether a `host` field names this machine in a way that nobody's name server can make up.
fn names_this_machine(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}")) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Compares without telling by the time how much is the same.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(source: &str, headers: &[(&str, &str)], token: Option<&str>) -> Option<u16> {
        let headers = headers.iter().copied().collect();
        let mut request = Request::new("POST", "/__standin/reset", headers, "".into());
        request.source = source.parse().unwrap();
        refusal(&request, token).map(|reply| reply.status)
    }

    #[test]
    fn this_machine_may_and_others_need_the_token() {
        let host = ("host", "127.0.0.1:8080");
        let bearer = ("authorization", "Bearer t0ken");
        assert_eq!(status("127.0.0.1", &[host], None), None);
        assert_eq!(status("::ffff:127.0.0.1", &[("host", "[::1]:80")], Some("t0ken")), None);
        assert_eq!(status("10.0.0.7", &[host], None), Some(401));
        assert_eq!(status("10.0.0.7", &[host, bearer], None), Some(401));
        assert_eq!(status("10.0.0.7", &[host, bearer], Some("other")), Some(401));
        assert_eq!(status("10.0.0.7", &[("host", "standin:8080"), bearer], Some("t0ken")), None);
    }

    #[test]
    fn pages_of_others_may_not() {
        for host in ["evil.example", "evil.example:8080", "", "localhost.evil.example", "127.0.0.1.nip.io"] {
            assert_eq!(status("127.0.0.1", &[("host", host)], None), Some(403), "{host}");
        }
        for (host, origin, expected) in [
            ("localhost:8080", "http://localhost:8080", None),
            ("localhost:8080", "http://localhost:3000", Some(403)),
            ("localhost:8080", "https://evil.example", Some(403)),
            ("localhost:8080", "null", Some(403)),
            ("127.0.0.1", "http://127.0.0.1", None),
        ] {
            assert_eq!(
                status("127.0.0.1", &[("host", host), ("origin", origin)], None),
                expected,
                "{origin}"
            );
        }
    }
}
