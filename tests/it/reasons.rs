//! The reason of each refusal: a remark in the journal that says what in the request or in the scenario caused it.

use standin::Server;

use crate::client::{get, post, send, serve, signature};

const SCENARIO: &str = "
standin: 1
name: reasons
clock: {virtual: 2024-11-20T13:55:08Z}
bitrix24:
  edition: EDITION
  applications:
    - {client_id: app, client_secret: secret-of-app}
    - {client_id: gone, client_secret: secret-of-gone}
  credentials:
    - {webhook: {user: 1, secret: webhook-secret}}
    - {webhook: {user: 7, secret: narrow-secret}, scope: [task]}
    - {token: access-token}
    - {token: expired-token, expires: 2024-11-20T13:55:00Z, client_id: app, refresh_token: refresh-token}
    - {token: uninstalled-token, state: not_installed}
    - {token: forbidden-token, state: user_without_access}
  connectors: [{id: groups, chat_group: true}, {id: singles}]
  lines: [{id: 105, connectors: [groups, singles]}, {id: 106, active: false, connectors: [groups]}, {id: 107}]
  chats:
    - {connector: groups, line: 105, id: chat-1, name: Old name}
    - {connector: groups, line: 105, id: chat-2, name: Old name, closed: true}
    - {connector: singles, line: 105, id: chat-3, user: ann, name: Old name}
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{id: pl_1, phone_number: '+15555550100'}]
      chats:
        - {id: ch_group, group: true, line: pl_1}
        - {id: ch_direct, group: false}
        - {id: ch_lineless, group: true}
        - {id: ch_keyless, group: true, line: pl_1, chat_key: false}
    - {slug: beta, signing_secret: secret-of-beta, chats: [{id: ch_beta, group: true}]}
    - {slug: shut, signing_secret: secret-of-shut, state: suspended}
";

fn server(edition: &str) -> Server {
    serve(&SCENARIO.replace("EDITION", edition))
}

/// The remarks of the newest exchange.
fn remarks(server: &Server) -> String {
    server.journal().last().unwrap().note.remarks.join(" | ")
}

#[test]
fn every_refused_rename_of_bitrix24_says_why() {
    let server = server("documented");
    for (changed, reason) in [
        ("NAME", "the call has no `NAME`"),
        ("NAME=", "`NAME` is empty"),
        ("NAME=0", "`NAME` is `0`, which PHP takes for empty"),
        (
            "NAME&NAEM=New",
            "the call has no `NAME`; it has `NAEM`, which `imconnector.chat.name.set` does not know",
        ),
        (
            "CONNECTOR=Groups",
            "`Groups` is not spelt as the connector `groups`, which alone has group chats; so a rename needs USER_ID, and \
             the call has no `USER_ID`",
        ),
        ("CHAT_ID&chatId=chat-1", "the call has `chatId`; the parameter is called `CHAT_ID`"),
        (
            "CONNECTOR=singles",
            "the connector `singles` has `chat_group: false`; so a rename needs USER_ID, and the call has no `USER_ID`",
        ),
        ("CONNECTOR=other", "the scenario has no connector `other`; its connectors: `groups`, `singles`"),
        (
            "CONNECTOR=viber",
            "`viber` is a connector of Bitrix24 itself, and this method fails for each of them",
        ),
        ("LINE=999", "the scenario has no line 999; its lines: `105`, `106`, `107`"),
        (
            "LINE=abc",
            "LINE `abc` is read as the number 0; the scenario has no line 0; its lines: `105`, `106`, `107`",
        ),
        ("LINE=106", "the line 106 has `active: false`"),
        ("LINE=107", "the line 107 does not have `groups` in its `connectors`"),
        ("CHAT_ID=chat-9", "the scenario has no chat `chat-9`; its chats: `chat-1`, `chat-2`, `chat-3`"),
        (
            "CHAT_ID[]=chat-1",
            "`CHAT_ID` is a list or a mapping, which PHP reads as the text `Array`; the scenario has no chat `Array`; its \
             chats: `chat-1`, `chat-2`, `chat-3`",
        ),
        ("CHAT_ID=chat-2", "the chat `chat-2` has `closed: true`"),
        ("CHAT_ID=chat-3", "the chat `chat-3` has `connector: singles`; the call is for `groups`"),
        (
            "CONNECTOR=singles&USER_ID=bob&CHAT_ID=chat-3",
            "no chat of the connector `singles` has the user `bob`; users of its chats: `ann`",
        ),
        (
            "CONNECTOR=singles&USER_ID=ann",
            "the chat `chat-1` has `connector: groups`; the call is for `singles`",
        ),
        ("NAME=+++", "`NAME` is blank"),
    ] {
        // Of two equal names the last one counts, so `changed` follows the good call; a bare name removes a parameter.
        let good = "CONNECTOR=groups&LINE=105&CHAT_ID=chat-1&NAME=New";
        let (removed, more) = changed.split_once('&').unwrap_or((changed, ""));
        let body = match removed.contains('=') {
            true => format!("{good}&{changed}"),
            false => {
                let kept: Vec<_> =
                    good.split('&').filter(|pair| pair.split('=').next() != Some(removed)).collect();
                format!("{}&{more}", kept.join("&"))
            }
        };
        let path = "/rest/1/webhook-secret/imconnector.chat.name.set";
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let response = send(&server, "POST", path, &form, body.as_bytes());
        assert!(response.status() >= 400, "{changed}: {}", response.text());
        assert_eq!(remarks(&server), reason, "{changed}");
    }
}

