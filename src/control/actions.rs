//! `POST /__standin/actions`: lets an operator, an administrator or the portal do something.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asked, mistake};
use crate::emulator::ActionMistake;
use crate::engine::World;
use crate::http::{Reply, json as text};

/// The body of the request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// The name of the action.
    r#do: String,
    /// Its parameters.
    #[serde(default)]
    with: Map<String, Value>,
}

const HELP: &str = r#"send `{"do": "bitrix24.operator.write", "with": {"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"}}`"#;

pub(super) fn act(world: &mut World, asked: &Asked<'_>) -> Reply {
    let Some(value) = text::parse::<Value>(asked.request.body(), text::USUAL) else {
        return mistake(400, "the body is not JSON".to_owned(), HELP);
    };
    if !value.is_object() {
        return mistake(400, "the body is no object".to_owned(), HELP);
    }
    let order: Order = match serde_json::from_value(value) {
        Ok(order) => order,
        Err(error) => return mistake(400, error.to_string(), HELP),
    };
    match world.act(&order.r#do, &order.with, asked.now) {
        Ok(acted) => {
            let events: Vec<_> = acted.deliveries.iter().map(|number| format!("e{number}")).collect();
            let body = json!({
                "action": format!("a{}", acted.number),
                "do": order.r#do,
                "changed": acted.changed,
                "events": events,
                "remarks": acted.remarks,
            });
            Reply::json(200, &body)
        }
        Err(ActionMistake { message, help }) => mistake(422, message, &help),
    }
}
