//! The scale of an axis: maps values to positions, with ticks at round numbers.

/// About how many steps an axis has.
const STEPS: f64 = 5.0;
/// A range below this counts as empty: two of its ticks would be written the same.
const MIN_RANGE: f64 = 1e-11;

/// A scale that covers all values and zero, and begins and ends at a tick. Without zero, lengths would mislead.
pub(super) struct Scale {
    low: f64,
    high: f64,
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    pub(super) fn over(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high, mut whole) = (0.0_f64, 0.0_f64, true);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
            whole &= value.fract() == 0.0;
        }
        if high - low < MIN_RANGE {
            (low, high) = (0.0, 1.0);
        }
        let step = round_step((high - low) / STEPS, whole);
        let first = (low / step).floor();
        let mut ticks = vec![first * step];
        let mut next = first;
        while ticks.last().is_some_and(|last| *last < high) {
            next += 1.0;
            ticks.push(next * step);
        }
        let high = ticks.last().copied().unwrap_or(high);
        Self { low: first * step, high, ticks }
    }

    /// The position of a value on the axis, from 0 to 1.
    pub(super) fn at(&self, value: f64) -> f32 {
        fraction(value - self.low, self.high - self.low)
    }
}

/// A part of the whole, from 0 to 1. A position needs no more precision than `f32` has.
pub(super) fn fraction(part: f64, whole: f64) -> f32 {
    let part = if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1; there is no other way from f64 to f32")]
    let fraction = part as f32;
    fraction
}

/// The next larger of 1, 2, 2.5, 5 and 10 times a power of ten. A whole number if all values are: there is no tick between
/// one deal and two.
fn round_step(rough: f64, whole: bool) -> f64 {
    let power = 10.0_f64.powf(rough.log10().floor());
    let fits = |step: &f64| *step >= rough && (!whole || step.fract() == 0.0);
    [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .map(|times| times * power)
        .find(fits)
        .unwrap_or(10.0 * power)
        .max(f64::from(u8::from(whole)))
}
