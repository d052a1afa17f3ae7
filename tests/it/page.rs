//! The page for people: its files, and who may read them.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, thread};

use standin::Server;

use crate::client::{Response, get, parse, raw, send};

fn browse(server: &Server, path: &str, more: &[(&str, &str)]) -> Response {
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    send(server, "GET", path, &[&[html], more].concat(), b"")
}

#[test]
fn a_browser_gets_the_page_and_a_program_the_paths() {
    let server = Server::start().unwrap();
    let page = browse(&server, "/__standin/", &[]);
    assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text().contains(r#"src="page/main.js""#));
    let moved = browse(&server, "/__standin", &[]);
    assert_eq!((moved.status(), moved.header("location")), (308, Some("/__standin/")));
    let told = get(&server, "/__standin/");
    assert_eq!((told.status(), told.header("content-type")), (200, Some("application/json")));
    assert!(told.json()["help"].as_str().unwrap().contains("`/__standin/journal`"), "{}", told.text());
    assert_eq!(server.journal().len(), 0, "the page is in no journal");
}

#[test]
fn files_are_kept_by_browsers_and_can_do_nothing_else_than_the_page_needs() {
    let server = Server::start().unwrap();
    for (path, media_type) in [
        ("/__standin/", "text/html; charset=utf-8"),
        ("/__standin/page/index.html", "text/html; charset=utf-8"),
        ("/__standin/page/main.js", "text/javascript; charset=utf-8"),
        ("/__standin/page/page.css", "text/css; charset=utf-8"),
        ("/__standin/page/icon.svg", "image/svg+xml"),
    ] {
        let file = browse(&server, path, &[]);
        assert_eq!((file.status(), file.header("content-type")), (200, Some(media_type)), "{path}");
        let policy = file.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(file.header("referrer-policy"), Some("no-referrer"));
        let tag = file.header("etag").unwrap();
        let again = browse(&server, path, &[("if-none-match", tag)]);
        assert_eq!((again.status(), again.body.len()), (304, 0), "{path}");
        assert_eq!(browse(&server, path, &[("if-none-match", "\"other\"")]).status(), 200);
    }
}

#[test]
fn files_of_other_folders_are_not_served() {
    let server = Server::start().unwrap();
    for path in [
        "mod.rs",
        "../lib.rs",
        "..%2flib.rs",
        "../../Cargo.toml",
        "../../README.md",
        "lib/../../lib.rs",
        "/etc/passwd",
        "nothing.js",
        "lib/",
        "",
    ] {
        let answer = browse(&server, &format!("/__standin/page/{path}"), &[]);
        assert_eq!(answer.status(), 404, "{path}: {}", answer.text());
        assert!(answer.json()["standin"].is_string());
    }
    assert_eq!(send(&server, "POST", "/__standin/page/main.js", &[], b"").status(), 404);
}

#[test]
fn a_foreign_page_may_not_read_the_files() {
    let server = Server::start().unwrap();
    let host = server.url().trim_start_matches("http://");
    for (headers, status) in [
        (&[("host", "evil.example")][..], 403),
        (&[("host", host), ("origin", "https://evil.example")], 403),
        (&[("host", host), ("origin", server.url())], 200),
    ] {
        for path in ["/__standin/", "/__standin/page/main.js"] {
            let fields: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let head =
                format!("GET {path} HTTP/1.1\r\naccept: text/html\r\nconnection: close\r\n{fields}\r\n");
            let answer = parse(&raw(&server, head.as_bytes()));
            assert_eq!(answer.status(), status, "{path} {headers:?}");
        }
    }
}

/// Starts `standin serve --open` with programs from `folder` only, and returns its lines up to one that has `word`.
fn serve_and_open(folder: &Path, word: &str) -> String {
    let mut server = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["serve", "--open", "--listen", "127.0.0.1:0", "--log", "off"])
        .env("PATH", folder)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(word) {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended early: {said}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
    said
}

#[test]
fn serve_prints_the_address_of_the_page_and_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let said = serve_and_open(folder.path(), "help: open http://");
    assert!(said.contains("standin: no browser can be opened: `"), "{said}");
    let page = said.split_whitespace().find(|word| word.ends_with("/__standin/")).unwrap();
    assert!(said.contains(&format!("help: open {page} yourself")), "{said}");
    // What the browser would be called with comes through a pipe, which is read until it is closed.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for program in ["xdg-open", "open"] {
        let path = folder.path().join(program);
        fs::write(&path, format!("#!/bin/sh\necho \"$@\" > '{}'\n", pipe.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let called = thread::spawn(move || fs::read_to_string(&pipe).unwrap());
    let mut server = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["serve", "--open", "--listen", "127.0.0.1:0", "--log", "off"])
        .env("PATH", folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = called.join().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/__standin/\n"), "{url}");
}
