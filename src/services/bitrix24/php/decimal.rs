//! A float → decimal text, as PHP prints it.

/// A finite float in decimal, `0.digits × 10^point`, as C's `dtoa` gives it.
pub(super) struct Decimal {
    is_negative: bool,
    /// Digits without leading or trailing zeros; empty for zero.
    digits: String,
    point: i32,
}

impl Decimal {
    /// The float rounded to 14 digits (`precision = 14`).
    pub(super) fn rounded(float: f64) -> Self {
        Self::read(&format!("{float:.13e}"))
    }

    /// Reads `-12.5`, `0.001` or `1.25e-7`.
    pub(super) fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let magnitude = mantissa.trim_start_matches('-');
        let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
        let digits = [whole, fraction].concat();
        let significant = digits.trim_start_matches('0');
        let exponent: i32 = exponent.parse().unwrap_or_default();
        Self {
            is_negative: mantissa.starts_with('-'),
            digits: significant.trim_end_matches('0').to_owned(),
            point: whole.len() as i32 - (digits.len() - significant.len()) as i32 + exponent,
        }
    }

    /// PHP's `php_gcvt` (`main/snprintf.c`): writes an exponent when the number would have more than `widest` digits
    /// before the point or more than three zeros right after it.
    pub(super) fn layout(&self, widest: i32, mark: char) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let digits = self.digits.as_str();
        let point = self.point;
        if digits.is_empty() {
            return format!("{sign}0");
        }
        if point > widest || point < -3 {
            let (first, rest) = digits.split_at(1);
            let rest = if rest.is_empty() { "0" } else { rest };
            return format!("{sign}{first}.{rest}{mark}{:+}", point - 1);
        }
        match usize::try_from(point) {
            Err(_) | Ok(0) => format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
            Ok(whole) if whole < digits.len() => format!("{sign}{}.{}", &digits[..whole], &digits[whole..]),
            Ok(whole) => format!("{sign}{digits:0<whole$}"),
        }
    }
}
