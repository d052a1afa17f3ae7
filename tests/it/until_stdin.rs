//! `standin serve --until-stdin-closes`: a starter takes the server along, however the starter ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::client;

/// Starts a server with these flags, and waits for the last line of the banner. Returns what it says after it.
fn serve(flags: &[&str], stdin: Stdio) -> (Child, BufReader<ChildStderr>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "off"])
        .args(flags)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut banner = String::new();
    while !banner.contains("stop with Ctrl-C") {
        assert_ne!(said.read_line(&mut banner).unwrap(), 0, "it ended early: {banner}");
    }
    (child, said)
}

/// Waits for the end. Returns the exit code and what was said after the banner.
fn end(mut child: Child, mut said: BufReader<ChildStderr>) -> (Option<i32>, String) {
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code(), rest)
}

fn terminate(child: &Child) {
    let command = format!("kill -TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

#[test]
fn the_server_ends_with_the_pipe_and_ignores_what_comes_through_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let flags = ["--until-stdin-closes", "--port-file", path.to_str().unwrap()];
    let (mut child, said) = serve(&flags, Stdio::piped());
    let mut pipe = child.stdin.take().unwrap();
    // More than a pipe holds.
    pipe.write_all(&[b'\n'; 200_000]).unwrap();
    let port = fs::read_to_string(&path).unwrap();
    let health = client::send_to(&format!("127.0.0.1:{}", port.trim()), "GET", "/__standin/health", &[], b"");
    assert_eq!(health.status(), 200);

    drop(pipe);

    let (code, rest) = end(child, said);
    assert_eq!(code, Some(0));
    assert!(rest.starts_with("standin: stdin has ended, so the server ends\nhelp: "), "{rest}");
    assert!(!path.exists(), "the port file is removed, as by SIGTERM");
}

#[test]
fn the_server_ends_when_its_starter_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    // The shell holds the writing end, and waits for a line that never comes.
    let mut starter = Command::new("sh")
        .args(["-c", "mkfifo \"$2\" && { \"$1\" serve --listen 127.0.0.1:0 --log off --until-stdin-closes < \"$2\" & exec 3> \"$2\"; read ever; }", "sh"])
        .args([env!("CARGO_BIN_EXE_standin")])
        .arg(folder.path().join("pipe"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(starter.stderr.take().unwrap());
    let mut banner = String::new();
    while !banner.contains("stop with Ctrl-C") {
        assert_ne!(said.read_line(&mut banner).unwrap(), 0, "it ended early: {banner}");
    }
    starter.kill().unwrap();
    starter.wait().unwrap();
    // The end of its stderr is the end of the server.
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("stdin has ended"), "{rest}");
}

#[test]
fn a_stdin_that_has_ended_at_the_start_ends_the_server_at_once() {
    let (child, said) = serve(&["--until-stdin-closes"], Stdio::null());
    let (code, rest) = end(child, said);
    assert_eq!(code, Some(0));
    assert!(rest.contains("stdin has ended"), "{rest}");
}

#[test]
fn without_the_flag_stdin_may_end() {
    let (child, said) = serve(&[], Stdio::null());
    terminate(&child);
    assert_eq!(end(child, said), (Some(0), String::new()));
}

#[test]
fn a_signal_ends_a_server_whose_pipe_is_open() {
    let (mut child, said) = serve(&["--until-stdin-closes"], Stdio::piped());
    let pipe = child.stdin.take().unwrap();
    terminate(&child);
    assert_eq!(end(child, said), (Some(0), String::new()));
    drop(pipe);
}
