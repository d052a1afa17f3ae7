//! Dependencies between the parts of the library, read from the source and compared with the allowed ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// For each part of the library: the other parts that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "basics", "contract", "control", "emulator", "engine", "judge", "page", "scalar", "scenario",
            "serve", "services",
        ],
    ),
    (
        "serve",
        &[
            "basics", "contract", "control", "emulator", "engine", "fault", "http", "judge", "scenario",
            "services",
        ],
    ),
    ("contract", &["basics", "emulator", "engine", "http", "scalar", "scenario", "services"]),
    (
        "control",
        &["basics", "emulator", "engine", "fault", "http", "judge", "page", "scalar", "scenario", "services"],
    ),
    ("engine", &["basics", "emulator", "fault", "http", "judge", "scalar", "scenario", "services"]),
    ("scenario", &["basics", "emulator", "fault", "judge", "scalar", "services"]),
    ("judge", &["emulator", "fault", "http", "scalar", "services"]),
    ("services", &["basics", "emulator", "http", "scalar"]),
    ("emulator", &["basics", "http", "scalar"]),
    ("fault", &["basics", "http", "scalar"]),
    ("page", &[]),
    ("http", &[]),
    ("scalar", &[]),
    ("basics", &[]),
];

fn sources(part: &str) -> Vec<(PathBuf, String)> {
    fn walk(path: &Path, found: &mut Vec<(PathBuf, String)>) {
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            entries.for_each(|entry| walk(&entry, found));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            // Unit tests of a file that would be too long are in `tests.rs`.
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

/// The first path segment after each `prefix`, such as `crate::`, also those in a list in braces.
fn named_after(prefix: &str, code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.match_indices(prefix)
        // After another `::` the prefix is a part of a longer path.
        .filter(|(position, _)| !code[..*position].ends_with("::"))
        .flat_map(|(position, found)| {
            let rest = &code[position + found.len()..];
            match rest.strip_prefix('{') {
                None => vec![word(rest)],
                Some(list) => items(list).into_iter().map(|item| word(item.trim())).collect(),
            }
        })
        .collect()
}

/// The items of a list in braces. `list` begins after the opening brace.
fn items(list: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0);
    for (position, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                items.push(&list[start..position]);
                break;
            }
            ',' if depth == 0 => {
                items.push(&list[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    items
}

#[test]
fn every_arrow_is_allowed() {
    for (part, allowed) in MAY_USE {
        for (path, code) in sources(part) {
            for named in named_after("crate::", &code) {
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

/// For each file of a folder: the other files of the folder that it uses.
fn neighbours(folder: &str, files: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let own = format!("crate::{}", folder.split('/').map(|part| format!("{part}::")).collect::<String>());
    let named = |name: &str, code: &str| {
        let mut named = [named_after("super::", code), named_after(&own, code)].concat();
        named.retain(|other| other != name && files.iter().any(|(file, _)| file == other));
        named
    };
    files.iter().map(|(name, code)| (name.clone(), named(name, code))).collect()
}

/// A cycle of uses from a file back to itself; `None` when there is none.
fn circle(from: &str, neighbours: &BTreeMap<String, Vec<String>>) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![from.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in &neighbours[way.last().expect("a way begins somewhere")] {
            let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
            if next == from {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

#[test]
fn files_of_a_folder_do_not_name_each_other_in_a_circle() {
    let mut folders = BTreeMap::<String, Vec<(String, String)>>::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (path, code) in MAY_USE.iter().flat_map(|(part, _)| sources(part)) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let folder = path.parent().unwrap().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        if name != "mod" {
            folders.entry(folder).or_default().push((name, code));
        }
    }
    let mut circles = BTreeSet::new();
    for (folder, files) in &folders {
        let neighbours = neighbours(folder, files);
        for way in neighbours.keys().filter_map(|name| circle(name, &neighbours)) {
            // The same cycle is found from each of its files; it is reported once.
            if way.iter().min() == way.first() {
                circles.insert(format!("src/{folder}: {}", way.join(" → ")));
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_is_found_whichever_way_its_files_are_named() {
    let files = [
        ("one", "use super::{World, two::{Two, Second}};"),
        ("two", "fn two() { crate::part::folder::three::three() }"),
        ("three", "use super::{Other, one};\nuse super::super::alone;"),
        ("alone", "use super::one::One;"),
    ];
    let files = files.map(|(name, code)| (name.to_owned(), code.to_owned()));
    let neighbours = neighbours("part/folder", &files);
    assert_eq!(circle("one", &neighbours).unwrap(), ["one", "two", "three", "one"]);
    assert_eq!(circle("alone", &neighbours), None);
}

#[test]
fn a_service_knows_neither_the_other_services_nor_faults() {
    for (service, others) in [("services/bitrix24", "chert"), ("services/chert", "bitrix24")] {
        for (path, code) in sources(service) {
            assert!(
                !code.contains(&format!("services::{others}")) && !code.contains(&format!("super::{others}")),
                "{}",
                path.display()
            );
        }
    }
    for (path, code) in sources("services") {
        assert!(
            !code.contains("crate::fault"),
            "{}: a service does not know that faults exist",
            path.display()
        );
    }
    for (path, code) in sources("fault") {
        assert!(
            !code.contains("crate::services"),
            "{}: a fault does not know a service's envelope",
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
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
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
    for (part, _) in MAY_USE.iter().filter(|(part, _)| !matches!(*part, "cli" | "serve")) {
        for (path, code) in sources(part) {
            for word in shell_only {
                assert!(!code.contains(word), "{}: `{word}` belongs to src/serve", path.display());
            }
            // IP addresses are plain values; everything else in `net` opens a connection.
            for net in ["core::net", "std::net"] {
                let named = code.match_indices(net).map(|(position, _)| &code[position + net.len()..]);
                for rest in named {
                    let list = rest.split([';', ')']).next().unwrap_or_default();
                    let words = list.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
                    for word in words {
                        assert!(word.starts_with("Ip"), "{}: `{net}::{word}`", path.display());
                    }
                }
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
