//! `application/x-www-form-urlencoded` text → parameters, by PHP's rules for names.

use std::collections::HashMap;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// The largest number of brackets in a name: the default of PHP's `max_input_nesting_level`.
const DEEPEST: usize = 64;

/// What C's `isspace` counts as a blank.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];

/// Index of the array in `Form::arrays` that holds the top-level parameters.
const ROOT: usize = 0;

/// Reads a query string or a form body as PHP's `parse_str` does: decodes percent escapes and `+` in names and values,
/// reads names as [`Form::insert`] does, and ignores everything after a NUL byte.
///
/// `max_input_vars` depends on the installation and is not applied. Invalid UTF-8 becomes U+FFFD. PHP reads form bodies
/// with one difference: it keeps what follows a NUL byte. No client sends an unescaped NUL byte.
pub fn decode(text: &[u8]) -> Map<String, Value> {
    let mut form = Form::default();
    for pair in before_nul(text).split(|byte| *byte == b'&') {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        form.insert(&unescape(name), lossy(unescape(value)));
    }
    form.finish()
}

/// A form being read: PHP's array of request variables, in the order in which names first occur.
///
/// Stored as flat tables, not as a tree, so that adding a name takes the same time however deep earlier names nest.
#[derive(Debug)]
pub struct Form {
    /// Index 0 is the array of top-level parameters. A replaced array stays in the list, unused.
    arrays: Vec<Array>,
    entries: Vec<Entry>,
    /// (array, key) → entry.
    places: HashMap<(usize, Key), usize>,
}

/// A PHP array: its entries in order, and the highest index so far, from which `[]` counts on.
#[derive(Debug, Default)]
struct Array {
    entries: Vec<usize>,
    highest: Option<i64>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Array(usize),
    /// Removed. If the name occurs again later, it goes to the end of the order.
    Removed,
}

/// A key of a PHP array. A text that spells an integer becomes an integer key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Index(i64),
    Name(Box<str>),
}

impl Default for Form {
    fn default() -> Self {
        Self { arrays: vec![Array::default()], entries: Vec::new(), places: HashMap::new() }
    }
}

impl Form {
    /// Adds one field as PHP's `php_register_variable_ex` does (`main/php_variables.c`, 8.2). `name` must be decoded.
    ///
    /// Brackets nest, `[]` appends, and a later field replaces an earlier one of the same name. Before the brackets,
    /// leading blanks are dropped, and `.`, blank and an unmatched `[` become `_`. Text after the brackets is dropped.
    /// A field without a name is dropped. A field with more than 64 brackets is dropped, and so is an earlier field
    /// of the same name.
    pub fn insert(&mut self, name: &[u8], value: String) {
        let name = String::from_utf8_lossy(before_nul(name));
        let name = name.trim_start_matches(' ');
        let (head, brackets) = name.split_at(name.find('[').unwrap_or(name.len()));
        if head.is_empty() {
            return;
        }
        let is_bracketed = brackets.contains(']');
        let variable = if is_bracketed { head } else { name }.replace([' ', '.', '['], "_");
        let mut array = ROOT;
        let mut key = Some(variable.as_str());
        for (depth, next) in bracketed(brackets).into_iter().enumerate() {
            if depth == DEEPEST {
                return self.remove(&variable);
            }
            let Some(entry) = self.entry(array, key, name) else { return };
            array = self.array_in(entry);
            key = next;
        }
        if let Some(entry) = self.entry(array, key, name) {
            self.entries[entry].content = Content::Text(value);
        }
    }

    /// The parameters. An array with the keys 0, 1, 2 … in this order becomes a list, any other array an object.
    pub fn finish(mut self) -> Map<String, Value> {
        // Freed first, because the result needs as much memory again.
        self.places = HashMap::new();
        let entries = std::mem::take(&mut self.arrays[ROOT].entries);
        entries.into_iter().filter_map(|entry| self.take(entry)).collect()
    }

    /// The entry of `key`, created if it is absent; a `key` of `None` stands for `[]`. Returns `None` for a key that
    /// PHP refuses, and for `[]` when the highest possible index is in use.
    fn entry(&mut self, array: usize, key: Option<&str>, name: &str) -> Option<usize> {
        let Array { entries, highest } = &mut self.arrays[array];
        let key = match (key, *highest) {
            (Some(key), _) if is_forged(key, name) => return None,
            (Some(key), _) => Key::new(key),
            (None, None) => Key::Index(0),
            (None, Some(highest)) => Key::Index(highest.checked_add(1)?),
        };
        if let Key::Index(index) = key {
            *highest = (*highest).max(Some(index));
        }
        let entry = *self.places.entry((array, key.clone())).or_insert(self.entries.len());
        if entry == self.entries.len() {
            entries.push(entry);
            self.entries.push(Entry { key, content: Content::Text(String::new()) });
        }
        Some(entry)
    }

    /// The array in an entry. A text in the entry is replaced with an empty array.
    fn array_in(&mut self, entry: usize) -> usize {
        if let Content::Array(array) = self.entries[entry].content {
            return array;
        }
        self.arrays.push(Array::default());
        let array = self.arrays.len() - 1;
        self.entries[entry].content = Content::Array(array);
        array
    }

