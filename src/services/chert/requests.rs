//! Handles a request: authenticates the caller, runs the endpoint, applies its change.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::change::{Change, MessageChange};
use super::endpoints::{self, EndpointAnswer, replay_event, stream_events};
use super::errors::{self, Refusal};
use super::invocation::{Invocation, passed};
use super::section::TenantState;
use super::workspace::LiveWorkspace;
use super::{BASE, brings, envelope, signature, things, webhooks};
use crate::basics::Stage;
use crate::emulator::{
    ActionInput, ActionResult, Attempted, BoundHandler, Delivery, Effect, Emulator, Endpoint as EndpointUrl,
    Exchange, Feed, Nature, Next, OperationCall, Outcome, Outgoing, Raised, Thing,
};
use crate::http::{Body, Reply, Request};

impl Emulator for LiveWorkspace {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let trace = self.trace();
        match self.request(exchange) {
            Ok((status, answer)) => {
                if answer.opens.is_some() {
                    self.raised.opens = answer.opens;
                    return envelope::stream(status, answer.headers, trace);
                }
                envelope::success(status, answer.headers, answer.body, trace)
            }
            Err(mut refusal) => {
                // The answer is there already.
                self.raised.waits_for = None;
                refusal.reason.take().into_iter().for_each(|reason| exchange.checkpoint.remark(reason));
                exchange.checkpoint.refused(refusal.code.code);
                // After the authentication, `/send` fails in a form of its own.
                let is_flat = || endpoints::is_send(exchange.request) && refusal.code.stage > Stage::Auth;
                if is_flat() {
                    envelope::flat_error(&refusal, &trace)
                } else if replay_event::is_failed(exchange.request, &refusal) {
                    envelope::replay_failed(&refusal, &refusal.text, None, &trace)
                } else {
                    envelope::error(&refusal, &trace)
                }
            }
        }
    }

    fn answered(&mut self, at: Timestamp) {
        self.later.answered(at);
    }

    fn settle(&mut self, now: Timestamp) -> Vec<Cow<'static, str>> {
        self.later.due(now).into_iter().filter_map(|change| self.commit(change, now)).collect()
    }

    fn lapse(&mut self, now: Timestamp) {
        for (tenant, message) in self.arrivals.due(now) {
            // One that is gone meanwhile has nothing to tell.
            self.commit(Change::Message { tenant, message, change: Box::new(MessageChange::Arrive) }, now);
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        match (self.later.next_due(), self.arrivals.next()) {
            (Some(late), Some(arrival)) => Some(late.min(arrival)),
            (late, arrival) => late.or(arrival),
        }
    }

    fn has_raised(&self) -> bool {
        !self.raised.is_empty()
    }

    fn raised(&mut self) -> Raised {
        std::mem::take(&mut self.raised)
    }

    fn is_awaited(&self) -> bool {
        self.raised.waits_for.is_some()
    }

    fn further(&mut self, delivery: &Delivery, nature: Nature, draw: u64) -> Delivery {
        match nature.is_true() {
            true => Delivery { nature, ..delivery.clone() },
            false => brings::made(delivery, nature, draw),
        }
    }

    fn outgoing(&mut self, delivery: &Delivery, endpoint: EndpointUrl<'_>) -> Outgoing {
        self.webhooks.request(delivery, endpoint.now)
    }

    fn next_attempt(&self, delivery: &Delivery, attempt: usize, outcome: &Outcome) -> Next {
        webhooks::next_attempt(delivery, attempt, outcome)
    }

    fn attempted(&mut self, delivery: &Delivery, attempt: &Attempted<'_>) {
        self.webhooks.attempted(delivery, attempt);
    }

    fn gave_up(&mut self, delivery: &Delivery, now: Timestamp) {
        self.webhooks.gave_up(delivery, now);
    }

    fn resume(&mut self, outcome: &Outcome, reply: Reply) -> (Reply, Option<&'static str>) {
        replay_event::finished(outcome, reply)
    }

    fn next_of(&mut self, feed: &mut Feed) -> Option<Bytes> {
        stream_events::next_of(&self.webhooks.log, feed)
    }

    fn heartbeat(&self) -> Bytes {
        stream_events::HEARTBEAT
    }

    fn farewell(&self, now: Timestamp) -> Bytes {
        stream_events::farewell(now)
    }

    fn time_limit(&self) -> Duration {
        webhooks::TIME_LIMIT
    }

    fn bind_handler(&mut self, name: &str, url: &str) -> usize {
        self.webhooks.subscriptions.bind(name, url)
    }

    fn handlers(&self) -> Vec<BoundHandler<'_>> {
        self.webhooks.subscriptions.bound()
    }

    fn secrets(&self) -> Vec<String> {
        self.webhooks.subscriptions.secrets()
    }

    fn copy(&self) -> Box<dyn Emulator> {
        Box::new(self.clone())
    }

    fn act(&mut self, action: &str, with: &ActionInput, now: Timestamp) -> ActionResult {
        self.perform(action, with, now)
    }

    fn things(&self, kind: &str, id: &str) -> Vec<Thing> {
        things::things(&self.tenants, kind, id)
    }

    fn state(&self) -> Value {
        things::state(&self.tenants, &self.webhooks)
    }
}

