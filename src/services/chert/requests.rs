//! Handles a request: authenticates the caller, runs the endpoint, applies its change.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::Change;
use super::endpoints::{self, EndpointAnswer};
use super::errors::{self, Refusal};
use super::invocation::{Invocation, passed};
use super::section::TenantState;
use super::workspace::{Chat, LiveWorkspace, Tenant};
use super::{BASE, envelope, signature};
use crate::basics::Stage;
use crate::emulator::{Effect, Emulator, Exchange, OperationCall, Thing};
use crate::http::{Body, Reply, Request};

impl Emulator for LiveWorkspace {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let trace = self.trace();
        match self.request(exchange) {
            Ok((status, answer)) => envelope::success(status, answer.headers, answer.body, trace),
            Err(mut refusal) => {
                refusal.reason.take().into_iter().for_each(|reason| exchange.checkpoint.remark(reason));
                exchange.checkpoint.refused(refusal.code.code);
                envelope::error(&refusal, &trace)
            }
        }
    }

    fn answered(&mut self, at: Timestamp) {
        self.later.answered(at);
    }

    fn settle(&mut self, now: Timestamp) -> Vec<Cow<'static, str>> {
        self.later.due(now).into_iter().for_each(|change| self.commit(change));
        Vec::new()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.later.next_due()
    }

    fn copy(&self) -> Box<dyn Emulator> {
        Box::new(self.clone())
    }

    fn things(&self, kind: &str, id: &str) -> Vec<Thing> {
        let thing = |tenant: &Tenant| {
            let (_, chat) = tenant.chat(id).filter(|_| kind == "chat")?;
            let name = chat.display_name.clone().unwrap_or_default();
            let icon = chat.group_chat_icon.clone().unwrap_or_default();
            Some(Thing {
                apart: vec![("tenant", tenant.original.clone())],
                members: vec![("name", name.clone()), ("display_name", name), ("group_chat_icon", icon)],
            })
        };
        self.tenants.all().iter().filter_map(thing).collect()
    }

    fn state(&self) -> Value {
        let chat = |chat: &Chat| {
            json!({
                "id": chat.id,
                "group": chat.is_group,
                "display_name": chat.display_name,
                "group_chat_icon": chat.group_chat_icon,
            })
        };
        let tenant = |tenant: &Tenant| json!({"slug": tenant.slug(), "chats": tenant.chats.iter().map(chat).collect::<Vec<_>>()});
        json!({"tenants": self.tenants.all().iter().map(tenant).collect::<Vec<_>>()})
    }
}

impl LiveWorkspace {
    fn request(&mut self, exchange: &mut Exchange<'_>) -> Result<(u16, EndpointAnswer), Refusal> {
        let request = exchange.request;
        if request.body == Body::TooLarge {
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
        let invocation = Invocation { tenants: &self.tenants, tenant, route, call };
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
        let report = || passed(Stage::Delivery, call, exchange);
        let (change, verdict) = self.later.deliver(effect, report, |refusal| refusal.fate);
        change.into_iter().for_each(|change| self.commit(change));
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
