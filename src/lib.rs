//! `standin` stands in for two chat APIs while a client is written and tested: Bitrix24's
//! `imconnector.chat.name.set` and Chert's `PUT /api/v1/chats/{id}`.
//!
//! ```text
//!          bytes               values                     values                     bytes
//! socket ──▶ serve ──▶ http::Request ──▶ engine::step ──▶ Planned{reply, wire, note} ──▶ serve ──▶ socket
//!                                          │      ▲
//!                                          ▼      │        pure, synchronous, total:
//!                               vendor dialect + fault plan   no clock, no I/O, no lock, no unseeded randomness
//! ```
//!
//! In a test of your own, start a [`Server`]: it picks a free port, hands out URLs and credentials, and lets the
//! test read what the client did.
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
//! faults:
//!   - {name: fails once, on: bitrix24.imconnector.chat.name.set, when: {call: 1}, error: CHAT_RENAMING_FAILED}
//! ",
//! )?;
//! assert_eq!(server.access("BITRIX24_REST_URL"), Some(format!("{}/rest/", server.url())));
//! assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "Old name");
//! # Ok(())
//! # }
//! ```

pub mod basics;
pub mod control;
pub mod emulator;
pub mod engine;
pub mod fault;
pub mod http;
pub mod judge;
pub mod scalar;
pub mod scenario;
pub mod serve;
pub mod services;

#[doc(hidden)]
pub mod cli;

pub use scenario::{Report, Scenario};
pub use serve::{Server, StartError, Unmet};
