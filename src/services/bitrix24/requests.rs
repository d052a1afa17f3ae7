//! Handles a request to a portal: runs the checks before the method, then the method, then applies its change.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;

use super::call::{self, Link, MethodCall};
use super::caller::{Caller, Means};
use super::change::Change;
use super::editions::Edition;
use super::envelope::{self, ErrorBody};
use super::errors;
use super::invocation::{Invocation, passed};
use super::limits::{Limits, Meter, Operating, Payer};
use super::methods::{self, Method, Run};
use super::oauth;
use super::parameters::Parameters;
use super::php;
use super::portal::LivePortal;
use super::reasons;
use super::refusal::{Refusal, for_means};
use super::section::PortalState;
use super::texts;
use super::time::Time;
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, OperationCall};
use crate::http::{Body, Fields, Reply};

impl LivePortal {
    /// Answers a request.
    #[inline]
    pub(super) fn handle(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let rules = self.edition.rules();
        if exchange.request.method == "OPTIONS" {
            exchange.checkpoint.remark("a browser's preflight".into());
            return envelope::preflight();
        }
        if oauth::is_token(exchange.request.path()) {
            return oauth::answer(self, self.edition, exchange);
        }
        if exchange.request.body == Body::TooLarge {
            let refusal = Refusal { status: 413, ..Refusal::new(&errors::INVALID_REQUEST, self.edition) };
            exchange.checkpoint.refused(refusal.code.code);
            let refusal = refusal.with_text("Request body is larger than 1 MiB");
            return envelope::error(&refusal, rules, exchange.stopwatch.now(), None);
        }
        let called = call::read(exchange.request);
        if called.is_version_3 {
            exchange.checkpoint.remark("REST 3.0 has no method of imconnector".into());
            return envelope::version_3_not_found();
        }
        self.call(exchange, &called).unwrap_or_else(|mut refusal| {
            refusal.reason.take().into_iter().for_each(|reason| exchange.checkpoint.remark(reason));
            let start = exchange.stopwatch.now();
            // A refused call also takes time, though its answer has no `time`.
            if !exchange.stopwatch.is_timed() {
                self.time(exchange);
            }
            exchange.checkpoint.refused(refusal.code.code);
            let credential = refusal.credential.map(|place| self.portal.credential(place as usize));
            let application = credential.and_then(|credential| credential.client_id.as_ref());
            envelope::error(&refusal, rules, start, application)
        })
    }

    /// The answer of the other edition to the same request.
    pub(super) fn handle_aside(&self, exchange: &mut Exchange<'_>) -> Option<Reply> {
        let request = exchange.request;
        if request.method == "OPTIONS" || request.body == Body::TooLarge || oauth::is_token(request.path()) {
            return None;
        }
        let called = call::read(request);
        if called.is_version_3 {
            return None;
        }
        Some(self.call_aside(exchange, &called).unwrap_or_else(|refusal| {
            exchange.checkpoint.refused(refusal.code.code);
            bare(refusal.status)
        }))
    }

