//! The JSON Schema of a scenario → the text of `shapes.rs`; the built-in scenario → `default.json`.
//!
//! Knows the part of JSON Schema that types in Rust give rise to, no more. It is a test: the program holds the shapes
//! ready and never reads the schema.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use serde_json::Value;

use super::schema::schema;
use super::shape::{Field, Kind, Shape};
use super::{SCENARIO, Scenario, fill, shapes, yaml};

const HEAD: &str = "//! What each key of a scenario is held against.
//!
//! Made from the types: `INSTA_UPDATE=always cargo test --lib compile` writes it anew.

use super::shape::Shape::*;
use super::shape::{Field, Kind, Shape};
";

struct Compiler<'a> {
    definitions: &'a Value,
    /// The definitions that are being read; a recursive one is not looked into.
    inside: Vec<&'a str>,
}

impl<'a> Compiler<'a> {
    fn shape(&mut self, schema: &'a Value) -> Shape {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
            return self.definition(name);
        }
        if let Some(value) = schema.get("const") {
            return if let Some(word) = value.as_str() {
                choice([word])
            } else {
                Shape::Version(value.as_u64().expect("the version is a number"))
            };
        }
        if let Some(words) = schema["enum"].as_array() {
            return choice(words.iter().filter_map(Value::as_str));
        }
        if let Some(variants) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return self.variants(variants);
        }
        match &schema["type"] {
            Value::String(name) => self.typed(name, schema),
            Value::Array(names) => {
                let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
                let name = if names.contains(&"string") {
                    Some("string")
                } else {
                    names.iter().find(|n| **n != "null").copied()
                };
                let shape = name.map_or(Shape::Anything, |name| self.typed(name, schema));
                if names.contains(&"null") { Shape::Optional(one(shape)) } else { shape }
            }
            _ => Shape::Anything,
        }
    }

    fn definition(&mut self, name: &'a str) -> Shape {
        let Some(schema) = self.definitions.get(name).filter(|_| !self.inside.contains(&name)) else {
            panic!("the definition `{name}` is missing or has no end");
        };
        let kind = match name {
            "Length" => Some(Kind::Length),
            "Offset" => Some(Kind::Offset),
            "Point" => Some(Kind::Point),
            "Start" => Some(Kind::Start),
            _ => None,
        };
        if let Some(kind) = kind {
            let example = schema["examples"][0].as_str().expect("a scalar of its own has an example");
            return Shape::Read { example: text(example), kind };
        }
        self.inside.push(name);
        let shape = self.shape(schema);
        self.inside.pop();
        shape
    }

    /// An enum of Rust, or an option.
    fn variants(&mut self, variants: &'a [Value]) -> Shape {
        let is_null = |variant: &&Value| variant["type"] == "null";
        let others: Vec<_> = variants.iter().filter(|variant| !is_null(variant)).collect();
        let shape = match others[..] {
            [only] => self.shape(only),
            _ => self.choice(&others).unwrap_or_else(|| self.kinds(&others)),
        };
        if others.len() < variants.len() { Shape::Optional(one(shape)) } else { shape }
    }

    /// Variants that the kind of node tells apart.
    fn kinds(&mut self, variants: &[&'a Value]) -> Shape {
        let (mut scalar, mut list, mut mapping) = (None, None, None);
        for variant in variants {
            let shape = self.shape(variant);
            let place = match &shape {
                Shape::List { .. } => &mut list,
                Shape::Record(_) | Shape::Table(_) => &mut mapping,
                Shape::Choice { words: [], .. } => &mut mapping,
                _ => &mut scalar,
            };
            if place.replace(one(shape)).is_some() {
                return Shape::Anything;
            }
        }
        scalar.map_or(Shape::Anything, |scalar| Shape::Kinds { scalar, list, mapping })
    }

    /// Words, and mappings of one key.
    fn choice(&mut self, variants: &[&'a Value]) -> Option<Shape> {
        let (mut words, mut forms) = (Vec::new(), Vec::new());
        for variant in variants {
            match self.shape(variant) {
                Shape::Choice { words: more, forms: others } => {
                    words.extend(more);
                    forms.extend(others);
                }
                Shape::Record([only]) => forms.push(*only),
                _ => return None,
            }
        }
        Some(Shape::Choice { words: all(words), forms: all(forms) })
    }

    fn typed(&mut self, name: &str, schema: &'a Value) -> Shape {
        match name {
            "string" => Shape::Text,
            "boolean" => Shape::Flag,
            "integer" => {
                let (least, most) = bounds(schema["format"].as_str().unwrap_or_default());
                let bound =
                    |key: &str| schema[key].as_i64().map(i128::from).or(schema[key].as_u64().map(i128::from));
                Shape::Integer {
                    least: bound("minimum").map_or(least, |bound| bound.max(least)),
                    most: bound("maximum").map_or(most, |bound| bound.min(most)),
                }
            }
            "number" => Shape::Number {
                least: schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY),
                most: schema["maximum"].as_f64().unwrap_or(f64::INFINITY),
            },
            "array" => self.list(schema),
            "object" => self.object(schema),
            _ => Shape::Anything,
        }
    }

    fn list(&mut self, schema: &'a Value) -> Shape {
        let length = |key: &str| schema[key].as_u64().map(|length| length as usize);
        let first = schema["prefixItems"]
            .as_array()
            .map_or_else(Vec::new, |items| items.iter().map(|item| self.shape(item)).collect());
        let rest = schema.get("items").filter(|items| items.is_object()).map(|items| one(self.shape(items)));
        Shape::List {
            first: all(first),
            rest,
            least: length("minItems").unwrap_or(0),
            most: length("maxItems").unwrap_or(usize::MAX),
        }
    }

    fn object(&mut self, schema: &'a Value) -> Shape {
        let Some(properties) = schema["properties"].as_object() else {
            let values = schema.get("additionalProperties").filter(|values| values.is_object());
            return Shape::Table(one(values.map_or(Shape::Anything, |values| self.shape(values))));
        };
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let field = |(name, schema): (&'a String, &'a Value)| Field {
            name: text(name),
            shape: self.shape(schema),
            is_required: required.iter().any(|key| key == name),
        };
        Shape::Record(all(properties.iter().map(field).collect()))
    }
}

