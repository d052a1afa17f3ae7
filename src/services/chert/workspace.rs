//! The service as it lives: tenants and their chats, and the way of a request through it.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::Change;
use super::endpoints::{self, EndpointAnswer};
use super::errors::{self, Refusal};
use super::invocation::{Invocation, passed};
use super::section::{self, ChertSection, TenantState};
use super::{envelope, signature};
use crate::basics::{Draws, Stage};
use crate::emulator::bucket::Buckets;
use crate::emulator::{Effect, Emulator, Exchange, Fate, Later, OperationCall, Thing};
use crate::http::{Body, Reply};

/// The state of the service.
#[derive(Clone, Debug)]
pub struct LiveWorkspace {
    tenants: Tenants,
    /// Requests by tenant, where they are limited.
    requests: Option<Buckets<usize>>,
    traces: Draws,
    /// Requests answered, which number the traces.
    answered: u64,
    /// Changes that are put off.
    later: Later<Change>,
}

/// The tenants of the service.
#[derive(Clone, Debug)]
pub struct Tenants {
    tenants: Vec<Tenant>,
    slugs: HashMap<String, Key>,
}

/// What proves that a request is a tenant's.
#[derive(Clone, Debug)]
struct Key {
    /// The tenant's place.
    tenant: usize,
    secret: String,
}

/// One tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its place.
    pub index: usize,
    slug: String,
    /// Its slug as the scenario has it.
    original: String,
    /// Whether a bearer token must come with the tenant's header.
    pub multi_tenant: bool,
    state: TenantState,
    /// Its lines, which no call changes.
    pub lines: Vec<section::Line>,
    chats: Vec<Chat>,
    ids: HashMap<String, usize>,
}

/// A chat.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Its identifier.
    pub id: String,
    /// Whether it is a group.
    pub is_group: bool,
    /// Whether it has its chat key and its pinned line.
    pub is_deliverable: bool,
    /// Its present display name.
    pub display_name: Option<String>,
    /// The URL of its present icon.
    pub group_chat_icon: Option<String>,
}

impl Tenants {
    /// All of them.
    pub fn all(&self) -> &[Tenant] {
        &self.tenants
    }

    /// A copy's tenants go by the slug and secret of the original as well: a request may come here by its header alone.
    fn new(section: &ChertSection) -> Self {
        let tenants: Vec<_> = section
            .tenants
            .iter()
            .enumerate()
            .map(|(i, tenant)| Tenant::new(i, tenant, &section.suffix))
            .collect();
        let mut slugs = HashMap::new();
        for (tenant, seed) in section.tenants.iter().enumerate() {
            let original = |text: &str| text.strip_suffix(&section.suffix).unwrap_or(text).to_owned();
            let (slug, secret) = (original(&seed.slug), original(&seed.signing_secret));
            slugs.insert(slug, Key { tenant, secret });
            slugs.insert(seed.slug.to_string(), Key { tenant, secret: seed.signing_secret.to_string() });
        }
        Self { tenants, slugs }
    }

    /// The tenant with this slug, and its secret.
    pub fn by_slug(&self, slug: &str) -> Option<(&Tenant, &str)> {
        let key = self.slugs.get(slug)?;
        Some((&self.tenants[key.tenant], &key.secret))
    }

    /// The tenant with a secret that `is_meant`.
    pub fn by_secret(&self, is_meant: impl Fn(&str) -> bool) -> Option<&Tenant> {
        let key = self.slugs.values().find(|key| is_meant(&key.secret))?;
        Some(&self.tenants[key.tenant])
    }
}

impl Tenant {
    fn new(index: usize, tenant: &section::Tenant, suffix: &str) -> Self {
        let chats: Vec<_> = tenant.chats.iter().map(Chat::new).collect();
        Self {
            index,
            slug: tenant.slug.to_string(),
            original: tenant.slug.strip_suffix(suffix).unwrap_or(&tenant.slug).to_owned(),
            multi_tenant: tenant.multi_tenant,
            state: tenant.state,
            lines: tenant.lines.clone(),
            ids: chats.iter().enumerate().map(|(index, chat)| (chat.id.clone(), index)).collect(),
            chats,
        }
    }

