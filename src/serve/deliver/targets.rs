//! Where deliveries may go: the address that a handler's URL leads to, or why it is not allowed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use tokio::net::lookup_host;

use crate::emulator::HandlerUrl;

/// The targets that deliveries may have. By default that is this machine, except the server itself.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// Hosts that are allowed besides this machine, each with a port or with all ports.
    pub allowed: Vec<(String, Option<u16>)>,
    /// The ports on which the server itself listens.
    pub own_ports: Vec<u16>,
}

/// The parts of a handler's URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) is_secure: bool,
    /// The host, without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of a URL and its path with the query.
    ///
    /// # Errors
    /// What is wrong with the URL, in words.
    pub(super) fn of(url: &str) -> Result<(Self, String), String> {
        let HandlerUrl { is_secure, host, port, path } =
            HandlerUrl::parse(url).map_err(|why| format!("the handler's URL cannot be used: {why}"))?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok((Self { is_secure, host: host.to_owned(), port }, path))
    }

    /// The value of the header field `host`.
    pub(super) fn authority(&self) -> String {
        authority(self.is_secure, &self.host, self.port)
    }
}

/// The value of the header field `host` for a host without the brackets of an IPv6 address.
pub(in crate::serve) fn authority(is_secure: bool, host: &str, port: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let usual = if is_secure { 443 } else { 80 };
    if port == usual { host } else { format!("{host}:{port}") }
}

/// Why a delivery has no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAddress {
    /// The host has no address, for the reason in words.
    Unknown(String),
    /// The target is not allowed, for the reason in words.
    NotAllowed(String),
}

impl Targets {
    /// The addresses of an origin, all of which are allowed.
    ///
    /// # Errors
    /// When the host has no address, or one that is not allowed.
    pub(super) async fn addresses(&self, origin: &Origin) -> Result<Vec<SocketAddr>, NoAddress> {
        let found = addresses_of(&origin.host, origin.port).await.map_err(NoAddress::Unknown)?;
        for address in &found {
            self.check(origin, address.ip())?;
        }
        Ok(found)
    }

    fn check(&self, origin: &Origin, address: IpAddr) -> Result<(), NoAddress> {
        if self.own_ports.contains(&origin.port) && is_of_this_machine(address) {
            let reason = format!("port {} of this machine is the server itself", origin.port);
            return Err(NoAddress::NotAllowed(reason));
        }
        let is_named = |(host, port): &(String, Option<u16>)| {
            host.eq_ignore_ascii_case(&origin.host) && port.is_none_or(|port| port == origin.port)
        };
        if is_loopback(address) || self.allowed.iter().any(is_named) {
            return Ok(());
        }
        let host = &origin.host;
        Err(NoAddress::NotAllowed(format!(
            "`{host}` is not this machine; `--deliver-to {host}` allows deliveries to it"
        )))
    }
}

/// Whether connections to an address end at this machine, with nobody between. Those to the unspecified address do.
pub(in crate::serve) fn is_loopback(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}

/// Whether an address belongs to this machine: then a socket can be bound to it. Nothing is sent.
pub(in crate::serve) fn is_of_this_machine(address: IpAddr) -> bool {
    is_loopback(address) || UdpSocket::bind(SocketAddr::new(address.to_canonical(), 0)).is_ok()
}

/// The addresses of a host, at least one.
///
/// # Errors
/// Why there is none, in words.
pub(in crate::serve) async fn addresses_of(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found: io::Result<Vec<_>> = match host.parse::<IpAddr>() {
        Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
        Err(_) => lookup_host((host, port)).await.map(Iterator::collect),
    };
    let found = found.map_err(|error| format!("`{host}` has no address: {error}"))?;
    if found.is_empty() { Err(format!("`{host}` has no address")) } else { Ok(found) }
}

/// Reads `HOST` or `HOST:PORT`.
///
/// # Errors
/// What to type instead.
pub fn target(text: &str) -> Result<(String, Option<u16>), String> {
    let expected = || format!("`{text}` is no host: type `example.org`, `example.org:8443` or `[::1]:8443`");
    if text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text.to_owned(), None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| expected())?)),
        None => (text, None),
    };
    let bare = host.trim_matches(['[', ']']);
    let is_host = !bare.is_empty()
        && !bare.contains(['/', '@', ' ', '?', '#'])
        && (!bare.contains(':') || bare.parse::<Ipv6Addr>().is_ok());
    if is_host { Ok((bare.to_owned(), port)) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(url).unwrap().0
    }

    async fn is_allowed(targets: &Targets, url: &str) -> bool {
        match targets.addresses(&origin(url)).await {
            Ok(_) => true,
            Err(NoAddress::NotAllowed(_)) => false,
            Err(NoAddress::Unknown(why)) => panic!("{url}: {why}"),
        }
    }

    #[tokio::test]
    async fn only_this_machine_is_allowed_unless_named() {
        let targets = Targets { allowed: vec![("192.0.2.7".into(), Some(81))], own_ports: vec![] };
        for url in
            ["http://127.0.0.1:9/", "http://[::1]:9/", "http://0.0.0.0:9/", "http://[::ffff:127.0.0.1]:9/"]
        {
            assert!(is_allowed(&targets, url).await, "{url}");
        }
        for url in ["http://192.0.2.7:80/", "http://192.0.2.8:81/", "http://[::ffff:192.0.2.8]:81/"] {
            assert!(!is_allowed(&targets, url).await, "{url}");
        }
        assert!(is_allowed(&targets, "http://192.0.2.7:81/").await);
    }

    #[tokio::test]
    async fn the_server_itself_is_never_allowed() {
        let targets = Targets { allowed: vec![("127.0.0.1".into(), None)], own_ports: vec![8080] };
        for host in [
            "127.0.0.1",
            "127.0.0.2",
            "[::1]",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "localhost",
            "127.1",
            "2130706433",
            "0x7f.1",
            "LOCALHOST",
        ] {
            let url = format!("http://{host}:8080/__standin/reset");
            assert!(!is_allowed(&targets, &url).await, "{url}");
        }
        assert!(is_allowed(&targets, "http://127.0.0.1:8081/").await);
    }

    #[test]
    fn a_url_is_read_or_refused() {
        let (read, path) = Origin::of("https://user:pass@Example.org/a?b=c#d").unwrap();
        assert_eq!(
            (read.is_secure, read.host.as_str(), read.port, path.as_str()),
            (true, "Example.org", 443, "/a?b=c")
        );
        assert_eq!(origin("http://[::1]:8/").authority(), "[::1]:8");
        assert_eq!(Origin::of("http://h?x=1").unwrap().1, "/?x=1");
        for url in ["", "h", "/a", "ftp://h/", "http://", "http:///a", "javascript:x", "http://a b/"] {
            assert!(Origin::of(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_target_is_a_host_with_or_without_a_port() {
        for (text, host, port) in [
            ("example.org", "example.org", None),
            ("example.org:8443", "example.org", Some(8443)),
            ("::1", "::1", None),
            ("[::1]:8443", "::1", Some(8443)),
            ("10.0.0.1", "10.0.0.1", None),
        ] {
            assert_eq!(target(text), Ok((host.to_owned(), port)));
        }
        for text in ["", "http://h", "h:x", "h/", "a:b:c", ":80"] {
            assert!(target(text).is_err(), "{text}");
        }
    }
}
