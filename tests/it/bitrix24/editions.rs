//! Each row of the table of differences, as the two editions answer.

mod case;
mod rows;

use std::collections::BTreeSet;

use standin::services::SERVICES;

use crate::direct::{Direct, body, outcome};
use case::Case;

/// Rows that no body shows: 28 is about stored data, 44 about header fields, the others are about events. They have
/// tests of their own.
const WITHOUT_ANSWER: [u8; 9] = [28, 37, 38, 44, 51, 52, 53, 57, 59];

fn world(edition: &str, case: &Case) -> Direct {
    let Case { keys, credential, faults, .. } = case;
    let of_webhook = if credential.contains("scope") { credential } else { "" };
    Direct::new(&format!(
        "
standin: 1
name: editions
clock: {{virtual: \"2024-11-20T15:55:08.5+02:00\"}}
bitrix24:
  edition: {edition}
  time_zone: \"+02:00\"
  {keys}
  credentials:
    - {{token: access-token, {credential}}}
    - {{webhook: {{user: 1, secret: webhook-secret}}, {of_webhook}}}
    - {{token: other-token, client_id: app}}
  connectors: [{{id: connector, chat_group: true, name: Имя}}, {{id: messenger}}]
  lines: [{{id: 105, connectors: [connector, messenger]}}, {{id: 106}}]
  chats:
    - {{connector: connector, line: 105, id: chat-1, name: Old name}}
    - {{connector: messenger, line: 105, id: chat-2, user: visitor-1, name: Visitor}}
{faults}"
    ))
}

#[test]
fn each_row_of_the_table_is_what_the_editions_answer() {
    let cases = rows::cases();
    for case in &cases {
        for (edition, expected) in [("documented", &case.documented), ("live", &case.live)] {
            let mut world = world(edition, case);
            let replies: Vec<_> =
                case.requests.iter().map(|(target, parameters)| world.post(target, parameters)).collect();
            let reply = replies.last().unwrap();
            let is_whole = case.pointer.is_empty() || body(reply)["result"] == false;
            let seen = if is_whole { body(reply) } else { outcome(reply, case.pointer) };
            // Compared as text, because the order of members and the type of numbers count.
            assert_eq!(seen.to_string(), expected.to_string(), "row {} in {edition}", case.row);
        }
    }
    let tested: BTreeSet<_> = cases.iter().map(|case| case.row).chain(WITHOUT_ANSWER).collect();
    let listed: BTreeSet<_> = SERVICES[0].differences().iter().map(|row| row.number).collect();
    assert_eq!(tested, listed);
}
