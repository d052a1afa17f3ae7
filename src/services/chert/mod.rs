//! Chert: endpoints of its HTTP API under `/api/v1`.

mod acting;
mod action_values;
mod actions;
mod addresses;
mod answers;
mod arrivals;
mod attachments;
mod brings;
mod calling;
mod change;
mod chats;
mod check;
mod check_actions;
mod check_life;
mod check_webhooks;
mod endpoints;
mod envelope;
mod errors;
mod event_rows;
mod events;
mod happening;
mod icon;
mod idempotency;
mod ids;
mod invocation;
mod log;
mod messages;
mod parts;
mod raise;
mod requests;
mod rules;
mod secret;
mod section;
mod sending;
mod shapes;
mod signature;
mod spellings;
mod subscription_fields;
mod subscriptions;
mod tenants;
mod texts;
mod things;
mod webhooks;
mod workspace;

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashSet;
use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::emulator::conduct::Rule;
use crate::emulator::{
    Access, Action, ActionInput, ActionMistake, Answer, Brought, Calling, Delivery, Emulator, ErrorCode,
    EventKind, Example, FieldForm, Gives, Habits, Nature, Operation, Places, Proof, RequestedCall, Secret,
    Section, Service, Traits, USUAL_BODY, Ways,
};
use crate::http::{Reply, Request};
use crate::scalar::{Findings, Path, Text};
use section::ChertSection;
pub use signature::{SERIALISED_AGAIN, sign};

/// The emulated service Chert.
pub struct Chert;

const BASE: &str = "/api/v1";

impl Service for Chert {
    fn name(&self) -> &'static str {
        "chert"
    }

    fn title(&self) -> &'static str {
        "Chert"
    }

    fn operations(&self) -> &'static [&'static Operation] {
        &endpoints::OPERATIONS
    }

    fn events(&self) -> &'static [&'static EventKind] {
        events::EVENTS
    }

    fn natures(&self) -> &'static [Nature] {
        brings::NATURES
    }

    fn brings(&self, delivery: &Delivery) -> Vec<Brought> {
        brings::brings(delivery)
    }

    fn actions(&self) -> &'static [&'static Action] {
        actions::ACTIONS
    }

    fn calling(&self) -> &'static Calling {
        &calling::CALLING
    }

    fn ways(&self, operation: &Operation, _edition: &str) -> Ways {
        calling::ways(operation)
    }

    fn answers(&self, operation: &'static Operation, edition: &str) -> Vec<Answer> {
        answers::of(operation, edition)
    }

    fn errors(&self) -> &'static [&'static ErrorCode] {
        errors::ERRORS
    }

    fn errors_of_unknown(&self) -> &'static [Gives] {
        errors::OF_ALL
    }

    fn rules(&self) -> &'static [&'static Rule] {
        rules::RULES
    }

    fn habits(&self) -> Habits {
        Habits::default()
    }

    fn base(&self) -> &'static str {
        BASE
    }

    fn claims(&self, path: &str) -> bool {
        path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<ChertSection>()
    }

    fn read(&self, section: Value) -> Result<Box<dyn Section>, serde_json::Error> {
        Ok(Box::new(Arc::new(serde_json::from_value::<ChertSection>(section)?)))
    }

    fn credential(&self, request: &Request) -> Option<String> {
        signature::credential(request)
    }

    fn largest_body(&self, request: &Request) -> usize {
        if endpoints::is_upload(request) { attachments::LARGEST } else { USUAL_BODY }
    }

    fn calls(&self, request: &Request) -> Vec<RequestedCall> {
        let route = endpoints::route(request);
        let operation = Option::as_ref(&route).map(|route| &route.endpoint.operation);
        vec![RequestedCall { operation, command: None, facts: route }]
    }

    fn shell_signature(&self) -> Option<&'static str> {
        Some(
            r#"digest=$(printf '%s.%s' "$seconds" "$body" | openssl dgst -sha256 -hmac "$CHERT_SIGNING_SECRET" -r | cut -d ' ' -f 1)
signature="v1,$seconds,$digest""#,
        )
    }

    fn places(&self, _path: &str) -> Places {
        Places {
            path: None,
            root: None,
            parameters: &["signing_secret", "secret"],
            headers: &[("authorization", FieldForm::Scheme), ("x-chert-signature", FieldForm::Signature)],
        }
    }

    fn failure(&self) -> Reply {
        envelope::error(&errors::Refusal::new(&errors::INTERNAL_SERVER_ERROR), "000000000000")
    }
}