    /// Reports the stage of delivery, then makes, postpones or drops the change of the call, as the engine decides.
    ///
    /// # Errors
    /// When a fault orders an error at this stage. The change is still made, postponed or dropped as the fault says.
    pub fn deliver(
        &mut self,
        effect: Effect<Change>,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(), Refusal> {
        if let Effect::Change(change) = &effect {
            self.allocate(change);
        }
        let report = || passed(Stage::Delivery, call, self.edition, exchange);
        let (change, verdict) = self.later.deliver(effect, report, |refusal| refusal.fate);
        if let Some(change) = change {
            let remark = self.commit(change, exchange.stopwatch.now());
            remark.into_iter().for_each(|remark| exchange.checkpoint.remark(remark));
        }
        verdict
    }

    /// The `time` of a call that ends now.
    pub fn time(&self, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let span = exchange.stopwatch.time(timing.duration.0, timing.processing.0);
        Time::new(&span, self.edition.rules(), self.portal.time_zone)
    }

    /// The `time` of a batch that began at `start`; its commands have taken time of their own.
    fn time_since(&self, start: Timestamp, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let mut span = exchange.stopwatch.time(timing.duration.0, timing.processing.0);
        span.start = span.start.min(start);
        Time::new(&span, self.edition.rules(), self.portal.time_zone)
    }

    /// Runs the checks that come before every method. Returns the method that is called and the caller.
    fn admit(
        &self,
        edition: Edition,
        called: &MethodCall,
        exchange: &mut Exchange<'_>,
    ) -> Result<(&'static Method, Caller), Refusal> {
        let method = called.method.filter(|method| method.is_in(edition));
        let as_call = OperationCall {
            operation: method.map(|method| &method.operation),
            facts: &called.parameters,
            nested: false,
        };
        passed(Stage::Gateway, &as_call, edition, exchange)?;
        if self.portal.state == PortalState::Deleted {
            return Err(
                Refusal::new(&errors::PORTAL_DELETED, edition).because("the portal has `state: deleted`")
            );
        }
        let Some(method) = method else {
            let reason = match &*called.name {
                "" => reasons::of_path(exchange.request.path(), methods::known(edition)),
                name => methods::reason_for_unknown(name, edition),
            };
            return Err(Refusal::new(&errors::ERROR_METHOD_NOT_FOUND, edition).because(reason));
        };
        let presented = &called.presented;
        let scopes = method.scopes(edition);
        if let Some(link) = &presented.link {
            check_link(link, scopes, edition)?;
        }
        let now = exchange.stopwatch.now();
        let caller =
            self.credentials.caller(&self.portal, edition, presented, scopes, now, exchange.request)?;
        match presented.link {
            Some(_) => Err(link_check_failed(edition).of(caller.credential)),
            None => Ok((method, caller)),
        }
    }

    /// Answers a call of a method: runs the checks before it, then the method, then applies its change.
    fn call(&mut self, exchange: &mut Exchange<'_>, called: &MethodCall) -> Result<Reply, Refusal> {
        // The vendor's rate limiter stands in front of the portal, so a blocked request does not pass the gateway.
        let source = exchange.request.source;
        if !self.limits.admits(source, exchange.stopwatch.now()) {
            let reason = format!("the address {source} has used up `limits.requests`");
            return Err(Refusal::new(&errors::QUERY_LIMIT_EXCEEDED, self.edition).because(reason));
        }
        let (method, caller) = self.admit(self.edition, called, exchange)?;
        let invoked = Invoked { method, parameters: &called.parameters, caller: &caller, nested: false };
        let outcome = self.run(invoked, exchange).or_else(|refusal| {
            let code = refusal.code.code;
            let nested = self.nested(refusal, exchange)?;
            exchange.checkpoint.refused(code);
            Ok(nested)
        });
        let (result, time) = outcome.map_err(|refusal: Refusal| {
            let refusal = refusal.of(caller.credential);
            let is_scope = [&errors::INSUFFICIENT_SCOPE, &errors::ACCESS_DENIED].contains(&refusal.code);
            if is_scope && caller.means == Means::Webhook {
                for_means(refusal, caller.means, self.edition)
            } else {
                refusal
            }
        })?;
        let called = (&*called.name, &called.parameters);
        Ok(envelope::success(&result, &time, self.portal.envelope, called, self.edition.rules(), &caller))
    }

    /// Runs a method if its caller has operating time left. Returns its `result` and its `time`.
    fn run(
        &mut self,
        invoked: Invoked<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
        let Invoked { method, parameters, caller, nested } = invoked;
        let payer = match caller.account.filter(|_| method.is_timed) {
            Some(_) if self.edition.rules().shares_operating_time => Some(Payer::Portal),
            own => own.map(Payer::Caller),
        };
        let account = payer.map(|payer| (payer, method.operation.name));
        let now = exchange.stopwatch.now();
        let is_used_up = |meter: &&mut Meter| account.is_some_and(|account| !meter.admits(account, now));
        if self.limits.operating().filter(is_used_up).is_some() {
            let reason = match payer {
                Some(Payer::Portal) => {
                    "`limits.operating` is used up for this method of the portal (row 34 of `standin catalog --editions`)"
                }
                _ => "`limits.operating` is used up for this method and caller",
            };
            return Err(Refusal::new(&errors::OPERATION_TIME_LIMIT, self.edition).because(reason));
        }
        let (result, mut time) = match method.run {
            Run::Batch => {
                let result = methods::run_batch(self, self.edition, parameters, caller, exchange)?;
                (result.into(), self.time_since(now, exchange))
            }
            Run::Alone(run) => {
                let invocation = Invocation {
                    portal: self,
                    edition: self.edition,
                    operation: &method.operation,
                    parameters,
                    caller,
                    nested,
                };
                let answer = run(&invocation, exchange)?;
                let call = OperationCall { operation: Some(&method.operation), facts: parameters, nested };
                self.deliver(answer.effect, &call, exchange)?;
                (answer.result, self.time(exchange))
            }
        };
        if let Some(meter) = self.limits.operating() {
            let span = time.span();
            time.set_operating(match account {
                Some(account) => meter.count(account, &span),
                None => Operating::none(span.start),
            });
        }
        Ok((result, time))
    }

    /// Runs a method as a command of a batch that `caller` has sent. Returns its `result` and its `time`.
    ///
    /// # Errors
    /// When the caller lacks the scope, or the method refuses the command.
    pub fn run_command(
        &mut self,
        method: &'static Method,
        parameters: &Parameters,
        caller: &Caller,
        exchange: &mut Exchange<'_>,
    ) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
        let link = parameters.exact("token").and_then(Link::new);
        if let Some(link) = &link {
            check_link(link, method.scopes(self.edition), self.edition)?;
        }
        let scopes = method.scopes(self.edition);
        if !caller.has_any(scopes) {
            let refusal = Refusal::new(&errors::INSUFFICIENT_SCOPE, self.edition).with_text("");
            let credential = caller.credential.map(|place| self.portal.credential(place));
            return Err(match credential {
                Some(own) => refusal.because(reasons::of_scope(self.edition, scopes, &self.portal, own)),
                None => refusal,
            });
        }
        if link.is_some() {
            return Err(link_check_failed(self.edition));
        }
        let invoked = Invoked { method, parameters, caller, nested: true };
        self.run(invoked, exchange).or_else(|refusal| self.nested(refusal, exchange))
    }

