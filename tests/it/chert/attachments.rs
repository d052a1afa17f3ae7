//! Files: announced, uploaded, sent and read.

use jiff::Timestamp;
use serde_json::json;

use super::life::{act, call, code, message, wait, world};
use crate::client::{self, serve};
use crate::direct::Direct;

fn upload(world: &mut Direct, id: &str, content_type: &str, bytes: &[u8]) -> (u16, u64) {
    let headers = [("authorization", "Bearer secret-of-acme"), ("content-type", content_type)];
    let (reply, _) = world.exchange("PUT", &format!("/api/v1/attachments/{id}/upload"), &headers, bytes);
    let code = crate::direct::body(&reply)["error"]["code"].as_u64().unwrap_or_default();
    (reply.status, code)
}

#[test]
fn a_file_is_announced_uploaded_and_sent() {
    let mut world = world();
    let announced = json!({"filename": "a.png", "content_type": "image/png", "size_bytes": 3});
    let (_, answer, _) = call(&mut world, "POST", "/attachments", &announced);
    let id = answer["attachment_id"].as_str().unwrap().to_owned();
    assert_eq!(answer["upload_url"], format!("http://127.0.0.1:8080/api/v1/attachments/{id}/upload"));
    assert_eq!(
        answer["required_headers"],
        json!({"authorization": "Bearer secret-of-acme", "content-type": "image/png"})
    );
    let media = message(json!([{"type": "media", "attachment_id": id}]));
    assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &media), (400, 5004));
    for (content_type, bytes, expected) in [
        ("image/jpeg", &b"abc"[..], (400, 5003)),
        ("image/png", b"abcd", (400, 1002)),
        ("image/png", b"", (400, 1002)),
        ("image/png", b"\xff{}", (200, 0)),
        ("image/png", b"\xff{}", (200, 0)),
    ] {
        assert_eq!(upload(&mut world, &id, content_type, bytes), expected, "{bytes:?}");
    }
    assert_eq!(upload(&mut world, "none", "image/png", b"abc"), (404, 5001));
    assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &media), (200, 0));
    let headers = [("authorization", "Bearer secret-of-acme")];
    let (reply, note) = world.exchange("GET", &format!("/api/v1/attachments/{id}/content"), &headers, b"");
    assert_eq!((&reply.body[..], reply.header("content-type")), (&b"\xff{}"[..], Some("image/png")));
    assert!(note.bulk.is_some());
}

#[test]
fn an_upload_takes_no_signature_and_ends_after_a_day() {
    let mut world = world();
    let announced = json!({"filename": "a", "content_type": "text/plain", "size_bytes": 3});
    let (_, answer, _) = call(&mut world, "POST", "/attachments", &announced);
    let id = answer["attachment_id"].as_str().unwrap().to_owned();
    let signature = client::signature("secret-of-acme", 1_777_636_800, b"abc");
    let headers = [
        ("x-chert-tenant", "acme"),
        ("x-chert-signature", signature.as_str()),
        ("content-type", "text/plain"),
    ];
    let (reply, note) = world.exchange("PUT", &format!("/api/v1/attachments/{id}/upload"), &headers, b"abc");
    assert_eq!(reply.status, 401);
    assert_eq!(note.remarks, ["an upload takes a bearer token and no signature"]);
    wait(&mut world, 86_401);
    assert_eq!(upload(&mut world, &id, "text/plain", b"abc"), (404, 5001));
}

#[test]
fn what_cannot_be_announced_says_so() {
    let mut world = world();
    let whole = json!({"filename": "a", "content_type": "text/plain", "size_bytes": 3});
    for (name, value, expected) in [
        ("filename", json!(""), (400, 1001)),
        ("filename", json!("x".repeat(1_025)), (400, 1002)),
        ("filename", json!("x".repeat(1_024)), (200, 0)),
        ("content_type", json!("text"), (400, 5003)),
        ("content_type", json!("text/plain\r\nx: y"), (400, 5003)),
        ("content_type", json!("text/plain; x=\r\n"), (400, 5003)),
        ("content_type", json!("text/plain; charset=utf-8"), (200, 0)),
        ("size_bytes", json!(null), (400, 1001)),
        ("size_bytes", json!("3"), (400, 1002)),
        ("size_bytes", json!(0), (400, 1002)),
        ("size_bytes", json!(1.5), (400, 1002)),
        ("size_bytes", json!(8 << 20), (200, 0)),
        ("size_bytes", json!((8 << 20) + 1), (400, 5002)),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        assert_eq!(code(&mut world, "POST", "/attachments", &body), expected, "{body}");
    }
}

