//! `event.unbind`: removes handlers from an event.

use serde_json::{Value, json};

use super::event_bind::{Bound, bound, example, user};
use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, HandlerTarget, Operation, Parameter, Shape, ValueType, gives, member,
};
use crate::services::bitrix24::applications::Handler;
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::texts;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "event.unbind",
        verb: "POST",
        path: "/rest/event.unbind",
        summary: "removes handlers from an event",
        parameters: &[
            Parameter::new("event", "name of the event in any case"),
            Parameter::new("handler", "URL of the handler"),
            Parameter::new("auth_type", "ID of the user for whom it is bound; without it, for all")
                .of(ValueType::Number)
                .optional(),
            Parameter::new("event_type", "`online`; `offline` is not emulated").optional(),
            Parameter::new("auth_connector", "name of a queue of offline events; ignored").optional(),
        ],
        errors: &[errors::OF_ALL, errors::OF_EVENTS, OWN],
        requires: "an access token of an application",
        status: 200,
        answer: || Shape::object([member("count", Shape::Integer)]),
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/events/event-unbind.html",
    },
    scope: Scope::Basic,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::ERROR_ARGUMENT).with(errors::NAMED_EVENT)];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let application = invocation.own_application()?;
    let user = user(invocation, texts::UNBIND_FOR_OTHERS)?;
    invocation.passed(Stage::Auth, exchange)?;
    let Bound { event, is_offline, handler } = bound(invocation, texts::UNBIND_OFFLINE, exchange)?;
    invocation.passed(Stage::Arguments, exchange)?;
    invocation.passed(Stage::Lookup, exchange)?;
    // An administrator who sends 0 means the handlers that are bound for nobody.
    let is_any = invocation.is_admin() && invocation.parameters.value("auth_type").is_none_or(Value::is_null);
    let is_meant = |known: &&Handler| {
        !is_offline
            && known.application == application
            && known.event.eq_ignore_ascii_case(&event)
            && matches!(&known.target, HandlerTarget::Url(url) if **url == *handler)
            && (is_any || known.user == user)
    };
    let ids: Vec<_> =
        invocation.portal.applications().handlers().filter(is_meant).map(|known| known.id).collect();
    if ids.is_empty() {
        exchange.checkpoint.remark("no such handler is bound: nothing is removed".into());
    }
    let result = php::json(&json!({"count": ids.len()}));
    Ok(MethodAnswer { result: result.into(), effect: Effect::Change(Change::Unbind(ids)) })
}
