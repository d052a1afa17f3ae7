//! Request, token → may the client use the control interface, and if not, the reply that says why.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use subtle::ConstantTimeEq;

use super::mistake;
use crate::http::{Reply, Request};

/// Who may use the control interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The token that clients on other machines must send; `None` forbids it to them.
    pub token: Option<String>,
    /// Whether this machine is trusted without it.
    pub trust: Trust,
}

/// Whether clients on this machine may use the control interface without a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// They may.
    #[default]
    ThisMachine,
    /// They may not: behind a balancer every client seems to be on this machine.
    Nobody,
}

/// Returns the reply to a request that may not use the control interface, and `None` for one that may. Requests from
/// this machine may, unless a foreign web page may be behind them. Requests from elsewhere need the token, and so do those
/// to a name that this machine may have.
pub fn refusal(request: &Request, access: &Access) -> Option<Reply> {
    let authorization = request.headers.text("authorization").unwrap_or_default();
    let presented = authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let knows = |token: &str| presented.is_some_and(|(_, other)| is_same(token, other.trim()));
    if access.token.as_deref().is_some_and(knows) {
        return None;
    }
    let is_by_name = access.token.is_some() && !names_this_machine(host_of(request));
    if !is_loopback(request.source) || is_by_name || access.trust == Trust::Nobody {
        let message = match access.trust {
            Trust::ThisMachine => {
                "the control interface needs a token from other machines, and under names other than `localhost`"
            }
            Trust::Nobody => "the control interface of a replica needs a token",
        };
        let help = "send `authorization: Bearer TOKEN`, where TOKEN is the value of `--control-token`";
        return Some(mistake(401, message.to_owned(), help));
    }
    foreign_host(request).or_else(|| foreign_origin(request))
}

/// Returns the reply to a request for a file of the page that a foreign web page may have sent; `None` for others. The files
/// hold nothing secret: where the page asks for a token, it comes under any name.
pub(super) fn refusal_of_file(request: &Request, token: Option<&str>) -> Option<Reply> {
    if !is_loopback(request.source) {
        return None;
    }
    let refused = if token.is_none() { foreign_host(request) } else { None };
    refused.or_else(|| foreign_origin(request))
}

fn host_of(request: &Request) -> &str {
    request.headers.text("host").unwrap_or_default()
}

fn foreign_host(request: &Request) -> Option<Reply> {
    let host = host_of(request);
    if names_this_machine(host) {
        return None;
    }
    let message =
        format!("the host `{host}` is not this machine: a foreign web page may have sent this request");
    let help = "use `localhost` or the IP address as the host, or start the server with `--control-token`";
    Some(mistake(403, message, help))
}

fn foreign_origin(request: &Request) -> Option<Reply> {
    let origin = request.headers.text("origin")?;
    let is_own =
        origin.split_once("://").is_some_and(|(_, place)| place.eq_ignore_ascii_case(host_of(request)));
    let message = || format!("a web page from `{origin}` may not use the control interface");
    (!is_own).then(|| mistake(403, message(), "send the request from a program that is not a web page"))
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether a `host` header holds an IP address or a name under `localhost`. Any other name may be one that a foreign
/// name server made up.
fn names_this_machine(host: &str) -> bool {
    let end = host.rfind(']').map(|end| end + 1).or_else(|| host.find(':')).unwrap_or(host.len());
    let (name, port) = host.split_at(end);
    let is_port = port.strip_prefix(':').unwrap_or(port).bytes().all(|byte| byte.is_ascii_digit());
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_address = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => name.parse::<Ipv4Addr>().is_ok(),
    };
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let top = name.rsplit('.').next().unwrap_or_default();
    is_port && (is_address || is_name && top.eq_ignore_ascii_case("localhost"))
}

/// Compares in constant time, so that the time does not reveal how much is equal.
fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(source: &str, headers: &[(&str, &str)], token: Option<&str>) -> Option<u16> {
        let headers = headers.iter().copied().collect();
        let mut request = Request::new("POST", "/__standin/reset", headers, "".into());
        request.source = source.parse().unwrap();
        let access = Access { token: token.map(str::to_owned), trust: Trust::ThisMachine };
        refusal(&request, &access).map(|reply| reply.status)
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
    fn under_another_name_the_page_comes_where_a_token_is_asked_for() {
        let of_file = |headers: &[(&str, &str)], token| {
            let headers = headers.iter().copied().collect();
            let mut request = Request::new("GET", "/__standin/page/main.js", headers, "".into());
            request.source = "127.0.0.1".parse().unwrap();
            refusal_of_file(&request, token).map(|reply| reply.status)
        };
        let host = ("host", "standin:8080");
        assert_eq!(of_file(&[host], None), Some(403));
        assert_eq!(of_file(&[host], Some("t0ken")), None);
        assert_eq!(of_file(&[host, ("origin", "http://standin:8080")], Some("t0ken")), None);
        assert_eq!(of_file(&[host, ("origin", "http://evil.example")], Some("t0ken")), Some(403));
        assert_eq!(status("127.0.0.1", &[host], None), Some(403));
        assert_eq!(status("127.0.0.1", &[host], Some("t0ken")), Some(401));
        assert_eq!(status("127.0.0.1", &[host, ("authorization", "Bearer other")], Some("t0ken")), Some(401));
        assert_eq!(status("127.0.0.1", &[host, ("authorization", "Bearer t0ken")], Some("t0ken")), None);
        let own = ("host", "localhost:8080");
        let foreign = ("origin", "http://evil.example");
        assert_eq!(status("127.0.0.1", &[own, foreign], Some("t0ken")), Some(403));
    }

    #[test]
    fn a_replica_trusts_nobody_without_the_token() {
        for (authorization, expected) in
            [("Bearer t0ken", None), ("Bearer other", Some(401)), ("", Some(401))]
        {
            let headers =
                [("host", "127.0.0.1:8080"), ("authorization", authorization)].into_iter().collect();
            let mut request = Request::new("GET", "/__standin/journal", headers, "".into());
            request.source = "127.0.0.1".parse().unwrap();
            let access = Access { token: Some("t0ken".to_owned()), trust: Trust::Nobody };
            assert_eq!(refusal(&request, &access).map(|reply| reply.status), expected, "{authorization}");
        }
    }

    #[test]
    fn pages_of_others_may_not() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "localhost@evil.example",
            "evil.example/localhost",
            "evil.example#.localhost",
            "evil.example:80.localhost",
            "[::1]evil.example",
            "[::1",
            "::1",
        ] {
            assert_eq!(status("127.0.0.1", &[("host", host)], None), Some(403), "{host}");
        }
        for (host, origin, expected) in [
            ("localhost:8080", "http://localhost:8080", None),
            ("localhost:8080", "http://localhost:3000", Some(403)),
            ("localhost:8080", "https://evil.example", Some(403)),
            ("localhost:8080", "null", Some(403)),
            ("127.0.0.1", "http://127.0.0.1", None),
            ("LocalHost:8080", "http://localhost:8080", None),
            ("api.localhost", "https://api.localhost", None),
            ("[::1]:8080", "http://[::1]:8080", None),
            ("[::1]:8080", "http://[::1]:8081", Some(403)),
        ] {
            assert_eq!(
                status("127.0.0.1", &[("host", host), ("origin", origin)], None),
                expected,
                "{origin}"
            );
        }
    }
}
