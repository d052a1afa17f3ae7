//! `event.bind`: binds a handler to an event.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, HandlerTarget, Operation, Parameter, ValueType, gives, some_of,
};
use crate::scalar::nearest;
use crate::services::bitrix24::applications::{Handler, MOST_HANDLERS};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;
use crate::services::bitrix24::texts;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "event.bind",
        verb: "POST",
        path: "/rest/event.bind",
        summary: "binds a handler to an event",
        parameters: &[
            Parameter::new("event", "name of the event in any case"),
            Parameter::new("handler", "URL of the handler"),
            Parameter::new(
                "auth_type",
                "ID of the user whose token the event carries; 0 for the user who causes it",
            )
            .of(ValueType::Number)
            .optional(),
            Parameter::new("event_type", "`online`; `offline` is not emulated").optional(),
            Parameter::new("auth_connector", "name of a queue of offline events; ignored").optional(),
            Parameter::new("options", "options; ignored").of(ValueType::ListOrMapping).optional(),
        ],
        errors: &[errors::OF_ALL, errors::OF_EVENTS, OWN],
        requires: "an access token of an application",
        status: 200,
        answer: shapes::yes,
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/events/event-bind.html",
    },
    scope: Scope::Basic,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[
    gives(&errors::ERROR_ARGUMENT).with(errors::NAMED_EVENT),
    gives(&errors::ERROR_WRONG_HANDLER_URL),
    gives(&errors::ERROR_UNSUPPORTED_PROTOCOL),
    gives(&errors::ERROR_EVENT_NOT_FOUND),
    gives(&errors::ERROR_CORE_BOUND),
];

/// The length of the longest URL that is kept, in bytes.
const LONGEST_URL: usize = 2_000;

pub(super) fn example(_: &Portal) -> Option<Value> {
    Some(json!({"event": "OnImConnectorMessageAdd", "handler": "https://example.com/handler"}))
}

/// Checks in the order of the vendor's server: who calls; for whom; the event and its type; the handler; whether there
/// is such an event; whether it is bound already.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let application = invocation.own_application()?;
    let user = user(invocation, texts::BIND_FOR_OTHERS)?;
    invocation.passed(Stage::Auth, exchange)?;

    let Bound { event, is_offline, handler } = bound(invocation, texts::BIND_OFFLINE, exchange)?;
    if !is_offline {
        check_handler(invocation, &handler, exchange)?;
    }
    invocation.passed(Stage::Arguments, exchange)?;

    let known = events::named(&event);
    let scope = invocation.rules().scope;
    let Some(kind) = known.filter(|kind| events::is_global(kind) || invocation.caller.has_any(&[scope]))
    else {
        let reason = match known {
            Some(kind) => format!("the token does not have the scope `{scope}`, which `{}` needs", kind.name),
            None => {
                let names = || events::bindable().map(|kind| kind.name);
                let meant = nearest(&event, names()).map(|near| format!("did you mean `{near}`?"));
                let meant = meant.unwrap_or_else(|| format!("the events: {}", some_of(names())));
                format!("the event `{event}` is not emulated; {meant}")
            }
        };
        return Err(invocation.refusal(&errors::ERROR_EVENT_NOT_FOUND).because(reason));
    };
    if is_offline {
        let reason = "offline events are not emulated: bind a handler with `event_type` `online`";
        return Err(invocation.wrong("EVENT_TYPE", texts::EVENT_NOT_OFFLINE).because(reason));
    }
    let applications = invocation.portal.applications();
    let event = kind.name.to_uppercase();
    let target = HandlerTarget::Url(handler.as_str().into());
    let id = applications.next_handler();
    let handler = Handler { id, application, event, target, name: None, user };
    if let Some(known) = applications.handlers().find(|known| known.is_same(&handler)) {
        let reason = format!("the handler {} is the same: event.unbind removes it", known.id);
        return Err(invocation.refusal(&errors::ERROR_CORE_BOUND).because(reason));
    }
    if applications.handlers().count() >= MOST_HANDLERS {
        return Err(invocation.full(format!("the portal keeps at most {MOST_HANDLERS} handlers")));
    }
    if !applications.get(application).is_installed {
        let remark =
            "the installation of the application is not finished: the handler gets no events until it is";
        exchange.checkpoint.remark(remark.into());
    }
    invocation.passed(Stage::Lookup, exchange)?;
    Ok(MethodAnswer { result: Cow::Borrowed(b"true"), effect: Effect::Change(Change::Bind(handler)) })
}

/// The user of `auth_type`; `None` for 0, unless the caller is no administrator: then it is the caller.
///
/// # Errors
/// `ACCESS_DENIED` with this text for another user, unless the caller is an administrator.
pub(super) fn user(invocation: &Invocation<'_>, denied: &'static str) -> Result<Option<String>, Refusal> {
    let sent = invocation.parameters.value("auth_type").map_or(0, php::to_int);
    let own = invocation.user();
    if invocation.is_admin() {
        return Ok((sent != 0).then(|| sent.to_string()));
    }
    if sent != 0 && sent.to_string() != own {
        let reason = format!("the user `{own}` is no administrator, and `auth_type` is another user");
        return Err(invocation.refusal(&errors::ACCESS_DENIED_RIGHTS).with_text(denied).because(reason));
    }
    Ok(Some(own.to_owned()))
}

