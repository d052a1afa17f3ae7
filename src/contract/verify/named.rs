//! What the server has said of the chat that the user names, its connector, its line and its user.
//!
//! An answer that denies what the user names is no difference: the user may have mistyped it. Once a check has held that needs
//! it, the same answer is a difference.

use std::collections::{BTreeMap, BTreeSet};

use super::call::{Slots, filled};
use super::check::Check;
use super::response::Response;
use crate::scalar::in_a_line;

/// What the server has said of what the user names.
pub struct Named {
    slots: Slots,
    known: BTreeSet<&'static str>,
    /// The slots whose things the server does not know, each with the reason why nothing that needs it is tried.
    unknown: BTreeMap<&'static str, String>,
}

/// What the user names.
const NAMES: &[&str] = &["connector", "line", "chat", "user"];

impl Named {
    /// Nothing is said yet of what stands in `slots`.
    pub fn new(slots: &Slots) -> Self {
        Self { slots: slots.clone(), known: BTreeSet::new(), unknown: BTreeMap::new() }
    }

    /// What the server does not know, each in a sentence.
    pub fn denials(&self) -> impl Iterator<Item = &str> {
        self.unknown.values().map(String::as_str)
    }

    /// Why a check is not tried; `None` when the server may know all that it needs.
    pub fn why_not(&self, check: &Check) -> Option<String> {
        let mut unknown = self.unknown.iter();
        unknown.find(|(slot, _)| needs(check, slot)).map(|(_, why)| why.clone())
    }

    /// Takes the answer to a check. Returns why the check counts as not tried, when the answer denies what the user names.
    pub fn took(&mut self, check: &Check, response: &Response, holds: bool) -> Option<String> {
        let code = response.code().unwrap_or_default();
        if holds {
            if shows_all(check, &code) {
                self.known.extend(NAMES.iter().filter(|slot| needs(check, slot)));
            }
            return None;
        }
        let is_meant = check.code == Some(&code) || check.or.contains(&&*code);
        let (slot, what) = match &*code {
            _ if is_meant => return None,
            "2002" => ("chat", "the server knows no chat `{chat}`"),
            "IMCONNECTOR_NO_CORRECT_PROVIDER" => ("connector", "the server knows no connector `{connector}`"),
            "NOT_ACTIVE_LINE" => ("line", "the connector `{connector}` is not active on the line {line}"),
            "CHAT_RENAMING_FAILED" => {
                ("chat", "the server knows no such chat as `{chat}` with an open session")
            }
            // The live edition answers so when it knows no such user, and renames nothing.
            "" if response.is_success() && check.code == Some("CHAT_RENAMING_FAILED") => {
                ("user", "the server knows no user `{user}` of the connector")
            }
            _ => return None,
        };
        if !needs(check, slot) || self.known.contains(slot) {
            return None;
        }
        let said = if code.is_empty() { "with success".to_owned() } else { format!("`{code}`") };
        let what = filled(what, &self.slots, in_a_line).unwrap_or_default();
        let why = format!("{what}: it has answered {said} to `{}`", check.name);
        self.unknown.insert(slot, why.clone());
        Some(why)
    }
}

/// Whether a check needs what the user names in this slot. The checks of an own connector need the line alone, which may be any.
fn needs(check: &Check, slot: &str) -> bool {
    check.call.has_slot(slot) && (slot != "line" || check.call.has_slot("connector"))
}

/// Whether a server that answers this as it should knows all that the check needs. The status of a connector that does not exist
/// is a success too, and the live edition asks for a user before it looks the connector up.
fn shows_all(check: &Check, code: &str) -> bool {
    code != "ERROR_ARGUMENT" && check.operation.is_none_or(|operation| operation.name != "imconnector.status")
}