impl Section for Arc<ChertSection> {
    fn check(&self, path: &Path, findings: &mut Findings) {
        check::check(self, path, findings);
        check_webhooks::check(self, path, findings);
    }

    fn open(&self, seed: u64, start: Timestamp) -> Box<dyn Emulator> {
        Box::new(workspace::LiveWorkspace::new(self, seed, start))
    }

    fn with_suffix(&self, suffix: &str) -> Box<dyn Section> {
        let mut section = ChertSection::clone(self);
        for tenant in &mut section.tenants {
            tenant.slug = format!("{}{suffix}", tenant.slug).into();
            tenant.signing_secret = format!("{}{suffix}", tenant.signing_secret).into();
            let secrets = tenant.subscriptions.iter_mut().filter_map(|known| known.secret.as_mut());
            secrets.for_each(|secret| *secret = format!("{secret}{suffix}").into());
        }
        let secrets = section.new_ids.subscription_secrets.iter_mut();
        secrets.for_each(|secret| *secret = format!("{secret}{suffix}").into());
        section.suffix = suffix.to_owned();
        Box::new(Arc::new(section))
    }

    fn credentials(&self) -> Vec<String> {
        let of_tenant =
            |tenant: &section::Tenant| [tenant.slug.to_string(), tenant.signing_secret.to_string()];
        self.tenants.iter().flat_map(of_tenant).collect()
    }

    fn secrets(&self) -> Vec<Secret> {
        let mut secrets = Vec::new();
        let mut add = |path: Path, text: &Text| secrets.push(Secret { path, text: text.to_string() });
        for (index, tenant) in self.tenants.iter().enumerate() {
            let here = Path::default().key("tenants").index(index);
            add(here.key("signing_secret"), &tenant.signing_secret);
            for (index, known) in tenant.subscriptions.iter().enumerate() {
                let path = here.key("subscriptions").index(index).key("secret");
                known.secret.iter().for_each(|secret| add(path.clone(), secret));
            }
        }
        for (index, secret) in self.new_ids.subscription_secrets.iter().enumerate() {
            add(Path::default().key("new_ids").key("subscription_secrets").index(index), secret);
        }
        secrets
    }

    fn shown_access(&self) -> Vec<Access> {
        let entry = |label, variable, value, is_path| Access { label, variable, value, is_path };
        let mut access = vec![entry("base URL", "CHERT_BASE_URL", BASE.to_owned(), true)];
        let may_call = |tenant: &&section::Tenant| tenant.state == section::TenantState::Active;
        if let Some(tenant) = self.tenants.iter().find(may_call).or(self.tenants.first()) {
            access.push(entry("tenant", "CHERT_TENANT", tenant.slug.to_string(), false));
            access.push(entry(
                "signing secret",
                "CHERT_SIGNING_SECRET",
                tenant.signing_secret.to_string(),
                false,
            ));
        }
        access
    }

    fn access(&self, seed: u64) -> Vec<Access> {
        let mut access = self.shown_access();
        // Most scenarios have no subscription.
        if self.tenants.iter().any(|tenant| !tenant.subscriptions.is_empty()) {
            let all = subscriptions::Subscriptions::new(self, seed, Timestamp::UNIX_EPOCH);
            let first = (0..self.tenants.len()).find_map(|tenant| all.of(tenant).next());
            access.extend(first.map(|known| Access {
                label: "webhook secret",
                variable: "CHERT_WEBHOOK_SECRET",
                value: known.secret.text().to_owned(),
                is_path: false,
            }));
        }
        access
    }

