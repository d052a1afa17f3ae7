//! A call and credentials → the request, ready to be sent.

use jiff::Timestamp;
use serde_json::json;

use super::call::{Call, Content, Proof};
use crate::http::{Headers, Request, segment};
use crate::services::chert::sign;

/// The credentials for one service.
#[derive(Clone)]
pub enum Credentials {
    /// Those of Bitrix24.
    Bitrix24 {
        /// User and secret of a webhook.
        webhook: Option<(String, String)>,
        /// An access token.
        token: Option<String>,
        /// ID and secret of an application, where the server itself issues tokens.
        client: Option<(String, String)>,
    },
    /// Those of Chert.
    Chert {
        /// Slug of the tenant.
        tenant: String,
        /// The secret of the tenant.
        secret: String,
    },
}

/// A request, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The verb.
    pub verb: &'static str,
    /// Path and query.
    pub target: String,
    /// The header fields, without `host` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What nobody has.
const FORGED: &str = "standin-no-such-token";

/// How old an old signature is, in seconds.
const OLD: i64 = 3_600;

impl Prepared {
    /// The signature of the request; empty when it has none.
    pub(super) fn proof(&self) -> &str {
        let signature = self.headers.iter().find(|(name, _)| *name == "x-chert-signature");
        signature.map_or("", |(_, value)| value)
    }

    /// The same as the core takes it.
    pub(super) fn request(&self) -> Request {
        let headers: Headers = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Request::new(self.verb, &self.target, headers, self.body.clone().into())
    }
}

impl Credentials {
    /// What must not be shown.
    pub(super) fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Bitrix24 { webhook, token, client } => {
                let pairs = webhook.iter().chain(client).map(|(_, secret)| secret.as_str());
                pairs.chain(token.as_deref()).collect()
            }
            Self::Chert { secret, .. } => vec![secret],
        }
    }

    /// Others of the same kinds, for a server that knows only those.
    pub(super) fn invented(&self) -> Self {
        match self {
            Self::Bitrix24 { webhook, token, client } => Self::Bitrix24 {
                webhook: webhook.as_ref().map(|(user, _)| (user.clone(), "invented-webhook".to_owned())),
                token: token.as_ref().map(|_| "invented-token".to_owned()),
                client: client.as_ref().map(|_| ("invented-client".to_owned(), "invented-secret".to_owned())),
            },
            Self::Chert { tenant, .. } => {
                Self::Chert { tenant: tenant.clone(), secret: "invented-secret".to_owned() }
            }
        }
    }

    /// The request that a call becomes at `now`.
    ///
    /// # Errors
    /// Which credential is missing, in words.
    pub(super) fn prepared(&self, call: &Call, now: Timestamp) -> Result<Prepared, String> {
        match self {
            Self::Bitrix24 { webhook, token, .. } => of_bitrix24(call, webhook.as_ref(), token.as_deref()),
            Self::Chert { tenant, secret } => Ok(of_chert(call, tenant, secret, now)),
        }
    }
}

fn of_bitrix24(
    call: &Call,
    webhook: Option<&(String, String)>,
    token: Option<&str>,
) -> Result<Prepared, String> {
    let mut call = call.clone();
    let mut by_webhook = |user: &str, secret: &str| {
        let place = format!("/rest/{}/{}/", segment(user), segment(secret));
        call.target = call.target.replacen("/rest/", &place, 1);
    };
    let mut auth = None;
    match (call.proof, token, webhook) {
        (Proof::Usual, Some(token), _) => auth = Some(token),
        (Proof::Usual | Proof::Webhook, _, Some((user, secret))) => by_webhook(user, secret),
        (Proof::Usual, None, None) => {
            return Err("needs `BITRIX24_ACCESS_TOKEN` or `BITRIX24_WEBHOOK_URL`".to_owned());
        }
        (Proof::Webhook, _, None) => return Err("needs `BITRIX24_WEBHOOK_URL`".to_owned()),
        (Proof::ForgedWebhook, _, webhook) => by_webhook(webhook.map_or("1", |(user, _)| user), FORGED),
        (Proof::ForgedToken, ..) => auth = Some(FORGED),
        _ => {}
    }
    if let (Content::Json(parameters), Some(auth)) = (&mut call.body, auth) {
        parameters["auth"] = json!(auth);
    }
    Ok(prepared(&call, Vec::new()))
}

fn of_chert(call: &Call, tenant: &str, secret: &str, now: Timestamp) -> Prepared {
    let has_body = matches!(call.verb, "POST" | "PUT" | "PATCH");
    let signed = if has_body { call.bytes() } else { Vec::new() };
    let signature = |secret: &str, age: i64| sign(secret, now.as_second() - age, &signed);
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let of_tenant = |name: &str| ("x-chert-tenant", name.to_owned());
    let signed_by = |tenant: &str, secret: &str, age| {
        vec![of_tenant(tenant), ("x-chert-signature", signature(secret, age))]
    };
    let headers = match call.proof {
        Proof::Usual => signed_by(tenant, secret, 0),
        Proof::Bearer => vec![of_tenant(tenant), bearer(secret)],
        Proof::ForgedBearer => vec![of_tenant(tenant), bearer(FORGED)],
        Proof::ForgedSignature => signed_by(tenant, FORGED, 0),
        Proof::OldSignature => signed_by(tenant, secret, OLD),
        Proof::UnknownTenant => signed_by("standin-no-such-tenant", FORGED, 0),
        _ => Vec::new(),
    };
    prepared(call, headers)
}

fn prepared(call: &Call, mut headers: Vec<(&'static str, String)>) -> Prepared {
    headers.extend(call.content_type().map(|content_type| ("content-type", content_type.to_owned())));
    Prepared { verb: call.verb, target: call.target.clone(), headers, body: call.bytes() }
}
