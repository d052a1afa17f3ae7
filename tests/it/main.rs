//! The integration tests, in one binary. Each module tests one side of the server:
//!
//! * `documented`: every documented example gets its documented response, through a real socket
//! * `bitrix24`, `chert`: behaviour of each service beyond its documented examples
//! * `catalogue`: every error of both catalogues can be raised
//! * `described`: what the services say of their answers
//! * `actions`: what operators and the portal do, the events of it, and what makes no sense
//! * `events`: the bytes of every event, as a raw listener receives them
//! * `sequences`: any sequence of calls, actions and results of deliveries keeps what must stay true
//! * `direct`: a world without sockets, for other modules
//! * `faults`: when faults fire, and what they do not affect
//! * `tls`: https and HTTP/2
//! * `wire`: what a fault does to the connection, as a raw socket sees it
//! * `run`: `standin run`, which checks a client's command
//! * `rearm`: faults that are replaced and count anew while a server runs
//! * `run_time`: changes and queries while a server runs: clock, faults, scenario, explanations
//! * `conduct`: rules of conduct
//! * `expectations`: expectations of a scenario
//! * `namespaces`: separate worlds within one server
//! * `deliver`: events on their way to handlers
//! * `delivery_faults`: faults on these deliveries
//! * `webhooks`: subscriptions, event log, replay and stream of Chert
//! * `openapi`: the document that describes the control interface; `service_documents`: those that describe the
//!   services
//! * `page`: the files of the page; `stream`: what happens, in rows; `views`: what else the page asks
//! * `proxy`: `standin proxy`, which passes requests on to another server
//! * `control`: health, journal, state, reset
//! * `library`: every scenario in `scenarios/`, as a client sees it
//! * `limits`: rate limits and time limits
//! * `bounds`: limits on what a client can make the server keep
//! * `hostile`: hostile and malformed requests
//! * `oauth`: the token endpoint
//! * `pure`: the same seed and requests give the same bytes; nothing panics
//! * `schedules`: any schedule of failures ends as documented
//! * `moves`: requests to services and control interface in any order, for `pure` and for a fuzz target
//! * `reasons`: why a service refuses, as the journal says it
//! * `commands`: the subcommands of the built binary
//! * `until_stdin`: a server that ends with its starter
//! * `testing_in_rust`: the code of the page about tests in Rust
//! * `server`: what a test in the same process can ask and change
//! * `scenario`: which scenarios are accepted, and the reports of mistakes in others
//! * `architecture`: dependencies between the parts of the library
//! * `replicas`: servers behind a balancer
//! * `versions`: every package that is published has the version of `Cargo.toml`

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself may")]

mod actions;
mod architecture;
mod bitrix24;
mod bounds;
mod catalogue;
mod chert;
mod client;
mod commands;
mod conduct;
mod control;
mod deliver;
mod delivery_faults;
mod described;
mod direct;
mod documented;
#[path = "../drift/mod.rs"]
mod drift;
mod events;
mod expectations;
mod faults;
mod hostile;
mod library;
mod limits;
mod moves;
mod namespaces;
mod oauth;
mod openapi;
mod page;
mod proxy;
mod pure;
mod rearm;
mod reasons;
mod replicas;
mod run;
mod run_time;
mod scenario;
mod schedules;
mod secrets;
mod sequences;
mod server;
mod service_documents;
mod stream;
mod testing_in_rust;
mod tls;
mod until_stdin;
mod verify;
mod verify_command;
mod verify_named;
mod verify_strangers;
mod versions;
mod views;
mod webhooks;
mod whole_run;
mod wire;
