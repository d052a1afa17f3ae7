//! `event.get`: lists the handlers of the application.

use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, HandlerTarget, Operation, Shape, member};
use crate::services::bitrix24::applications::Handler;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "event.get",
        verb: "POST",
        path: "/rest/event.get",
        summary: "lists the handlers that the application has bound",
        parameters: &[],
        errors: &[errors::OF_ALL, errors::OF_EVENTS],
        requires: "an access token of an application",
        status: 200,
        answer: || {
            let online = Shape::object([
                member("event", Shape::Text),
                member("handler", Shape::Text),
                member("auth_type", Shape::Text),
                member("offline", Shape::Count(0)),
            ]);
            // Only the portal has offline events; they are not emulated.
            let offline = Shape::object([
                member("event", Shape::Text),
                member("connector_id", Shape::Text),
                member("offline", Shape::Count(1)),
            ]);
            Shape::Either(vec![online, offline]).list()
        },
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/events/event-get.html",
    },
    scope: Scope::Basic,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

/// Who is no administrator sees the handlers that are bound for him.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let application = invocation.own_application()?;
    invocation.passed_up_to_lookup(exchange)?;
    let (own, is_admin) = (invocation.user(), invocation.is_admin());
    let is_shown = |known: &&Handler| {
        known.application == application && (is_admin || known.user.as_deref() == Some(own))
    };
    let row = |known: &Handler| {
        let (HandlerTarget::Url(handler) | HandlerTarget::Name(handler)) = &known.target;
        let auth_type = known.user.as_deref().unwrap_or("0");
        json!({"event": known.event, "handler": **handler, "auth_type": auth_type, "offline": 0})
    };
    let rows: Vec<_> = invocation.portal.applications().handlers().filter(is_shown).map(row).collect();
    Ok(MethodAnswer::read(php::json(&rows)))
}