    /// The `result` that holds a refusal, and its `time`, for an edition that answers so.
    ///
    /// # Errors
    /// The refusal, when it is answered like any other.
    fn nested(
        &self,
        mut refusal: Refusal,
        exchange: &mut Exchange<'_>,
    ) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
        if !(refusal.is_result() && self.edition.rules().nests_registration) {
            return Err(refusal);
        }
        refusal.reason.take().into_iter().for_each(|reason| exchange.checkpoint.remark(reason));
        Ok((php::json(&ErrorBody::new(&refusal)).into(), self.time(exchange)))
    }

    /// What the other edition would answer to a call, as far as it is compared: a success has a body only if it is that
    /// of a batch, whose commands are compared by it. The state does not change: a single method only reads it, and a
    /// batch runs on a copy, because its commands see each other's changes. Limits do not apply: they count requests.
    fn call_aside(&self, exchange: &mut Exchange<'_>, called: &MethodCall) -> Result<Reply, Refusal> {
        let edition = self.edition.other();
        let (method, caller) = self.admit(edition, called, exchange)?;
        let parameters = &called.parameters;
        match method.run {
            Run::Alone(run) => {
                let operation = &method.operation;
                let invocation = Invocation {
                    portal: self,
                    edition,
                    operation,
                    parameters,
                    caller: &caller,
                    nested: false,
                };
                run(&invocation, exchange)?;
                Ok(bare(200))
            }
            Run::Batch => {
                let mut copy = self.clone();
                (copy.edition, copy.limits) = (edition, Limits::default());
                let result = methods::run_batch(&mut copy, edition, parameters, &caller, exchange)?;
                let (span, rules) = (exchange.stopwatch.time_of_nothing(), edition.rules());
                let time = Time::new(&span, rules, self.portal.time_zone);
                let called = (&*called.name, parameters);
                Ok(envelope::success(&result, &time, self.portal.envelope, called, rules, &caller))
            }
        }
    }
}

/// A reply of which only the status counts.
fn bare(status: u16) -> Reply {
    Reply { status, headers: Fields::default(), body: Bytes::new() }
}

/// Why a request with the parameter `token` is refused.
const SIGNED: &str =
    "the parameter `token` makes the call a signed download (row 49 of `standin catalog --editions`)";

/// Checks a request for a signed download before its caller is known. `scopes` are those that have the method.
///
/// # Errors
/// When the method is not in the scope that the link names; by the documentation, always.
fn check_link(link: &Link, scopes: &[&str], edition: Edition) -> Result<(), Refusal> {
    if !edition.rules().link_names_scope {
        return Err(link_check_failed(edition));
    }
    if *link == Link::Array {
        let refusal = Refusal::new(&errors::INTERNAL_SERVER_ERROR, edition).before_method();
        return Err(refusal.because(format!("{SIGNED}, and is a list or a mapping")));
    }
    match link.scope() {
        Some(named) if !(scopes.contains(&named) || scopes.is_empty() && named == "_global") => {
            let reason = format!("{SIGNED}: the live server looks for the method in the scope `{named}`");
            Err(Refusal::new(&errors::ERROR_METHOD_NOT_FOUND, edition).because(reason))
        }
        _ => Ok(()),
    }
}

fn link_check_failed(edition: Edition) -> Refusal {
    Refusal::new(&errors::ACCESS_DENIED_RIGHTS, edition)
        .with_text(texts::LINK_CHECK_FAILED)
        .because(SIGNED)
        .before_method()
}

/// A method and the input for one run of it.
#[derive(Clone, Copy)]
struct Invoked<'a> {
    method: &'static Method,
    parameters: &'a Parameters,
    caller: &'a Caller,
    nested: bool,
}
