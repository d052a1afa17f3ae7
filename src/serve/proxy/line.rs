//! The lines of the log about an exchange that has passed.

use crate::contract::{Exchange, Outcome};

/// What the line about an exchange says besides its outcome.
pub(super) struct About<'a> {
    pub(super) service: &'static str,
    pub(super) method: &'a str,
    /// The path without the credential in it.
    pub(super) path: &'a str,
    /// The error that the service answered with.
    pub(super) error: Option<&'static str>,
    /// Why the service did not answer, or did not finish.
    pub(super) why: Option<&'a str>,
}

/// Whether there is a log.
pub(super) fn is_written() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// Writes a line about an exchange, and one about each difference. No line has a query, a header field or a credential.
pub(super) fn write(exchange: &Exchange<'_>, about: &About<'_>) {
    let (drifts, not_held): (&[_], _) = match exchange.outcome {
        Outcome::Held(drifts) => (drifts, None),
        Outcome::InPart(drifts, why) => (drifts, Some(why)),
        Outcome::NotHeld(why) => (&[], Some(why)),
    };
    let number = exchange.number;
    tracing::info!(
        number,
        service = about.service,
        operation = exchange.operation,
        method = about.method,
        path = about.path,
        status = exchange.status,
        error = about.error,
        differences = drifts.len(),
        not_held,
        why = about.why,
        "exchange"
    );
    for drift in drifts {
        tracing::warn!(
            number,
            at = drift.at,
            expected = drift.expected,
            actual = drift.actual,
            source = drift.source,
            "difference"
        );
    }
}
