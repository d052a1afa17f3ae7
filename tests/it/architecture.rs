//! Who may use whom: read off the source, held against the table in ARCHITECTURE.md.

use std::fs;
use std::path::{Path, PathBuf};

/// For each part of the library: the other parts that it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("cli", &["engine", "judge", "scenario", "seed", "serve", "vendor"]),
    ("serve", &["control", "engine", "fault", "http", "judge", "scenario", "vendor"]),
    ("control", &["engine", "fault", "http", "judge", "scenario", "seed", "vendor"]),
    ("engine", &["fault", "http", "judge", "scenario", "seed", "vendor"]),
    ("scenario", &["engine", "fault", "judge", "seed", "vendor"]),
    ("judge", &["fault", "http", "seed", "vendor"]),
    ("vendor", &["engine", "http", "seed"]),
    ("fault", &["engine", "http", "seed"]),
    ("http", &[]),
    ("seed", &[]),
];

/// What vendors, faults and scenarios may name of the engine: values without a world.
const ENGINE_LEAVES: &[&str] = &["Stage", "Watch", "Span", "Stream", "Clock"];

fn sources(part: &str) -> Vec<(PathBuf, String)> {
    fn walk(path: &Path, found: &mut Vec<(PathBuf, String)>) {
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            entries.for_each(|entry| walk(&entry, found));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.to_owned(), code(&fs::read_to_string(path).unwrap())));
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(part), &mut found);
    assert!(!found.is_empty(), "there is no src/{part}");
    found
}

/// A source without its comments and its unit tests.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The first path segments after every `crate::`, also within braces.
fn named_parts(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.match_indices("crate::")
        .flat_map(|(position, found)| {
            let rest = &code[position + found.len()..];
            match rest.strip_prefix('{') {
                None => vec![word(rest)],
                Some(list) => list
                    .split('}')
                    .next()
                    .unwrap_or_default()
                    .split(',')
                    .map(|item| word(item.trim()))
                    .collect(),
            }
        })
        .collect()
}

#[test]
fn every_arrow_is_allowed() {
    for (part, allowed) in MAY_USE {
        for (path, code) in sources(part) {
            for named in named_parts(&code) {
                let is_own = named == *part;
                assert!(
                    is_own || allowed.contains(&named.as_str()),
                    "{}: {part} may not use {named}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_folder_has_its_arrows() {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    for folder in folders.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(MAY_USE.iter().any(|(part, _)| *part == name), "say in MAY_USE whom src/{name} may use");
    }
}

#[test]
fn vendors_faults_and_scenarios_see_only_the_engines_values() {
    for part in ["vendor", "fault", "scenario"] {
        for (path, code) in sources(part) {
            for (position, found) in code.match_indices("engine::") {
                let rest = &code[position + found.len()..];
                let list = rest
                    .strip_prefix('{')
                    .map_or_else(|| rest.split("::").next().unwrap(), |list| list.split('}').next().unwrap());
                for item in list.split(',') {
                    let name: String = item.trim().chars().take_while(|c| c.is_alphanumeric()).collect();
                    assert!(ENGINE_LEAVES.contains(&name.as_str()), "{}: engine::{name}", path.display());
                }
            }
        }
    }
}

#[test]
fn a_vendor_knows_neither_the_other_vendors_nor_faults() {
    for (vendor, others) in [("vendor/bitrix24", "chert"), ("vendor/chert", "bitrix24")] {
        for (path, code) in sources(vendor) {
            assert!(
                !code.contains(&format!("vendor::{others}")) && !code.contains(&format!("super::{others}")),
                "{}",
                path.display()
            );
        }
    }
    for (path, code) in sources("vendor") {
        assert!(
            !code.contains("crate::fault"),
            "{}: a vendor does not know that faults exist",
            path.display()
        );
    }
    for (path, code) in sources("fault") {
        assert!(
            !code.contains("crate::vendor"),
            "{}: a fault does not know a vendor's envelope",
            path.display()
        );
    }
}

#[test]
fn time_sockets_and_chance_stay_in_the_shell() {
    let shell_only = [
        ".await",
        "async ",
        "tokio",
        "hyper",
        "std::net",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "RandomState",
        "thread_rng",
        "std::env",
        "std::fs",
    ];
    for part in ["control", "engine", "fault", "http", "scenario", "seed", "vendor"] {
        for (path, code) in sources(part) {
            for word in shell_only {
                assert!(!code.contains(word), "{}: `{word}` belongs to src/serve", path.display());
            }
        }
    }
    for (path, code) in sources("cli") {
        for word in ["tokio", "hyper", ".await", "async ", "SystemTime", "Timestamp::now"] {
            assert!(!code.contains(word), "{}: `{word}` belongs to src/serve", path.display());
        }
    }
}

#[test]
fn one_file_names_the_yaml_library() {
    let naming: Vec<_> = MAY_USE
        .iter()
        .flat_map(|(part, _)| sources(part))
        .filter(|(_, code)| code.contains("granit_parser"))
        .map(|(path, _)| path.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(naming, ["yaml.rs"]);
}
