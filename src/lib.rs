//! `standin` is a mock server for two chat APIs, Bitrix24 and Chert. It stands in for them while a client is written
//! and tested.
//!
//! It emulates the operations that renaming a chat involves: of Bitrix24 `imconnector.chat.name.set`, the methods that
//! a client calls beside it, `batch` and the OAuth token endpoint; of Chert `PUT /api/v1/chats/{id}`,
//! `GET /api/v1/phone-numbers` and `GET /api/v1/whoami`. `standin catalog` lists them all. A scenario, a YAML file,
//! says which credentials and chats exist and which faults occur.
//!
//! How a request becomes an answer:
//!
//! ```text
//!          bytes               values                     values                     bytes
//! socket ──▶ serve ──▶ http::Request ──▶ engine::step ──▶ Planned{reply, wire, note} ──▶ serve ──▶ socket
//!                                          │      ▲
//!                                          ▼      │        pure, synchronous, total:
//!                              service dialect + fault plan   no clock, no I/O, no lock, no unseeded randomness
//! ```
//!
//! In your own tests, start a [`Server`]. It listens on a free port, gives the test the URLs and credentials for the
//! client, and shows the test what the client did.
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
pub mod page;
pub mod scalar;
pub mod scenario;
pub mod serve;
pub mod services;

#[doc(hidden)]
pub mod cli;

pub use scenario::{Report, Scenario};
pub use serve::{Server, StartError, Unmet};