#[test]
fn a_body_that_is_not_read_is_named() {
    let server = server("documented");
    let json = r#"{"CONNECTOR":"groups","LINE":"105","CHAT_ID":"chat-1","NAME":"New"}"#;
    for (verb, content_type, body, reason) in [
        (
            "POST",
            "application/x-www-form-urlencoded",
            json,
            "the body looks like JSON, but its `content-type` is `application/x-www-form-urlencoded`",
        ),
        ("PUT", "application/json", json, "Bitrix24 reads a body from POST only, and this is a PUT"),
        ("POST", "application/json", &json[1..], "the body is not valid JSON, so only the query was read"),
        ("POST", "application/json", "7", "the body is JSON, but not an object"),
        (
            "POST",
            "application/json",
            "CONNECTOR=groups&LINE=105",
            "the body looks like a form, but its `content-type` is JSON, so only the query was read",
        ),
        ("POST", "application/json", "", "the body is empty"),
    ] {
        let path = "/rest/1/webhook-secret/imconnector.chat.name.set";
        let response = send(&server, verb, path, &[("content-type", content_type)], body.as_bytes());
        assert_eq!(response.status(), 400, "{verb} {body}");
        assert_eq!(remarks(&server), format!("the call has no `CONNECTOR`: {reason}"));
    }
    send(&server, "POST", "/rest/1/webhook-secret/imconnector.chat.name.set", &[], json.as_bytes());
    let reason = "the call has no `CONNECTOR`: the body looks like JSON, but it has no `content-type`";
    assert_eq!(remarks(&server), reason);
    post(&server, "/rest/imconnector.chat.name.set", "{");
    let reason = "the call has neither a webhook in its path nor an access token: the body is not valid JSON, so only \
                  the query was read";
    assert_eq!(remarks(&server), reason);
}

