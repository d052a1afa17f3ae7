//! `standin catalog`: what is emulated, and every error that it can give.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Exit, print, say};
use crate::emulator::{Difference, ErrorCode, Face, Operation, Parameter, Requirement, Service};
use crate::scalar::nearest;
use crate::services::SERVICES;

#[derive(Debug, Args)]
pub(super) struct Catalog {
    /// Print only this error code or operation, such as `4099`, `CHAT_RENAMING_FAILED` or `chert.chats.rename`
    #[arg(conflicts_with = "editions", value_name = "CODE|OPERATION")]
    what: Option<String>,

    /// Print the differences between a vendor's page and the vendor's server, or only the row with this number
    #[arg(long, value_name = "ROW", num_args = 0..=1)]
    editions: Option<Option<u8>>,

    /// Output format; `markdown` always prints the page of operations
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

impl Catalog {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if let Some(what) = &self.what {
            return self.one(what);
        }
        if let Some(Some(number)) = self.editions
            && !SERVICES.iter().flat_map(|service| service.differences()).any(|row| row.number == number)
        {
            say(&format!(
                "standin: there is no row {number}\nhelp: `standin catalog --editions` prints all rows"
            ));
            return Ok(Exit::Findings);
        }
        let only = self.editions.flatten();
        let text = match (self.editions.is_some(), self.format) {
            (_, Format::Markdown) => markdown(),
            (false, Format::Text) => {
                SERVICES.iter().map(|service| service_as_text(*service)).collect::<Vec<_>>().join("\n")
            }
            (true, Format::Text) => SERVICES.iter().map(|service| editions_as_text(*service, only)).collect(),
            (false, Format::Json) => {
                let all: serde_json::Map<_, _> = SERVICES
                    .iter()
                    .map(|service| (service.name().to_owned(), service_as_json(*service)))
                    .collect();
                format!("{:#}\n", Value::Object(all))
            }
            (true, Format::Json) => {
                let rows: Vec<_> =
                    SERVICES.iter().flat_map(|service| editions_as_json(*service, only)).collect();
                format!("{:#}\n", Value::Array(rows))
            }
        };
        print(&text)?;
        Ok(Exit::Fine)
    }
}

impl Catalog {
    /// Prints the operation with this name, with its service or without, or the errors of all services that have this code.
    fn one(&self, code: &str) -> anyhow::Result<Exit> {
        for service in SERVICES {
            let bare = code.strip_prefix(service.name()).and_then(|rest| rest.strip_prefix('.'));
            let is_meant = |operation: &&&Operation| operation.name == bare.unwrap_or(code);
            let Some(operation) = service.operations().iter().find(is_meant) else { continue };
            let given: Vec<_> = operation.gives_all().map(|given| given.code.code).collect();
            let text = match self.format {
                Format::Json => {
                    let mut row = operation_as_json(*service, operation);
                    row["errors"] = json!(given);
                    format!("{:#}\n", json!([row]))
                }
                Format::Text | Format::Markdown => {
                    let text = operation_as_text(*service, operation);
                    format!("{}\n{text}    errors: {}\n", service.title(), given.join(", "))
                }
            };
            print(&text)?;
            return Ok(Exit::Fine);
        }
        let all =
            || SERVICES.iter().flat_map(|service| service.errors().iter().map(|error| (*service, *error)));
        let found: Vec<_> = all().filter(|(_, error)| error.code.eq_ignore_ascii_case(code)).collect();
        if found.is_empty() {
            let operations = SERVICES.iter().flat_map(|service| {
                service.operations().iter().map(|operation| format!("{}.{}", service.name(), operation.name))
            });
            let known: Vec<_> = all().map(|(_, error)| error.code.to_owned()).chain(operations).collect();
            let status = code.parse::<u16>().ok();
            let has_status = |error: &ErrorCode| error.faces.iter().any(|face| Some(face.status) == status);
            let of_status: Vec<_> = all().map(|(_, error)| error).filter(|error| has_status(error)).collect();
            let help = match nearest(code, known.iter().map(String::as_str)) {
                _ if !of_status.is_empty() => {
                    let codes: Vec<_> = of_status.iter().map(|error| format!("`{}`", error.code)).collect();
                    format!("`{code}` is a status; the errors with it are {}", codes.join(", "))
                }
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`standin catalog` prints all codes and operations".to_owned(),
            };
            say(&format!("error: no service has the error code or the operation `{code}`\n  = help: {help}"));
            return Ok(Exit::Findings);
        }
        let text = match self.format {
            Format::Json => {
                let rows: Vec<_> =
                    found.iter().map(|(service, error)| error_as_json(*service, error)).collect();
                format!("{:#}\n", Value::Array(rows))
            }
            Format::Text | Format::Markdown => found
                .iter()
                .map(|(service, error)| format!("{}\n{}", service.title(), error_as_text(*service, error)))
                .collect::<Vec<_>>()
                .join("\n"),
        };
        print(&text)?;
        Ok(Exit::Fine)
    }
}

