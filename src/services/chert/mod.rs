//! Chert: endpoints of its HTTP API under `/api/v1`.

mod change;
mod check;
mod endpoints;
mod envelope;
mod errors;
mod icon;
mod invocation;
mod requests;
mod rules;
mod secret;
mod section;
mod signature;
mod spellings;
mod workspace;

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashSet;
use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::emulator::conduct::Rule;
use crate::emulator::{
    Access, Emulator, ErrorCode, Example, FieldForm, Gives, Habits, Operation, Places, Proof, RequestedCall,
    Secret, Section, Service,
};
use crate::http::{Reply, Request};
use crate::scalar::{Findings, Path};
use section::ChertSection;
pub use signature::SERIALISED_AGAIN;

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

    fn calls(&self, request: &Request) -> Vec<RequestedCall> {
        let route = endpoints::route(request);
        let operation = Option::as_ref(&route).map(|route| &route.endpoint.operation);
        vec![RequestedCall { operation, command: None, facts: route }]
    }

    fn places(&self, _path: &str) -> Places {
        Places {
            path: None,
            root: None,
            parameters: &["signing_secret"],
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
    }

    fn open(&self, seed: u64, _start: Timestamp) -> Box<dyn Emulator> {
        Box::new(workspace::LiveWorkspace::new(self, seed))
    }

    fn with_suffix(&self, suffix: &str) -> Box<dyn Section> {
        let mut section = ChertSection::clone(self);
        for tenant in &mut section.tenants {
            tenant.slug = format!("{}{suffix}", tenant.slug).into();
            tenant.signing_secret = format!("{}{suffix}", tenant.signing_secret).into();
        }
        section.suffix = suffix.to_owned();
        Box::new(Arc::new(section))
    }

    fn credentials(&self) -> Vec<String> {
        let of_tenant =
            |tenant: &section::Tenant| [tenant.slug.to_string(), tenant.signing_secret.to_string()];
        self.tenants.iter().flat_map(of_tenant).collect()
    }

    fn secrets(&self) -> Vec<Secret> {
        let of_tenant = |(index, tenant): (usize, &section::Tenant)| Secret {
            path: Path::default().key("tenants").index(index).key("signing_secret"),
            text: tenant.signing_secret.to_string(),
        };
        self.tenants.iter().enumerate().map(of_tenant).collect()
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

    fn example(&self, operation: &Operation, now: Timestamp, proof: Proof) -> Option<Example> {
        let endpoint = endpoints::by_name(operation.name)?;
        let active = self.tenants.iter().filter(|tenant| tenant.state == section::TenantState::Active);
        let (tenant, endpoints::Sample { path, body }) =
            active.filter_map(|tenant| Some((tenant, (endpoint.example)(tenant)?))).next()?;
        let has_body = body.is_some();
        let body = body.map_or(String::new(), |body| body.to_string());
        let credential = match proof {
            Proof::Signed => {
                let signature = signature::sign(&tenant.signing_secret, now.as_second(), body.as_bytes());
                ("x-chert-signature", signature)
            }
            Proof::Lasting => ("authorization", format!("Bearer {}", tenant.signing_secret)),
        };
        let mut headers = vec![("x-chert-tenant", tenant.slug.to_string()), credential];
        if has_body {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Some(Example { verb: operation.verb, target: format!("{BASE}{path}"), headers, body })
    }

    fn is_shut(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.state != section::TenantState::Active)
    }

    fn things(&self, kind: &str) -> HashSet<Cow<'_, str>> {
        let chats = self.tenants.iter().filter(|_| kind == "chat").flat_map(|tenant| &tenant.chats);
        chats.map(|chat| chat.id.as_str().into()).collect()
    }
}
