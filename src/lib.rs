//! `standin` is a mock server for two chat APIs, Bitrix24 and Chert. It stands in for them while a client is written
//! and tested: it answers like the real service, with successes, with errors and with failures of the network.
//!
//! It emulates the methods of Bitrix24's open channels with `batch`, events and the OAuth token endpoint, and the whole
//! messaging API of Chert with its webhooks. `standin catalog` lists the operations. A scenario, a YAML file, says which
//! credentials and chats exist and which faults occur; without one, [`Scenario::built_in`] is served.
//!
//! # In a test
//!
//! A [`Server`] listens on a free port. It gives the test the URLs and credentials for the client, and shows the test what
//! the client did. What a test asks and changes is in [`Scene`].
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = standin::Server::from_text(
//!     "
//! standin: 1
//! name: one chat
//! bitrix24:
//!   credentials: [{token: access-token}]
//!   connectors: [{id: connector, chat_group: true}]
//!   lines: [{id: 105, connectors: [connector]}]
//!   chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
//! ",
//! )?;
//! server.fault("{name: fails once, on: bitrix24.imconnector.chat.name.set, when: {call: 1}, error: CHAT_RENAMING_FAILED}")?;
//!
//! // Hand these to the client under test, and let it do its work.
//! assert_eq!(server.access("BITRIX24_REST_URL"), Some(format!("{}/rest/", server.url())));
//! assert_eq!(server.access("BITRIX24_ACCESS_TOKEN").as_deref(), Some("access-token"));
//!
//! assert!(server.journal().is_empty(), "no client has called yet");
//! assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "Old name");
//! # Ok(())
//! # }
//! ```
//!
//! | to | call |
//! | --- | --- |
//! | begin | [`Server::start`], [`Server::from_text`], [`Server::from_file`] |
//! | have a world of its own for each test, on one server | [`Server::namespace`], [`Server::namespace_with`] |
//! | hand URLs and credentials to the client | [`Scene::access`] |
//! | let calls fail | [`Scene::fault`] |
//! | let an operator or a recipient write | [`Scene::act`] |
//! | see the events of it, and deliver them | [`Scene::outbox`], [`Scene::handler`], [`Scene::take_event`] |
//! | move the time of a scenario whose clock is virtual | [`Scene::advance`] |
//! | wait until the client has done something | [`Scene::wait_for`] |
//! | see what the client did, and why a call failed | [`Scene::journal`], [`Scene::state`], [`Scene::explain`] |
//! | check the expectations of the scenario | [`Scene::verify`], and the end of the [`Server`] |
//!
//! `docs/testing-in-rust.md` in the package shows tests of a retry, a lost answer and an event.
//!
//! # How a request becomes an answer
//!
//! ```text
//!          bytes               values                     values                     bytes
//! socket ──▶ serve ──▶ http::Request ──▶ engine::step ──▶ Planned{reply, wire, note} ──▶ serve ──▶ socket
//!                                          │      ▲
//!                                          ▼      │        pure, synchronous, total:
//!                              service dialect + fault plan   no clock, no I/O, no lock, no unseeded randomness
//! ```
//!
//! The modules are the parts of the program, for its own tests and for those who look closely. They may change in any version;
//! the items at the top of the crate change with its version only.

pub mod basics;
pub mod contract;
pub mod control;
pub mod emulator;
pub mod engine;
pub mod fault;
pub mod http;
pub mod judge;
pub mod page;
pub mod scalar;
pub mod scenario;
pub mod serve;
pub mod services;

#[doc(hidden)]
pub mod cli;

pub use emulator::Example;
pub use engine::Entry;
pub use scenario::{Report, Scenario};
pub use serde_json;
pub use serve::{Namespace, NamespaceOptions, Refused, Scene, Server, StartError, Unmet, WaitError};
