//! Reading scenarios: values are read as typed, and all mistakes are reported at once, each with its place.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use standin::basics::Clock;
use standin::scenario::{Report, Scenario, obstacle, schema_text};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn report(text: &str) -> Report {
    Scenario::parse("scenario.yaml", text).expect_err("the scenario is broken")
}

#[test]
fn every_shipped_scenario_is_free_of_mistakes() {
    insta::glob!("../../scenarios", "**/*.yaml", |path| {
        let text = fs::read_to_string(path).unwrap();
        if let Err(report) = Scenario::parse(&path.display().to_string(), &text) {
            panic!("{report}");
        }
    });
}

/// Each file in `scenario/` has one kind of mistake; `many.yaml` has one of each kind.
#[test]
fn every_mistake_is_reported_in_its_place_with_what_to_type() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("scenario");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("scenario/*.yaml", |path| {
            let text = fs::read_to_string(path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy();
            let report = Scenario::parse(&name, &text).expect_err("the scenario is broken");
            insta::assert_snapshot!("report", report.render(false));
        });
    });
}

#[test]
fn the_schema_in_the_repository_is_the_one_of_the_types() {
    let committed =
        fs::read_to_string(Path::new(ROOT).join("schemas/scenario.schema.json")).unwrap_or_default();
    assert!(committed == schema_text(), "run `cargo run -- schema > schemas/scenario.schema.json`");
}

#[test]
fn text_is_kept_as_it_is_typed() {
    for typed in [
        "NO",
        "on",
        "017",
        "+15555550100",
        "1e3",
        "0x1F",
        "1_000",
        "12:30:45",
        ".5",
        "true",
        "2024-11-20",
        "=",
        "Null!",
    ] {
        check_name(typed, typed);
    }
    for (typed, meant) in [
        ("\"~\"", "~"),
        ("'~'", "~"),
        ("\"null\"", "null"),
        ("\"\"", ""),
        ("' a '", " a "),
        ("\"a\\tb\\u263A\"", "a\tb☺"),
        ("'it''s'", "it's"),
        ("!!str 017", "017"),
        ("!!str", ""),
        ("|-\n  two\n  lines", "two\nlines"),
        (">-\n  one\n  line", "one line"),
        ("one\n  line", "one line"),
        ("имя # comment", "имя"),
        ("a#b", "a#b"),
    ] {
        check_name(typed, meant);
    }
}

#[track_caller]
fn check_name(typed: &str, meant: &str) {
    let text = format!("standin: 1\nname: {typed}\n");
    let scenario = Scenario::parse("scenario.yaml", &text).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(scenario.name, meant, "{typed}");
}

