//! `profile`: describes the user for whom the caller acts.

use serde::Serialize;
use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Operation, Shape, member, optional};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "profile",
        verb: "POST",
        path: "/rest/profile",
        summary: "describes the user for whom the caller acts",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || {
            Shape::object([
                member("ID", Shape::Text),
                member("ADMIN", Shape::Flag),
                member("NAME", Shape::Text),
                member("LAST_NAME", Shape::Text),
                member("PERSONAL_GENDER", Shape::Text),
                optional("PERSONAL_PHOTO", Shape::Text),
                member("TIME_ZONE", Shape::Text),
            ])
        },
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/common/users/profile.html",
    },
    scope: Scope::Basic,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

/// The `result`; its members are in the order of the page. `PERSONAL_PHOTO` is not emulated.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Profile<'a> {
    id: &'a str,
    admin: bool,
    name: &'a str,
    last_name: &'a str,
    personal_gender: &'static str,
    time_zone: &'static str,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let id = invocation.user();
    let known = invocation.portal.portal().users.iter().find(|user| user.id.as_str() == id);
    let profile = Profile {
        id,
        admin: known.is_none_or(|user| user.admin),
        name: known.map_or("", |user| &user.name),
        last_name: known.map_or("", |user| &user.last_name),
        personal_gender: "",
        time_zone: "",
    };
    Ok(MethodAnswer::read(php::json(&profile)))
}
