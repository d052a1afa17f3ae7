//! A change → its events, one delivery for each handler; a delivery → the request that carries it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::applications::Handler;
use super::brings;
use super::chats::{Chat, Session};
use super::credentials::LIFETIME;
use super::events::{self, Actor, Audience};
use super::pairs::{Bearer, Pair};
use super::php::query;
use super::portal::LivePortal;
use crate::emulator::{Delivery, Endpoint, EventKind, Nature, Outgoing, Sender};

/// How long ago a token expired that comes expired, in seconds.
const EXPIRED: i64 = 60;

/// After this many nested events, further ones are dropped.
const DEEPEST: u8 = 7;

/// How many of the latest deliveries and reasons of a request are compared with a new one.
const LOOKED_BACK: usize = 100;

/// Events whose tokens can be refreshed.
const WITH_REFRESH_TOKEN: &[&EventKind] = &[&events::APP_TEST, &events::APP_INSTALL];

/// Events about sessions.
const OF_SESSIONS: &[&EventKind] = &[&events::DIALOG_START, &events::DIALOG_FINISH];

impl LivePortal {
    /// Sends an event to every handler that is bound to it and may get it.
    pub(super) fn raise(
        &mut self,
        kind: &'static EventKind,
        data: &Value,
        audience: Audience<'_>,
        by: &Actor,
        now: Timestamp,
    ) {
        if self.applications.handlers().next().is_none() {
            return;
        }
        if by.depth >= DEEPEST {
            self.silent(format!(
                "{} is dropped: {DEEPEST} events led to this call, one after the other",
                kind.name
            ));
            return;
        }
        let mut silences = Vec::new();
        let mut deliveries = Vec::new();
        for handler in self.applications.handlers_of(kind) {
            match self.silence(handler, audience) {
                Some(why) => {
                    silences.push(format!("{} does not go to handler {}: {why}", kind.name, handler.id))
                }
                None => deliveries.push(self.delivery(kind, data, handler, by, now)),
            }
        }
        if silences.is_empty() && deliveries.is_empty() {
            silences.push(format!("{} goes to nobody: no handler is bound to it", kind.name));
        }
        // Equal entries of one request are sent once.
        for delivery in deliveries {
            let is_new =
                self.raised.deliveries.iter().rev().take(LOOKED_BACK).all(|other| *other != delivery);
            if is_new {
                self.raised.deliveries.push(delivery);
            }
        }
        silences.into_iter().for_each(|why| self.silent(why));
    }

    /// Notes why an event goes to nobody. Equal reasons of one request are told once.
    pub(super) fn silent(&mut self, why: String) {
        if self.raised.silences.iter().rev().take(LOOKED_BACK).all(|other| *other != why) {
            self.raised.silences.push(why);
        }
    }

    /// Why a handler does not get an event; `None` when it does.
    fn silence(&self, handler: &Handler, audience: Audience<'_>) -> Option<String> {
        let application = self.applications.get(handler.application);
        if !application.is_installed {
            return Some(format!(
                "the installation of the application `{}` is not finished",
                application.client_id
            ));
        }
        match audience {
            Audience::Everyone => None,
            Audience::Application(index) => {
                (index != handler.application).then(|| "it belongs to another application".to_owned())
            }
            Audience::OwnerOf(connector) => match self.connectors.get(connector).map(|known| known.owner) {
                Some(Some(owner)) if owner == handler.application => None,
                Some(Some(_)) => {
                    Some(format!("another application has registered the connector `{connector}`"))
                }
                Some(None) => Some(format!("no application has registered the connector `{connector}`")),
                None => Some(format!("the connector `{connector}` is not registered")),
            },
        }
    }

