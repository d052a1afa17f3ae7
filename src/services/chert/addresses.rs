//! Phone numbers and email addresses of recipients.

/// Whether a text is `+` and 7 to 15 digits, of which the first is not 0.
pub fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// A phone number without the blanks, hyphens, dots and brackets that people write; `None` when it is not one.
pub fn phone(text: &str) -> Option<String> {
    let is_ornament = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')');
    let number: String = text.chars().filter(|c| !is_ornament(*c)).collect();
    is_e164(&number).then_some(number)
}

/// A phone number, or an email address in lower case; `None` when the text is neither.
pub fn address(text: &str) -> Option<String> {
    let Some((name, host)) = text.trim().split_once('@') else { return phone(text) };
    let is_plain = |text: &str| {
        !text.is_empty() && !text.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control())
    };
    (is_plain(name) && is_plain(host)).then(|| format!("{name}@{host}").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (text, form) in [
            ("+14155551234", Some("+14155551234")),
            (" +1 (415) 555-1234 ", Some("+14155551234")),
            ("+1.415.555.1234", Some("+14155551234")),
            ("Sam.Chen@Example.com ", Some("sam.chen@example.com")),
            ("14155551234", None),
            ("+04155551234", None),
            ("+1415", None),
            ("+1415555123456789", None),
            ("sam@", None),
            ("@example.com", None),
            ("sam@exa mple.com", None),
            ("sam@a@b", None),
            ("", None),
        ] {
            assert_eq!(address(text).as_deref(), form, "{text}");
        }
    }
}