    fn example(&self, operation: &Operation, now: Timestamp, proof: Proof) -> Option<Example> {
        let endpoint = endpoints::by_name(operation.name)?;
        let active = self.tenants.iter().filter(|tenant| tenant.state == section::TenantState::Active);
        let (tenant, sample) =
            active.filter_map(|tenant| Some((tenant, (endpoint.example)(tenant)?))).next()?;
        let endpoints::Sample { path, body, content_type, is_unsigned } = sample;
        let proof = if is_unsigned { Proof::Lasting } else { proof };
        let credential = match proof {
            Proof::Signed => {
                let signed: &[u8] = if operation.verb == "DELETE" { &[] } else { body.as_bytes() };
                let signature = signature::sign(&tenant.signing_secret, now.as_second(), signed);
                ("x-chert-signature", signature)
            }
            Proof::Lasting => ("authorization", format!("Bearer {}", tenant.signing_secret)),
        };
        let mut headers = vec![("x-chert-tenant", tenant.slug.to_string()), credential];
        if !content_type.is_empty() {
            headers.push(("content-type", content_type));
        }
        Some(Example { verb: operation.verb, target: format!("{BASE}{path}"), headers, body })
    }

    fn is_about(&self, operation: &Operation) -> bool {
        let of_groups = endpoints::OF_MEMBERS.contains(&operation.name);
        if !of_groups && !endpoints::OF_PARTICIPANTS.contains(&operation.name) {
            return true;
        }
        let mut chats = self.tenants.iter().flat_map(|tenant| &tenant.chats);
        chats.any(|chat| !chat.participants.is_empty() && (chat.group || !of_groups))
    }

    fn is_shut(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.state != section::TenantState::Active)
    }

    fn things(&self, kind: &str) -> HashSet<Cow<'_, str>> {
        let chats = || self.tenants.iter().flat_map(|tenant| &tenant.chats);
        let ids: Vec<&Text> = match kind {
            "chat" => chats().map(|chat| &chat.id).collect(),
            "line" => self.tenants.iter().flat_map(|tenant| &tenant.lines).map(|line| &line.id).collect(),
            "message" => {
                chats().flat_map(|chat| &chat.messages).filter_map(|known| known.id.as_ref()).collect()
            }
            "attachment" => {
                self.tenants.iter().flat_map(|tenant| &tenant.attachments).map(|known| &known.id).collect()
            }
            "subscription" => {
                let known = self.tenants.iter().flat_map(|tenant| &tenant.subscriptions);
                known.filter_map(|known| known.id.as_ref()).collect()
            }
            "event" => {
                let known = self.tenants.iter().flat_map(|tenant| &tenant.events);
                known.filter_map(|known| known.id.as_ref()).collect()
            }
            _ => Vec::new(),
        };
        ids.into_iter().map(|id| id.as_str().into()).collect()
    }

    fn looked_at(&self) -> &'static [&'static str] {
        &["chat", "message"]
    }

    fn is_flag(&self, kind: &str, member: &str) -> bool {
        matches!(
            (kind, member),
            ("chat", "left" | "typing" | "read" | "shares_contact") | ("message", "edited")
        )
    }

    fn action_mistakes(&self, action: &str, with: &ActionInput) -> Vec<(&'static str, ActionMistake)> {
        check_actions::mistakes(self, action, with)
    }

    fn traits(&self, kind: &str) -> Option<Traits> {
        things::traits(kind)
    }

    fn may_appear(&self, kind: &str, id: &str) -> bool {
        // Nobody knows an ID that is drawn from the seed before the first run. A message is also called `last`.
        match kind {
            "chat" => self.new_ids.chats.iter().any(|known| known.as_str() == id),
            kind => matches!(kind, "message" | "attachment" | "subscription" | "event"),
        }
    }
}
