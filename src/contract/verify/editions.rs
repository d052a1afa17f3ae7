//! Row by row of the differences between the editions: which one a server resembles.

use serde::Serialize;

use super::outcome::Difference;
use super::twin::Reading;
use crate::emulator::Service;

/// Which edition a server resembles in one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionRow {
    /// The number of the row in `standin catalog --editions`.
    pub number: u8,
    /// What differs.
    pub item: String,
    /// Which edition it resembles.
    pub resembles: Resembles,
    /// The name of the check that shows it; empty when none does.
    pub check: String,
    /// Why it was not tried; empty when it was.
    pub why: String,
}

/// Which edition a server resembles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resembles {
    /// The documented one.
    Documented,
    /// The live one.
    Live,
    /// Neither.
    Neither,
    /// Nobody knows.
    NotTried,
}

/// What the answer to a check has shown of a row.
pub struct Sighting {
    number: u8,
    resembles: Resembles,
}

/// Where a row shows.
struct Sight {
    number: u8,
    check: &'static str,
    /// The places of the answer at which the editions differ.
    places: &'static [&'static str],
    /// What is meant when the answer fits both, because the one allows more than the other says.
    both: Resembles,
}

const fn sight(number: u8, check: &'static str, places: &'static [&'static str]) -> Sight {
    Sight { number, check, places, both: Resembles::NotTried }
}

const fn live_if_both(sight: Sight) -> Sight {
    Sight { both: Resembles::Live, ..sight }
}

const TEXT: &[&str] = &["body.error_description"];
const CODE: &[&str] = &["status", "body.error"];

const SIGHTS: &[Sight] = &[
    sight(1, "imconnector.status: WRONG_AUTH_TYPE webhook", &["status"]),
    sight(3, "imconnector.chat.name.set: NOT_ACTIVE_LINE unknown line", TEXT),
    sight(4, "imconnector.chat.name.set: IMCONNECTOR_NO_CORRECT_PROVIDER unknown connector", TEXT),
    sight(5, "imconnector.chat.name.set: ERROR_ARGUMENT no CONNECTOR", TEXT),
    sight(6, "imconnector.chat.name.set: CHAT_RENAMING_FAILED, ERROR_ARGUMENT unknown chat", TEXT),
    sight(7, "imconnector.chat.name.set: ERROR_ARGUMENT no LINE", &["body.argument"]),
    sight(8, "server.time: success", &["body"]),
    // A float is a whole number once in a million calls.
    live_if_both(sight(9, "server.time: success", &["body.time.start", "body.answer.time.start"])),
    // The documented edition may report it where the operating time is limited.
    live_if_both(sight(
        10,
        "server.time: success",
        &["body.time.operating", "body.time.operating_reset_at", "body.answer.time.operating"],
    )),
    sight(11, "server.time: INVALID_CREDENTIALS unknown webhook", &["status"]),
    sight(22, "imconnector.chat.name.set: success, CHAT_RENAMING_FAILED same name", &["status"]),
    sight(24, "imconnector.chat.name.set: CHAT_RENAMING_FAILED unknown chat and user", &["status"]),
    sight(26, "imconnector.register: CONNECTOR_ID_REQUIRED no ID", &["body.result"]),
    sight(
        32,
        "imconnector.chat.name.set: IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND the connector livechat",
        TEXT,
    ),
    sight(
        33,
        "imconnector.unregister: APPLICATION_UNREGISTRATION_ERROR no ID",
        &["body.result", "body.error_description"],
    ),
    sight(40, "imconnector.send.messages: ERROR_ARGUMENT message without a chat", TEXT),
    sight(
        42,
        "imconnector.chat.name.set: IMCONNECTOR_NO_CORRECT_PROVIDER unknown connector, no USER_ID",
        CODE,
    ),
    sight(43, "server.time: NO_AUTH_FOUND, invalid_token unknown token", CODE),
    // A server may send more header fields than the document names.
    live_if_both(sight(44, "server.time: NO_AUTH_FOUND no credentials", &["header.x-bitrix-rest-time"])),
    sight(49, "server.time: ACCESS_DENIED.rights, ERROR_METHOD_NOT_FOUND parameter of a link", CODE),
    sight(54, "imconnector.unregister: APPLICATION_UNREGISTRATION_ERROR unknown connector", &["body.result"]),
    sight(58, "event.bind: ERROR_WRONG_HANDLER_URL handler on localhost", CODE),
];

/// The row whose editions are those of the envelope.
const ENVELOPE: u8 = 8;

/// What the answer to a check shows of the rows. `by_reading` has what differs from each reading.
pub fn seen(
    check: &str,
    readings: &[Reading],
    kind: Option<&'static str>,
    by_reading: &[Option<Vec<Difference>>],
) -> Vec<Sighting> {
    let of_check = SIGHTS.iter().filter(|sight| sight.check == check);
    let fits = |sight: &Sight, edition: &str| {
        readings.iter().zip(by_reading).any(|(reading, found)| {
            let own = if sight.number == ENVELOPE && edition == "live" { "wire" } else { edition };
            let is_meant =
                if sight.number == ENVELOPE { reading.envelope == own } else { reading.edition == own };
            let is_free =
                |found: &Vec<Difference>| !found.iter().any(|difference| sight.is_at(&difference.at));
            is_meant && kind.is_none_or(|kind| kind == reading.kind) && found.as_ref().is_some_and(is_free)
        })
    };
    let sighting = |sight: &Sight| {
        let resembles = match (fits(sight, "documented"), fits(sight, "live")) {
            (true, false) => Resembles::Documented,
            (false, true) => Resembles::Live,
            (false, false) => Resembles::Neither,
            (true, true) => sight.both,
        };
        Sighting { number: sight.number, resembles }
    };
    of_check.map(sighting).collect()
}

impl Sight {
    /// Whether a difference at `at` is one of the row.
    fn is_at(&self, at: &str) -> bool {
        let is_within = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.places.iter().any(|place| is_within(at, place) || is_within(place, at))
    }
}

/// All rows. `whys` has the name of each check and why it was not tried.
pub fn rows(service: &dyn Service, sightings: &[Sighting], whys: &[(&str, &str)]) -> Vec<EditionRow> {
    let row = |row: crate::emulator::Difference| {
        let sight = SIGHTS.iter().find(|sight| sight.number == row.number);
        let seen = sightings.iter().find(|sighting| sighting.number == row.number);
        let resembles = seen.map_or(Resembles::NotTried, |seen| seen.resembles);
        let why = match (resembles, sight, seen) {
            (Resembles::NotTried, None, _) => why(row.number).to_owned(),
            (Resembles::NotTried, Some(_), Some(_)) => "the answer fits both editions".to_owned(),
            (Resembles::NotTried, Some(sight), None) => {
                let known = whys.iter().find(|(name, _)| *name == sight.check);
                known.map_or("the check was left out", |(_, why)| why).to_owned()
            }
            _ => String::new(),
        };
        let check = sight.map_or("", |sight| sight.check).to_owned();
        EditionRow { number: row.number, item: row.item.to_owned(), resembles, check, why }
    };
    service.differences().into_iter().map(row).collect()
}

/// Why no check shows a row.
fn why(number: u8) -> &'static str {
    match number {
        2 => "which scopes a credential has is not held against the contract",
        12 | 47 => "needs a credential without the scope",
        13 => "needs a user without access to the application",
        14 | 19 | 20 => "needs a plan without REST",
        15 => "needs a webhook over http, which is never sent to a real portal",
        16 | 17 => "needs a portal in another state",
        25 | 27 | 28 => "no call shows all that was stored",
        31 => "needs a user without rights",
        30 | 48 => "needs the session of a browser",
        45 | 46 => "only a fault raises the error",
        34..=36 => "a limit: no check provokes one",
        37 | 38 | 51..=53 | 57 | 59 => "events are not checked",
        50 => "needs a connector without groups, and differs only in what the call names",
        _ => "the editions send the same",
    }
}
