//! A line of the log.

use std::borrow::Cow;
use std::sync::Arc;

use crate::engine::{Note, Redactor, World, wire};
use crate::fault::{Fault, Wire};
use crate::http::Request;

/// A line of the log, about one exchange.
pub(super) struct Line {
    number: u64,
    service: Option<&'static str>,
    operation: Option<&'static str>,
    status: u16,
    error: Option<&'static str>,
    /// The first fault that fired.
    fault: Option<Arc<Fault>>,
    wire: Option<Wire>,
    /// The first remark, with what hides the secrets in it. A constant one repeats nothing that a client sent.
    remark: Option<(Cow<'static, str>, Option<Redactor>)>,
    namespace: Option<String>,
}

impl Line {
    /// The line about an exchange of this number that is answered with this status. `None` when there is no log.
    pub(super) fn of(world: &World, number: u64, status: u16, note: &Note) -> Option<Self> {
        if !tracing::enabled!(tracing::Level::INFO) {
            return None;
        }
        let fired = note.faults.iter().find(|decision| decision.fired);
        Some(Self {
            number,
            service: note.service,
            operation: note.operation,
            status,
            error: note.error,
            fault: fired.map(|decision| Arc::clone(&decision.fault)),
            wire: wire(note),
            remark: note.remarks.first().map(|remark| {
                (remark.clone(), matches!(remark, Cow::Owned(_)).then(|| Redactor::new(world)))
            }),
            namespace: world.namespace().map(str::to_owned),
        })
    }

    /// Writes the line, without paths and parameters, which may contain secrets. The world is not locked any more.
    pub(super) fn write(&self, request: &Request) {
        let remark = self.remark.as_ref().map(|(remark, redactor)| match redactor {
            None => remark.to_string(),
            Some(redactor) => redactor.request(request).text(remark),
        });
        tracing::info!(
            number = self.number,
            namespace = self.namespace,
            vendor = self.service,
            service = self.service,
            operation = self.service.zip(self.operation).map(|(service, name)| format!("{service}.{name}")),
            status = self.status,
            error = self.error,
            fault = self.fault.as_ref().map(|fault| fault.spec.name.as_str()),
            wire = self.wire.map(tracing::field::display),
            remark,
            "exchange"
        );
    }
}
