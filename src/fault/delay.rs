//! `delay:` and draws → how long an answer is delayed.

use std::time::Duration;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::scalar::Length;

/// How long the answer is delayed: a length of time, or a distribution of lengths.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Delay {
    /// The same length for every call.
    Length(Length),
    /// A length drawn for each call.
    Drawn(Drawn),
}

/// A distribution of lengths of time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Drawn {
    /// The same length for every call.
    Fixed(Length),
    /// Evenly distributed between the first length and the second.
    Uniform([Length; 2]),
    /// Normally distributed. Negative draws count as 0.
    Normal(Normal),
    /// Lognormally distributed, like the latencies of a service under load: most are short, a few are long.
    Lognormal(Lognormal),
}

/// A normal distribution.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// The mean.
    pub mean: Length,
    /// The standard deviation: two of three draws are no further from the mean than this.
    pub deviation: Length,
    /// The longest delay. Longer draws are cut to it.
    #[serde(default)]
    pub max: Option<Length>,
}

/// A lognormal distribution, given by two of its quantiles.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// The median: half of the draws are shorter.
    pub median: Length,
    /// The 99th percentile: 99 of 100 draws are shorter.
    pub p99: Length,
    /// The longest delay. Longer draws are cut to it.
    #[serde(default)]
    pub max: Option<Length>,
}

/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;

impl Delay {
    /// The delay for one call, in whole microseconds.
    pub fn draw(self, draws: &mut impl Rng) -> Duration {
        let drawn = match self {
            Self::Length(length) => Drawn::Fixed(length),
            Self::Drawn(drawn) => drawn,
        };
        let (seconds, max) = match drawn {
            Drawn::Fixed(length) => return length.0,
            Drawn::Uniform([from, to]) => {
                let (from, to) = (from.0.as_secs_f64(), to.0.as_secs_f64());
                let share: f64 = StandardUniform.sample(draws);
                (from + (to - from) * share, None)
            }
            Drawn::Normal(Normal { mean, deviation, max }) => {
                let z: f64 = StandardNormal.sample(draws);
                (mean.0.as_secs_f64() + deviation.0.as_secs_f64() * z, max)
            }
            Drawn::Lognormal(Lognormal { median, p99, max }) => {
                let z: f64 = StandardNormal.sample(draws);
                let (median, p99) = (median.0.as_secs_f64(), p99.0.as_secs_f64());
                // With a median of 0 the factor would divide by zero.
                let seconds = if median > 0.0 { median * ((p99 / median).ln() / Z99 * z).exp() } else { 0.0 };
                (seconds, max)
            }
        };
        let micros = (seconds.max(0.0) * 1e6).round();
        let delay = Duration::from_micros(micros as u64);
        max.map_or(delay, |Length(max)| delay.min(max))
    }

    /// Whether the delay is the same for every call, so that it needs no draws.
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::Length(_) | Self::Drawn(Drawn::Fixed(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basics::Draws;

    const DRAWS: u64 = 20_000;

    /// The draws in ascending order, in milliseconds.
    fn sorted(delay: Delay) -> Vec<f64> {
        let mut stream = Draws::new(7, "test", "delay");
        let mut all: Vec<_> =
            (1..=DRAWS).map(|number| delay.draw(stream.at(number)).as_secs_f64() * 1e3).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Checks that quantiles of the draws are those of the distribution, within `tolerance`.
    #[track_caller]
    fn check(delay: Delay, quantiles: &[(f64, f64)], tolerance: f64) {
        let all = sorted(delay);
        for &(share, expected) in quantiles {
            let found = all[(share * DRAWS as f64) as usize];
            assert!(
                (found - expected).abs() <= expected * tolerance,
                "{delay:?} at {share}: {found}, not {expected}"
            );
        }
    }

    fn ms(count: u64) -> Length {
        Length(Duration::from_millis(count))
    }

    #[test]
    fn a_fixed_delay_is_what_it_says() {
        check(Delay::Length(ms(250)), &[(0.0, 250.0), (0.9999, 250.0)], 0.0);
        check(Delay::Drawn(Drawn::Fixed(ms(0))), &[(0.0, 0.0), (0.9999, 0.0)], 0.0);
    }

    #[test]
    fn a_uniform_delay_is_as_often_short_as_long() {
        let delay = Delay::Drawn(Drawn::Uniform([ms(100), ms(300)]));
        check(delay, &[(0.0, 100.0), (0.25, 150.0), (0.5, 200.0), (0.75, 250.0), (0.9999, 300.0)], 0.03);
    }

    #[test]
    fn a_normal_delay_has_the_quantiles_of_the_bell_curve() {
        let normal = Normal { mean: ms(200), deviation: ms(20), max: None };
        let delay = Delay::Drawn(Drawn::Normal(normal));
        check(delay, &[(0.1587, 180.0), (0.5, 200.0), (0.8413, 220.0), (0.99, 246.5)], 0.02);
        let cut = Delay::Drawn(Drawn::Normal(Normal { max: Some(ms(210)), ..normal }));
        check(cut, &[(0.5, 200.0), (0.7, 210.0), (0.9999, 210.0)], 0.02);
        let wide = Delay::Drawn(Drawn::Normal(Normal { deviation: ms(400), ..normal }));
        check(wide, &[(0.0, 0.0), (0.3, 0.0)], 0.0);
    }

    #[test]
    fn a_lognormal_delay_has_its_median_and_its_p99() {
        let lognormal = Lognormal { median: ms(80), p99: ms(900), max: None };
        check(Delay::Drawn(Drawn::Lognormal(lognormal)), &[(0.5, 80.0), (0.99, 900.0)], 0.1);
        let cut = Delay::Drawn(Drawn::Lognormal(Lognormal { max: Some(ms(500)), ..lognormal }));
        check(cut, &[(0.5, 80.0), (0.9999, 500.0)], 0.05);
        let none = Lognormal { median: ms(0), p99: ms(5), max: None };
        check(Delay::Drawn(Drawn::Lognormal(none)), &[(0.9999, 0.0)], 0.0);
    }
}
