//! Chert: `PUT /api/v1/chats/{id}`, which renames a group or sets its icon.

mod check;
mod endpoints;
mod envelope;
mod errors;
mod section;
mod signature;
mod spellings;
mod workspace;

use std::sync::Arc;

use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::basics::Stage;
use crate::http::{Reply, Request};
use crate::scalar::{Findings, Path};
use crate::services::{
    Access, Emulator, ErrorCode, Known, Operation, Proof, RequestedCall, Section, Service, quoted, segment,
};
use section::ChertSection;
pub use signature::SERIALISED_AGAIN;

/// The vendor.
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

    fn errors(&self) -> &'static [ErrorCode] {
        errors::ERRORS
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

    fn credentials_in(&self, request: &Request) -> Vec<String> {
        signature::credentials_in(request)
    }

    fn failure(&self) -> Reply {
        envelope::error(&errors::Refusal::new("3001"), "000000000000")
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

    fn secrets(&self) -> Vec<String> {
        self.tenants.iter().map(|tenant| tenant.signing_secret.to_string()).collect()
    }

    fn access(&self) -> Vec<Access> {
        let entry = |label, variable, value, is_path| Access { label, variable, value, is_path };
        let mut access = vec![entry("base URL", "CHERT_BASE_URL", BASE.to_owned(), true)];
        if let Some(tenant) = self.tenants.first() {
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

    fn curl(&self, _operation: &Operation, base: &str, now: Timestamp, proof: Proof) -> Option<String> {
        let (tenant, chat) = self.renamable()?;
        let body = json!({"display_name": "Acme launch crew"}).to_string();
        let credential = match proof {
            Proof::Signed => {
                let signature = signature::sign(&tenant.signing_secret, now.as_second(), body.as_bytes());
                format!("x-chert-signature: {signature}")
            }
            Proof::Lasting => format!("authorization: Bearer {}", tenant.signing_secret),
        };
        let url = quoted(&format!("{base}{BASE}/chats/{}", segment(&chat.id)));
        let [tenant, credential] =
            [format!("x-chert-tenant: {}", tenant.slug), credential].map(|text| quoted(&text));
        Some(format!(
            "curl -X PUT {url} \\\n  -H {tenant} \\\n  -H {credential} \\\n  -H 'content-type: application/json' \\\n  -d {}",
            quoted(&body)
        ))
    }

    fn known(&self, _operation: &str, stage: Stage) -> Vec<Known<'_>> {
        if stage < Stage::Lookup {
            return Vec::new();
        }
        let chats = self.tenants.iter().flat_map(|tenant| &tenant.chats);
        let values = chats.map(|chat| chat.id.as_str().into()).collect();
        vec![Known { parameter: "id", what: "chat", values, fold: |id| id.into() }]
    }
}

impl ChertSection {
    /// A group that a rename finds, and its tenant.
    fn renamable(&self) -> Option<(&section::Tenant, &section::Chat)> {
        let active = self.tenants.iter().filter(|tenant| tenant.state == section::TenantState::Active);
        active
            .filter_map(|tenant| {
                let fit = |chat: &&section::Chat| chat.group && chat.chat_key && chat.line.is_some();
                Some((tenant, tenant.chats.iter().find(fit)?))
            })
            .next()
    }
}
