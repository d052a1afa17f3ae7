//! Small pieces of messages.

/// `a`, `b` and `c`, each in backticks.
pub(super) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    join(items, "and")
}

/// `a`, `b` or `c`, each in backticks.
pub(super) fn either<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    join(items, "or")
}

fn join<T: AsRef<str>>(items: impl IntoIterator<Item = T>, word: &str) -> String {
    let mut items: Vec<_> = items.into_iter().map(|item| format!("`{}`", item.as_ref())).collect();
    let Some(last) = items.pop() else { return "nothing".to_owned() };
    if items.is_empty() { last } else { format!("{} {word} {last}", items.join(", ")) }
}

/// A text as a message quotes it: in backticks, on one line, not too long.
pub(super) fn quote(text: &str) -> String {
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
    fn lists_end_in_a_word() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(either(["a", "b"]), "`a` or `b`");
        assert_eq!(list::<&str>([]), "nothing");
    }

    #[test]
    fn quotes_stay_on_one_line() {
        assert_eq!(quote("a\nb"), "`a b`");
        assert_eq!(quote(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
    }
}