/// What is to be bound, or unbound.
pub(super) struct Bound {
    /// Name of the event as sent.
    pub(super) event: String,
    /// Whether the event is to be kept until the application asks for it.
    pub(super) is_offline: bool,
    /// URL of the handler; empty for an offline event.
    pub(super) handler: String,
}

/// Reads event, type and handler. `denied` is the text for a caller who may not have offline events.
///
/// # Errors
/// `ERROR_ARGUMENT` when one is missing or wrong.
pub(super) fn bound(
    invocation: &Invocation<'_>,
    denied: &'static str,
    exchange: &mut Exchange<'_>,
) -> Result<Bound, Refusal> {
    let text = |name: &'static str| {
        let value = invocation.parameters.value(name).filter(|value| php::is_true(*value));
        value.map_or(Ok(Cow::Borrowed("")), |value| invocation.text(name, value.into()))
    };
    let event = text("EVENT")?.into_owned();
    if event.is_empty() {
        return Err(invocation.lacks("EVENT", exchange));
    }
    let event_type = text("EVENT_TYPE")?;
    let is_offline = match &*event_type {
        "" | "online" => false,
        "offline" => true,
        other => {
            let reason = format!("`EVENT_TYPE` is `{other}`");
            return Err(invocation.wrong("EVENT_TYPE", texts::EVENT_TYPE_UNKNOWN).because(reason));
        }
    };
    if is_offline && !invocation.is_admin() {
        let reason = format!("the user `{}` is no administrator", invocation.user());
        return Err(invocation.refusal(&errors::ACCESS_DENIED_RIGHTS).with_text(denied).because(reason));
    }
    let handler = text("HANDLER")?.into_owned();
    if handler.is_empty() && !is_offline {
        return Err(invocation.lacks("HANDLER", exchange));
    }
    Ok(Bound { event, is_offline, handler })
}

/// Checks the URL of a handler as the vendor's server does.
///
/// # Errors
/// `ERROR_WRONG_HANDLER_URL` or `ERROR_UNSUPPORTED_PROTOCOL`.
fn check_handler(
    invocation: &Invocation<'_>,
    handler: &str,
    exchange: &mut Exchange<'_>,
) -> Result<(), Refusal> {
    let wrong = |reason: String| Err(invocation.refusal(&errors::ERROR_WRONG_HANDLER_URL).because(reason));
    if handler.len() > LONGEST_URL {
        return wrong(format!("`handler` has more than {LONGEST_URL} bytes"));
    }
    if !handler.contains("://") {
        return wrong("`handler` begins with neither `http://` nor `https://`".to_owned());
    }
    let (scheme, host) = scheme_and_host(handler);
    if host.find('.').is_none_or(|dot| dot == 0) {
        let allows = invocation.portal.portal().events.allow_localhost;
        let is_localhost = host.eq_ignore_ascii_case("localhost");
        if !(is_localhost && allows.unwrap_or(invocation.rules().allows_localhost)) {
            return wrong(match is_localhost {
                true => {
                    "Bitrix24 refuses a handler on `localhost`: write `127.0.0.1` in its place, or give the \
                         scenario `events: {allow_localhost: true}`"
                        .to_owned()
                }
                false if host.is_empty() => "`handler` has no host".to_owned(),
                false if host.starts_with('.') => {
                    format!("Bitrix24 refuses a handler whose host begins with a dot, as `{host}` does")
                }
                false => format!(
                    "Bitrix24 refuses a handler whose host has no dot, and `{host}` has none: for this machine write \
                     `127.0.0.1`"
                ),
            });
        }
        let remark = "the live server refuses a handler on `localhost`; `events.allow_localhost` lets it pass here \
                      (row 58 of `standin catalog --editions`)";
        exchange.checkpoint.remark(remark.into());
    }
    if authority(handler).contains('@') {
        let remark = "the user and the password in the URL of `handler` are not sent";
        exchange.checkpoint.remark(remark.into());
    }
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        let reason = format!("the scheme of `handler` is `{scheme}`");
        return Err(invocation.refusal(&errors::ERROR_UNSUPPORTED_PROTOCOL).because(reason));
    }
    Ok(())
}

/// The scheme and the host of a URL, without user and port; empty when it has none.
fn scheme_and_host(url: &str) -> (&str, &str) {
    let Some((scheme, _)) = url.split_once("://") else { return ("", "") };
    let host = authority(url).rsplit('@').next().unwrap_or_default();
    let host = match host.find(']') {
        Some(end) if host.starts_with('[') => &host[..=end],
        _ => host.split(':').next().unwrap_or_default(),
    };
    (scheme, host)
}

/// What stands between the scheme and the path of a URL; empty when it has no scheme.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
