//! Small pieces of messages.

pub(super) use crate::scalar::quote;

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

/// The first three names, sorted, and how many others there are.
pub(super) fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    let shown: Vec<_> = names.iter().take(3).map(|name| quote(name)).collect();
    match names.len() {
        0 => "there is none".to_owned(),
        count if count > 3 => format!("{} and {} more", shown.join(", "), count - 3),
        _ => shown.join(", "),
    }
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
        assert_eq!(some(["b", "a"]), "`a`, `b`");
        assert_eq!(some(["e", "d", "c", "b", "a"]), "`a`, `b`, `c` and 2 more");
        assert_eq!(some([]), "there is none");
    }
}
