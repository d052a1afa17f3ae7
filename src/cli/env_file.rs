//! A file with lines `KEY=VALUE` → variables.

use std::collections::BTreeMap;

/// Reads the lines of a file: `KEY=VALUE`, with `export` before it or without, values in single or double quotes or in none,
/// comments behind `#`.
///
/// # Errors
/// What is wrong, with the number of the line. The line itself is not told: it may hold a secret.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| format!("line {} {why}", number + 1);
        let line = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(line);
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("is not `KEY=VALUE`"))?;
        let key = key.trim_start();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if key.is_empty() || key.starts_with(|c: char| c.is_ascii_digit()) || !key.chars().all(is_name) {
            return Err(wrong("has no name of a variable before `=`"));
        }
        variables.insert(key.to_owned(), value_of(value).map_err(|why| wrong(&why))?);
    }
    Ok(variables)
}

fn value_of(text: &str) -> Result<String, String> {
    let (value, rest) = match text.chars().next() {
        Some('\'') => {
            let (value, rest) = text[1..].split_once('\'').ok_or("lacks the closing `'`")?;
            (value.to_owned(), rest)
        }
        Some('"') => quoted(&text[1..])?,
        _ => {
            let end = text.find(" #").or_else(|| text.find("\t#")).unwrap_or(text.len());
            return Ok(text[..end].trim().to_owned());
        }
    };
    match rest.trim_start() {
        "" => Ok(value),
        comment if comment.starts_with('#') => Ok(value),
        _ => Err("has something behind the closing quote".to_owned()),
    }
}

/// A value up to the closing quote, and what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[place + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other)) if matches!(other, '"' | '\\' | '$' | '`') => value.push(other),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("lacks the closing `\"`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let text = "\u{feff}# a comment\n\nA=1\nexport B='two # 2'  # comment\n C=x y # z\nD=\"q\\\"\\n\\x\"\nE=\nexport=5\r\n";
        let variables = read(text).unwrap();
        let found: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            found,
            [("A", "1"), ("B", "two # 2"), ("C", "x y"), ("D", "q\"\n\\x"), ("E", ""), ("export", "5")]
        );
    }

    #[test]
    fn a_wrong_line_is_told_by_its_number_alone() {
        for (text, told) in [
            ("A=1\nsecret", "line 2 is not `KEY=VALUE`"),
            ("1A=secret", "line 1 has no name of a variable before `=`"),
            ("\n\nA='secret", "line 3 lacks the closing `'`"),
            ("A=\"secret", "line 1 lacks the closing `\"`"),
            ("A='secret' b", "line 1 has something behind the closing quote"),
        ] {
            assert_eq!(read(text), Err(told.to_owned()), "{text}");
        }
    }
}
