//! How clients reach Chert, for the document that describes it.

use super::endpoints;
use crate::emulator::{Base, Calling, Operation, Presents, ProofPlace, Ways};

const SERVER: (&str, &str, &str) = ("server", "http://127.0.0.1:8080", "URL of the server");

/// How clients reach the service.
pub static CALLING: Calling = Calling {
    notes: "A signature and a bearer token are two ways to show who calls. If a request has a signature, it alone counts. A bearer token needs `x-chert-tenant` only where one secret belongs to several tenants.",
    bases: &[Base { url: "{server}/api/v1", summary: "the API", variables: &[SERVER] }],
    root: Base { url: "{server}", summary: "the server", variables: &[SERVER] },
    body_types: &["application/json"],
    proofs: &[
        Presents {
            name: "bearer",
            place: ProofPlace::Bearer,
            summary: "The signing secret of the tenant (`CHERT_SIGNING_SECRET`).",
        },
        Presents {
            name: "tenant",
            place: ProofPlace::Header("x-chert-tenant"),
            summary: "The slug of the tenant (`CHERT_TENANT`).",
        },
        Presents {
            name: "signature",
            place: ProofPlace::Header("x-chert-signature"),
            summary: "`v1,SECONDS,HEX`: the time in seconds, and the HMAC-SHA256 of `SECONDS.BODY` under the signing secret. For GET and DELETE the body is empty. The time may differ from the server's by 300 s.",
        },
    ],
    beside: &[],
    casts: false,
};

/// The ways in which a call of `operation` may show who makes it.
pub fn ways(operation: &Operation) -> Ways {
    match endpoints::is_unsigned(operation) {
        true => &[&["bearer"], &["bearer", "tenant"]],
        false => &[&["signature", "tenant"], &["bearer"], &["bearer", "tenant"]],
    }
}
