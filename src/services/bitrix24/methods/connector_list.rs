//! `imconnector.list`: lists the connectors of the portal.

use indexmap::IndexMap;
use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Gives, Operation, Shape, gives};
use crate::services::bitrix24::errors::{self, documented, live};
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.list",
        verb: "POST",
        path: "/rest/imconnector.list",
        summary: "lists all connectors of the portal",
        parameters: &[],
        errors: &[errors::OF_ALL, OWN],
        requires: "an accepted credential",
        status: 200,
        answer: || shapes::php_array(Shape::Text),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-list.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[
    gives(&errors::ACCESS_DENIED_MODULE),
    // The server's text ends here; the page's does not.
    gives(&errors::WRONG_AUTH_TYPE).with(&[
        documented(403, "Current authorization type is denied for this method. Application context required"),
        live(403, "Current authorization type is denied for this method"),
    ]),
    gives(&errors::ACCESS_DENIED_CONNECTORS),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed_up_to_lookup(exchange)?;
    let portal = invocation.portal.portal();
    let built_in = portal.built_in.iter().map(|(id, name)| (id.as_str(), name.as_str()));
    let registered = invocation.portal.connectors().iter().map(|(id, known)| (id, known.name.as_str()));
    let names: IndexMap<_, _> = built_in.chain(registered).collect();
    // PHP writes an empty array as a list.
    Ok(MethodAnswer::read(if names.is_empty() { b"[]".to_vec() } else { php::json(&names) }))
}
