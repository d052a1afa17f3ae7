//! Text → the same text in one line.

/// Escapes control characters, and those that turn the direction of writing, so that text from a client cannot add lines or terminal commands to a report.
pub fn in_a_line(text: &str) -> String {
    // Fast path: nearly every text is one line.
    if !text.chars().any(is_steering) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_steering(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as a message quotes it: in backticks, on one line, not too long.
pub fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stay_on_one_line() {
        assert_eq!(quote("a\nb"), "`a b`");
        assert_eq!(quote(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
    }
}
