//! `PATCH /api/v1/webhook-subscriptions/{id}`: changes a subscription.

use super::get_subscription::{Answer, ID, REQUIRES, found, path};
use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, Place, Shape, ValueType, member};
use crate::services::chert::change::Change;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;
use crate::services::chert::subscription_fields as fields;
use crate::services::chert::subscriptions::SubscriptionChange;

/// The condition under which a field is needed.
const ALONE: &str = "there is no other field";

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "webhook_subscriptions.update",
        verb: "PATCH",
        path: "/api/v1/webhook-subscriptions/{id}",
        summary: "changes a webhook subscription",
        parameters: &[
            ID,
            Parameter::new("url", "https URL of the handler, or `https://dev-inbox`")
                .at(Place::Body)
                .required_if(ALONE),
            fields::EVENTS.required_if(ALONE),
            fields::VERSION.required_if(ALONE),
            Parameter::new("is_active", "whether it gets events")
                .at(Place::Body)
                .of(ValueType::Flag)
                .required_if(ALONE),
            Parameter::new("active", "another name of `is_active`")
                .at(Place::Body)
                .of(ValueType::Flag)
                .optional(),
        ],
        errors: &[errors::OF_ALL, fields::ERRORS],
        requires: REQUIRES,
        status: 200,
        answer: || Shape::object([member("subscription", shapes::subscription())]),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/webhook-subscriptions",
    },
    example: |tenant| Some(Sample::json(path(tenant)?, serde_json::json!({"is_active": true}))),
    run,
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let change = fields::fields(invocation, body, exchange)?;
    if change == SubscriptionChange::default() {
        let refusal = invocation.refusal(&errors::MISSING_REQUIRED_FIELD);
        return Err(refusal
            .with_text("Missing required field: url, events, version or is_active")
            .because("the body has none of `url`, `events`, `version` and `is_active`"));
    }
    invocation.passed(Stage::Arguments, exchange)?;

    let known = found(invocation)?;
    invocation.passed(Stage::Lookup, exchange)?;

    // The answer shows the new values even if a fault postpones or drops the change.
    let mut changed = known.clone();
    changed.change(change.clone(), exchange.stopwatch.now());
    let change = Change::Subscription { number: known.number, change: Box::new(change) };
    Ok(EndpointAnswer::json(&Answer { subscription: changed.shown() }, Effect::Change(change)))
}
