//! The URL of the real service → its address, or why it is not allowed.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::emulator::HandlerUrl;
use crate::serve::deliver::{addresses_of, authority, is_loopback, is_of_this_machine};

/// Where a real service is: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUrl {
    /// Whether the scheme is `https`.
    pub(super) is_secure: bool,
    /// The host, without the brackets of an IPv6 address.
    pub(super) host: String,
    port: u16,
}

impl FromStr for ServiceUrl {
    type Err = String;

    /// Reads a URL without a path. What is wrong with it is told without the text, which may hold a credential.
    fn from_str(text: &str) -> Result<Self, String> {
        let HandlerUrl { is_secure, host, port, path } =
            HandlerUrl::parse(text).map_err(|why| format!("it cannot be used: {why}"))?;
        let place = text
            .split_once("://")
            .map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
        if place.contains('@') || !matches!(path, "" | "/") || text.contains('#') {
            return Err(
                "it has more than scheme, host and port: type `https://portal.bitrix24.com`, and leave paths and credentials to the client"
                    .to_owned(),
            );
        }
        Ok(Self { is_secure, host: host.to_owned(), port })
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", if self.is_secure { "https" } else { "http" }, self.authority())
    }
}

impl ServiceUrl {
    /// The value of the header field `host`.
    pub fn authority(&self) -> String {
        authority(self.is_secure, &self.host, self.port)
    }

    /// The addresses of the service, each of which may be connected to. `own_port` is that of the proxy.
    ///
    /// # Errors
    /// When there is none, or when one is another machine without https, or the proxy itself.
    pub(super) async fn addresses(&self, own_port: u16) -> Result<Vec<SocketAddr>, String> {
        let found = addresses_of(&self.host, self.port).await?;
        for address in found.iter().map(SocketAddr::ip) {
            if !self.is_secure && !is_loopback(address) {
                return Err(format!(
                    "`{}` is not this machine, and http would show credentials to everybody on the way: type `https://{}`",
                    self.host,
                    self.authority()
                ));
            }
            if self.port == own_port && is_of_this_machine(address) {
                return Err(format!("port {own_port} of this machine is the proxy itself"));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> ServiceUrl {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn a_url_is_scheme_host_and_port() {
        for (text, shown) in [
            ("https://portal.bitrix24.com", "https://portal.bitrix24.com"),
            ("https://portal.bitrix24.com:443/", "https://portal.bitrix24.com"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(url(text).to_string(), shown);
        }
        for text in [
            "",
            "portal.bitrix24.com",
            "ftp://h",
            "https://portal.bitrix24.com/rest/1/s3cret/",
            "https://h/?auth=s3cret",
            "https://h?auth=s3cret",
            "https://h#s3cret",
            "https://user:s3cret@h",
        ] {
            let why = text.parse::<ServiceUrl>().unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }

    #[tokio::test]
    async fn another_machine_is_spoken_to_by_https_only() {
        for (text, is_allowed) in [
            ("http://127.0.0.1:9", true),
            ("http://localhost:9", true),
            ("http://[::ffff:127.0.0.1]:9", true),
            ("http://2130706433:9", true),
            ("http://192.0.2.7:9", false),
            ("http://[::ffff:192.0.2.7]:9", false),
            ("https://192.0.2.7:9", true),
            ("https://127.0.0.1:9", true),
            ("http://127.0.0.1:7", false),
            ("http://localhost:7", false),
            ("https://127.0.0.2:7", false),
            ("https://192.0.2.7:7", true),
        ] {
            assert_eq!(url(text).addresses(7).await.is_ok(), is_allowed, "{text}");
        }
    }
}
