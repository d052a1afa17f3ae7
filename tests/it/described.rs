//! What the services say of their answers: every shape is usable. That the answers are so is checked where they are given, in
//! `direct` and `documented`.

use standin::emulator::{AnswerBody, Pattern, Shape};
use standin::services::SERVICES;

/// The editions of a service; one without a name when there is only one.
fn editions(service: &str) -> &'static [&'static str] {
    if service == "bitrix24" { &["documented", "live"] } else { &[""] }
}

/// Every shape of every answer of all services, with the parts of each.
fn shapes() -> Vec<Shape> {
    let mut all = Vec::new();
    for service in SERVICES {
        for edition in editions(service.name()) {
            let operations = service.operations().iter();
            for answer in operations.flat_map(|operation| service.answers(operation, edition)) {
                answer.headers.into_iter().for_each(|field| collect(field.shape, &mut all));
                if let AnswerBody::Json(shape) = answer.body {
                    collect(shape, &mut all);
                }
            }
        }
    }
    all
}

fn collect(shape: Shape, all: &mut Vec<Shape>) {
    match &shape {
        Shape::List(part) | Shape::Map(part) => collect((**part).clone(), all),
        Shape::Object(members) | Shape::Open(members) => {
            members.iter().for_each(|member| collect(member.shape.clone(), all))
        }
        Shape::Either(parts) => parts.iter().for_each(|part| collect(part.clone(), all)),
        _ => {}
    }
    all.push(shape);
}

#[test]
fn each_pattern_compiles_and_fits_its_example() {
    let shapes = shapes();
    let patterns: Vec<&Pattern> = shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Like(pattern) => Some(*pattern),
            _ => None,
        })
        .collect();
    assert!(!patterns.is_empty());
    for pattern in patterns {
        assert!(pattern.fits(pattern.example), "{pattern:?}");
    }
}

#[test]
fn no_object_names_a_member_twice_and_no_choice_is_empty() {
    for shape in shapes() {
        match &shape {
            Shape::Object(members) | Shape::Open(members) => {
                let twice = |(place, name)| members[..place].iter().any(|before| before.name == name);
                let mut names = members.iter().map(|member| member.name.clone()).enumerate();
                assert!(!names.any(twice), "{shape:?}");
            }
            Shape::OneOf(texts) => assert!(!texts.is_empty()),
            Shape::Either(parts) => assert!(parts.len() > 1, "{shape:?}"),
            _ => {}
        }
    }
}

#[test]
fn each_error_of_an_operation_has_an_answer_and_the_first_answer_is_a_success() {
    for service in SERVICES {
        for edition in editions(service.name()) {
            for operation in service.operations() {
                let answers = service.answers(operation, edition);
                let is_lacking = (operation.name, *edition) == ("imconnector.set.error", "documented");
                let errors: Vec<_> = match is_lacking {
                    true => service.errors_of_unknown().iter().collect(),
                    false => operation.gives_all().collect(),
                };
                let successes = answers.iter().take_while(|answer| answer.error.is_none()).count();
                assert_eq!(successes == 0, is_lacking, "{}, {edition}", operation.name);
                let is_success = |status| status == operation.status;
                assert!(answers[..successes].iter().all(|answer| is_success(answer.status)));
                assert!(answers[successes..].iter().all(|answer| answer.error.is_some()));
                for given in errors {
                    let is_it = |code| code == Some(given.code);
                    let status = given.face(edition).status;
                    let is_described =
                        answers.iter().any(|answer| is_it(answer.error) && answer.status == status);
                    assert!(is_described, "{}, {edition}: {}", operation.name, given.code.code);
                }
            }
        }
    }
}