#[test]
fn every_refused_credential_of_bitrix24_says_why() {
    let server = server("live");
    let scope =
        "the method needs the scope `imopenlines` in the live edition; scopes of the credential: `task`";
    let beside = "in the live edition only applications may call this method. The webhook in the path counts, and the access \
                  token beside it is ignored: call `/rest/METHOD` with the token (row 1 of `standin catalog --editions`)";
    let unseparated = "the path lacks a `/` before `imconnector.chat.name.set`: a webhook's URL is `/rest/USER/SECRET/`, and \
                       the method follows";
    let webhook = "in the live edition only applications may call this method: call it with an access token, or serve \
                   `edition: documented` (row 1 of `standin catalog --editions`)";
    for (path, reason) in [
        ("/rest/profile", "the call has neither a webhook in its path nor an access token"),
        (
            "/rest/1/wrong-secret/profile",
            "the scenario has a webhook of the user `1`, but with another secret",
        ),
        (
            "/rest/9/webhook-secret/profile",
            "the scenario has no webhook of the user `9`; users with a webhook: `1`, `7`",
        ),
        ("/rest/profile?auth=unknown-token", "no credential has this access token"),
        (
            "/rest/profile?auth=refresh-token",
            "this is a refresh token, no access token: exchange it for one at `/oauth/token/`",
        ),
        (
            "/rest/profile?auth=webhook-secret",
            "this is the secret of a webhook, no access token: call `/rest/USER/SECRET/METHOD`",
        ),
        (
            "/rest/profile?AUTH=access-token",
            "the call has `AUTH`; the parameter for an access token is called `auth`",
        ),
        (
            "/rest/imconnector.chat.name.set?auth=access-token&CONNECTOR=other&LINE=1&CHAT_ID=c&NAME=n",
            "the scenario has no connector `other`; its connectors: `groups`, `singles`. Correct CONNECTOR first. The live server \
             asks for USER_ID before it looks the connector up, and the call has no `USER_ID`",
        ),
        (
            "/rest/profile?auth=expired-token",
            "the token expired at 2024-11-20T13:55:00Z; the scenario's clock shows 2024-11-20T13:55:08Z",
        ),
        ("/rest/profile?auth=uninstalled-token", "the credential has `state: not_installed`"),
        ("/rest/profile?auth=forbidden-token", "the credential has `state: user_without_access`"),
        ("/rest/7/narrow-secret/imconnector.list", scope),
        ("/rest/1/webhook-secret/imconnector.chat.name.set", webhook),
        ("/rest/1/webhook-secret/imconnector.chat.name.set?auth=access-token", beside),
        ("/rest/1/webhook-secret/imconnector.list?access_token=wrong-token", beside),
        ("/rest/1/webhook-secretimconnector.chat.name.set", unseparated),
        ("/rest/1/webhook-secretImconnector.Chat.Name.Set.json/", unseparated),
        (
            "/rest/1/webhook-secret",
            "the path names no method: it is `/rest/METHOD` with a token, or `/rest/USER/SECRET/METHOD`",
        ),
        ("/rest/profil?auth=access-token", "the method `profil` is not emulated; did you mean `profile`?"),
        (
            "/rest/batch?auth=access-token&cmds[a]=profile",
            "the call has no `cmd`; it has `cmds`, which `batch` does not know",
        ),
        (
            "/rest/batch?auth=access-token&cmd[a]=imconnector.status&cmd[b]=batch",
            "the command `a`: the call has no `CONNECTOR` | the command `b`: Bitrix24 does not allow `batch` in a batch",
        ),
    ] {
        server.reset();
        get(&server, path);
        assert_eq!(remarks(&server), reason, "{path}");
        assert!(!reason.contains("-secret") && !reason.contains("-token`"), "a reason shows a secret");
    }
}

#[test]
fn every_refused_refresh_says_why() {
    let server = server("documented");
    for (query, reason) in [
        ("", "the call has no `grant_type`"),
        ("client_id=other", "the scenario has no application `other`; its applications: `app`, `gone`"),
        ("client_secret=wrong", "the application `app` has another `client_secret`"),
        (
            "client_id=gone&client_secret=secret-of-gone",
            "the refresh token does not belong to the application `gone`",
        ),
        ("grant_type=password", "`grant_type` is `password`; only `refresh_token` is emulated"),
        ("grant_type=authorization_code", "authorization codes are not emulated"),
        ("refresh_token=wrong", "no credential has this refresh token"),
        ("refresh_token=access-token", "this is an access token, no refresh token"),
        ("refresh_token=webhook-secret", "this is the secret of a webhook, no refresh token"),
    ] {
        let good =
            "grant_type=refresh_token&client_id=app&client_secret=secret-of-app&refresh_token=refresh-token";
        let query = if query.is_empty() { String::new() } else { format!("{good}&{query}") };
        get(&server, &format!("/oauth/token/?{query}"));
        assert_eq!(remarks(&server), reason, "{query}");
    }
}

