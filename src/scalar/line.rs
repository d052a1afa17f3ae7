//! Text that stays in one line.

/// A text in one line: what a client sent must not become lines, or orders to a terminal, in a report.
pub fn in_a_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(plain).collect()
}
