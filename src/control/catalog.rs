//! `GET /__standin/catalog`, `/__standin/schema`, `/__standin/actions`: what the server knows, for those who help to write a fault or an
//! action.

use serde_json::{Value, json};

use super::Asked;
use crate::emulator::Service;
use crate::engine::{Namespaces, World};
use crate::http::Reply;
use crate::scenario;

/// The services of the world's scenario with their operations, errors and events.
pub(super) fn answer(world: &mut World, _: &Asked<'_>) -> Reply {
    let services = || world.scenario().sections.iter().map(|(service, _)| *service);
    let operations = services().flat_map(|service| {
        service.operations().iter().map(move |operation| {
            json!({
                "name": format!("{}.{}", service.name(), operation.name),
                "summary": operation.summary,
                "changes": operation.changes,
                "parameters": operation.parameters.iter().map(|parameter| parameter.name).collect::<Vec<_>>(),
                "errors": errors(service, |code| operation.gives(code).is_some()),
            })
        })
    });
    let events = services().flat_map(|service| {
        service.events().iter().map(move |event| format!("{}.{}", service.name(), event.name))
    });
    Reply::json(
        200,
        &json!({
            "services": services().map(Service::name).collect::<Vec<_>>(),
            "operations": operations.collect::<Vec<_>>(),
            "events": events.collect::<Vec<_>>(),
        }),
    )
}

/// The codes of the errors of a service that `is_wanted` wants.
fn errors(service: &dyn Service, is_wanted: impl Fn(&str) -> bool) -> Vec<Value> {
    let all = service.errors().iter().filter(|error| is_wanted(error.code));
    all.map(|error| json!({"code": error.code, "stage": error.stage.name(), "status": error.faces.first().map(|face| face.status)})).collect()
}

/// The JSON Schema of scenarios.
pub(super) fn schema(_: &Namespaces, _: &Asked<'_>) -> Reply {
    Reply::json(200, &scenario::schema())
}

/// The actions that can be performed in the world.
pub(super) fn actions(world: &mut World, _: &Asked<'_>) -> Reply {
    let services = world.scenario().sections.iter().map(|(service, _)| *service);
    let actions = services.flat_map(|service| {
        service.actions().iter().map(move |action| {
            let parameters = action.parameters.iter().map(|parameter| {
                json!({"name": parameter.name, "required": parameter.is_required, "about": parameter.summary})
            });
            json!({
                "do": format!("{}.{}", service.name(), action.name),
                "summary": action.summary,
                "parameters": parameters.collect::<Vec<_>>(),
            })
        })
    });
    Reply::json(200, &json!({"actions": actions.collect::<Vec<_>>()}))
}
