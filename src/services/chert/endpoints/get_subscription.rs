//! `GET /api/v1/webhook-subscriptions/{id}`: shows a subscription.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, Place, Shape, member, some_of};
use crate::http::segment;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::section;
use crate::services::chert::shapes;
use crate::services::chert::subscriptions::{Shown, Subscription};

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "webhook_subscriptions.get",
        verb: "GET",
        path: "/api/v1/webhook-subscriptions/{id}",
        summary: "shows a webhook subscription",
        parameters: &[ID],
        errors: &[errors::OF_ALL],
        requires: REQUIRES,
        status: 200,
        answer: || Shape::object([member("subscription", shapes::subscription())]),
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/webhook-subscriptions",
    },
    example: |tenant| Some(Sample::empty(path(tenant)?)),
    run,
};

/// What the calls on one subscription need for a success.
pub(super) const REQUIRES: &str = "an active tenant with a subscription that has an `id`";

/// The ID in the path.
pub(super) const ID: Parameter =
    Parameter::new("id", "ID of the subscription").at(Place::Path).naming("subscription", Stage::Lookup);

/// The body of a success.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    /// The subscription.
    pub(super) subscription: Shown<'a>,
}

/// The path of the first subscription of the scenario.
pub(super) fn path(tenant: &section::Tenant) -> Option<String> {
    let id = tenant.subscriptions.iter().find_map(|known| known.id.as_ref())?;
    Some(format!("/webhook-subscriptions/{}", segment(id)))
}

/// The subscription with the ID of the path.
///
/// # Errors
/// `2011` when the tenant has none.
pub(super) fn found<'a>(invocation: &Invocation<'a>) -> Result<&'a Subscription, Refusal> {
    let (id, known) = (invocation.route.segment("id"), &invocation.webhooks.subscriptions);
    known.find(invocation.tenant.index, id).ok_or_else(|| {
        let own = some_of(known.of(invocation.tenant.index).map(|known| known.id.as_str()));
        let reason = format!(
            "there is no subscription `{id}`; those of the tenant `{}`: {own}",
            invocation.tenant.original
        );
        invocation.refusal(&errors::NOT_FOUND).because(reason)
    })
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let known = found(invocation)?;
    invocation.passed(Stage::Lookup, exchange)?;
    Ok(EndpointAnswer::json(&Answer { subscription: known.shown() }, Effect::Nothing))
}