    fn delivery(
        &self,
        kind: &'static EventKind,
        data: &Value,
        handler: &Handler,
        by: &Actor,
        now: Timestamp,
    ) -> Delivery {
        let mut body = String::with_capacity(512);
        query::append(&mut body, "event", &json!(kind.name.to_uppercase()));
        let rules = self.edition.rules();
        let id =
            if rules.dialog_event_id && OF_SESSIONS.contains(&kind) { "eventId" } else { "event_handler_id" };
        query::append(&mut body, id, &json!(handler.id));
        query::append(&mut body, "data", data);
        query::append(&mut body, "ts", &json!(now.as_second()));
        let user = handler.user.clone().or_else(|| by.user.as_ref().map(ToString::to_string));
        Delivery {
            event: kind,
            handler: handler.id,
            target: handler.target.clone(),
            body: body.into(),
            sender: Sender { account: handler.application, user, depth: by.depth + 1, number: 0 },
            record: None,
            nature: Nature::Genuine,
        }
    }

    /// The request of one attempt: the body with a fresh `auth`.
    pub(super) fn request_of(&mut self, delivery: &Delivery, endpoint: Endpoint<'_>) -> Outgoing {
        if *delivery.event == events::SETTING_CONNECTOR {
            return self.page_of(delivery, endpoint);
        }
        let application = self.applications.get(delivery.sender.account);
        let is_forged = delivery.nature == Nature::Forged;
        let application_token = match is_forged {
            true => brings::wrong_token(delivery.sender.number, "application"),
            false => application.application_token.text().to_owned(),
        };
        let domain = endpoint.url.split_once("://").map_or(endpoint.url, |(_, domain)| domain);
        let rest = format!("{}/rest/", endpoint.url);
        let mut body = String::from(&*delivery.body);
        let mut issued = Vec::new();
        let mut auth = |name: &str, value: Value| query::append(&mut body, &format!("auth[{name}]"), &value);
        // Tokens are dead once the application is removed.
        let user = delivery.sender.user.as_ref().filter(|_| *delivery.event != events::APP_UNINSTALL);
        let dialog = OF_SESSIONS.contains(&delivery.event) && self.edition.rules().dialog_refresh_token;
        let refreshes = dialog || WITH_REFRESH_TOKEN.contains(&delivery.event);
        let scope = self.scope_of_events(delivery.sender.account);
        let credential = self.portal.credentials.len() + delivery.sender.account;
        if let Some(user) = user {
            let now = endpoint.now;
            let bearer = Bearer { credential, user, depth: delivery.sender.depth };
            let is_single = refreshes || delivery.nature == Nature::ExpiredToken;
            let single = is_single.then_some((delivery.sender.number, endpoint.attempt));
            let token = self.token_of(delivery, bearer, single, now);
            auth("access_token", json!(token.access_token));
            auth("expires", json!(expiry(delivery.nature, now).as_second()));
            auth("expires_in", json!(LIFETIME));
            auth("scope", json!(scope));
            auth("domain", json!(domain));
            auth("server_endpoint", json!(rest));
            auth("status", json!("F"));
            auth("client_endpoint", json!(rest));
            auth("member_id", json!(self.member_id()));
            auth("user_id", json!(user));
            if refreshes {
                auth("refresh_token", json!(token.refresh_token));
                issued.push(token.refresh_token);
            }
            issued.push(token.access_token);
            if is_forged {
                issued.clear();
            }
        } else {
            auth("domain", json!(domain));
            auth("server_endpoint", json!(rest));
            auth("client_endpoint", json!(rest));
            auth("member_id", json!(self.member_id()));
        }
        auth("application_token", json!(application_token));
        let headers = vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("user-agent", "Bitrix24 Webhook Engine".to_owned()),
        ];
        Outgoing { headers, query: String::new(), body: Arc::from(body), issued }
    }

    /// The request that loads a settings page.
    fn page_of(&mut self, delivery: &Delivery, endpoint: Endpoint<'_>) -> Outgoing {
        let Sender { account, user, depth, .. } = &delivery.sender;
        let credential = self.portal.credentials.len() + account;
        let user = user.clone().unwrap_or_default();
        let bearer = Bearer { credential, user: &user, depth: *depth };
        let single = Some((delivery.sender.number, endpoint.attempt));
        let token = self.token_of(delivery, bearer, single, endpoint.now);
        let is_forged = delivery.nature == Nature::Forged;
        let wrong = is_forged.then(|| brings::wrong_token(delivery.sender.number, "application"));
        let application_token = self.applications.get(*account).application_token.text();
        let (scheme, domain) = endpoint.url.split_once("://").unwrap_or(("http", endpoint.url));
        let mut address = String::new();
        for (name, value) in [
            ("DOMAIN", domain),
            ("PROTOCOL", if scheme == "https" { "1" } else { "0" }),
            ("LANG", &self.portal.language),
            ("APP_SID", wrong.as_deref().unwrap_or(application_token)),
        ] {
            query::append(&mut address, name, &json!(value));
        }
        let mut body = String::new();
        for (name, value) in [
            ("AUTH_ID", json!(token.access_token)),
            ("AUTH_EXPIRES", json!(LIFETIME)),
            ("REFRESH_ID", json!(token.refresh_token)),
            ("SERVER_ENDPOINT", json!(format!("{}/rest/", endpoint.url))),
            ("member_id", json!(self.member_id())),
            ("status", json!("F")),
            ("PLACEMENT", json!(delivery.event.name)),
            ("PLACEMENT_OPTIONS", json!(*delivery.body)),
        ] {
            query::append(&mut body, name, &value);
        }
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        let issued = if is_forged { Vec::new() } else { vec![token.access_token, token.refresh_token] };
        Outgoing { headers, query: address, body: body.into(), issued }
    }

    /// The tokens of an attempt: those that are issued for it, or ones that nobody has issued.
    fn token_of(
        &mut self,
        delivery: &Delivery,
        bearer: Bearer<'_>,
        single: Option<(u64, usize)>,
        now: Timestamp,
    ) -> Pair {
        match (delivery.nature, single) {
            (Nature::Forged, _) => {
                let word = |name| brings::wrong_token(delivery.sender.number, name);
                Pair { access_token: word("access"), refresh_token: word("refresh") }
            }
            (Nature::ExpiredToken, Some(single)) => {
                self.credentials.issue_single(bearer, single, expiry(delivery.nature, now))
            }
            _ => self.credentials.issue(bearer, single, now),
        }
    }

    /// The scopes of an application, as events list them.
    fn scope_of_events(&self, application: usize) -> String {
        let client_id = &self.applications.get(application).client_id;
        let scope = self.portal.application(client_id).and_then(|known| known.scope.as_ref());
        match scope {
            Some(scopes) => scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(","),
            None => self.edition.rules().scope.to_owned(),
        }
    }

    /// Sends DialogStart or DialogFinish for a session of a chat.
    pub(super) fn raise_of_session(
        &mut self,
        kind: &'static EventKind,
        chat: usize,
        by: &Actor,
        now: Timestamp,
    ) {
        let known = self.chats.get(chat);
        let Some(session) = known.sessions.last() else { return };
        let connector = known.connector.clone();
        let close_term = self.lines.get(known.line).map_or(0, |line| line.close_term);
        let data = of_session(known, session, close_term);
        self.raise(kind, &data, Audience::OwnerOf(&connector), by, now);
    }
}

/// When the token of an attempt at `now` expires.
fn expiry(nature: Nature, now: Timestamp) -> Timestamp {
    let seconds = if nature == Nature::ExpiredToken { -EXPIRED } else { LIFETIME };
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// The data of DialogStart and DialogFinish. `chat_id` is the external ID, `user_id` the internal one.
fn of_session(chat: &Chat, session: &Session, close_term: i64) -> Value {
    json!({
        "CONNECTOR": chat.connector,
        "LINE": chat.line_text,
        "DATA": [{
            "connector": {
                "connector_id": chat.connector,
                "line_id": chat.line_text,
                "chat_id": chat.id,
                "user_id": chat.user_id,
            },
            "session": {
                "id": session.id,
                "closed": if session.is_closed { "Y" } else { "N" },
                "parent_id": session.parent_id,
                "close_term": close_term,
            },
            "chat": {"id": chat.id},
            "user": {"id": chat.user_id},
        }],
    })
}
