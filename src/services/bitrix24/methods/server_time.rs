//! `server.time`: tells the time on the server.

use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Operation, Shape};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::shapes;
use crate::services::bitrix24::time::date_text;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "server.time",
        verb: "POST",
        path: "/rest/server.time",
        summary: "tells the time on the server",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || Shape::Like(&shapes::DATE),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/common/system/server-time.html",
    },
    scope: Scope::None,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let zone = invocation.portal.portal().time_zone;
    Ok(MethodAnswer::read(php::json(&date_text(exchange.stopwatch.now(), zone))))
}
