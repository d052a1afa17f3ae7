//! Text → the same text in one line.

/// Escapes control characters, so that text from a client cannot add lines or terminal commands to a report.
pub fn in_a_line(text: &str) -> String {
    // Fast path: nearly every text is one line.
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}
