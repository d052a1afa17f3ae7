//! A pattern of `match`, a value → does the value fit.

use std::fmt;

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::scalar::Text;

/// A value, a list of values, or `{regex: …}`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pattern {
    /// This value only.
    One(Text),
    /// One of these values.
    Any(Vec<Text>),
    /// A regular expression.
    Form(Form),
}

/// A pattern that is not a list of values.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A regular expression that matches anywhere in the value. `^` and `$` are the start and the end of the value.
    Regex(Text),
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// One of these values.
    Any(Vec<String>),
    /// Values that match this expression. Matching takes linear time, whatever the expression.
    Fits(Regex),
}

/// How much memory a compiled expression may take, in bytes.
const REGEX_MEMORY: usize = 1 << 20;

impl Pattern {
    /// Compiles the pattern.
    ///
    /// # Errors
    /// When the text is not a regular expression, or is too large. The error is one line that says why.
    pub fn matcher(&self) -> Result<Matcher, String> {
        match self {
            Self::One(value) => Ok(Matcher::Any(vec![value.to_string()])),
            Self::Any(values) => Ok(Matcher::Any(values.iter().map(ToString::to_string).collect())),
            Self::Form(Form::Regex(text)) => {
                let regex = RegexBuilder::new(text).size_limit(REGEX_MEMORY).build();
                regex.map(Matcher::Fits).map_err(|error| match error {
                    regex::Error::CompiledTooBig(_) => "it would take more than 1 MiB".to_owned(),
                    other => other.to_string().lines().last().unwrap_or_default().replace("error: ", ""),
                })
            }
        }
    }

    /// The values of the pattern; `None` when it is a regular expression.
    pub fn values(&self) -> Option<&[Text]> {
        match self {
            Self::One(value) => Some(std::slice::from_ref(value)),
            Self::Any(values) => Some(values),
            Self::Form(_) => None,
        }
    }
}

impl fmt::Display for Matcher {
    /// The wanted values in words.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(values) => {
                let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
                formatter.write_str(&values.join(" or "))
            }
            Self::Fits(regex) => write!(formatter, "any text that matches `{regex}`"),
        }
    }
}

impl Matcher {
    /// How similar a value is to the most similar wanted value, from 0 to 1. Only the first 100 characters count.
    /// Always 0 for an expression.
    pub fn likeness(&self, value: &str) -> f64 {
        const LONGEST: usize = 100;
        let start = |text: &str| text.chars().take(LONGEST).collect::<String>();
        match self {
            Self::Any(values) => {
                let likeness =
                    |wanted: &String| strsim::normalized_levenshtein(&start(wanted), &start(value));
                values.iter().map(likeness).fold(0.0, f64::max)
            }
            Self::Fits(_) => 0.0,
        }
    }

    /// Whether the value is a wanted one.
    pub fn fits(&self, value: &str) -> bool {
        match self {
            Self::Any(values) => values.iter().any(|wanted| wanted == value),
            Self::Fits(regex) => regex.is_match(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(yaml: &str, fitting: &[&str], others: &[&str]) {
        let pattern: Pattern = serde_json::from_str(yaml).unwrap();
        let matcher = pattern.matcher().unwrap();
        assert!(fitting.iter().all(|value| matcher.fits(value)), "{yaml}");
        assert!(!others.iter().any(|value| matcher.fits(value)), "{yaml}");
    }

    #[test]
    fn values_lists_and_expressions() {
        check(r#""a""#, &["a"], &["", "A", "aa"]);
        check(r#"["a", "b"]"#, &["a", "b"], &["c", ""]);
        check(r#"{"regex": "^chat-[0-9]+$"}"#, &["chat-1", "chat-22"], &["chat-", "a chat-1"]);
        check(r#"{"regex": "(?i)crew"}"#, &["The Crew"], &["cre"]);
        check("[]", &[], &["", "a"]);
    }

    #[test]
    fn what_is_no_expression_says_why() {
        let why = |text: &str| Pattern::Form(Form::Regex(text.into())).matcher().unwrap_err();
        assert_eq!(why("(a"), "unclosed group");
        assert_eq!(why("(a{1000}){1000}"), "it would take more than 1 MiB");
    }
}