fn service_as_text(service: &dyn Service) -> String {
    let mut text = format!("{}\n\noperations\n", service.title());
    for operation in service.operations() {
        text.push_str(&operation_as_text(service, operation));
    }
    text.push_str("\nerrors\n");
    service.errors().iter().for_each(|error| text.push_str(&error_as_text(service, error)));
    text
}

fn operation_as_text(service: &dyn Service, operation: &Operation) -> String {
    let Operation { name, summary, source, .. } = operation;
    let (service, route) = (service.name(), operation.route());
    let parameters = names(operation.parameters);
    let parameters = match parameters.is_empty() {
        true => String::new(),
        false => format!("\n    parameters: {}", parameters.join(", ")),
    };
    format!("  {service}.{name}\n    {route}: {summary}{parameters}\n    source: {source}\n")
}

fn error_as_text(service: &dyn Service, error: &ErrorCode) -> String {
    let mut text = format!("  {}\n", error.code);
    for face in error.faces {
        let edition = if face.edition.is_empty() { String::new() } else { format!("{}: ", face.edition) };
        let _ = writeln!(text, "    {edition}{} {}", face.status, face.text);
    }
    for operation in service.operations() {
        let own = operation.gives(error.code).map_or(&[][..], |given| given.own);
        for Face { edition, status, text: words } in own {
            let edition = if edition.is_empty() { String::new() } else { format!("{edition}: ") };
            let _ = writeln!(text, "    of {}, {edition}{status} {words}", operation.name);
        }
    }
    let _ = writeln!(text, "    {}", facts(service, error).join(" · "));
    text
}

fn names(parameters: &[Parameter]) -> Vec<&'static str> {
    parameters.iter().map(|parameter| parameter.name).collect()
}

/// The operations that can give an error; `None` when all can, those that are not emulated too.
fn able(service: &dyn Service, error: &ErrorCode) -> Option<Vec<&'static str>> {
    let is_common = service.errors_of_unknown().iter().any(|given| *given.code == *error);
    let able = service.operations().iter().filter(|operation| operation.gives(error.code).is_some());
    (!is_common).then(|| able.map(|operation| operation.name).collect())
}

fn facts(service: &dyn Service, error: &ErrorCode) -> Vec<String> {
    let mut facts = vec![format!("stage {}", error.stage.name())];
    if !error.meaning.is_empty() {
        facts.insert(0, error.meaning.to_owned());
    }
    if error.retryable {
        facts.push("retryable".to_owned());
    }
    if let Some(able) = able(service, error) {
        facts.push(format!("only {}", able.join(", ")));
    }
    facts.push(format!("source: {}", error.source));
    facts
}

fn service_as_json(service: &dyn Service) -> Value {
    let operations = service.operations().iter().map(|operation| operation_as_json(service, operation));
    let errors = service.errors().iter().map(|error| error_as_json(service, error));
    json!({"operations": operations.collect::<Vec<_>>(), "errors": errors.collect::<Vec<_>>()})
}

fn operation_as_json(service: &dyn Service, operation: &Operation) -> Value {
    json!({
        "name": format!("{}.{}", service.name(), operation.name),
        "route": operation.route(),
        "summary": operation.summary,
        "parameters": names(operation.parameters),
        "source": operation.source,
    })
}