#[test]
fn a_token_beside_a_webhook_in_the_header_is_told_of() {
    let server = server("live");
    let header = [("authorization", "Bearer access-token")];
    send(&server, "POST", "/rest/1/webhook-secret/imconnector.list", &header, b"");
    assert!(remarks(&server).contains("the access token beside it is ignored"), "{}", remarks(&server));
    // A webhook that may call is not told anything.
    let server = self::server("documented");
    assert_eq!(send(&server, "POST", "/rest/1/webhook-secret/imconnector.list", &header, b"").status(), 200);
    assert_eq!(remarks(&server), "");
}

#[test]
fn a_pair_that_was_replaced_says_when() {
    let server = server("documented");
    let refresh = |token: &str| {
        let query = "grant_type=refresh_token&client_id=app&client_secret=secret-of-app";
        get(&server, &format!("/oauth/token/?{query}&refresh_token={token}")).json()
    };
    let now = || get(&server, "/__standin/clock").json()["now"].as_str().unwrap().to_owned();
    let at = now();
    let first = refresh("refresh-token");
    let used = |at: &str| {
        format!(
            "the refresh token was exchanged at {at}, and can be exchanged once: use the one of that answer"
        )
    };
    refresh("refresh-token");
    assert_eq!(remarks(&server), used(&at));
    // The token of the scenario had expired before the refresh.
    get(&server, "/rest/profile?auth=expired-token");
    assert!(remarks(&server).starts_with("the token expired at 2024-11-20T13:55:00Z; "));
    let (token, second) = (first["access_token"].as_str().unwrap(), first["refresh_token"].as_str().unwrap());
    let at = now();
    refresh(second);
    get(&server, &format!("/rest/profile?auth={token}"));
    assert!(
        remarks(&server).starts_with(&format!("a refresh replaced the token at {at}; ")),
        "{}",
        remarks(&server)
    );
    refresh(second);
    assert_eq!(remarks(&server), used(&at));
}

#[test]
fn a_path_without_its_beginning_says_what_it_lacks() {
    let server = server("documented");
    for (verb, path, lack) in [
        ("POST", "/1/webhook-secret/imconnector.chat.name.set", ": it lacks `/rest` at its beginning"),
        ("GET", "/profile?auth=access-token", ": it lacks `/rest` at its beginning"),
        ("PUT", "/chats/ch_group", ": it lacks `/api/v1` at its beginning"),
        ("GET", "/favicon.ico", ""),
        ("GET", "/", ""),
        ("PUT", "/chat/ch_group", ": did you mean `PUT /api/v1/chats/{id}`?"),
        ("PUT", "/api/chats/ch_group", ": did you mean `PUT /api/v1/chats/{id}`?"),
        ("GET", "/api/v2/whoami", ": did you mean `GET /api/v1/whoami`?"),
        ("PUT", "/chat", ": did you mean `POST /api/v1/chats`?"),
        ("PUT", "/users/ch_group", ""),
    ] {
        let response = send(&server, verb, path, &[], b"");
        assert_eq!(response.status(), 404);
        assert_eq!(remarks(&server), format!("no service knows this path{lack}"), "{path}");
        let help = response.json()["help"].as_str().unwrap().to_owned();
        assert_eq!(help.contains("lacks"), lack.contains("lacks"), "{help}");
    }
}

