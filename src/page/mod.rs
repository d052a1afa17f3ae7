//! The page for people, `GET /__standin/`: its files, which are part of the program.

mod report;

use core::fmt::Write;

use sha2::{Digest, Sha256};

pub use report::in_one_file;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its path in this folder.
    pub name: &'static str,
    /// What it holds.
    pub text: &'static str,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(File { name: $name, text: include_str!($name) }),*] };
}

/// The page itself.
pub const INDEX: &str = "index.html";

/// Every file.
pub static FILES: &[File] = files![
    "action.js",
    "body.js",
    "chat.js",
    "clock.js",
    "complete.js",
    "control.js",
    "delivery.js",
    "detail.js",
    "editor.js",
    "exchange.js",
    "faults.js",
    "filter.js",
    "head.js",
    "icon.svg",
    "index.html",
    "judgement.js",
    "lib/preact-license.txt",
    "lib/preact.js",
    "main.js",
    "namespaces.js",
    "page.css",
    "parts.js",
    "place.js",
    "plots.js",
    "rates.js",
    "record.js",
    "stages.js",
    "stream.js",
    "strike.js",
    "timeline.js",
    "wire.js",
    "world.js",
];

/// What a browser may do on the page: nothing but ask its own server, and run its own files.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The file with this path; `None` when there is none.
pub fn file(name: &str) -> Option<&'static str> {
    FILES.iter().find(|file| file.name == name).map(|file| file.text)
}

/// Whether a path can be that of a file of the page. Such a path stays in its folder.
pub fn is_name(name: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || b"0123456789-".contains(&byte))
    };
    let Some((stem, _)) = name.rsplit_once('.').filter(|_| media_type(name).is_some()) else { return false };
    stem.split('/').count() <= 2 && stem.split('/').all(is_plain)
}

/// The media type of a file, by the end of its path; `None` for a file that the page cannot have.
pub fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// A tag that changes with the content.
pub fn tag(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let mut tag = String::from("\"");
    for byte in &hash[..12] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_program_and_small() {
        fn walk(path: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
                match entry.extension() {
                    None => walk(&entry, found),
                    Some(extension) if extension == "rs" => {}
                    Some(_) => {
                        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
                        found.push(entry.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                    }
                }
            }
        }
        let mut found = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page"), &mut found);
        found.sort_unstable();
        let mut known: Vec<_> = FILES.iter().map(|file| file.name).collect();
        known.sort_unstable();
        assert_eq!(found, known, "list every file of src/page in FILES");
        assert!(known.iter().all(|name| is_name(name)));
        let size: usize = FILES.iter().map(|file| file.text.len()).sum();
        assert!(size < 150 << 10, "the page has {size} bytes");
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        for name in ["main.js", "lib/preact.js", "lib/preact-license.txt", "icon.svg"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            ".js",
            "..",
            "../main.js",
            "lib/../mod.js",
            "/etc/passwd.txt",
            "a/b/c.js",
            "mod.rs",
            "lib",
            "a..js",
            "a%2f.js",
            "A.js",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
