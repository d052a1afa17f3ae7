//! An operation → every answer that it may give.

use super::errors;
use super::shapes::{EVENT_STREAM, JSON, SECONDS};
use super::texts;
use crate::basics::Stage;
use crate::emulator::{
    Answer, AnswerBody, ErrorCode, Gives, Member, Operation, Pattern, Shape, member, optional,
};

/// The header fields of an answer, by their names in lower case.
type Headers = Vec<Member>;

/// The operations the body of whose success no page shows.
const CHOSEN: [&str; 5] = ["messages.get", "attachments.upload", "events.replay", "dev_inbox.list", "whoami"];

/// The operations that take a list with attachments. Their errors may tell the position of one.
const WITH_ATTACHMENTS: [&str; 3] = ["send", "chats.create", "chats.messages.send"];

/// Every answer that `operation` may give, first the success. A request whose body is larger than standin takes is refused before
/// its operation is known: that is an answer of no operation.
pub fn of(operation: &'static Operation, _edition: &str) -> Vec<Answer> {
    let mut answers = vec![success(operation)];
    for given in operation.gives_all() {
        let mut varied = texts::of(operation, given.code).peekable();
        if varied.peek().is_none() {
            let face = given.face("");
            answers.push(error(operation, given, face.status, Shape::Exactly(face.text.into())));
        }
        let several = |row: &texts::Varied| error(operation, given, row.status, Shape::OneOf(row.texts));
        answers.extend(varied.map(several));
    }
    answers
}

fn success(operation: &'static Operation) -> Answer {
    let (headers, body) = match operation.name {
        // No page names the header fields of a file.
        "attachments.content" => (vec![trace()], AnswerBody::Bytes),
        "events.stream" => (headers(&EVENT_STREAM), AnswerBody::Events),
        _ => (headers(&JSON), AnswerBody::Json((operation.answer)())),
    };
    let source = if CHOSEN.contains(&operation.name) { "decision" } else { operation.source };
    Answer { error: None, status: operation.status, headers, body, source }
}

fn error(operation: &Operation, given: &Gives, status: u16, message: Shape) -> Answer {
    let code = given.code;
    let is_failed_replay = operation.name == "events.replay" && *code == errors::DELIVERY_SERVICE_ERROR;
    let mut headers = headers(&JSON);
    let body = if is_failed_replay {
        failed_replay(code, message)
    } else {
        if has(code, "retry_after") {
            headers.push(member("retry-after", Shape::Like(&SECONDS)));
        }
        let members = envelope(operation, code, status, message);
        // After the authentication, `/send` fails in a form of its own.
        if operation.name == "send" && code.stage > Stage::Auth {
            Shape::object([
                member("status", Shape::Exactly("failed".into())),
                member("error", Shape::Object(members)),
            ])
        } else {
            Shape::object([
                member("success", Shape::Only(false)),
                member("error", Shape::Object(members)),
                member("trace_id", Shape::Text),
            ])
        }
    };
    Answer { error: Some(code), status, headers, body: AnswerBody::Json(body), source: code.source }
}

/// The members of `error`, in the order in which they are sent.
fn envelope(operation: &Operation, code: &ErrorCode, status: u16, message: Shape) -> Vec<Member> {
    let mut members = vec![
        member("status", Shape::Count(status.into())),
        member("code", number(code)),
        member("message", message),
        member("retryable", Shape::Only(code.retryable)),
    ];
    if has(code, "retry_after") {
        members.push(member("retry_after", Shape::Integer));
    }
    if WITH_ATTACHMENTS.contains(&operation.name) && may_be_of_attachment(code) {
        members.push(optional("attachment_index", Shape::Integer));
    }
    if has(code, "allowed_effects") {
        // The vendor's list is not known.
        members.push(member("allowed_effects", Shape::Text.list()));
    }
    members
}

/// The body of a replay whose handler did not take the event.
fn failed_replay(code: &ErrorCode, message: Shape) -> Shape {
    static WHY: Pattern = Pattern::new(
        "^(The webhook answered with status [0-9]{3}|The webhook did not answer|Delivery service error)$",
        "The webhook answered with status 500",
    );
    Shape::object([
        member("ok", Shape::Only(false)),
        member("error", Shape::Like(&WHY)),
        member("downstream_status", Shape::Integer.or_null()),
        member("code", number(code)),
        member("message", message),
        member("retryable", Shape::Only(code.retryable)),
        member("trace_id", Shape::Text),
    ])
}

/// Whether an error can be about one entry of a list of attachments.
fn may_be_of_attachment(code: &ErrorCode) -> bool {
    let of_fields = [&errors::INVALID_FIELD_VALUE, &errors::INVALID_ATTACHMENT_REFERENCE];
    of_fields.contains(&code) || code.code.starts_with('5')
}

fn has(code: &ErrorCode, name: &str) -> bool {
    code.members.contains(&name)
}

fn number(code: &ErrorCode) -> Shape {
    Shape::Count(code.code.parse().expect("the codes of Chert are numbers"))
}

fn headers(content_type: &'static Pattern) -> Headers {
    vec![member("content-type", Shape::Like(content_type)), trace()]
}

/// The header field with the trace. The pages show its form in one example and promise none.
fn trace() -> Member {
    member("x-trace-id", Shape::Text)
}