#[test]
fn a_recipient_sends_a_file() {
    let mut world = world();
    let with = json!({"chat": "direct", "media": "/+8=", "content_type": "image/png", "filename": "a.png"});
    let acted = act(&mut world, "recipient.write", with).unwrap();
    let id = acted.changed["attachments"][0].as_str().unwrap();
    assert!(id.starts_with("in_") && id.len() == 35, "{id}");
    let headers = [("authorization", "Bearer secret-of-acme")];
    let (reply, _) = world.exchange("GET", &format!("/api/v1/attachments/{id}/content"), &headers, b"");
    assert_eq!(&reply.body[..], b"\xff\xef");
    for (name, value) in [("media", "?"), ("content_type", "png"), ("media", "")] {
        let mut with = json!({"chat": "direct", "media": "/+8=", "content_type": "image/png"});
        with[name] = json!(value);
        let outcome = act(&mut world, "recipient.write", with);
        // An empty file is a file.
        assert_eq!(outcome.is_ok(), value.is_empty(), "{name}: {value}");
    }
    let shown = world.world().state(Timestamp::UNIX_EPOCH)["chert"]["tenants"][0]["attachments"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 4);
}

/// Bodies above 1 MiB are for uploads only.
#[test]
fn a_large_file_goes_through_a_socket() {
    let server = serve(
        "
standin: 1
name: large
seed: 1
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      attachments:
        - {id: large, content_type: image/png, size_bytes: 2097152}
        - {id: too-large, content_type: image/png, size_bytes: 8388608}
",
    );
    let large = vec![0xff; 2 << 20];
    let headers = [("authorization", "Bearer secret-of-acme"), ("content-type", "image/png")];
    let sent = client::send(&server, "PUT", "/api/v1/attachments/large/upload", &headers, &large);
    assert_eq!(sent.status(), 200, "{}", sent.text());
    let request = "GET /api/v1/attachments/large/content HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer secret-of-acme\r\nconnection: close\r\n\r\n";
    let received = client::raw(&server, request.as_bytes());
    assert!(received.ends_with(&large) && received.len() < large.len() + 1_000);
    let more = vec![0xff; (8 << 20) + 1];
    let refused = client::send(&server, "PUT", "/api/v1/attachments/too-large/upload", &headers, &more);
    assert_eq!((refused.status(), &refused.json()["error"]["code"]), (400, &json!(5002)));
    let refused = client::send(&server, "PUT", "/api/v1/chats/x", &headers, &large);
    assert_eq!(refused.status(), 413);
    let journal = client::get(&server, "/__standin/journal").json();
    let body = journal["entries"][0]["request"]["body"].to_string();
    assert!(body.contains("(2097152 bytes, SHA-256 "), "{body}");
}

/// Nobody knows how long a body without `content-length` is before it has come.
#[test]
fn a_file_that_comes_in_chunks_is_refused_when_it_gets_too_large() {
    use std::io::Write;
    let server = serve(
        "{standin: 1, name: n, seed: 1, chert: {tenants: [{slug: acme, signing_secret: secret-of-acme, \
         attachments: [{id: file, content_type: image/png, size_bytes: 8388608}]}]}}",
    );
    let head = "PUT /api/v1/attachments/file/upload HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer secret-of-acme\r\n\
        content-type: image/png\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let mut stream = client::connect(&server);
    let mut sending = stream.try_clone().unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let sender = std::thread::spawn(move || {
        let chunk = [b"100000\r\n", &[0xff; 1 << 20][..], b"\r\n"].concat();
        // The server may stop to read.
        (0..9).all(|_| sending.write_all(&chunk).is_ok()) && sending.write_all(b"0\r\n\r\n").is_ok()
    });
    let refused = client::parse(&client::received(stream).0);
    sender.join().unwrap();
    assert_eq!(
        (refused.status(), &refused.json()["error"]["code"]),
        (400, &json!(5002)),
        "{}",
        refused.text()
    );
}

#[test]
fn all_files_of_a_server_together_have_a_limit() {
    // A process of its own, because other tests keep files too.
    let files =
        (0..9).map(|number| format!("{{id: f{number}, content_type: image/png, size_bytes: 8388608}}"));
    let yaml = format!(
        "{{standin: 1, name: n, seed: 1, chert: {{tenants: [{{slug: acme, signing_secret: secret-of-acme, attachments: [{}]}}]}}}}",
        files.collect::<Vec<_>>().join(", ")
    );
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("files.yaml");
    std::fs::write(&path, yaml).unwrap();
    let server = crate::commands::Serving::start(&[path.to_str().unwrap()]);
    let whole = vec![0xff; 8 << 20];
    let upload = |number: u32| {
        let headers = [("authorization", "Bearer secret-of-acme"), ("content-type", "image/png")];
        let target = format!("/api/v1/attachments/f{number}/upload");
        let sent = client::send_to(server.host(), "PUT", &target, &headers, &whole);
        (sent.status(), sent.json()["error"]["code"].as_u64().unwrap_or_default())
    };
    (0..8).for_each(|number| assert_eq!(upload(number), (200, 0), "{number}"));
    assert_eq!(upload(8), (400, 5002));
    assert_eq!(client::send_to(server.host(), "POST", "/__standin/reset", &[], b"").status(), 200);
    assert_eq!(upload(8), (200, 0), "a reset makes room");
}
