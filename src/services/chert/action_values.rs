//! The values of an action's parameters → what they mean, whatever the state is.

use super::addresses;
use super::attachments::{LARGEST, from_base64, is_mime_type};
use super::messages::ReactionKind;
use super::tenants::MOST_PARTICIPANTS;
use crate::emulator::{ActionMistake, some_of};

/// The reactions, for messages.
pub const REACTIONS: &str = "`love`, `like`, `dislike`, `laugh`, `emphasize` or `question`";

/// The tenant that the slug `wanted` names, or the only one, by its place in `known`. `is_meant` compares a slug with a
/// place.
pub fn tenant(
    known: &[&str],
    wanted: Option<&str>,
    is_meant: impl Fn(usize, &str) -> bool,
) -> Result<usize, ActionMistake> {
    let all = || some_of(known.iter().copied());
    match wanted {
        Some(slug) => (0..known.len()).find(|place| is_meant(*place, slug)).ok_or_else(|| {
            ActionMistake::new(format!("there is no tenant `{slug}`"), format!("the tenants are {}", all()))
        }),
        None if known.len() == 1 => Ok(0),
        None => {
            let help = format!("name one with `tenant`: {}", all());
            Err(ActionMistake::new("`tenant` does not say which one is meant", help))
        }
    }
}

/// The phone number or email address in the parameter `name`, in the form of the service.
pub fn address(name: &str, text: &str) -> Result<String, ActionMistake> {
    addresses::address(text).ok_or_else(|| {
        let message = format!("`{}` in `{name}` is neither a phone number nor an email address", text.trim());
        ActionMistake::new(message, "write one such as `+14155551234`")
    })
}

/// The reaction of this name.
pub fn reaction(name: &str) -> Result<ReactionKind, ActionMistake> {
    ReactionKind::named(name).ok_or_else(|| {
        ActionMistake::new(format!("there is no reaction `{name}`"), format!("the reactions are {REACTIONS}"))
    })
}

/// The bytes of a file in base64.
pub fn file(text: &str) -> Result<Vec<u8>, ActionMistake> {
    let bytes = from_base64(text).ok_or_else(|| {
        let help = "encode the bytes of the file, for example with `base64`";
        ActionMistake::new("`media` is not base64", help)
    })?;
    if bytes.len() > LARGEST {
        let message = format!("the file has {} bytes; standin keeps up to {LARGEST}", bytes.len());
        return Err(ActionMistake::new(message, "send a smaller one"));
    }
    Ok(bytes)
}

/// Checks the type of a file.
pub fn content_type(text: &str) -> Result<(), ActionMistake> {
    if is_mime_type(text) {
        return Ok(());
    }
    let message = format!("`{text}` is not a type of content");
    Err(ActionMistake::new(message, "write one such as `image/png`"))
}

/// The participants of a group that was made elsewhere: the one who writes, and others.
pub fn group(from: &str, others: &str) -> Result<Vec<String>, ActionMistake> {
    let mut participants = vec![from.to_owned()];
    for text in others.split(',').filter(|text| !text.trim().is_empty()) {
        let address = address("participants", text)?;
        if !participants.contains(&address) {
            participants.push(address);
        }
    }
    if (2..=MOST_PARTICIPANTS).contains(&participants.len()) {
        return Ok(participants);
    }
    let message =
        format!("a group has 2 to {MOST_PARTICIPANTS} participants, and not {}", participants.len());
    Err(ActionMistake::new(message, "name the others, such as `+14155550100,+14155550200`"))
}

/// A message that has neither text nor file.
pub fn empty_message() -> ActionMistake {
    let help = "write `text`, or the content of a file in base64 as `media`";
    ActionMistake::new("a recipient cannot send an empty message", help)
}

/// Something is said of a file that is not there.
pub fn without_media(name: &str) -> ActionMistake {
    let help = "add the content in base64 as `media`";
    ActionMistake::new(format!("`{name}` is given without `media`"), help)
}

/// `chat` and `participants` exclude each other.
pub fn two_chats() -> ActionMistake {
    let help = "leave `participants` out to write in a chat that exists";
    ActionMistake::new("`participants` describe a new group, and `chat` names one", help)
}

/// Neither `chat` nor `from` is given.
pub fn nowhere() -> ActionMistake {
    let help = "name the chat with `chat`, or the recipient with `from`";
    ActionMistake::new("where is it written?", help)
}

/// Nobody is known who could have written.
pub fn nobody() -> ActionMistake {
    ActionMistake::new(
        "who writes? the chat has no participants",
        "name the recipient with `from`, such as `+14155551234`, or list `participants` in the scenario",
    )
}

/// The tenant has no line of this ID.
pub fn unknown_line<'t>(id: &str, known: impl Iterator<Item = &'t str>) -> ActionMistake {
    let help = format!("its lines are {}", some_of(known));
    ActionMistake::new(format!("the tenant has no line `{id}`"), help)
}
