//! The shapes that results of several methods have in common, and those of the `time` object.

use super::editions::Edition;
use crate::emulator::{Member, Pattern, Shape, member, optional};

/// A date in whole seconds, never with `Z`: PHP's `date('c')`.
pub static DATE: Pattern = Pattern::new(
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$",
    "2024-11-20T15:55:08+02:00",
);

/// A number in quotes.
pub static DIGITS: Pattern = Pattern::new("^[0-9]+$", "1767");

/// How an application is paid for: `F` free, `L` local, and so on.
pub static LETTER: Pattern = Pattern::new("^[A-Z]$", "F");

/// `Y` or `N`.
pub const YES_OR_NO: Shape = Shape::OneOf(&["Y", "N"]);

/// A map from names to such values, as PHP writes it: a list when its names are 0, 1, 2 …, so that an empty map is `[]`.
pub fn php_array(value: Shape) -> Shape {
    Shape::Either(vec![value.clone().list(), value.map()])
}

/// `true`: the `result` of a method that tells no more.
pub fn yes() -> Shape {
    Shape::Only(true)
}

/// The `result` of imconnector.register and imconnector.unregister.
pub fn registered() -> Shape {
    Shape::object([member("result", Shape::Only(true))])
}

/// The `result` of a method that tells nothing of the elements of MESSAGES.
pub fn done() -> Shape {
    Shape::object([member("SUCCESS", Shape::Only(true)), member("DATA", Shape::Empty)])
}

/// The `result` of a method that repeats the elements of MESSAGES. An element that was taken has the members that were sent, in the
/// order in which they were sent, with `more` of what is in its answer. An element that failed has its reasons only.
pub fn repeated(more: impl IntoIterator<Item = Member>) -> Shape {
    let id = Shape::Either(vec![Shape::Text, Shape::Number, Shape::Flag]);
    let known = [
        member("user", Shape::Like(&DIGITS)),
        member("chat", Shape::open([member("id", id)])),
        member("SUCCESS", Shape::Only(true)),
    ];
    let taken = Shape::open(known.into_iter().chain(more));
    let failed = Shape::object([member("SUCCESS", Shape::Only(false)), member("ERRORS", Shape::Text.list())]);
    let elements = Shape::Either(vec![taken, failed]).list();
    Shape::object([
        member("SUCCESS", Shape::Only(true)),
        member("DATA", Shape::object([member("RESULT", elements)])),
    ])
}

/// The part `message` of an element with a content. Its date is lost, and its files are IDs.
pub fn message() -> Member {
    let date = optional("date", Shape::object([]));
    member("message", Shape::open([date, optional("files", Shape::Integer.list())]))
}

/// The part `session` of an element that imconnector.send.messages has taken.
pub fn session() -> Member {
    let ids = [member("ID", Shape::Like(&DIGITS)), member("CHAT_ID", Shape::Like(&DIGITS))];
    member("session", Shape::object(ids))
}

/// The `result` of a batch: the results and the errors of its commands, by their names.
pub fn batch(edition: Edition) -> Shape {
    let error = Shape::object([
        optional("result", Shape::Only(false)),
        member("error", Shape::Text),
        member("error_description", Shape::Text),
        optional("argument", Shape::Text),
    ]);
    Shape::object([
        member("result", php_array(Shape::Any)),
        member("result_error", php_array(error)),
        // Lists of the portal tell their lengths here. No emulated method does.
        member("result_total", php_array(Shape::Integer)),
        member("result_next", php_array(Shape::Integer)),
        member("result_time", php_array(time(edition))),
    ])
}

/// The `time` object of a success. In the documented edition the operating time is there when the scenario has
/// `limits.operating`.
pub fn time(edition: Edition) -> Shape {
    let rules = edition.rules();
    let seconds = || if rules.whole_seconds { Shape::Integer } else { Shape::Number };
    let operating: fn(&'static str, Shape) -> Member =
        if rules.operating { |name, shape| member(name, shape) } else { |name, shape| optional(name, shape) };
    Shape::object([
        member("start", seconds()),
        member("finish", Shape::Number),
        member("duration", Shape::Number),
        member("processing", seconds()),
        member("date_start", Shape::Like(&DATE)),
        member("date_finish", Shape::Like(&DATE)),
        operating("operating_reset_at", Shape::Integer),
        operating("operating", Shape::Number),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_fits_its_example() {
        for pattern in [&DATE, &DIGITS, &LETTER] {
            assert!(pattern.fits(pattern.example), "{}", pattern.text);
            assert!(!pattern.fits("2024-11-20T13:55:08Z"), "{}", pattern.text);
        }
    }
}
