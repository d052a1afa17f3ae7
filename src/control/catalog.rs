//! `GET /__standin/catalog`, `/__standin/schema`, `/__standin/actions`: what the server knows, for those who help to write a fault or an
//! action.

use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use crate::emulator::Service;
use crate::engine::{Namespaces, World};
use crate::http::Reply;
use crate::scenario;

/// What faults can be aimed at.
#[derive(Serialize, JsonSchema)]
pub(super) struct Catalog {
    /// The services of the scenario.
    services: Vec<&'static str>,
    operations: Vec<CatalogOperation>,
    /// The events, such as `bitrix24.OnImConnectorMessageAdd`.
    events: Vec<String>,
}

/// An operation.
#[derive(Serialize, JsonSchema)]
struct CatalogOperation {
    /// Its name with that of its service.
    name: String,
    summary: &'static str,
    /// Whether it changes something.
    changes: bool,
    /// The names of its parameters, as `match` spells them.
    parameters: Vec<&'static str>,
    errors: Vec<CatalogError>,
}

/// An error of a service.
#[derive(Serialize, JsonSchema)]
struct CatalogError {
    code: &'static str,
    /// The stage at which it strikes.
    stage: &'static str,
    /// Its status.
    status: Option<u16>,
}

/// The actions that can be performed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Actions {
    actions: Vec<ActionKnown>,
}

/// An action that can be performed.
#[derive(Serialize, JsonSchema)]
struct ActionKnown {
    /// Its name with that of its service.
    r#do: String,
    summary: &'static str,
    parameters: Vec<ActionParameter>,
}

/// A parameter of an action.
#[derive(Serialize, JsonSchema)]
struct ActionParameter {
    name: &'static str,
    required: bool,
    about: &'static str,
}

/// The services of the world's scenario with their operations, errors and events.
pub(super) fn answer(world: &mut World, _: &Asked<'_>) -> Reply {
    let services = || world.scenario().sections.iter().map(|(service, _)| *service);
    let operations = services().flat_map(|service| {
        service.operations().iter().map(move |operation| CatalogOperation {
            name: format!("{}.{}", service.name(), operation.name),
            summary: operation.summary,
            changes: operation.changes,
            parameters: operation.parameters.iter().map(|parameter| parameter.name).collect(),
            errors: errors(service, |code| operation.gives(code).is_some()),
        })
    });
    let events = services().flat_map(|service| {
        service.events().iter().map(move |event| format!("{}.{}", service.name(), event.name))
    });
    Reply::json(
        200,
        &Catalog {
            services: services().map(Service::name).collect(),
            operations: operations.collect(),
            events: events.collect(),
        },
    )
}

/// The codes of the errors of a service that `is_wanted` wants.
fn errors(service: &dyn Service, is_wanted: impl Fn(&str) -> bool) -> Vec<CatalogError> {
    let all = service.errors().iter().filter(|error| is_wanted(error.code));
    let shown = all.map(|error| CatalogError {
        code: error.code,
        stage: error.stage.name(),
        status: error.faces.first().map(|face| face.status),
    });
    shown.collect()
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
            let parameters = action.parameters.iter().map(|parameter| ActionParameter {
                name: parameter.name,
                required: parameter.is_required,
                about: parameter.summary,
            });
            ActionKnown {
                r#do: format!("{}.{}", service.name(), action.name),
                summary: action.summary,
                parameters: parameters.collect(),
            }
        })
    });
    Reply::json(200, &Actions { actions: actions.collect() })
}
