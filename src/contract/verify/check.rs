//! A check: a call, and what it may do to the server.

use super::call::{Call, Content, Proof};
use crate::emulator::Operation;

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The name, such as `chats.rename: 2002 unknown chat`.
    pub name: String,
    /// The operation; `None` for a call of none.
    pub operation: Option<&'static Operation>,
    /// The code that the check wants to see; `None` for a success.
    pub code: Option<&'static str>,
    /// The codes that it may see instead, by the kind of the named chat or the edition.
    pub or: &'static [&'static str],
    /// What is sent.
    pub call: Call,
    /// The kinds of the named chat for which the check makes sense; empty for all.
    pub kinds: &'static [&'static str],
    /// What the call does to the server.
    pub touch: Touch,
    /// The slots that its answer fills, each with the place in the body.
    pub learns: &'static [(&'static str, &'static str)],
    /// The name of the check whose change it takes back.
    pub ends: Option<&'static str>,
    /// The name of the check that must have been answered before as it wants: with success, or with an error.
    pub after: Option<&'static str>,
    /// Whether its answer shows of what kind the named chat is.
    pub finds_kind: bool,
}

/// What a call does to the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Touch {
    /// Nothing.
    Nothing,
    /// Nothing if the server refuses it, as it should; otherwise what is said here.
    IfAccepted(&'static str),
    /// It changes something.
    Changes {
        /// What takes the change back.
        undo: Option<Box<Call>>,
        /// What stays; empty when nothing does.
        left: &'static str,
    },
}

impl Check {
    /// A check that changes nothing, with the usual proof. `code` is empty for a success.
    pub fn new(
        operation: &'static Operation,
        code: &'static str,
        what: &str,
        target: String,
        body: Content,
    ) -> Self {
        let outcome = if code.is_empty() { "success" } else { code };
        let what = if what.is_empty() { String::new() } else { format!(" {what}") };
        Self {
            name: format!("{}: {outcome}{what}", operation.name),
            operation: Some(operation),
            code: Some(code).filter(|code| !code.is_empty()),
            or: &[],
            call: Call { verb: operation.verb, target, body, proof: Proof::Usual },
            kinds: &[],
            touch: Touch::Nothing,
            learns: &[],
            ends: None,
            after: None,
            finds_kind: false,
        }
    }

    /// The same with another proof.
    #[must_use]
    pub fn by(mut self, proof: Proof) -> Self {
        self.call.proof = proof;
        self
    }

    /// The same; it may see one of these codes instead, which stand in its name too.
    #[must_use]
    pub fn or(self, or: &'static [&'static str]) -> Self {
        let first = self.code.unwrap_or("success");
        let all = [&[first], or].concat().join(", ");
        let name = self.name.replacen(&format!(": {first}"), &format!(": {all}"), 1);
        Self { name, or, ..self }
    }

    /// The same, only for these kinds of the named chat.
    #[must_use]
    pub fn of(self, kinds: &'static [&'static str]) -> Self {
        Self { kinds, ..self }
    }

    /// The same, with what it does if the server accepts it.
    #[must_use]
    pub fn risks(self, what: &'static str) -> Self {
        Self { touch: Touch::IfAccepted(what), ..self }
    }

    /// The same, with a change that `undo` takes back.
    #[must_use]
    pub fn undone_by(self, undo: Call) -> Self {
        Self { touch: Touch::Changes { undo: Some(Box::new(undo)), left: "" }, ..self }
    }

    /// The same, with a change that stays.
    #[must_use]
    pub fn leaves(self, left: &'static str) -> Self {
        let undo = match self.touch {
            Touch::Changes { undo, .. } => undo,
            Touch::Nothing | Touch::IfAccepted(_) => None,
        };
        Self { touch: Touch::Changes { undo, left }, ..self }
    }

    /// The same, with slots that its answer fills.
    #[must_use]
    pub fn learning(self, learns: &'static [(&'static str, &'static str)]) -> Self {
        Self { learns, ..self }
    }

    /// The same; it takes back what the check called `name` has changed.
    #[must_use]
    pub fn ending(self, name: &'static str) -> Self {
        Self { ends: Some(name), ..self.within(name) }
    }

    /// The same; it changes only what the check called `name` has made, and what that one takes back or names.
    #[must_use]
    pub fn within(self, name: &'static str) -> Self {
        Self { after: Some(name), touch: Touch::Changes { undo: None, left: "" }, ..self }
    }

    /// The same; it is made only when the check called `name` was answered as that one wants.
    #[must_use]
    pub fn once(self, name: &'static str) -> Self {
        Self { after: Some(name), ..self }
    }

    /// The same; its answer shows of what kind the named chat is.
    #[must_use]
    pub fn finding_kind(self) -> Self {
        Self { finds_kind: true, ..self }
    }

    /// Whether it is sent only with the user's leave to write.
    pub fn needs_leave(&self) -> bool {
        self.touch != Touch::Nothing
    }
}
