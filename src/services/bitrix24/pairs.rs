//! Pairs of tokens, and how they are drawn.

use jiff::Timestamp;

use crate::basics::Draws;
use crate::emulator::end_of_tokens;

/// An access token and a refresh token that were issued together.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
}

impl Pair {
    /// The pair with this number, for the namespace whose credentials have this suffix.
    pub fn draw(draws: &mut Draws, number: u64, suffix: &str) -> Self {
        let number = number.wrapping_mul(8);
        let mut word = |first: u64| {
            let draws = (0..4).map(|part| draws.draw(number.wrapping_add(first + part)));
            draws.flat_map(letters).chain(end_of_tokens(suffix).chars()).collect::<String>()
        };
        Self { access_token: word(0), refresh_token: word(4) }
    }
}

/// Whom the tokens of an event are for.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<'a> {
    /// Index of the credential whose application gets them.
    pub credential: usize,
    /// The user for whom they act.
    pub user: &'a str,
    /// How many events led to the one that they come with.
    pub depth: u8,
}

/// The draws of the tokens that come with events. Handlers are called at the same time, and the order in which they end
/// differs from run to run. So a draw does not depend on those before it.
#[derive(Clone, Debug)]
pub struct EventPairs {
    seed: u64,
    suffix: String,
    /// Pairs for one attempt each.
    single: Draws,
}

/// How many bits of the number of an attempt count the attempts of one delivery.
const BITS_OF_ATTEMPT: u32 = 16;

impl EventPairs {
    /// The draws of the namespace whose credentials have this suffix.
    pub fn new(seed: u64, suffix: &str) -> Self {
        let single = Draws::new(seed, "bitrix24", &format!("events{suffix}"));
        Self { seed, suffix: suffix.to_owned(), single }
    }

    /// The pair of the attempt with this number to make the delivery with this number.
    pub fn of_attempt(&mut self, delivery: u64, attempt: usize) -> Pair {
        let number = (delivery << BITS_OF_ATTEMPT).wrapping_add(attempt as u64);
        Pair::draw(&mut self.single, number, &self.suffix)
    }

    /// The pair that all events of one second share.
    pub fn of_second(&self, bearer: Bearer<'_>, now: Timestamp) -> Pair {
        let Bearer { credential, user, depth } = bearer;
        let name = format!("events{} of {credential}/{depth}/{user}", self.suffix);
        let mut draws = Draws::new(self.seed, "bitrix24", &name);
        Pair::draw(&mut draws, now.as_second().cast_unsigned(), &self.suffix)
    }
}

/// Eight letters and digits made from a draw.
fn letters(draw: u64) -> impl Iterator<Item = char> {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..8).map(move |place| char::from(ALPHABET[(draw / 36_u64.pow(place) % 36) as usize]))
}
