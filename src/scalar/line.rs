//! Text → the same text in one line.

/// Escapes control characters, so that text from a client cannot add lines or terminal commands to a report.
pub fn in_a_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(plain).collect()
}
