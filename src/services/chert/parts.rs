//! The parts of a message, as calls describe them → the parts of the state.

use serde_json::{Map, Value};

use super::attachments::{Attachment, Content};
use super::errors::{self, Refusal};
use super::invocation::Invocation;
use super::messages::{Part, RichLink};

/// How many parts a message may have.
const MOST: usize = 10;

/// The length of the longest text, in bytes. The vendor's number is not known: this is that of its SDK's preview.
const LONGEST: usize = 16_384;

/// The name of the field in errors.
const FIELD: &str = "message.parts";

/// Reads the parts of a message.
///
/// # Errors
/// `1001` without parts, `1002` when one is malformed, `1006` when there are too many, `1008` when two texts stand side by
/// side, `1009` when a text is too long.
pub fn read(invocation: &Invocation<'_>, message: &Map<String, Value>) -> Result<Vec<Part>, Refusal> {
    let parts = match message.get("parts") {
        None | Some(Value::Null) => return Err(invocation.missing(FIELD)),
        Some(Value::Array(parts)) if parts.is_empty() => return Err(invocation.missing(FIELD)),
        Some(Value::Array(parts)) => parts,
        Some(_) => return Err(invocation.invalid(FIELD, "is not a list")),
    };
    if parts.len() > MOST {
        let refusal = Refusal::new(&errors::CHAT_IS_DIRECT_MESSAGE).with_text("Too many parts");
        return Err(
            refusal.because(format!("a message has at most {MOST} parts; this one has {}", parts.len()))
        );
    }
    let parts = parts.iter().map(|part| one(invocation, part)).collect::<Result<Vec<_>, _>>()?;
    let is_text = |part: &Part| matches!(part, Part::Text { .. });
    if parts.windows(2).any(|pair| pair.iter().all(is_text)) {
        let reason = "two text parts stand side by side: make one of them";
        return Err(invocation.refusal(&errors::CONSECUTIVE_TEXTS).because(reason));
    }
    for part in &parts {
        if let Part::Text { value } = part {
            check_length(invocation, value)?;
        }
    }
    Ok(parts)
}

/// Checks the length of a text.
///
/// # Errors
/// `1009` when it is too long.
pub fn check_length(invocation: &Invocation<'_>, text: &str) -> Result<(), Refusal> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    let reason = format!("the text has {} bytes; at most {LONGEST} are allowed", text.len());
    Err(invocation.refusal(&errors::TEXT_TOO_LONG).because(reason))
}

/// Checks that texts of a chat's first message have no URL.
///
/// # Errors
/// `1005` when one has.
pub fn check_first(invocation: &Invocation<'_>, parts: &[Part]) -> Result<(), Refusal> {
    let has_url = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["http://", "https://", "www."].iter().any(|start| text.contains(start))
    };
    if parts.iter().any(|part| matches!(part, Part::Text { value } if has_url(value))) {
        let reason = "a text of the chat's first message has a URL: send it as a part of type `rich_link`";
        return Err(invocation.refusal(&errors::URL_IN_FIRST_MESSAGE).because(reason));
    }
    Ok(())
}

/// Checks that the files of a message are there.
///
/// # Errors
/// `5001` when one is not known, `5004` when it is not uploaded.
pub fn check_files(invocation: &Invocation<'_>, parts: &[Part]) -> Result<(), Refusal> {
    for part in parts {
        if let Part::Media { attachment_id } = part {
            content_of(invocation, attachment_id)?;
        }
    }
    Ok(())
}

/// A file with its content.
///
/// # Errors
/// As [`check_files`].
pub fn content_of<'a>(
    invocation: &Invocation<'a>,
    id: &str,
) -> Result<(&'a Attachment, &'a Content), Refusal> {
    let known = invocation.tenant.attachments.get(id);
    match known.map(|attachment| (attachment, attachment.content.as_deref())) {
        Some((attachment, Some(content))) => Ok((attachment, content)),
        Some((_, None)) => {
            let reason = format!("the attachment `{id}` has no content yet: PUT it to its `upload_url`");
            Err(invocation.refusal(&errors::ATTACHMENT_NOT_UPLOADED).because(reason))
        }
        None => {
            let reason = format!("the tenant has no attachment `{id}`");
            Err(invocation.refusal(&errors::ATTACHMENT_NOT_FOUND).because(reason))
        }
    }
}

fn one(invocation: &Invocation<'_>, part: &Value) -> Result<Part, Refusal> {
    let text = |name: &str| match part.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(invocation.invalid(FIELD, &format!("has a part without a text as `{name}`"))),
    };
    let optional = |name: &str| match part.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(invocation.invalid(FIELD, &format!("has a part whose `{name}` is not a text"))),
    };
    match &*text("type")? {
        "text" => Ok(Part::Text { value: text("value")? }),
        "media" => Ok(Part::Media { attachment_id: text("attachment_id")? }),
        "rich_link" => {
            let url = text("url")?;
            if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
                return Err(
                    invocation.invalid(FIELD, "has a `rich_link` whose `url` is not an http or https URL")
                );
            }
            Ok(Part::RichLink(Box::new(RichLink {
                url,
                title: optional("title")?,
                summary: optional("summary")?,
                image_url: optional("image_url")?,
                icon_url: optional("icon_url")?,
            })))
        }
        other => {
            let why = format!("has a part of the type `{other}`: the types are text, media and rich_link");
            Err(invocation.invalid(FIELD, &why))
        }
    }
}
