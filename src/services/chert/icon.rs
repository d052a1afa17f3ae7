//! The check of an icon's URL.

use core::net::{Ipv4Addr, Ipv6Addr};

/// Whether a text is an https URL with a valid host and port, read as browsers do. The text must not have white space
/// at its ends. The user before the host and the path after it are not checked.
pub fn is_https(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_at_checked(8) else { return false };
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#'));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let is_whole = scheme.eq_ignore_ascii_case("https://") && !text.ends_with(char::is_whitespace);
    // Fast path: most hosts are plain names without user, port or special characters.
    if authority.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.') {
        return is_whole && !authority.is_empty();
    }
    let place = authority.rsplit('@').next().unwrap_or_default();
    let end = place.rfind(']').map(|end| end + 1).or_else(|| place.find(':')).unwrap_or(place.len());
    let (host, port) = place.split_at(end);
    is_whole && is_host(host) && is_port(port)
}

/// Whether a text is an IP address or a name without forbidden characters.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_odd = |c: char| {
        !c.is_ascii_alphanumeric() && (c.is_control() || c.is_whitespace() || "%<>[]^|".contains(c))
    };
    let is_address = host.ends_with(|c: char| c.is_ascii_digit())
        && host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    !host.is_empty() && !host.contains(is_odd) && (!is_address || host.parse::<Ipv4Addr>().is_ok())
}

/// Whether a text is empty, `:`, or `:` and a port number.
fn is_port(port: &str) -> bool {
    let digits = port.strip_prefix(':').unwrap_or(port);
    digits.is_empty() || digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected results are those of the crate `url`, which reads URLs as browsers do.
    #[test]
    fn an_icon_is_what_a_browser_reads_as_https() {
        for (text, expected) in [
            ("https://example.com/icon.png", true),
            ("HTTPS://example.com/icon.png", true),
            ("https://example.com", true),
            ("https://example.com/", true),
            ("https://example.com?size=64", true),
            ("https://example.com#top", true),
            ("https://example.com\\icon.png", true),
            ("https://cdn.example.com:8443/a/b.png?x=1&y=2#z", true),
            ("https://example.com:0/", true),
            ("https://example.com:65535/", true),
            ("https://example.com:65536/", false),
            ("https://example.com:00443/", true),
            ("https://example.com:+443/", false),
            ("https://example.com:port/", false),
            ("https://example.com:80:80/", false),
            ("https://example.com:-1/", false),
            ("https://user@example.com/", true),
            ("https://user:pass@example.com/", true),
            ("https://user@", false),
            ("https://user@/icon.png", false),
            ("https://@example.com/", true),
            ("https://user:p@ss@example.com:1/", true),
            ("https://[::1]/", true),
            ("https://[2001:db8::1]:8443/icon.png", true),
            ("https://[::1", false),
            ("https://::1/", false),
            ("https://[fe80::1%25eth0]/", false),
            ("https://[::ffff:1.2.3.4]/", true),
            ("https://[::1]:99999/", false),
            ("https://[]/", false),
            ("https://127.0.0.1/icon.png", true),
            ("https://256.1.1.1/", false),
            ("https://1.2.3.4./", true),
            ("https://1.2.3.4.5/", false),
            ("https://example.1/", false),
            ("https://bücher.example/icon.png", true),
            ("https://пример.рф/икона.png", true),
            ("https://xn--bcher-kva.example/", true),
            ("https://例え.jp", true),
            ("https://😀.example/", true),
            ("https://exam\u{a0}ple.com", false),
            ("https://example。com/", true),
            ("", false),
            ("https:", false),
            ("https://", false),
            ("https:///example.com/", false),
            ("https://\\example.com/", false),
            ("https:example.com", false),
            ("https:/example.com", false),
            ("https://:443/", false),
            ("https://.", true),
            ("https://a..b/", true),
            ("https://example.com./", true),
            (" https://example.com/", false),
            ("https://example.com/ ", false),
            ("https://example.com/a b.png", true),
            ("https://exa mple.com/", false),
            ("https://example.com\n", false),
            ("https://example.com/a\nb", true),
            ("\u{a0}https://example.com", false),
            ("http://example.com/icon.png", false),
            ("data:image/png;base64,AAAA", false),
            ("//example.com/icon.png", false),
            ("/icon.png", false),
            ("https://exam<ple.com/", false),
            ("https://exam^ple.com", false),
            ("https://exam[ple.com/", false),
            ("https://exam\"ple.com/", true),
            ("https://exa\u{7f}mple.com", false),
            ("https://localhost/", true),
            ("https://a/[x]", true),
            ("https://a\\b@c:d", true),
        ] {
            assert_eq!(is_https(text), expected, "{text:?}");
        }
    }

    /// The crate `url` gives the opposite result for these hosts, which nobody sends: numbers that browsers read as
    /// addresses, invalid punycode, and hosts with escapes or line ends.
    #[test]
    fn few_odd_hosts_are_read_otherwise() {
        for (text, url_said) in [
            ("https://127.1/", true),
            ("https://0x7f.1/", true),
            ("https://010.0.0.1/", true),
            ("https://2130706433/", true),
            ("https://example.0x10/", false),
            ("https://xn--a/", false),
            ("https://％41.com/", false),
            ("https://exa\nmple.com/", true),
            ("https://exa\tmple.com/", true),
            ("https://\texample.com/", true),
            ("https://exa%6dple.com/", true),
        ] {
            assert_eq!(is_https(text), !url_said, "{text:?}");
        }
    }
}
