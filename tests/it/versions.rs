//! Every package that is published has the version of `Cargo.toml`.

use std::fs;

use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value of a key in a table of a TOML file, written on one line.
fn toml_value(text: &str, table: &str, key: &str) -> Option<String> {
    let lines = text.lines().skip_while(|line| line.trim() != format!("[{table}]")).skip(1);
    let mut lines = lines.take_while(|line| !line.starts_with('['));
    lines.find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().to_owned())
    })
}

#[test]
fn the_lock_files_have_the_version_of_the_package() {
    for path in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let text = read(path);
        let entry = text.split("[[package]]").find(|entry| entry.contains("\nname = \"standin\"\n"));
        let entry = entry.unwrap_or_else(|| panic!("{path} has no package `standin`"));
        assert!(entry.contains(&format!("\nversion = \"{VERSION}\"\n")), "{path}:{entry}");
    }
}

/// maturin takes the version of the wheel from the `Cargo.toml` that it builds.
#[test]
fn the_package_for_python_takes_its_version_from_cargo() {
    let text = read("kits/python/pyproject.toml");
    assert_eq!(toml_value(&text, "project", "version"), None);
    assert_eq!(toml_value(&text, "project", "dynamic").as_deref(), Some("[\"version\"]"));
    assert_eq!(toml_value(&text, "tool.maturin", "manifest-path").as_deref(), Some("\"../../Cargo.toml\""));
}

#[test]
fn the_packages_for_npm_have_the_version_of_cargo() {
    let package = json("kits/node/package.json");
    assert_eq!(package["name"], "standin");
    assert_eq!(package["version"], VERSION);
    let platforms = package["optionalDependencies"].as_object().expect("the platform packages");
    let mut names: Vec<_> = platforms.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["@standin/darwin-arm64", "@standin/darwin-x64", "@standin/linux-arm64", "@standin/linux-x64"],
        "those that the release workflow makes"
    );
    for (name, version) in platforms {
        assert_eq!(version, VERSION, "{name}");
    }
}

/// Composer takes the version from a tag, or from the packed file, where `pack.sh` writes it.
#[test]
fn the_package_for_php_has_no_version_of_its_own() {
    let package = json("kits/php/composer.json");
    assert_eq!(package["name"], "standin/standin");
    assert!(package.get("version").is_none());
}

#[test]
fn the_release_workflow_makes_every_platform_package() {
    let workflow = read(".github/workflows/release.yml");
    let package = json("kits/node/package.json");
    let platforms = package["optionalDependencies"].as_object().expect("the platform packages");
    for name in platforms.keys() {
        let platform = name.trim_start_matches("@standin/");
        assert!(workflow.contains(&format!("platform: {platform}\n")), "{platform}");
    }
}
