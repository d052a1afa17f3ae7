//! Every documented example gets its documented response, token for token.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::{fs, str};

use standin::contract::Given;
use standin::{Scenario, Server};

use crate::client;
use crate::direct::check_given;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/documented.yaml");
/// The tenant's secret in the examples of Chert, and the time of the scenario's virtual clock.
const SECRET: &str = "5f4dcc3b5aa765d61d8327deb882cf99";
const NOW: i64 = 1_732_110_908;

/// A fixture: lines `# key: value`, then a request with the line ends of the file.
struct Fixture {
    status: u16,
    /// The only member of the body that the page documents exactly; `None` when it documents the whole body.
    only: Option<String>,
    request: Vec<u8>,
}

fn read(path: &Path) -> Fixture {
    let text = fs::read_to_string(path).unwrap();
    let comments: usize =
        text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    let (about, request) = text.split_at(comments);
    assert!(about.contains("# source: "), "a fixture names its source");
    let status =
        about.lines().find_map(|line| line.strip_prefix("# status: ")).expect("a fixture names its status");
    let only = about.lines().find_map(|line| line.strip_prefix("# only: ")).map(str::to_owned);
    let (head, body) = request.split_once("\n\n").expect("a blank line after the head");
    let signature = client::signature(SECRET, NOW, body.as_bytes());
    let head = head.replace("{{signature}}", &signature).replace('\n', "\r\n");
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    Fixture { status: status.parse().unwrap(), only, request: request.into_bytes() }
}

/// The files of all fixtures.
pub fn fixtures() -> Vec<PathBuf> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let services = files(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    let all = services.flat_map(files).flat_map(files);
    all.filter(|path| path.extension().is_some_and(|extension| extension == "http")).collect()
}

/// The request of a fixture.
pub fn request_of(path: &Path) -> Vec<u8> {
    read(path).request
}

/// The tokens of a JSON text in order, with numbers as spelt and strings without escapes. The response equals the
/// documented one if their tokens are equal, whatever their white space.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = json.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let mut escaped = false;
                let close = rest[1..].find(|c| {
                    let closes = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    closes
                });
                close.expect("a closed string") + 2
            }
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find(|c: char| ",]}".contains(c) || c.is_whitespace()).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        let token = if first == '"' {
            format!("{:?}", serde_json::from_str::<String>(token).unwrap())
        } else {
            token.to_owned()
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

#[test]
fn every_documented_example_gets_its_documented_response() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/documented");
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../../fixtures", "*/*/*.http", |path| {
            let fixture = read(path);
            // Each example is the first exchange of its own server, so the clock shows the time in the example.
            let own = path.with_file_name("scenario.yaml");
            let scenario = if own.exists() { &own } else { Path::new(SCENARIO) };
            let server = Server::from_file(scenario).unwrap();
            let received = client::raw(&server, &fixture.request);
            let response = client::parse(&received);
            assert_eq!(response.status(), fixture.status, "{}: {}", path.display(), response.text());
            let documented = fs::read_to_string(path.with_extension("response.json")).unwrap();
            let answered = match &fixture.only {
                None => response.text().to_owned(),
                Some(member) => serde_json::json!({ member: response.json()[member] }).to_string(),
            };
            assert_eq!(tokens(&answered), tokens(&documented), "{}", path.display());
            let field = |name: &str| response.header(name).map(Cow::Borrowed);
            let given = Given { status: response.status(), header: &field, body: &response.body };
            let scenario = Scenario::parse("described.yaml", &fs::read_to_string(scenario).unwrap()).unwrap();
            check_given(&scenario, &server.journal().last().expect("an exchange").note, &given);
            let request = str::from_utf8(&fixture.request).unwrap();
            let exchange =
                format!("{request}\n\n{}", str::from_utf8(&received).unwrap()).replace("\r\n", "\n");
            // The port is another one in each run.
            let exchange = exchange.replace(server.url(), "http://127.0.0.1:12345");
            insta::assert_snapshot!(exchange);
        });
    });
}

#[test]
fn tokens_tell_apart_what_a_parser_would_forgive() {
    assert_eq!(tokens(r#"{ "a": [1.0, "\u0416"] }"#), tokens("{\"a\":[1.0,\"Ж\"]}"));
    for (one, other) in
        [("[1.0]", "[1]"), (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), ("[0.10]", "[0.1]"), ("{}", "[]")]
    {
        assert_ne!(tokens(one), tokens(other));
    }
}