    /// Its slug.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The chat with this identifier, and its place.
    pub fn chat(&self, id: &str) -> Option<(usize, &Chat)> {
        self.ids.get(id).map(|&index| (index, &self.chats[index]))
    }
}

impl Chat {
    fn new(chat: &section::Chat) -> Self {
        Self {
            id: chat.id.to_string(),
            is_group: chat.group,
            is_deliverable: chat.chat_key && chat.line.is_some(),
            display_name: chat.display_name.as_ref().map(ToString::to_string),
            group_chat_icon: chat.group_chat_icon.as_ref().map(ToString::to_string),
        }
    }
}

impl LiveWorkspace {
    /// The service at the start of its scenario.
    pub fn new(section: &ChertSection, seed: u64) -> Self {
        Self {
            tenants: Tenants::new(section),
            requests: section.limits.requests.map(Buckets::new),
            traces: Draws::new(seed, "chert", "trace"),
            answered: 0,
            later: Later::default(),
        }
    }

    /// Twelve lower-case hex digits, drawn from the seed.
    fn trace(&mut self) -> String {
        self.answered += 1;
        format!("{:012x}", self.traces.draw(self.answered) >> 16)
    }

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
        let tenant = signature::caller(&self.tenants, request, exchange.stopwatch.now()).map_err(
            |(refusal, why)| {
                exchange.checkpoint.remark(why.into());
                refusal
            },
        )?;
        match tenant.state {
            TenantState::Active => {}
            TenantState::Suspended => return Err(Refusal::new(&errors::FORBIDDEN)),
            TenantState::EmailUnverified => return Err(Refusal::new(&errors::EMAIL_NOT_VERIFIED)),
            TenantState::AccountLimit => return Err(Refusal::new(&errors::ACCOUNT_LIMIT_REACHED)),
        }
        if let Some(requests) = &mut self.requests {
            let now = exchange.stopwatch.now();
            if let Err(wait) = requests.add(tenant.index, now) {
                exchange
                    .checkpoint
                    .remark("`limits.requests` lets no more requests of this tenant through".into());
                return Err(Refusal::new(&errors::RATE_LIMIT_EXCEEDED).with_retry_after(wait));
            }
        }
        passed(Stage::Auth, &call, exchange)?;
        let Some(route) = &*route else {
            exchange
                .checkpoint
                .remark(format!("`{} {}` is not emulated", request.method, request.path()).into());
            return Err(Refusal::new(&errors::NOT_FOUND));
        };
        let invocation = Invocation { tenant, route, call };
        let mut answer = (route.endpoint.run)(&invocation, exchange)?;
        self.deliver(std::mem::replace(&mut answer.effect, Effect::Nothing), &call, exchange)?;
        Ok((route.endpoint.operation.status, answer))
    }

    /// Reports that a call has passed every stage in front of its change, and lets the change have its fate.
    fn deliver(
        &mut self,
        effect: Effect<Change>,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(), Refusal> {
        let change = match effect {
            Effect::Undelivered => return Ok(()),
            Effect::Nothing => return passed(Stage::Delivery, call, exchange).map(drop),
            Effect::Change(change) => change,
        };
        let verdict = passed(Stage::Delivery, call, exchange);
        let fate: Fate = verdict.as_ref().map_or_else(|refusal| refusal.fate, |fate| *fate);
        if let Some(change) = self.later.sort(fate, change) {
            self.commit(change);
        }
        verdict.map(drop)
    }

    /// Makes a change. Those of today always fit.
    fn commit(&mut self, change: Change) {
        match change {
            Change::Rename { tenant, chat, display_name, group_chat_icon } => {
                let chat = &mut self.tenants.tenants[tenant].chats[chat];
                chat.display_name = display_name.or(chat.display_name.take());
                chat.group_chat_icon = group_chat_icon.or(chat.group_chat_icon.take());
            }
        }
    }
}

impl Emulator for LiveWorkspace {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let trace = self.trace();
        match self.request(exchange) {
            Ok((status, answer)) => envelope::success(status, answer.headers, answer.body, trace),
            Err(refusal) => {
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
        let tenant = |tenant: &Tenant| json!({"slug": tenant.slug, "chats": tenant.chats.iter().map(chat).collect::<Vec<_>>()});
        json!({"tenants": self.tenants.all().iter().map(tenant).collect::<Vec<_>>()})
    }
}
