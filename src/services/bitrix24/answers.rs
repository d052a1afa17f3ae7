//! An operation → every answer that it may give.
//!
//! The live edition is the cloud. What standin itself answers is not here: a request that is too large, a preflight, a fault's own
//! text or reply.

use super::editions::Edition;
use super::envelope;
use super::errors;
use super::methods::{self, Run};
use super::oauth;
use super::refusal;
use super::shapes::{self, DIGITS};
use super::texts::{self, Wording};
use crate::emulator::{Answer, AnswerBody, Gives, Member, Operation, Pattern, Shape, member, optional};
use crate::http::Field;

/// The seconds of `x-bitrix-rest-time`: PHP's `%.10f`. An error in a method has a number below zero.
static SECONDS: Pattern = Pattern::new(r"^-?[0-9]+\.[0-9]{10}$", "0.0000000000");

/// What the front end of the cloud may set once more.
static NOSNIFF: Pattern = Pattern::new("^nosniff(, nosniff)?$", "nosniff");

/// Every answer that `operation` may give in `edition`, first the successes: as the server sends it, and in the envelope that the
/// page prints. Each error has one answer; a failure of imconnector.register or imconnector.unregister that stands in a success has
/// one for each envelope. An edition that lacks the operation gives the errors of an unknown method.
pub fn of(operation: &'static Operation, edition: &str) -> Vec<Answer> {
    let edition = if edition == Edition::Live.name() { Edition::Live } else { Edition::Documented };
    if operation.name == oauth::OPERATION.name {
        let success = Answer {
            error: None,
            status: operation.status,
            headers: headers(edition, Kind::Token),
            body: AnswerBody::Json((operation.answer)()),
            source: operation.source,
        };
        let errors = operation.gives_all().flat_map(|given| failures(operation, given, edition));
        return [success].into_iter().chain(errors).collect();
    }
    let method = methods::by_name(operation.name);
    if method.is_some_and(|method| !method.is_in(edition)) {
        return errors::OF_ALL.iter().flat_map(|given| failures(operation, given, edition)).collect();
    }
    let result = match method.map(|method| method.run) {
        Some(Run::Batch) => shapes::batch(edition),
        _ => (operation.answer)(),
    };
    let successes = enveloped(&result, edition).map(|body| Answer {
        error: None,
        status: operation.status,
        headers: headers(edition, Kind::Success),
        body: AnswerBody::Json(body),
        source: operation.source,
    });
    let errors = operation.gives_all().flat_map(|given| failures(operation, given, edition));
    successes.into_iter().chain(errors).collect()
}

/// The body of a success with this `result`, in both envelopes.
fn enveloped(result: &Shape, edition: Edition) -> [Shape; 2] {
    let wire = Shape::object([member("result", result.clone()), member("time", shapes::time(edition))]);
    let query = Shape::object([member("method", Shape::Text), member("data", shapes::php_array(Shape::Any))]);
    let documented = Shape::object([
        member("answer", wire.clone()),
        member("query", query),
        member("status", Shape::Count(200)),
    ]);
    [wire, documented]
}

/// The answers with an error, as `operation` gives it.
fn failures(operation: &'static Operation, given: &Gives, edition: Edition) -> Vec<Answer> {
    let is_result = refusal::is_of_result(given.code);
    let texts = texts::of(operation, given, edition);
    let body = error_body(given.code.code, is_result, texts);
    let answer = |kind, body| Answer {
        error: Some(given.code),
        status: given.face(edition.name()).status,
        headers: headers(edition, kind),
        body: AnswerBody::Json(body),
        source: given.code.source,
    };
    if is_result && edition.rules().nests_registration {
        return enveloped(&body, edition).map(|body| answer(Kind::Success, body)).into();
    }
    let is_token = operation.name == oauth::OPERATION.name;
    vec![answer(if is_token { Kind::Token } else { Kind::Error }, body)]
}

/// The body of an error, as [`envelope::ErrorBody`] writes it.
fn error_body(code: &'static str, is_result: bool, texts: Vec<Wording>) -> Shape {
    let code = code.split('.').next().unwrap_or_default();
    let body = |wording: Wording| {
        let result = is_result.then(|| member("result", Shape::Only(false)));
        let argument = wording.argument.map(|name| member("argument", Shape::Exactly(name)));
        let error = [
            member("error", Shape::Exactly(code.into())),
            member("error_description", Shape::Exactly(wording.text)),
        ];
        Shape::object(result.into_iter().chain(error).chain(argument))
    };
    let mut bodies: Vec<_> = texts.into_iter().map(body).collect();
    match bodies.len() {
        1 => bodies.remove(0),
        _ => Shape::Either(bodies),
    }
}

/// Which header fields an answer has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Those of a success of a method.
    Success,
    /// Those of an error of a method.
    Error,
    /// Those of the token endpoint.
    Token,
}

/// The header fields of the answers of this kind.
fn headers(edition: Edition, kind: Kind) -> Vec<Member> {
    let is_of_cloud = edition.rules().cloud_headers;
    let fields = match kind {
        Kind::Success if is_of_cloud => envelope::fields_of_success(),
        Kind::Error if is_of_cloud => envelope::fields_of_error(),
        _ => envelope::every_answer(),
    };
    let shaped = |(name, value): &'static Field| {
        let shape = match &**name {
            "x-bitrix-rest-time" => Shape::Like(&SECONDS),
            "x-content-type-options" => Shape::Like(&NOSNIFF),
            // Which software serves a portal is no promise.
            "server" => Shape::Text,
            _ => Shape::Exactly(value.clone()),
        };
        member(&**name, shape)
    };
    // The server names the application once it knows it.
    let application =
        (is_of_cloud && kind != Kind::Token).then(|| optional("x-bitrix-rest-application", Shape::Text));
    let wait = (kind == Kind::Error).then(|| optional("retry-after", Shape::Like(&DIGITS)));
    fields.iter().map(shaped).chain(application).chain(wait).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_fits_its_example() {
        for pattern in [&SECONDS, &NOSNIFF] {
            assert!(pattern.fits(pattern.example), "{}", pattern.text);
        }
        assert!(SECONDS.fits("-1732110908.0000000000"), "an error in a method");
    }

    #[test]
    fn no_two_texts_of_an_error_are_the_same() {
        for operation in methods::OPERATIONS.iter() {
            for edition in [Edition::Documented, Edition::Live] {
                for given in operation.gives_all() {
                    let texts = texts::of(operation, given, edition);
                    let is_told = |place: usize| texts[..place].contains(&texts[place]);
                    assert!(!(0..texts.len()).any(is_told), "{}: {texts:?}", operation.name);
                    assert!(texts.iter().any(|known| known.text == given.face(edition.name()).text));
                }
            }
        }
    }

    #[test]
    fn an_edition_without_a_method_does_not_find_it() {
        let method = methods::by_name("imconnector.set.error").unwrap();
        let answers = of(&method.operation, "documented");
        let is_given =
            |code: &str| answers.iter().any(|answer| answer.error.is_some_and(|error| error.code == code));
        assert!(answers.iter().all(|answer| answer.error.is_some()), "no success");
        assert!(is_given("ERROR_METHOD_NOT_FOUND") && !is_given("ERROR_ARGUMENT"));
        assert!(of(&method.operation, "live").iter().any(|answer| answer.error.is_none()));
    }
}
