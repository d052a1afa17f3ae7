//! `app.info`: describes the application that calls, or the webhook.

use serde::Serialize;
use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Gives, Operation, Shape, gives, member};
use crate::services::bitrix24::caller::Means;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "app.info",
        verb: "POST",
        path: "/rest/app.info",
        summary: "describes the application or the webhook that calls",
        parameters: &[],
        errors: &[errors::OF_ALL, OWN],
        requires: "an accepted credential",
        status: 200,
        answer: || {
            let of_application = Shape::object([
                member("ID", Shape::Integer),
                member("CODE", Shape::Text),
                member("VERSION", Shape::Integer),
                member("STATUS", Shape::Like(&shapes::LETTER)),
                member("INSTALLED", Shape::Flag),
                member("PAYMENT_EXPIRED", shapes::YES_OR_NO),
                member("DAYS", Shape::Integer.or_null()),
                member("LANGUAGE_ID", Shape::Text),
                member("LICENSE", Shape::Text),
                member("LICENSE_TYPE", Shape::Text),
                member("LICENSE_FAMILY", Shape::Text),
            ]);
            let of_webhook =
                Shape::object([member("SCOPE", Shape::Text.list()), member("LICENSE", Shape::Text)]);
            Shape::Either(vec![of_application, of_webhook])
        },
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/common/system/app-info.html",
    },
    scope: Scope::Basic,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::ACCESS_DENIED_CONTEXT)];

/// The `result` for an application; its members are in the order of the page.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct OfApplication<'a> {
    id: u64,
    code: &'a str,
    version: u64,
    status: &'static str,
    installed: bool,
    payment_expired: &'static str,
    days: Option<u32>,
    language_id: &'a str,
    license: &'a str,
    license_type: &'a str,
    license_family: &'a str,
}

/// The `result` for a webhook.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct OfWebhook<'a> {
    scope: Vec<&'a str>,
    license: &'a str,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    if invocation.caller.means == Means::Session {
        let reason = "a browser's session belongs to no application: call with an access token or a webhook";
        return Err(invocation.refusal(&errors::ACCESS_DENIED_CONTEXT).because(reason));
    }
    invocation.passed_up_to_lookup(exchange)?;
    let portal = invocation.portal.portal();
    let license = format!("{}_{}", portal.language, portal.license);
    if invocation.caller.means == Means::Webhook {
        let told = OfWebhook { scope: invocation.scopes(), license: &license };
        return Ok(MethodAnswer::read(php::json(&told)));
    }
    let known = portal.applications.iter().zip(1..);
    let client_id = invocation.caller.client_id.as_deref().unwrap_or_default();
    let application = known.clone().find(|(known, _)| known.client_id.as_str() == client_id);
    let applications = invocation.portal.applications();
    let told = OfApplication {
        id: application.map_or(1, |(known, place)| known.id.unwrap_or(place)),
        code: application.and_then(|(known, _)| known.code.as_deref()).unwrap_or(client_id),
        version: application.map_or(1, |(known, _)| known.version),
        status: "F",
        installed: invocation.application().is_none_or(|index| applications.get(index).is_installed),
        payment_expired: "N",
        days: None,
        language_id: &portal.language,
        license: &license,
        license_type: &portal.license,
        license_family: portal.license.trim_end_matches(|c: char| c.is_ascii_digit()),
    };
    Ok(MethodAnswer::read(php::json(&told)))
}
