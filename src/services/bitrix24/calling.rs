//! How clients reach a portal, for the documents that describe it.

use super::editions::Edition;
use super::methods::{self, Callers};
use crate::emulator::{Base, Calling, Operation, Parameter, Presents, ProofPlace, Ways};

/// The names of the editions, first the one that a scenario has by default.
pub static EDITIONS: [&str; 2] = ["documented", "live"];

const PORTAL: (&str, &str, &str) = ("portal", "http://127.0.0.1:8080", "URL of the portal");

/// How clients reach the service.
pub static CALLING: Calling = Calling {
    notes: "Each method takes any verb, such as GET or POST, and its parameters from the query and from the body; the body wins. In a form, and in the query, the members of a list or a mapping have names such as `MESSAGES[0][chat][id]`. A name may be in upper or lower case. An access token stands in the header field `authorization`, or in `auth` in the query or the body; a webhook is a part of the URL.",
    bases: &[
        Base { url: "{portal}/rest", summary: "with an access token", variables: &[PORTAL] },
        Base {
            url: "{portal}/rest/{user}/{secret}",
            summary: "with a webhook (`BITRIX24_WEBHOOK_URL`)",
            variables: &[
                PORTAL,
                ("user", "1", "ID of the user for whom the webhook acts"),
                ("secret", "webhook-secret", "secret of the webhook"),
            ],
        },
    ],
    root: Base { url: "{portal}", summary: "the authorization server", variables: &[PORTAL] },
    body_types: &["application/json", "application/x-www-form-urlencoded"],
    proofs: &[
        Presents {
            name: "token",
            place: ProofPlace::Bearer,
            summary: "An access token (`BITRIX24_ACCESS_TOKEN`).",
        },
        Presents {
            name: "auth",
            place: ProofPlace::Query("auth"),
            summary: "An access token. It may also stand in the member `auth` of the body.",
        },
    ],
    beside: &[Parameter::new("auth", "access token, if it stands nowhere else").optional()],
    casts: true,
};

/// Whether `edition` has the operation.
pub fn has(operation: &Operation, edition: &str) -> bool {
    methods::by_name(operation.name).is_none_or(|method| method.is_in(called(edition)))
}

/// The ways in which a call of `operation` may show who makes it, in `edition`.
pub fn ways(operation: &Operation, edition: &str) -> Ways {
    let Some(method) = methods::by_name(operation.name) else { return &[] };
    let takes_webhooks = match method.callers {
        Callers::Everyone => true,
        Callers::OfConnectors => called(edition).rules().webhook_may_call,
        Callers::Applications => false,
    };
    match takes_webhooks {
        true => &[&["token"], &["auth"], &[]],
        false => &[&["token"], &["auth"]],
    }
}

fn called(edition: &str) -> Edition {
    let is_meant = |known: &Edition| known.name() == edition;
    [Edition::Documented, Edition::Live].into_iter().find(is_meant).unwrap_or_default()
}
