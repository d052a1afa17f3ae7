//! `bitrix24.other-edition`: which differences between the editions are told.

use super::{CREW, RENAME, Run, SCENARIO};

#[test]
fn what_the_other_edition_answers_differently_is_told() {
    let mut run = Run::with_all("");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(0, "imconnector.chat.name.set", &RENAME.replace("105", "106"));
    let by_token = format!("{{\"auth\":\"access-token\",{}", &RENAME[1..].replace("New", "Newer"));
    let json = [("content-type", "application/json")];
    run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
    run.chert(0, "ch", CREW);
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    run.bitrix24(0, "batch", &serde_json::json!({"cmd": {"rename": command}}).to_string());
    insta::assert_snapshot!(run.words());
    let mut run = Run::with_all("faults: [{name: f, on: bitrix24, error: QUERY_LIMIT_EXCEEDED}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(run.broken(), [], "a fault is no difference of editions");
}

#[test]
fn breaches_of_each_kind_are_counted_and_the_first_are_shown() {
    let mut run = Run::with_all("");
    for _ in 0..12 {
        run.bitrix24(0, "imconnector.chat.name.set", RENAME);
        run.bitrix24(0, "imconnector.chat.name.set", &RENAME.replace("105", "106"));
    }
    let broken = run.world.broken(run.now).unwrap().hidden();
    let [broken] = &broken[..] else { panic!("{broken:?}") };
    assert_eq!((broken.rule, broken.count, broken.left_out()), ("bitrix24.other-edition", 24, 0));
    let kinds: Vec<_> = broken.kinds.iter().map(|kind| (&*kind.what, kind.count)).collect();
    let live = "fails on the live server: 403 `WRONG_AUTH_TYPE`";
    assert_eq!(
        kinds,
        [
            (&*format!("works by the documentation, {live}"), 12),
            (&*format!("fails by the documentation: 400 `NOT_ACTIVE_LINE`, {live}"), 12),
        ]
    );
    for (kind, first) in broken.kinds.iter().zip(1..) {
        let shown: Vec<_> = kind.shown.iter().map(|shown| shown.exchanges.clone()).collect();
        let expected: Vec<_> = (0..10).map(|number| vec![first + 2 * number]).collect();
        assert_eq!(shown, expected, "{}", kind.what);
    }
}

#[test]
fn what_refuses_a_call_in_the_other_edition_before_a_fault_strikes_is_told() {
    let mut run = Run::with_all("faults: [{name: f, on: bitrix24, error: CHAT_RENAMING_FAILED}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(run.broken(), [("bitrix24.other-edition", vec![vec![1]])]);
    // An error that both editions give, each with a status of its own.
    let mut run = Run::with_all("faults: [{name: f, on: bitrix24, error: OVERLOAD_LIMIT}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    let told =
        "fails by the documentation: 503 `OVERLOAD_LIMIT`, fails on the live server: 401 `OVERLOAD_LIMIT`";
    assert!(run.words().contains(told), "{}", run.words());
}

#[test]
fn a_credential_that_both_editions_refuse_is_no_difference() {
    let json = [("content-type", "application/json")];
    for edition in ["documented", "live"] {
        let scenario = SCENARIO.replace("bitrix24:\n", &format!("bitrix24:\n  edition: {edition}\n"));
        let mut run = Run::of(&scenario);
        for body in [r#"{"auth":"acces-token"}"#, "{}"] {
            assert_eq!(run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, body), 401);
        }
        assert_eq!(run.broken(), [], "{edition}");
        run.bitrix24(0, "imconnector.chat.name.set", RENAME);
        assert_eq!(run.broken(), [("bitrix24.other-edition", vec![vec![3]])], "{edition}");
    }
}

#[test]
fn what_a_fault_stops_is_not_done_in_the_other_edition_either() {
    let json = [("content-type", "application/json")];
    let by_token = format!("{{\"auth\":\"access-token\",{}", &RENAME[1..]);
    for effect in
        ["error: QUERY_LIMIT_EXCEEDED", "error: CHAT_RENAMING_FAILED", "reply: {status: 502}", "wire: reset"]
    {
        let fault = format!("faults: [{{name: f, on: bitrix24, when: {{first: 1}}, {effect}}}]\n");
        let mut run = Run::with_all(&fault);
        run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
        assert_eq!(run.send(600, "POST", "/rest/imconnector.chat.name.set", &json, &by_token), 200);
        assert_eq!(run.broken(), [], "{effect}");
    }
    // The live edition refuses the second rename, because the chat has this name already.
    let mut run = Run::with_all("");
    run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
    run.send(600, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
    assert_eq!(run.broken(), [("bitrix24.other-edition", vec![vec![2]])]);
}

#[test]
fn the_commands_of_a_batch_see_each_other_in_the_other_edition_too() {
    let mut run = Run::with_all("");
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    let body = serde_json::json!({"auth": "access-token", "cmd": {"one": command, "two": command}});
    let json = [("content-type", "application/json")];
    run.send(0, "POST", "/rest/batch", &json, &body.to_string());
    assert!(
        run.words().contains("the command `two` works by the documentation, fails on the live server"),
        "{}",
        run.words()
    );
    assert!(!run.words().contains("the command `one`"), "{}", run.words());
}

#[test]
fn a_limit_that_stops_a_command_is_no_difference_of_editions() {
    let limits = "limits: {operating: 1s}\n  timing: {duration: 400ms, processing: 20ms}\n  credentials:";
    let scenario = SCENARIO.replacen("credentials:", limits, 1);
    let mut run =
        Run::of(&scenario.replacen("seed: 7\n", "seed: 7\nclock: {virtual: 2024-11-20T13:55:08Z}\n", 1));
    let body = r#"{"auth":"access-token","cmd":["profile"]}"#;
    for _ in 0..4 {
        run.send(0, "POST", "/rest/batch", &[("content-type", "application/json")], body);
    }
    let last =
        String::from_utf8(run.world.journal().entries().next_back().unwrap().reply.body.to_vec()).unwrap();
    assert!(last.contains("OPERATION_TIME_LIMIT"), "{last}");
    assert!(!run.words().contains("other-edition"), "{}", run.words());
}

#[test]
fn a_connector_that_keeps_to_what_both_editions_take_hears_nothing() {
    for edition in ["documented", "live"] {
        let scenario = SCENARIO.replace("bitrix24:\n", &format!("bitrix24:\n  edition: {edition}\n"));
        let mut run = Run::of(&scenario);
        let json = [("content-type", "application/json")];
        let messages = r#"[{"user":{"id":"u","name":"Ivan"},"message":{"id":"m","text":"t"},"chat":{"id":"c","name":"n"}}]"#;
        let status =
            r#"[{"im":{"chat_id":1767,"message_id":86497},"message":{"id":["m"]},"chat":{"id":"c"}}]"#;
        let on = r#""CONNECTOR":"new","LINE":106"#;
        for (method, body) in [
            ("imconnector.register", r#""ID":"new","NAME":"New","ICON":{"DATA_IMAGE":"data:,"},"PLACEMENT_HANDLER":"https://example.com/s","CHAT_GROUP":true"#.to_owned()),
            ("event.bind", r#""event":"OnImConnectorMessageAdd","handler":"https://example.com/h""#.to_owned()),
            ("event.get", r#""start":0"#.to_owned()),
            ("event.test", r#""any":["thing"]"#.to_owned()),
            ("imconnector.activate", format!(r#"{on},"ACTIVE":"1""#)),
            ("imconnector.connector.data.set", format!(r#"{on},"DATA":{{"ID":"1","NAME":"n"}}"#)),
            ("imconnector.status", on.to_owned()),
            ("imconnector.list", r#""start":0"#.to_owned()),
            ("imconnector.send.messages", format!(r#"{on},"MESSAGES":{messages}"#)),
            ("imconnector.update.messages", format!(r#"{on},"MESSAGES":{messages}"#)),
            ("imconnector.delete.messages", format!(r#"{on},"MESSAGES":{messages}"#)),
            ("imconnector.send.status.delivery", format!(r#"{on},"MESSAGES":{status}"#)),
            ("imconnector.send.status.reading", format!(r#"{on},"MESSAGES":{status}"#)),
            ("imconnector.chat.name.set", format!(r#"{on},"CHAT_ID":"c","NAME":"Renamed""#)),
            ("imopenlines.config.list.get", r#""PARAMS":{"select":["ID"]}"#.to_owned()),
            ("imopenlines.config.add", r#""PARAMS":{"LINE_NAME":"VIP"}"#.to_owned()),
            ("imopenlines.operator.finish", r#""CHAT_ID":1767"#.to_owned()),
            ("event.unbind", r#""event":"OnImConnectorMessageAdd","handler":"https://example.com/h""#.to_owned()),
            ("user.current", r#""start":0"#.to_owned()),
            ("method.get", r#""name":"profile""#.to_owned()),
            ("imconnector.unregister", r#""ID":"new""#.to_owned()),
        ] {
            let body = format!(r#"{{"auth":"access-token",{body}}}"#);
            let status = run.send(600, "POST", &format!("/rest/{method}"), &json, &body);
            assert_eq!((status, run.broken()), (200, vec![]), "{method} {edition}: {}", run.words());
        }
    }
}