#[test]
fn every_refusal_of_chert_says_why() {
    let server = server("documented");
    let rename = |id: &str, tenant: &str, token: &str, body: &str| {
        let authorization = format!("Bearer {token}");
        let headers = [("x-chert-tenant", tenant), ("authorization", &authorization)];
        send(&server, "PUT", &format!("/api/v1/chats/{id}"), &headers, body.as_bytes());
        remarks(&server)
    };
    let good = r#"{"display_name":"New"}"#;
    for (id, body, reason) in [
        (
            "ch_9",
            good,
            "the scenario has no chat `ch_9`; chats of the tenant `acme`: `ch_group`, `ch_direct`, `ch_lineless` and 1 more",
        ),
        ("ch_beta", good, "the chat `ch_beta` belongs to the tenant `beta`"),
        ("ch_direct", good, "the chat `ch_direct` has `group: false`"),
        ("ch_lineless", good, "the chat `ch_lineless` has no `line`"),
        ("ch_keyless", good, "the chat `ch_keyless` has `chat_key: false`"),
        ("ch_group", "", "the body is empty"),
        ("ch_group", "[]", "the body is JSON, but not an object"),
        ("ch_group", "{", "the body is not valid JSON"),
        ("ch_group", "display_name=New", "the body is not valid JSON"),
        ("ch_group", "{}", "the body has neither `display_name` nor `group_chat_icon`"),
        (
            "ch_group",
            r#"{"displayName":"New"}"#,
            "the body has `displayName`; the field is called `display_name`",
        ),
        ("ch_group", r#"{"display_name":" "}"#, "`display_name` is blank"),
        ("ch_group", r#"{"display_name":7}"#, "`display_name` is not a text"),
        ("ch_group", r#"{"group_chat_icon":"http://x.test/"}"#, "`group_chat_icon` is not an https URL"),
    ] {
        assert_eq!(rename(id, "acme", "secret-of-acme", body), reason);
    }
    let unknown = "the scenario has no tenant `other`; its tenants: `acme`, `beta`, `shut`";
    assert_eq!(rename("ch_group", "other", "secret-of-acme", good), unknown);
    assert_eq!(
        rename("ch_group", "shut", "secret-of-shut", good),
        "the tenant `shut` has `state: suspended`"
    );
}

#[test]
fn an_unknown_path_ends_at_the_stage_of_its_error() {
    let server = server("documented");
    let headers = [("authorization", "Bearer secret-of-acme")];
    assert_eq!(send(&server, "POST", "/api/v1/whoami", &headers, b"").status(), 404);
    let explained = get(&server, "/__standin/journal/last/explain");
    assert!(
        explained.text().contains("the request passed gateway, auth, and was refused at lookup\n"),
        "{}",
        explained.text()
    );
}

#[test]
fn a_signature_of_another_time_says_both_times_and_that_the_clock_is_virtual() {
    let server = server("documented");
    let late = signature("secret-of-acme", 1_764_321_908, b"");
    let headers = [("x-chert-tenant", "acme"), ("x-chert-signature", late.as_str())];
    assert_eq!(send(&server, "GET", "/api/v1/whoami", &headers, b"").status(), 401);
    let reason = "the signature is of 2025-11-28T09:25:08Z, and the scenario's clock shows 2024-11-20T13:55:08Z; they \
                  may differ by 300 s; the clock is virtual: sign with its time, or start it at the machine's time with \
                  `clock: {virtual: now}`";
    assert_eq!(remarks(&server), reason);
}

#[test]
fn a_signature_with_milliseconds_says_so() {
    let server = server("documented");
    let late = signature("secret-of-acme", 1_764_321_908_000, b"");
    let headers = [("x-chert-tenant", "acme"), ("x-chert-signature", late.as_str())];
    assert_eq!(send(&server, "GET", "/api/v1/whoami", &headers, b"").status(), 401);
    let reason = "the time in x-chert-signature is too large for seconds: it may be in milliseconds";
    assert_eq!(remarks(&server), reason);
}

#[test]
fn a_virtual_clock_can_start_now() {
    let server = serve(
        "{standin: 1, name: n, clock: {virtual: now}, chert: {tenants: [{slug: acme, signing_secret: secret-of-acme}]}}",
    );
    let now = || get(&server, "/__standin/clock").json()["now"].as_str().unwrap().to_owned();
    let start = now();
    assert!(start.as_str() > "2026", "{start}");
    assert_eq!(now(), start, "a virtual clock stands still");
    post(&server, "/__standin/clock", r#"{"advance": "1h"}"#);
    assert!(now() > start);
}
