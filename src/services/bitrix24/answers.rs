//! An operation → every answer that it may give.

use crate::emulator::{Answer, AnswerBody, Operation};

/// Every answer that `operation` may give in `edition`, first the successes.
pub fn of(operation: &'static Operation, _edition: &str) -> Vec<Answer> {
    let success = Answer {
        error: None,
        status: operation.status,
        headers: Vec::new(),
        body: AnswerBody::Json((operation.answer)()),
        source: operation.source,
    };
    vec![success]
}