fn error_as_json(service: &dyn Service, error: &ErrorCode) -> Value {
    let faces = error.faces.iter().map(|face| {
        let mut shown = json!({"status": face.status, "text": face.text});
        if !face.edition.is_empty() {
            shown["edition"] = json!(face.edition);
        }
        shown
    });
    json!({
        "code": error.code,
        "meaning": error.meaning,
        "stage": error.stage.name(),
        "retryable": error.retryable,
        "editions": faces.collect::<Vec<_>>(),
        "members": error.members,
        "operations": service.operations().iter().filter(|o| o.gives(error.code).is_some()).map(|o| o.name).collect::<Vec<_>>(),
        "source": error.source,
    })
}

/// Every operation as a page of documentation.
fn markdown() -> String {
    let mut text = "# Operations\n\n<!-- Made by `standin catalog --format markdown`; a test holds it against that. -->\n".to_owned();
    for service in SERVICES {
        let common: Vec<_> = service.errors_of_unknown().iter().map(|given| given.code).collect();
        let _ = write!(text, "\n## {}\n\nErrors of every call: {}.\n", service.title(), codes(&common));
        for operation in service.operations() {
            let Operation { name, summary, requires, source, parameters, .. } = operation;
            let _ = write!(
                text,
                "\n### {}.{name}\n\n`{}` {summary}. A scenario needs {requires}. Source: {source}.\n",
                service.name(),
                operation.route()
            );
            if !parameters.is_empty() {
                text.push_str(
                    "\n| parameter | in | type | needed | what it is |\n| --- | --- | --- | --- | --- |\n",
                );
            }
            for parameter in *parameters {
                let Parameter { name, place, value, required, summary, .. } = parameter;
                let needed = match required {
                    Requirement::Required => "yes".to_owned(),
                    Requirement::Conditional(condition) => format!("if {condition}"),
                    Requirement::Optional => "no".to_owned(),
                };
                let (place, value) = (place.words(), value.words());
                let _ = writeln!(text, "| `{name}` | {place} | {value} | {needed} | {summary} |");
            }
            let given: Vec<_> = operation.gives_all().map(|given| given.code).collect();
            let has_all = common.iter().all(|code| given.contains(code));
            let own: Vec<_> = given.into_iter().filter(|code| !has_all || !common.contains(code)).collect();
            let _ = match (has_all, own.is_empty()) {
                (true, true) => Ok(()),
                (true, false) => write!(text, "\nIts own errors: {}.\n", codes(&own)),
                (false, _) => write!(text, "\nIts errors, and no others: {}.\n", codes(&own)),
            };
        }
    }
    text
}

fn codes(codes: &[&ErrorCode]) -> String {
    codes.iter().map(|code| format!("`{}`", code.code)).collect::<Vec<_>>().join(", ")
}

/// The differences between the editions of a service; `only` is the number of the row to give, if not all.
fn rows(service: &dyn Service, only: Option<u8>) -> Vec<Difference> {
    let is_wanted = |row: &Difference| only.is_none_or(|number| row.number == number);
    service.differences().into_iter().filter(is_wanted).collect()
}

fn editions_as_text(service: &dyn Service, only: Option<u8>) -> String {
    let rows = rows(service, only);
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("{}: where `edition: documented` and `edition: live` differ\n", service.title());
    for row in rows {
        let _ = write!(
            text,
            "\n{:>3}  {}\n     documented  {}\n     live        {}\n     source      {}\n",
            row.number, row.item, row.documented, row.live, row.source
        );
    }
    text
}

fn editions_as_json(service: &dyn Service, only: Option<u8>) -> Vec<Value> {
    let rows = rows(service, only);
    let row = |row: Difference| {
        json!({
            "vendor": service.name(),
            "service": service.name(),
            "number": row.number,
            "item": row.item,
            "documented": row.documented,
            "live": row.live,
            "source": row.source,
        })
    };
    rows.into_iter().map(row).collect()
}
