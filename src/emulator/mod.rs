//! The interface of an emulated service: operations, errors, section of a scenario, state, rules.
//!
//! A service reads its section of a scenario, keeps the state of its world, and answers requests as the real service
//! does. It does not know that faults exist: at the end of each stage it asks its [`Checkpoint`], and gives the error
//! that the checkpoint orders. The services themselves are in [`crate::services`].

mod action;
mod answer;
pub mod bucket;
mod calling;
pub mod conduct;
mod delivery;
mod drift;
mod error;
mod example;
mod exchange;
mod later;
mod operation;
mod reason;
mod replica;
mod secrets;
mod section;
mod service;
mod shape;
mod state;
mod url;

pub use action::{Action, ActionInput, ActionMistake, ActionParameter, ActionResult, ParameterMistake};
pub use answer::{Answer, AnswerBody};
pub use calling::{Base, Calling, Presents, ProofPlace, Ways};
pub use delivery::{
    Attempted, BoundHandler, Brought, Delivery, Endpoint, EventKind, EventName, EventRecord, Feed,
    HandlerTarget, Nature, Next, Outcome, Outgoing, Raised, Sender,
};
pub use drift::Drift;
pub use error::{ErrorCode, Face, Gives, gives};
pub use example::Example;
pub use exchange::{Bulk, Checkpoint, Effect, Exchange, Fate, OperationCall, Ordered, RequestedCall};
pub use later::Later;
pub use operation::{ANY, Named, Operation, Parameter, Place, Requirement, ValueType};
pub use reason::{misspelt, some_of, those_of};
pub use replica::{BEFORE_REPLICA, ReplicaName, end_of_tokens};
pub use secrets::{FieldForm, Places, Secret, weakness};
pub use section::{Access, Known, Proof, Section, Traits, known};
pub use service::{Difference, Habits, Service, USUAL_BODY};
pub use shape::{Member, Pattern, Shape, member, optional};
pub use state::{Emulator, Thing};
pub use url::HandlerUrl;
