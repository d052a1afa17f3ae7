//! `POST /__standin/actions`: lets an operator, an administrator or the portal do something.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Asked, mistake};
use crate::emulator::ActionMistake;
use crate::engine::World;
use crate::http::{Reply, json as text};

/// An action to perform.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ActionWanted")]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// The name of the action, such as `bitrix24.operator.write`.
    r#do: String,
    /// Its parameters.
    #[serde(default)]
    with: Map<String, Value>,
}

/// An action that was performed.
#[derive(Serialize, JsonSchema)]
pub(super) struct ActionPerformed {
    /// Its name among all actions, such as `a1`.
    action: String,
    r#do: String,
    /// What has changed, as the service tells it.
    changed: Value,
    /// The events that it has raised, such as `e1`.
    events: Vec<String>,
    /// Why events go to nobody.
    remarks: Vec<String>,
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
            let body = ActionPerformed {
                action: format!("a{}", acted.number),
                r#do: order.r#do,
                changed: acted.changed,
                events,
                remarks: acted.remarks,
            };
            Reply::json(200, &body)
        }
        Err(ActionMistake { message, help }) => mistake(422, message, &help),
    }
}
