//! Pieces of the reasons that services give for their refusals. The journal shows a reason as a remark.

use crate::http::Facts;

/// How many names [`some_of`] gives.
const MOST: usize = 3;

/// Names as they stand in a sentence: the first three different ones, and how many others there are. `none` without any.
pub fn some_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut others = 0;
    for name in names {
        match known.contains(&name) {
            true => {}
            false if known.len() < MOST => known.push(name),
            false => others += 1,
        }
    }
    let text = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (known.len(), others) {
        (0, _) => "none".to_owned(),
        (_, 0) => text,
        (_, others) => format!("{text} and {others} more"),
    }
}

/// What there is of a kind, such as ``the lines are `105`, `107` ``, or that there is nothing of it. `kind` is in the plural.
pub fn those_of<'a>(kind: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter().peekable();
    match names.peek() {
        Some(_) => format!("the {kind} are {}", some_of(names)),
        None => format!("there are no {kind}"),
    }
}

/// The parameter that a client has sent in place of `name`: spelt alike but for the case, `_` and `-`. `None` when
/// there is none.
pub fn misspelt(facts: &dyn Facts, name: &str) -> Option<String> {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
    };
    let (wanted, mut found) = (letters(name), None);
    facts.given(&mut |given, _| {
        if found.is_none() && given != name && letters(given) == wanted {
            found = Some(given.to_owned());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_at_most_three_names() {
        for (names, text) in [
            (&[][..], "none"),
            (&["a"], "`a`"),
            (&["a", "b", "a", "c"], "`a`, `b`, `c`"),
            (&["a", "b", "c", "d", "e"], "`a`, `b`, `c` and 2 more"),
        ] {
            assert_eq!(some_of(names.iter().copied()), text);
        }
    }
}
