//! With which service a proxy begins, and with which it does not; a command that runs beside it.

use standin::Server;

use super::doubles::Program;
use super::rename;
use crate::commands::{Serving, standin, stderr};

#[test]
fn a_service_with_a_certificate_of_its_own_is_trusted_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let serving = Serving::start(&["--tls-listen", "127.0.0.1:0", "--tls-ca-out", ca.to_str().unwrap()]);
    let secure = serving.banner().split("https://").nth(1).unwrap();
    let port = secure.split([',', '\n']).next().unwrap().rsplit(':').next().unwrap();
    let url = format!("https://localhost:{port}");
    let trusting = Program::start(&url, &["--ca", ca.to_str().unwrap()]);
    assert_eq!(rename(&trusting.host).status(), 200);
    let (code, told) = trusting.end();
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 exchange passed, 1 held against the contract, 0 differed"), "{told}");
    let other = Program::start(&url, &[]);
    let answer = rename(&other.host);
    assert_eq!(answer.status(), 502);
    assert!(answer.text().contains("`--ca FILE` trusts those in a file"), "{}", answer.text());
    assert_eq!(other.end().0, 0);
}

#[test]
fn it_does_not_begin_when_it_must_not() {
    let proxy = |arguments: &[&str]| {
        let output = standin(&[&["proxy"], arguments].concat());
        (output.status.code().unwrap(), stderr(&output).to_owned())
    };
    for (arguments, code, why) in [
        (&["http://192.0.2.7", "--listen", "127.0.0.1:0"][..], 3, "type `https://192.0.2.7`"),
        (&["https://standin.invalid", "--listen", "127.0.0.1:0"], 3, "has no address"),
        (&["https://h", "--listen", "0.0.0.0:0"], 2, "listen on 127.0.0.1"),
        (&["https://h/rest/1/s3cret/", "--listen", "127.0.0.1:0"], 2, "scheme, host and port"),
        (&["https://h", "--report", "html=x"], 2, "`json=FILE` or `junit=FILE`"),
        (&["https://h", "--ca", "/nowhere.pem"], 3, "cannot be used"),
        (&["https://h", "--time-limit", "0s"], 2, "`60s`"),
        (&["https://h", "--time-limit", "5"], 2, "type `5s` for seconds"),
        (&["http://192.0.2.7", "--listen", "127.0.0.1:0", "--", "true"], 3, "type `https://192.0.2.7`"),
    ] {
        let (ended, told) = proxy(arguments);
        assert_eq!(ended, code, "{told}");
        assert!(told.contains(why) && !told.contains("s3cret"), "{told}");
        assert!(
            !told.contains("CHERT_BASE_URL"),
            "nothing is said about a command that does not begin: {told}"
        );
    }
}

#[test]
fn a_command_finds_the_proxy_where_its_environment_names_the_service() {
    let server = Server::start().unwrap();
    let run = |command: &str| {
        let webhook = server.access("BITRIX24_WEBHOOK_URL").unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_standin"))
            .args(["proxy", server.url(), "--listen", "127.0.0.1:0", "--", "sh", "-c", command])
            .envs([
                ("BITRIX24_WEBHOOK_URL", webhook.as_str()),
                ("CHERT_BASE_URL", "https://elsewhere.example/api/v1"),
            ])
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run(
        "curl -fsS \"${BITRIX24_WEBHOOK_URL}server.time\" >&2 && [ \"$CHERT_BASE_URL\" = https://elsewhere.example/api/v1 ]",
    );
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 exchange passed, 1 held against the contract, 0 differed"), "{told}");
    assert!(
        told.contains("standin: CHERT_BASE_URL does not begin with http://127.0.0.1:"),
        "a client that would pass by the proxy is told: {told}"
    );
    assert!(!told.contains("elsewhere.example") && !told.contains("BITRIX24_WEBHOOK_URL"), "{told}");
    assert_eq!(run("exit 7").0, 7);
}
