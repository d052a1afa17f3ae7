//! The text of a handler's URL → its parts, or why it is none.

use std::net::Ipv6Addr;

/// The parts of the URL of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerUrl<'a> {
    /// Whether the scheme is `https`.
    pub is_secure: bool,
    /// The host, without the brackets of an IPv6 address.
    pub host: &'a str,
    /// The port; that of the scheme when the URL names none.
    pub port: u16,
    /// The path with the query, without the fragment. It may be empty, or begin with `?`.
    pub path: &'a str,
}

impl<'a> HandlerUrl<'a> {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, in words that fit after `: `.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("it begins with neither `http://` nor `https://`".to_owned());
        };
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("it begins with neither `http://` nor `https://`".to_owned()),
        };
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("it has a space or a control character".to_owned());
        }
        if let Some(stranger) = text.chars().find(|c| matches!(c, '<' | '>' | '\\' | '^' | '`')) {
            return Err(format!(
                "it has the character `{stranger}`, which a URL spells `%{:02X}`",
                stranger as u32
            ));
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let place = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() => {
                (host, port.strip_prefix(':').or(Some(port)))
            }
            Some((host, _)) => return Err(format!("`{host}` is no IPv6 address")),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        if host.is_empty() {
            return Err("it has no host".to_owned());
        }
        let is_usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if let Some(stranger) = host.chars().find(|c| !is_usual(*c)) {
            return Err(format!("its host has the character `{stranger}`"));
        }
        let port = match port.filter(|port| !port.is_empty()) {
            None if is_secure => 443,
            None => 80,
            Some(port) => port_of(port).ok_or_else(|| format!("`{port}` is no port from 1 to 65535"))?,
        };
        Ok(Self { is_secure, host, port, path })
    }
}

/// The port; `None` when the text is none. A sign is no part of a number here.
fn port_of(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read() {
        for (text, is_secure, host, port, path) in [
            ("http://127.0.0.1:3000/a?b=c#d", false, "127.0.0.1", 3000, "/a?b=c"),
            ("HTTPS://user:pass@Example.org", true, "Example.org", 443, ""),
            ("http://[::1]:8/", false, "::1", 8, "/"),
            ("http://[::1]", false, "::1", 80, ""),
            ("http://h?x=http://y:99999/", false, "h", 80, "?x=http://y:99999/"),
            ("http://h:/", false, "h", 80, "/"),
            ("http://h/ä?{x}|y", false, "h", 80, "/ä?{x}|y"),
        ] {
            assert_eq!(HandlerUrl::parse(text), Ok(HandlerUrl { is_secure, host, port, path }), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_told() {
        for (text, why) in [
            ("", "neither `http://` nor"),
            ("hello", "neither `http://` nor"),
            ("127.0.0.1:3000/x", "neither `http://` nor"),
            ("//127.0.0.1/x", "neither `http://` nor"),
            ("http:127.0.0.1:80/", "neither `http://` nor"),
            ("ftp://127.0.0.1/", "neither `http://` nor"),
            ("http://", "no host"),
            ("http:///a", "no host"),
            ("http://:80/", "no host"),
            ("http://user@/", "no host"),
            ("http://127.0.0.1:3000/a b", "a space"),
            ("http://127.0.0.1:3000/a\r\nb", "a control character"),
            ("http://127.0.0.1:3000/<b>", "`%3C`"),
            ("http://ä/", "the character `ä`"),
            ("http://h:65536/", "`65536` is no port"),
            ("http://h:99999999999/", "is no port"),
            ("http://h:8o80/", "`8o80` is no port"),
            ("http://h:-1/", "`-1` is no port"),
            ("http://h:+1/", "`+1` is no port"),
            ("http://h:0/", "`0` is no port"),
            ("http://h:1:2/", "`1:2` is no port"),
            ("http://[::1]x/", "`x` is no port"),
            ("http://[h]:80/", "no IPv6 address"),
            ("http://[::1/", "the character `[`"),
        ] {
            let told = HandlerUrl::parse(text).expect_err(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
