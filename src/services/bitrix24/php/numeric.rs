//! Numeric strings as PHP reads them, and PHP's `==` on two strings.

/// The white space that PHP skips around numbers: C's `isspace`.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];

/// PHP's `MAX_LENGTH_OF_LONG`: an integer part with this many digits or more is too large for an integer.
const LONG_DIGITS: usize = 20;

/// PHP 8's `==` on two texts (`zendi_smart_streq`): two numeric texts compare as numbers, others byte by byte.
///
/// An integer too large for 64 bits equals a float of the same value, but two such integers are compared as text.
pub fn loosely_equal(left: &str, right: &str) -> bool {
    let numbers = Numeric::leading(left).zip(Numeric::leading(right));
    let Some((Numeric { kind: first, is_whole: true }, Numeric { kind: second, is_whole: true })) = numbers
    else {
        return left == right;
    };
    match (first, second) {
        (NumberKind::Integer(first), NumberKind::Integer(second)) => first == second,
        (NumberKind::Integer(integer), NumberKind::Float(float))
        | (NumberKind::Float(float), NumberKind::Integer(integer)) => integer as f64 == float,
        (NumberKind::Integer(_), NumberKind::TooLarge(_))
        | (NumberKind::TooLarge(_), NumberKind::Integer(_)) => false,
        (NumberKind::TooLarge(first), NumberKind::TooLarge(second)) if first == second => left == right,
        (
            NumberKind::Float(first) | NumberKind::TooLarge(first),
            NumberKind::Float(second) | NumberKind::TooLarge(second),
        ) => {
            if first == second && first.is_infinite() {
                left == right
            } else {
                first == second
            }
        }
    }
}

/// The number at the start of a text (`_is_numeric_string_ex` in `Zend/zend_operators.c`).
pub(super) struct Numeric {
    pub(super) kind: NumberKind,
    /// Whether only white space follows.
    is_whole: bool,
}

pub(super) enum NumberKind {
    Integer(i64),
    /// An integer that does not fit 64 bits.
    TooLarge(f64),
    Float(f64),
}

impl Numeric {
    pub(super) fn leading(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(BLANKS);
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let whole = digits(unsigned);
        let after = &unsigned[whole..];
        let fraction = after.strip_prefix('.').map_or(0, |fraction| 1 + digits(fraction));
        if whole == 0 && fraction < 2 {
            return None;
        }
        let after = &after[fraction..];
        let power = after
            .strip_prefix(['e', 'E'])
            .map_or("", |power| power.strip_prefix(['+', '-']).unwrap_or(power));
        let exponent = if digits(power) > 0 { after.len() - power.len() + digits(power) } else { 0 };
        let (number, rest) = text.split_at(text.len() - after.len() + exponent);
        let float = number.parse().unwrap_or_default();
        let kind = if unsigned[..whole].trim_start_matches('0').len() >= LONG_DIGITS {
            NumberKind::TooLarge(float)
        } else if fraction + exponent > 0 {
            NumberKind::Float(float)
        } else {
            match number.parse() {
                // To PHP `-9223372036854775808 ` is too large, because of the blank at its end.
                Ok(i64::MIN) if !rest.is_empty() => NumberKind::TooLarge(float),
                Ok(integer) => NumberKind::Integer(integer),
                Err(_) => NumberKind::TooLarge(float),
            }
        };
        Some(Self { kind, is_whole: rest.trim_start_matches(BLANKS).is_empty() })
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
