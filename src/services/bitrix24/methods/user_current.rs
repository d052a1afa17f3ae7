//! `user.current`: describes the user for whom the caller acts, in the way of the methods about users.

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
        name: "user.current",
        verb: "POST",
        path: "/rest/user.current",
        summary: "describes the user for whom the caller acts",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || {
            // The portal tells more or less of a user, as the scope allows.
            Shape::open([
                member("ID", Shape::Text),
                member("ACTIVE", Shape::Flag),
                member("NAME", Shape::Text),
                member("LAST_NAME", Shape::Text),
                optional("EMAIL", Shape::Text),
                member("UF_DEPARTMENT", Shape::Integer.list()),
            ])
        },
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/user/user-current.html",
    },
    scope: Scope::Users,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

/// The `result`; its members are in the order of the page, which has more of them.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct User<'a> {
    id: &'a str,
    active: bool,
    name: &'a str,
    last_name: &'a str,
    email: &'static str,
    uf_department: [u32; 1],
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let id = invocation.user();
    let known = invocation.portal.portal().users.iter().find(|user| user.id.as_str() == id);
    let user = User {
        id,
        active: true,
        name: known.map_or("", |user| &user.name),
        last_name: known.map_or("", |user| &user.last_name),
        email: "",
        uf_department: [1],
    };
    Ok(MethodAnswer::read(php::json(&user)))
}
