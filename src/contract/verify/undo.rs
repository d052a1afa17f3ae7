//! A call that takes a change back, and what it has come to.

use super::call::{Call, Slots};
use super::wish::Ended;

/// A call that takes a change back.
pub struct Undo {
    /// The name of the check that has made the change.
    of: String,
    /// What takes it back.
    pub call: Call,
    /// The request that has made the change, in a line.
    made_by: String,
    /// Why the first try got no answer; `None` before it.
    lost: Option<String>,
}

/// What the call has come to.
pub enum PutBack {
    /// The change is taken back.
    Done,
    /// Nobody knows: the call got no answer, and is sent once more.
    Again(Undo),
    /// The change stays, or may stay: what is said here.
    Left(String),
}

impl Undo {
    /// What takes the change of the check `of` back, which the request `made_by` has made.
    pub fn new(of: String, call: Call, made_by: String) -> Self {
        Self { of, call, made_by, lost: None }
    }

    /// Whether it takes back what the check `name` has changed.
    pub fn is_of(&self, name: &str) -> bool {
        self.of == name
    }

    /// What may be left when no answer has filled the slot of the call: what was sent, and where to look.
    pub fn without(&self, slot: &str) -> String {
        let (list, _) = self.call.target.split_once("/{").unwrap_or((&self.call.target, ""));
        format!(
            "a {slot}, if `{}` has made one: no answer has told which, so nothing takes it back. It was asked for by `{}`; `GET {list}` shows whether it is there",
            self.of, self.made_by
        )
    }

    /// Takes how the call ended.
    pub fn took(self, ended: Ended, slots: &Slots) -> PutBack {
        let why = match (ended, &self.lost) {
            (Ended::Answered(response), _) if response.is_success() => return PutBack::Done,
            (Ended::Answered(response), _) => format!("status {}", response.status),
            (Ended::Failed(why), None) => return PutBack::Again(Self { lost: Some(why), ..self }),
            (Ended::Failed(why), Some(_)) => why,
            (Ended::Abandoned, _) => "the user has stopped it".to_owned(),
        };
        let call = self.call.filled(slots).map_or_else(|_| self.call.words(), |call| call.words());
        PutBack::Left(match self.lost {
            None => format!("what `{}` has changed, because `{call}` failed: {why}", self.of),
            Some(lost) => format!(
                "what `{}` has changed, unless `{call}` was obeyed, which got no answer: {lost}; and once more: {why}",
                self.of
            ),
        })
    }
}