fn choice<'a>(words: impl IntoIterator<Item = &'a str>) -> Shape {
    Shape::Choice { words: all(words.into_iter().map(text).collect()), forms: &[] }
}

/// The least and the greatest number of an integer type of Rust.
fn bounds(format: &str) -> (i128, i128) {
    match format {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint" | "uint64" => (0, u64::MAX.into()),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

// A shape is a constant of the program; one that is made here lasts as long as the test.

fn one(shape: Shape) -> &'static Shape {
    Box::leak(Box::new(shape))
}

fn all<T>(items: Vec<T>) -> &'static [T] {
    items.leak()
}

fn text(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// The shape in Rust, in lines that begin at `margin`.
fn rust(shape: &Shape, margin: &str) -> String {
    let option = |shape: Option<&Shape>| {
        shape.map_or("None".to_owned(), |shape| format!("Some(&{})", rust(shape, margin)))
    };
    match shape {
        Shape::Table(inner) => format!("Table(&{})", rust(inner, margin)),
        Shape::Optional(inner) => format!("Optional(&{})", rust(inner, margin)),
        Shape::Record(fields) => format!("Record({})", rust_fields(fields, margin)),
        Shape::Choice { words, forms } => {
            format!("Choice {{ words: &{words:?}, forms: {} }}", rust_fields(forms, margin))
        }
        Shape::Kinds { scalar, list, mapping } => {
            let (scalar, list, mapping) = (rust(scalar, margin), option(*list), option(*mapping));
            format!("Kinds {{ scalar: &{scalar}, list: {list}, mapping: {mapping} }}")
        }
        Shape::List { first, rest, least, most } => {
            let first: Vec<_> = first.iter().map(|shape| rust(shape, margin)).collect();
            let (first, rest) = (first.join(", "), option(*rest));
            let most = if *most == usize::MAX { "usize::MAX".to_owned() } else { most.to_string() };
            format!("List {{ first: &[{first}], rest: {rest}, least: {least}, most: {most} }}")
        }
        Shape::Number { least, most } => {
            format!("Number {{ least: {least:?}, most: {most:?} }}").replace("inf", "f64::INFINITY")
        }
        Shape::Read { example, kind } => format!("Read {{ example: {example:?}, kind: Kind::{kind:?} }}"),
        Shape::Text | Shape::Flag | Shape::Integer { .. } | Shape::Version(_) | Shape::Anything => {
            format!("{shape:?}")
        }
    }
}

fn rust_fields(fields: &[Field], margin: &str) -> String {
    if fields.is_empty() {
        return "&[]".to_owned();
    }
    let inner = format!("{margin}    ");
    let lines = fields.iter().map(|Field { name, shape, is_required }| {
        let shape = rust(shape, &inner);
        format!("{inner}Field {{ name: {name:?}, is_required: {is_required}, shape: {shape} }},\n")
    });
    format!("&[\n{}{margin}]", lines.collect::<String>())
}

/// The text of `shapes.rs`.
fn file() -> String {
    let schema = schema();
    let Shape::Record(fields) =
        (Compiler { definitions: &schema["$defs"], inside: Vec::new() }).shape(&schema)
    else {
        panic!("a scenario is no mapping");
    };
    let mut text = HEAD.to_owned();
    let mut keys = String::new();
    for Field { name, shape, is_required } in fields {
        let constant = name.to_uppercase();
        let _ = write!(text, "\npub(super) const {constant}: Shape = {};\n", rust(shape, ""));
        let _ =
            writeln!(keys, "    Field {{ name: {name:?}, is_required: {is_required}, shape: {constant} }},");
    }
    text + "\npub(super) static SCENARIO: Shape = Record(&[\n" + &keys + "]);\n"
}

/// Whether to write the files, as insta does.
fn writes() -> bool {
    env::var("INSTA_UPDATE").is_ok_and(|update| update == "always")
}

/// Compares a file with `made`, or writes it.
fn check(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scenario").join(file);
    if writes() {
        fs::write(&path, made).expect("the file can be written");
    }
    let committed = fs::read_to_string(&path).expect("the file can be read");
    assert!(committed == made, "run `INSTA_UPDATE=always cargo test --lib compile`");
}

#[test]
fn the_shapes_are_those_of_the_types() {
    check("shapes.rs", &file());
}

#[test]
fn the_built_in_scenario_is_that_of_its_text() {
    let mut mistakes = Vec::new();
    let mut root = yaml::read(Scenario::DEFAULT, SCENARIO, &mut mistakes).expect("the text is YAML");
    let (value, _) = fill::fill(&mut root, &shapes::SCENARIO, SCENARIO, &mut mistakes);
    assert!(mistakes.is_empty());
    let value = value.expect("the text has a value");
    check("default.json", &format!("{}\n", serde_json::to_string_pretty(&value).expect("a value is JSON")));
    // A file that has just been written is not in the program yet.
    if !writes() {
        let read = Scenario::parse("built in", Scenario::DEFAULT).expect("the text has no mistakes");
        assert_eq!(format!("{:?}", Scenario::built_in()), format!("{read:?}"));
    }
}
