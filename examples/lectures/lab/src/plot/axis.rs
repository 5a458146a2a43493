//! Axes, linear and logarithmic.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::scientific;

/// An axis: what it measures, and from where to where.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(super) label: String,
    range: Option<Range<f64>>,
    logarithmic: bool,
}

impl Axis {
    /// A linear axis that covers the data.
    pub fn new(label: &str) -> Self {
        Self { label: label.to_owned(), range: None, logarithmic: false }
    }

    /// A logarithmic axis that covers the positive data.
    pub fn log(label: &str) -> Self {
        Self { logarithmic: true, ..Self::new(label) }
    }

    /// From where to where; what lies outside is cut.
    pub fn range(self, range: Range<f64>) -> Self {
        Self { range: Some(range), ..self }
    }

    /// All values that it could show: from where to where a line across the plot runs.
    pub(super) fn whole(&self) -> Range<f64> {
        if self.logarithmic { 0.0..f64::INFINITY } else { f64::NEG_INFINITY..f64::INFINITY }
    }

    /// The scale for these data, with a share of their extent left free on both sides.
    pub(super) fn scale(&self, data: impl Iterator<Item = f64>, margin: f64) -> Scale {
        let logarithmic = self.logarithmic;
        let usable = |x: &f64| x.is_finite() && (!logarithmic || *x > 0.0);
        let range = self.range.clone().unwrap_or_else(|| {
            let (low, high) = data
                .filter(usable)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            match (low < high, logarithmic) {
                (true, false) => low - margin * (high - low)..high + margin * (high - low),
                (true, true) => low * (low / high).powf(margin)..high * (high / low).powf(margin),
                (false, _) if low.is_finite() && !logarithmic => low - 0.5..low + 0.5,
                (false, _) if low.is_finite() => low / 2.0..low * 2.0,
                (false, _) => 0.1..1.0,
            }
        });
        Scale { range, logarithmic }
    }
}

/// An axis with its range settled: the coordinate that plotters draws by.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    range: Range<f64>,
    logarithmic: bool,
}

impl Scale {
    /// Where a value lies between the ends, which are 0 and 1; infinite values a little beyond.
    pub fn place(&self, value: f64) -> f64 {
        let Range { start, end } = self.range;
        let place = match self.logarithmic {
            true => (value / start).ln() / (end / start).ln(),
            false => (value - start) / (end - start),
        };
        if place.is_infinite() { place.clamp(-1.0, 2.0) } else { place }
    }

    /// The value at a place between the ends.
    pub fn value(&self, place: f64) -> f64 {
        let Range { start, end } = self.range;
        match self.logarithmic {
            true => start * (end / start).powf(place),
            false => start + place * (end - start),
        }
    }

    fn ticks(&self) -> Vec<f64> {
        let Range { start, end } = self.range;
        if !self.logarithmic {
            let step = step(end - start);
            let ticks =
                ((start / step - 1e-9).ceil() as i64)..=((end / step + 1e-9).floor() as i64);
            return ticks.map(|i| i as f64 * step).collect();
        }
        let decades = (start.log10() - 1e-9).ceil() as i32..=(end.log10() + 1e-9).floor() as i32;
        let count = decades.clone().count();
        if count < 2 {
            let tens = start.log10().floor() as i32..=end.log10().floor() as i32;
            let all = tens.flat_map(|i| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(i)));
            return all.filter(|tick| (start..=end).contains(tick)).collect();
        }
        let every = count.div_ceil(7) as i32;
        decades.filter(|i| i.rem_euclid(every) == 0).map(|i| 10f64.powi(i)).collect()
    }
}

/// A step of 1, 2 or 5 times a power of ten that divides the extent into at most seven.
fn step(extent: f64) -> f64 {
    let rough = extent / 7.0;
    let power = 10f64.powf(rough.log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= rough);
    digit.unwrap_or(10.0) * power
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.place(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        match self.logarithmic {
            true => power_of_ten(*value),
            false => decimal(*value, step(self.range.end - self.range.start)),
        }
    }
}

/// A multiple of the step, with as many decimals as the step has.
fn decimal(value: f64, step: f64) -> String {
    if value.abs() >= 1e5 || (value != 0.0 && step < 1e-4) {
        return scientific(value, 2);
    }
    let decimals = (-(step * 1.000_001).log10().floor()).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    if value == 0.0 { "0".to_owned() } else { text.replace('-', "−") }
}

/// A tick of a logarithmic axis: plain near 1, and otherwise as a power.
fn power_of_ten(value: f64) -> String {
    match value.log10() {
        exponent if (-2.01..3.99).contains(&exponent) => format!("{value}"),
        _ => scientific(value, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, range: Range<f64>) -> Vec<String> {
        let scale = axis.range(range).scale(std::iter::empty(), 0.03);
        scale.ticks().iter().map(|tick| scale.format_ext(tick)).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(Axis::new("x"), -1.0..1.0), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(labels(Axis::new("x"), 0.0..70.0).len(), 8);
        assert_eq!(labels(Axis::new("x"), 0.0..1e6)[1..3], ["2·10⁵", "4·10⁵"]);
        assert_eq!(labels(Axis::log("x"), 1e-4..10.0), ["10⁻⁴", "10⁻³", "0.01", "0.1", "1", "10"]);
        assert_eq!(labels(Axis::log("x"), 0.3..7.0), ["0.5", "1", "2", "5"]);
    }

    #[test]
    fn a_range_covers_the_data_that_can_be_shown() {
        let scale = Axis::log("loss").scale([1.0, 0.0, f64::NAN, 100.0].into_iter(), 0.03);
        assert!(scale.range.start < 1.0 && scale.range.end > 100.0 && scale.range.start > 0.5);
        assert!((scale.value(scale.place(10.0)) - 10.0).abs() < 1e-12);
    }
}