/// Why a file that is too large is refused.
const TOO_LARGE: &str = "the file is larger than 8 MiB, the most that standin keeps";

impl LiveWorkspace {
    fn request(&mut self, exchange: &mut Exchange<'_>) -> Result<(u16, EndpointAnswer), Refusal> {
        let request = exchange.request;
        if request.body == Body::TooLarge {
            if endpoints::is_upload(request) {
                return Err(Refusal::new(&errors::ATTACHMENT_TOO_LARGE).because(TOO_LARGE));
            }
            return Err(Refusal { status: 413, ..Refusal::new(&errors::INVALID_FIELD_VALUE) }
                .with_text("Request body is larger than 1 MiB"));
        }
        let route = endpoints::route(request);
        let operation = Option::as_ref(&route).map(|route| &route.endpoint.operation);
        let call = OperationCall { operation, facts: &*route, nested: false };
        passed(Stage::Gateway, &call, exchange)?;
        let tenant = signature::caller(&self.tenants, request, &exchange.stopwatch)?;
        let refused = match tenant.state {
            TenantState::Active => None,
            TenantState::Suspended => Some((&errors::FORBIDDEN, "suspended")),
            TenantState::EmailUnverified => Some((&errors::EMAIL_NOT_VERIFIED, "email_unverified")),
            TenantState::AccountLimit => Some((&errors::ACCOUNT_LIMIT_REACHED, "account_limit")),
        };
        if let Some((code, state)) = refused {
            let reason = format!("the tenant `{}` has `state: {state}`", tenant.original);
            return Err(Refusal::new(code).because(reason));
        }
        if let Some(requests) = &mut self.requests {
            let now = exchange.stopwatch.now();
            if let Err(wait) = requests.add(tenant.index, now) {
                let refusal = Refusal::new(&errors::RATE_LIMIT_EXCEEDED).with_retry_after(wait);
                return Err(refusal.because("the tenant has used up `limits.requests`"));
            }
        }
        passed(Stage::Auth, &call, exchange)?;
        let Some(route) = &*route else {
            return Err(Refusal::new(&errors::NOT_FOUND).because(why_unknown(request)));
        };
        let invocation = Invocation {
            tenants: &self.tenants,
            ids: &self.ids,
            webhooks: &self.webhooks,
            tenant,
            route,
            call,
        };
        let mut answer = (route.endpoint.run)(&invocation, exchange)?;
        self.deliver(std::mem::replace(&mut answer.effect, Effect::Nothing), &call, exchange)?;
        Ok((route.endpoint.operation.status, answer))
    }

    /// Reports the stage of delivery, then makes, postpones or drops the change of the call, as the engine decides.
    fn deliver(
        &mut self,
        effect: Effect<Change>,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(), Refusal> {
        let now = exchange.stopwatch.now();
        if let Effect::Change(change) = &effect {
            self.allocate(change);
        }
        let report = || passed(Stage::Delivery, call, exchange);
        let (change, verdict) = self.later.deliver(effect, report, |refusal| refusal.fate);
        let remark = change.and_then(|change| self.commit(change, now));
        remark.into_iter().for_each(|remark| exchange.checkpoint.remark(remark));
        verdict
    }
}

/// Why a path or a verb is unknown, with the mistake in the client's base URL, if there is one.
fn why_unknown(request: &Request) -> String {
    let path = request.sent_path();
    let asked = format!("`{} {path}`", request.method);
    if path.contains("//") {
        return format!("{asked} has a doubled slash: a base URL has no slash at its end");
    }
    let again = path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix(BASE));
    if again.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return format!("{asked} has `{BASE}` twice: the base URL ends in it already");
    }
    format!("{asked} is not emulated")
}