    fn remove(&mut self, variable: &str) {
        if let Some(entry) = self.places.remove(&(ROOT, Key::new(variable))) {
            self.entries[entry].content = Content::Removed;
        }
    }

    /// Removes an entry and returns its key and value. Recurses once per bracket of a name, so at most 64 deep.
    fn take(&mut self, entry: usize) -> Option<(String, Value)> {
        let Entry { key, content } = &mut self.entries[entry];
        let key = match key {
            Key::Index(index) => index.to_string(),
            Key::Name(name) => std::mem::take(name).into_string(),
        };
        let value = match std::mem::replace(content, Content::Removed) {
            Content::Removed => return None,
            Content::Text(text) => Value::String(text),
            Content::Array(array) => {
                let entries = std::mem::take(&mut self.arrays[array].entries);
                let is_list =
                    (0..).zip(&entries).all(|(index, entry)| self.entries[*entry].key == Key::Index(index));
                let members = entries.into_iter().filter_map(|entry| self.take(entry));
                if is_list {
                    Value::Array(members.map(|(_, value)| value).collect())
                } else {
                    Value::Object(members.collect())
                }
            }
        };
        Some((key, value))
    }
}

impl Key {
    /// Reads a key. It is an integer if it has no `+`, no leading zeros, is not `-0` and fits 64 bits.
    fn new(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_canonical = digits.starts_with(|first: char| matches!(first, '1'..='9')) || text == "0";
        match text.parse() {
            Ok(index) if is_canonical => Self::Index(index),
            _ => Self::Name(text.into()),
        }
    }
}

/// `[a][][b]…` → the keys, with `None` for `[]`. Stops at a bracket that is not closed, and after one key more than
/// [`DEEPEST`].
fn bracketed(text: &str) -> Vec<Option<&str>> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        if keys.len() == DEEPEST {
            keys.push(None);
            break;
        }
        // `[ ]` is read as `[]`, but in `[ a]` the blank is a part of the key.
        let blank = usize::from(inner.starts_with(BLANKS));
        let Some(length) = inner[blank..].find(']') else { break };
        keys.push((length > 0).then_some(&inner[..blank + length]));
        rest = &inner[blank + length + 1..];
    }
    keys
}

/// Whether a key has a prefix reserved for cookies that the sent name did not begin with (CVE-2022-31629).
fn is_forged(key: &str, name: &str) -> bool {
    ["__Host-", "__Secure-"].iter().any(|prefix| key.starts_with(prefix) && !name.starts_with(prefix))
}

/// The text up to the first NUL byte: PHP parses requests as C strings.
fn before_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Decodes percent escapes, and `+` to a blank.
fn unescape(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

/// Bytes → text, with U+FFFD for what is not UTF-8.
pub(super) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Query strings and the result of PHP's `parse_str`. `make.php`, in the same folder, writes the table.
    const QUERIES: &str = include_str!("../../../../tests/data/php/query.tsv");

    #[test]
    fn parameters_are_those_of_php() {
        for row in QUERIES.lines() {
            let (query, expected) = row.split_once('\t').unwrap();
            let query: String = serde_json::from_str(query).unwrap();
            let expected: Value = serde_json::from_str(expected).unwrap();
            // Compared as text, because maps are equal in any order.
            assert_eq!(
                Value::Object(decode(query.as_bytes())).to_string(),
                expected.to_string(),
                "{query:?}"
            );
        }
    }

    #[test]
    fn invalid_text_is_replaced() {
        assert_eq!(
            Value::Object(decode(b"a%FF=%C3%28&\xff[\xfe]=1")),
            json!({"a\u{fffd}": "\u{fffd}(", "\u{fffd}": {"\u{fffd}": "1"}})
        );
    }

    /// With a quadratic step this test would take minutes.
    #[test]
    fn long_text_is_no_burden() {
        let list = Value::Object(decode(&b"a[]=1&".repeat(50_000)));
        assert_eq!(list["a"].as_array().unwrap().len(), 50_000);
        assert_eq!(decode(&[b"a".as_slice(), &b"[b]".repeat(300_000)].concat()).len(), 0);
        assert_eq!(decode(&[b"a".as_slice(), &b"[".repeat(900_000)].concat()).len(), 1);
        assert_eq!(decode(format!("a{}&", "[]".repeat(64)).repeat(1_000).as_bytes()).len(), 1);
        let used = (0..50_000).map(|name| format!("{name}&"));
        let removed = (0..1_000).map(|name| format!("{name}{}&", "[]".repeat(65)));
        assert_eq!(decode(used.chain(removed).collect::<String>().as_bytes()).len(), 49_000);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            decode(&text);
        }

        #[test]
        fn no_brackets_panic(text in r"([a-c&=%.+\[\] ]|\[\]|%5B|%5d|%00|\PC){0,40}") {
            decode(text.as_bytes());
        }

        #[test]
        fn flat_parameters_return(
            fields in prop::collection::btree_map("[a-zA-Z0-9_я😀]{1,8}", any::<String>(), 0..8),
        ) {
            let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            let pairs = fields.iter().map(|(name, value)| format!("{}={}&", escape(name), escape(value)));
            let text: String = pairs.collect();
            let expected: Map<_, _> = fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
            prop_assert_eq!(decode(text.as_bytes()), expected);
        }
    }
}
