//! One test binary. Each module is a side from which the server is looked at:
//!
//! * `documented`: every documented example gets its documented response, through a real socket
//! * `bitrix24`, `chert`: what each vendor does beyond its examples, in both editions
//! * `catalogue`: every row of both error catalogues can be raised
//! * `faults`: when faults strike, and what they leave alone
//! * `tls`: https and HTTP/2
//! * `wire`: what a fault does to the connection, as a raw socket sees it
//! * `run`: a client's command beside a server, judged
//! * `run_time`: what can be changed and asked while a server runs
//! * `conduct`: rules that clients keep or break
//! * `expectations`: what a scenario expects of the client
//! * `namespaces`: worlds apart within one server
//! * `control`: health, journal, state, reset
//! * `library`: every shipped scenario, as a client sees it
//! * `limits`: what is counted, and what happens past the limit
//! * `hostile`: requests that mean harm or are broken
//! * `oauth`: a refresh token for a new pair
//! * `pure`: the same seed and requests give the same bytes; nothing panics
//! * `commands`: the built binary, as a person uses it
//! * `scenario`: what scenarios are accepted, and what is said of the others
//! * `architecture`: who may use whom

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself may")]

mod architecture;
mod bitrix24;
mod catalogue;
mod chert;
mod client;
mod commands;
mod conduct;
mod control;
mod documented;
mod expectations;
mod faults;
mod hostile;
mod library;
mod limits;
mod namespaces;
mod oauth;
mod pure;
mod run;
mod run_time;
mod scenario;
mod tls;
mod wire;