#[test]
fn ids_and_parameters_are_kept_as_they_are_typed() {
    let text = "
standin: 1
name: ids
bitrix24:
  connectors: [{id: no, chat_group: true}]
  lines: [{id: 105, connectors: [no]}]
  chats: [{connector: no, line: 105, id: 017, name: 1e3}]
faults:
  - {name: on, on: bitrix24.imconnector.chat.name.set, match: {CHAT_ID: 017, NAME: ~~}, error: CHAT_RENAMING_FAILED}
";
    let scenario = Scenario::parse("scenario.yaml", text).unwrap_or_else(|report| panic!("{report}"));
    let [fault] = &scenario.faults[..] else { panic!("one fault") };
    let of = |name: &str| fault.matches[name].values().unwrap()[0].as_str();
    assert_eq!((fault.name.as_str(), of("CHAT_ID")), ("on", "017"));
    assert_eq!(of("NAME"), "~~");
    let section = format!("{scenario:?}");
    assert!(section.contains(r#"id: Text("017")"#) && section.contains(r#"name: Text("1e3")"#), "{section}");
}

#[test]
fn a_scenario_says_what_time_it_is_and_where_draws_begin() {
    let text = "standin: 1\nname: clock\nseed: 18446744073709551615\nclock: {virtual: 2024-11-20T15:55:08.525962+02:00}\n";
    let scenario = Scenario::parse("scenario.yaml", text).unwrap();
    assert_eq!(scenario.seed, Some(u64::MAX));
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(scenario.clock.at(now), Clock::Virtual("2024-11-20T13:55:08.525962Z".parse().unwrap()));
    let scenario =
        Scenario::parse("scenario.yaml", "standin: 1\nname: clock\nclock: real\nseed: ~\n").unwrap();
    assert_eq!((scenario.seed, scenario.clock.at(now)), (None, Clock::Real));
}

/// In each pair of faults, neither prevents the other one from firing.
#[test]
fn a_fault_that_can_fire_is_left_alone() {
    let set = "on: bitrix24.imconnector.chat.name.set";
    for (first, second) in [
        (
            format!("{set}, when: {{first: 1}}, error: CHAT_RENAMING_FAILED"),
            format!("{set}, error: CHAT_RENAMING_FAILED"),
        ),
        (
            format!("{set}, match: {{LINE: 105}}, error: NOT_ACTIVE_LINE"),
            format!("{set}, error: NOT_ACTIVE_LINE"),
        ),
        (
            format!("{set}, match: {{LINE: 105}}, error: NOT_ACTIVE_LINE"),
            format!("{set}, match: {{LINE: 106, CHAT_ID: a}}, error: NOT_ACTIVE_LINE"),
        ),
        // A command of a batch does not pass the gateway on its own.
        (format!("{set}, error: QUERY_LIMIT_EXCEEDED"), format!("{set}, error: CHAT_RENAMING_FAILED")),
        (
            "on: bitrix24, error: ERROR_BATCH_LENGTH_EXCEEDED".to_owned(),
            format!("{set}, error: CHAT_RENAMING_FAILED"),
        ),
    ] {
        let text = format!(
            "standin: 1\nname: n\nbitrix24: {{lines: [{{id: 105}}, {{id: 106}}]}}\nfaults:\n- {{name: a, {first}}}\n- {{name: b, {second}}}\n"
        );
        if let Err(report) = Scenario::parse("scenario.yaml", &text) {
            panic!("{report}");
        }
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_mistake() {
    let text = "\u{feff}standin: 1\r\nname: from Windows\r\nchert: {tenants: []}\r\n";
    let scenario = Scenario::parse("scenario.yaml", text).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(scenario.name, "from Windows");
    let report = report("\u{feff}standin: 1\r\nname: from Windows\r\nsede: 1\r\n");
    let [finding] = report.findings() else { panic!("one finding") };
    assert_eq!((finding.line, finding.column, finding.source.as_str()), (3, 1, "sede: 1"));
}

#[test]
fn an_alias_repeats_what_its_anchor_names() {
    let text = "
standin: 1
name: aliases
bitrix24:
  connectors:
    - &first {id: &id connector, chat_group: true}
  lines:
    - {id: 105, connectors: &all [*id]}
    - {id: 106, connectors: *all}
";
    let scenario = Scenario::parse("scenario.yaml", text).unwrap_or_else(|report| panic!("{report}"));
    let section = format!("{scenario:?}");
    assert_eq!(section.matches(r#"connectors: [Text("connector")]"#).count(), 2, "{section}");
}

#[test]
fn columns_count_characters() {
    for (text, line, column) in [
        ("{standin: 1, name: имя, sede: 1}", 1, 25),
        ("standin: 1\nname: имя\nclock: {имя: 1, sede: 1}\nsede: 1", 3, 9),
        ("standin: 1\nname: имя\nchert: {tenants: [{slug: имя, signing_secret: b, lnes: []}]}", 3, 50),
    ] {
        let report = report(text);
        let finding = &report.findings()[0];
        assert_eq!((finding.line, finding.column), (line, column), "{report}");
        assert!(report.to_string().contains(&format!("scenario.yaml:{line}:{column}\n")), "{report}");
    }
}

#[test]
fn of_a_long_line_the_part_around_the_place_is_shown() {
    let chats: Vec<_> = (0..5000).map(|id| format!("{{id: ch_{id}, group: true}}")).collect();
    let chats = chats.join(", ").replace("id: ch_4000, group", "id: ch_4000, groop");
    let text = format!(
        "{{standin: 1, name: long, chert: {{tenants: [{{slug: a, signing_secret: b, chats: [{chats}]}}]}}}}"
    );
    let report = report(&text);
    let [finding] = report.findings() else { panic!("one finding") };
    let column = text.find("groop").unwrap() + 1;
    assert_eq!(finding.column, column);
    assert!(finding.source.len() < 500 && finding.source.contains("groop"), "{}", finding.source);
    assert!(report.to_string().contains(&format!("scenario.yaml:1:{column}\n")), "{report}");
}

#[test]
fn programs_read_findings_as_objects() {
    let report =
        report("standin: 1\nname: json\nchert:\n  tenants:\n    - {slug: a, signing_secret: b, lines: 5}\n");
    insta::assert_snapshot!(serde_json::json!(report.shown()), @r#"[{"level":"error","file":"scenario.yaml","line":5,"column":43,"path":"chert.tenants[0].lines","message":"`lines` must be a list, but is `5`","help":"write `lines: [{id: text, phone_number: text}]`"}]"#);
}

#[test]
fn workflows_read_findings_as_commands() {
    let report = Scenario::parse("a,b.yaml", "standin: 1\nname: 100%\nsede: 1\n").unwrap_err();
    insta::assert_snapshot!(report.to_github(), @"::error file=a%2Cb.yaml,line=3,col=1,title=sede::there is no key `sede` here%0Ahelp: did you mean `seed`?");
}

#[test]
fn colours_come_only_when_asked_for() {
    let report = report("standin: 1\n");
    assert!(!report.render(false).contains('\u{1b}'));
    assert!(report.render(true).contains('\u{1b}'));
}

/// Pieces of YAML with a meaning in YAML itself or in the format of scenarios.
const PIECES: &[&str] = &[
    "\n",
    "\n  ",
    "\n    - ",
    "\n- ",
    " ",
    "\t",
    ": ",
    ":",
    "- ",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    " # ",
    "&a ",
    "*a",
    "!!str ",
    "!x ",
    "|\n",
    ">",
    "?",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "<<",
    "~",
    "\u{feff}",
    "\r\n",
    "\\",
    "ы",
    "\0",
    "standin: 1\n",
    "name: n\n",
    "bitrix24:",
    "chert:",
    "faults:",
    "lines",
    "connectors",
    "id",
    "105",
    "clock: {virtual: x}\n",
    "when: {first: 1}",
];

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        read(&text)?;
    }

    #[test]
    fn no_heap_of_yaml_makes_the_reader_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        read(&pieces.concat())?;
    }

    #[test]
    fn no_damage_to_a_scenario_makes_the_reader_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(PIECES)), 1..6),
    ) {
        let mut characters: Vec<char> = Scenario::DEFAULT.chars().collect();
        for (index, length, piece) in cuts {
            let start = index.index(characters.len());
            let end = (start + length).min(characters.len());
            characters.splice(start..end, piece.chars());
        }
        read(&characters.into_iter().collect::<String>())?;
    }
}

/// Reads a text. If it is refused, produces every form of the report.
fn read(text: &str) -> Result<(), TestCaseError> {
    let Err(report) = Scenario::parse("scenario.yaml", text) else { return Ok(()) };
    prop_assert!(!report.findings().is_empty(), "a refusal without a reason");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for finding in report.findings() {
        let line = text.split('\n').nth(finding.line - 1).expect("the line exists");
        prop_assert!(line.contains(&finding.source), "the source is of the line");
        prop_assert!(finding.column <= line.chars().count() + 1, "the column exists");
        prop_assert!(!finding.help.is_empty() && !finding.message.is_empty());
    }
    report.render(true);
    report.shown();
    report.to_github();
    Ok(())
}

/// The warnings about a scenario, each as its path, its message and its help.
fn warnings(yaml: &str) -> Vec<[String; 3]> {
    let scenario = Scenario::parse("warned", yaml).unwrap();
    let report = scenario.warnings("warned", yaml);
    report
        .findings()
        .iter()
        .map(|found| [&found.path, &found.message, &found.help].map(Clone::clone))
        .collect()
}

#[test]
fn a_scenario_in_which_nothing_can_succeed_is_warned_of() {
    let portal = |edition: &str, more: &str, state: &str| {
        format!(
            "standin: 1
name: n
bitrix24:
  edition: {edition}
  credentials: [{{webhook: {{user: 1, secret: webhook-secret}}}}, {more}]
  state: {state}
  connectors: [{{id: c, chat_group: true}}]
  lines: [{{id: 105, connectors: [c]}}]
  chats: [{{connector: c, line: 105, id: chat-1, name: n}}]
faults: [{{name: f, on: bitrix24.imconnector.chat.name.set, error: CHAT_RENAMING_FAILED}}]
"
        )
    };
    let help = "in the live edition a webhook may not call it: add an access token (`token`), or write `edition: documented`";
    let expected = [
        ["bitrix24", "no call of `bitrix24.imconnector.chat.name.set` can succeed at the start", help],
        ["faults[0]", "at the start, no call comes as far as the delivery, where this fault strikes", help],
    ];
    assert_eq!(warnings(&portal("live", "", "open")), expected.map(|row| row.map(str::to_owned)));
    assert_eq!(warnings(&portal("live", "{token: access-token}", "open")), Vec::<[String; 3]>::new());
    assert_eq!(warnings(&portal("documented", "", "open")), Vec::<[String; 3]>::new());
    // The author of a `state` wants the errors that follow; only the fault is in vain.
    let [path, message, _] = expected[1];
    assert_eq!(
        warnings(&portal("documented", "", "overloaded")),
        [[path, message, "the portal has `state: overloaded`"].map(str::to_owned)]
    );
}

#[test]
fn a_fault_on_events_that_asks_for_something_unknown_is_warned_of() {
    let found = |matches: &str| {
        warnings(&format!(
            "standin: 1
name: n
bitrix24:
  credentials: [{{token: access-token}}]
  connectors: [{{id: c, chat_group: true}}]
  lines: [{{id: 105, connectors: [c]}}]
  chats: [{{connector: c, line: 105, id: chat-1, name: n}}]
faults: [{{name: f, on: bitrix24.events, match: {matches}, deliver: lost}}]
"
        ))
    };
    for matches in
        ["{CHAT_ID: [chat-1, chat-9]}", "{LINE: 105}", "{MESSAGE_ID: 7}", "{handler: app}", "{TEXT: x}"]
    {
        assert_eq!(found(matches), Vec::<[String; 3]>::new(), "{matches}");
    }
    let message = "at the start there is no chat `chat1`: this fault waits until a call makes one";
    let expected = ["faults[0].match.CHAT_ID", message, "did you mean `chat-1`?"].map(str::to_owned);
    assert_eq!(found("{CHAT_ID: chat1}"), [expected]);
}

#[test]
fn a_fault_on_events_that_no_handler_takes_is_warned_of() {
    let found = |fault: &str, handlers: &str, subscriptions: &str| {
        warnings(&format!(
            "standin: 1
name: n
bitrix24:
  credentials: [{{token: access-token}}]
  handlers: {handlers}
chert:
  tenants: [{{slug: acme, signing_secret: signing-secret, subscriptions: {subscriptions}}}]
faults: [{{name: f, {fault}, deliver: lost}}]
"
        ))
    };
    let handlers =
        "[{event: OnAppInstall, name: app}, {event: OnAppUninstall, url: \"http://127.0.0.1:1/\"}]";
    let subscriptions = "[{name: hooks, events: [message.received]}]";
    let silent = [
        "on: bitrix24.OnAppInstall, match: {handler: app}",
        "on: bitrix24.events, match: {handler: [nobody, \"http://127.0.0.1:1/\"]}",
        "on: bitrix24.events, match: {handler: 7}",
        "on: bitrix24.events, match: {handler: {regex: x}}",
        "on: chert.events",
        "on: chert.message.received, match: {handler: hooks}",
    ];
    for fault in silent {
        assert_eq!(found(fault, handlers, subscriptions), Vec::<[String; 3]>::new(), "{fault}");
    }
    let told = [
        (
            "on: bitrix24.events, match: {handler: ap}",
            "faults[0].match.handler",
            "at the start there is no handler `ap`: this fault waits until a call binds one",
            "did you mean `app`?",
        ),
        (
            "on: bitrix24.OnImConnectorMessageAdd",
            "faults[0].on",
            "at the start no handler takes `OnImConnectorMessageAdd`: this fault waits until a call binds one",
            "the handlers take `OnAppInstall`, `OnAppUninstall`",
        ),
        (
            "on: chert.lead_reply",
            "faults[0].on",
            "at the start no handler takes `lead_reply`: this fault waits until a call binds one",
            "the handlers take `message.received`",
        ),
    ];
    for (fault, path, message, help) in told {
        let expected = [path, message, help].map(str::to_owned);
        assert_eq!(found(fault, handlers, subscriptions), [expected]);
        // Without any handler, the client is to bind the first.
        assert_eq!(found(fault, "[]", "[]"), Vec::<[String; 3]>::new(), "{fault}");
    }
}

#[test]
fn what_a_call_can_make_is_warned_of_and_what_none_can_make_is_a_mistake() {
    let yaml = |credential: &str, fault: &str, expect: &str| {
        format!(
            "standin: 1
name: n
bitrix24:
  credentials: [{credential}]
  connectors: [{{id: c, chat_group: true}}]
  lines: [{{id: 105, connectors: [c]}}]
  chats: [{{connector: c, line: 105, id: chat-1, name: n}}]
faults: [{{name: f, on: bitrix24.imconnector.chat.name.set, match: {fault}, error: CHAT_RENAMING_FAILED}}]
expect: [{{name: e, on: bitrix24, {expect}}}]
"
        )
    };
    let (token, webhook) = ("{token: access-token}", "{webhook: {user: 1, secret: webhook-secret}}");
    let (renamed, all) = ("chat: chat-1, named: n", "{CHAT_ID: chat-1}");
    let waits = |kind: &str, id: &str, help: &str| {
        vec![
            format!("at the start there is no {kind} `{id}`: this fault waits until a call makes one"),
            help.to_owned(),
        ]
    };
    let expects = |id: &str, help: &str| {
        vec![
            format!("at the start there is no chat `{id}`: this expectation waits until a call makes one"),
            help.to_owned(),
        ]
    };
    for (fault, expect, expected) in [
        (all, renamed, vec![]),
        ("{CHAT_ID: chat1}", renamed, waits("chat", "chat1", "did you mean `chat-1`?")),
        ("{CHAT_ID: support}", renamed, waits("chat", "support", "the scenario has `chat-1`")),
        ("{LINE: 106}", renamed, waits("line", "106", "did you mean `105`?")),
        ("{CONNECTOR: mine}", renamed, waits("connector", "mine", "the scenario has `c`")),
        // A client is to make it: that is no slip.
        (all, "the: {chat: support}, has: {closed: true}", vec![]),
        (all, "the: {message: last}, has: {delivered: true}", vec![]),
        (all, "the: {chat: chat1}, has: {closed: true}", expects("chat1", "did you mean `chat-1`?")),
        (all, "chat: support, named: n, match: {LINE: 106}", vec![]),
    ] {
        let found: Vec<_> = warnings(&yaml(token, fault, expect))
            .into_iter()
            .flat_map(|[_, message, help]| [message, help])
            .collect();
        assert_eq!(found, expected, "{fault} {expect}");
    }
    for (credential, fault, expect, expected, help) in [
        (
            token,
            "{LINE: 50}",
            renamed,
            "there is no line `50`, so this fault can never fire",
            "add the line, or name one that exists: `105`",
        ),
        (
            webhook,
            "{CONNECTOR: mine}",
            renamed,
            "there is no connector `mine`, so this fault can never fire",
            "add the connector, or name one that exists: `c`",
        ),
        (
            token,
            "{CHAT_ID: \"0\"}",
            renamed,
            "there is no chat `0`, so this fault can never fire",
            "add the chat, or name one that exists: `chat-1`",
        ),
        (
            token,
            all,
            "the: {chat: support}, has: {closd: true}",
            "a chat has no `closd`",
            "did you mean `closed`?",
        ),
        (
            token,
            all,
            "the: {message: last}, has: {deliverd: true}",
            "a message has no `deliverd`",
            "did you mean `delivered`?",
        ),
        (
            token,
            all,
            "the: {chat: support}, has: {name: n}, match: {LNE: 1}",
            "`LNE` does not tell chats apart",
            "did you mean `LINE`?",
        ),
        (
            token,
            all,
            "the: {connector: mine}, has: {name: n}",
            "an expectation cannot look at `connector`",
            "it looks at a `chat` or `message`",
        ),
    ] {
        let report = Scenario::parse("mistaken", &yaml(credential, fault, expect)).unwrap_err();
        let found: Vec<_> =
            report.findings().iter().map(|found| (found.message.as_str(), found.help.as_str())).collect();
        assert_eq!(found, [(expected, help)], "{fault} {expect}");
    }
}

/// What keeps every caller from a rename, as `check`, the banner and `curl` say it; `None` when one can call.
#[track_caller]
fn check_obstacle(section: &str, expected: Option<&str>) {
    let yaml = format!(
        "standin: 1
name: n
bitrix24:
  connectors: [{{id: c, chat_group: true}}]
  lines: [{{id: 105, connectors: [c]}}]
  chats: [{{connector: c, line: 105, id: chat-1, name: n}}]
{section}
"
    );
    let scenario = Scenario::parse("n", &yaml).unwrap_or_else(|report| panic!("{report}"));
    let (service, section) = &scenario.sections[0];
    let start = "2024-11-20T13:55:08Z".parse().unwrap();
    let found = obstacle(&**section, service.operations()[0], start);
    assert_eq!(found.as_deref(), expected, "{yaml}");
}

#[test]
fn the_obstacle_that_is_named_is_the_one_that_there_is() {
    let webhook = "in the live edition a webhook may not call it: add an access token (`token`), or write `edition: documented`";
    let lacks = |edition: &str, needed: &str, it_has: &str| {
        format!(
            "`credentials[0]` lacks the scope `{needed}`, which it needs in the {edition} edition; it has {it_has}: add \
             `{needed}` to `scope`, or leave `scope` out"
        )
    };
    let live = lacks("live", "imopenlines", "`imconnector`");
    let token = "{token: access-token}";
    check_obstacle(&format!("  credentials: [{token}]"), None);
    check_obstacle(&format!("  edition: live\n  credentials: [{token}]"), None);
    check_obstacle("", Some("the scenario has no `credentials`: add a `token` or a `webhook`"));
    check_obstacle(
        "  edition: live\n  credentials: [{webhook: {user: 1, secret: webhook-secret}}]",
        Some(webhook),
    );
    let narrow = "{token: access-token, scope: [imconnector]}";
    check_obstacle(&format!("  edition: live\n  credentials: [{narrow}]"), Some(&live));
    check_obstacle(
        &format!(
            "  edition: live\n  credentials: [{narrow}, {{webhook: {{user: 1, secret: webhook-secret}}}}]"
        ),
        Some(&format!("{live}; {webhook}")),
    );
    check_obstacle(
        "  edition: live\n  applications: [{client_id: app, client_secret: c, scope: [imconnector]}]\n  credentials: [{token: \
         access-token, client_id: app}]",
        Some(&lacks("live", "imopenlines", "`imconnector` from its application")),
    );
    for typed in ["imopenlines", "imconector"] {
        check_obstacle(
            &format!("  credentials: [{{token: access-token, scope: [{typed}]}}]"),
            Some(&lacks("documented", "imconnector", &format!("`{typed}`"))),
        );
    }
    check_obstacle(
        "  credentials: [{token: access-token, expires: \"2020-01-01T00:00:00Z\"}]",
        Some("the token of `credentials[0]` has expired at the start: give it a later `expires`"),
    );
    check_obstacle(
        "  credentials: [{token: access-token, state: not_installed}, {token: other-token, state: user_without_access}]",
        Some(
            "`credentials[0]` has `state: not_installed`; `credentials[1]` has `state: user_without_access`",
        ),
    );
    check_obstacle(
        "  require_https: true\n  credentials: [{webhook: {user: 1, secret: webhook-secret}}]",
        Some("with `require_https: true` a webhook may call over https only"),
    );
    let many: Vec<_> = (0..5).map(|n| format!("{{token: token-{n}, state: not_installed}}")).collect();
    check_obstacle(
        &format!("  credentials: [{}]", many.join(", ")),
        Some(
            "`credentials[0]` has `state: not_installed`; `credentials[1]` has `state: not_installed`; `credentials[2]` has \
             `state: not_installed`; and 2 more",
        ),
    );
}
