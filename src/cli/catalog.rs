//! `standin catalog`: what is emulated, and every error that it can give.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Exit, print};
use crate::vendor::{ErrorCode, Operation, VENDORS, Vendor};

/// Print every operation and every error code, or where the editions differ
#[derive(Debug, Args)]
pub(super) struct Catalog {
    /// Print where a vendor's page and a vendor's server disagree
    #[arg(long)]
    editions: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Catalog {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let text = match (self.editions, self.format) {
            (false, Format::Text) => {
                VENDORS.iter().map(|vendor| vendor_as_text(*vendor)).collect::<Vec<_>>().join("\n")
            }
            (true, Format::Text) => VENDORS.iter().map(|vendor| editions_as_text(*vendor)).collect(),
            (false, Format::Json) => {
                let all: serde_json::Map<_, _> = VENDORS
                    .iter()
                    .map(|vendor| (vendor.name().to_owned(), vendor_as_json(*vendor)))
                    .collect();
                format!("{:#}\n", Value::Object(all))
            }
            (true, Format::Json) => {
                let rows: Vec<_> = VENDORS.iter().flat_map(|vendor| editions_as_json(*vendor)).collect();
                format!("{:#}\n", Value::Array(rows))
            }
        };
        print(&text)?;
        Ok(Exit::Fine)
    }
}

fn vendor_as_text(vendor: &dyn Vendor) -> String {
    let mut text = format!("{}\n\noperations\n", vendor.title());
    for operation in vendor.operations() {
        let Operation { name, route, summary, parameters, source, .. } = operation;
        let parameters = if parameters.is_empty() {
            String::new()
        } else {
            format!("\n    parameters: {}", parameters.join(", "))
        };
        let _ = write!(
            text,
            "  {}.{name}\n    {route}: {summary}{parameters}\n    source: {source}\n",
            vendor.name()
        );
    }
    text.push_str("\nerrors\n");
    for error in vendor.errors() {
        let _ = writeln!(text, "  {}", error.code);
        for face in error.faces {
            let edition = if face.edition.is_empty() { String::new() } else { format!("{}: ", face.edition) };
            let _ = writeln!(text, "    {edition}{} {}", face.status, face.text);
        }
        let _ = writeln!(text, "    {}", facts(error).join(" · "));
    }
    text
}

fn facts(error: &ErrorCode) -> Vec<String> {
    let mut facts = vec![format!("stage {}", error.stage.name())];
    if !error.meaning.is_empty() {
        facts.insert(0, error.meaning.to_owned());
    }
    if error.retryable {
        facts.push("retryable".to_owned());
    }
    if !error.operations.is_empty() {
        facts.push(format!("only {}", error.operations.join(", ")));
    }
    facts.push(format!("source: {}", error.source));
    facts
}

fn vendor_as_json(vendor: &dyn Vendor) -> Value {
    let operations = vendor.operations().iter().map(|operation| {
        json!({
            "name": format!("{}.{}", vendor.name(), operation.name),
            "route": operation.route,
            "summary": operation.summary,
            "parameters": operation.parameters,
            "source": operation.source,
        })
    });
    let errors = vendor.errors().iter().map(|error| {
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
            "operations": vendor.operations().iter().map(|o| o.name).filter(|o| error.is_given_by(o)).collect::<Vec<_>>(),
            "source": error.source,
        })
    });
    json!({"operations": operations.collect::<Vec<_>>(), "errors": errors.collect::<Vec<_>>()})
}

fn editions_as_text(vendor: &dyn Vendor) -> String {
    let rows = vendor.differences();
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("{}: where `edition: documented` and `edition: live` differ\n", vendor.title());
    for row in rows {
        let _ = write!(
            text,
            "\n{:>3}  {}\n     documented  {}\n     live        {}\n     source      {}\n",
            row.number, row.item, row.documented, row.live, row.source
        );
    }
    text
}

fn editions_as_json(vendor: &dyn Vendor) -> Vec<Value> {
    let rows = vendor.differences();
    let row = |row: crate::vendor::Difference| {
        json!({
            "vendor": vendor.name(),
            "number": row.number,
            "item": row.item,
            "documented": row.documented,
            "live": row.live,
            "source": row.source,
        })
    };
    rows.into_iter().map(row).collect()
}
