//! The comparison of a derivative with what differences say.

use crate::numeric::{Bend, Central, Estimate, Line};

/// A derivative is known well enough when its bound is this part of it.
const SHARP: f64 = 1e-2;

/// A derivative of 0 is known well enough when its bound is this part of what would be typical.
const NEGLIGIBLE: f64 = 1e-6;

/// How many times the step is divided by 8 in search of one at which the function is smooth.
const CLOSER: usize = 10;

/// What the check of one derivative concludes.
///
/// A [`Report`](crate::Report) counts them, and holds one in each row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Analytic and numeric derivative agree within the bound, and the bound is sharp.
    Right,
    /// They differ by more than the bound.
    Wrong,
    /// The bound is too wide to tell, for this reason.
    Inconclusive(Doubt),
    /// It cannot be told, at a kink or jump that the caller allows.
    Allowed(Doubt),
}

impl Verdict {
    /// Whether it could not be told because of a kink or jump that nobody allowed.
    pub(crate) fn is_rough(&self) -> bool {
        matches!(self, Self::Inconclusive(Doubt::Kink { .. } | Doubt::Jump { .. }))
    }

    /// The same, where kinks and jumps are allowed.
    pub(crate) fn allowing_kinks(self) -> Self {
        match self {
            Self::Inconclusive(doubt) if self.is_rough() => Self::Allowed(doubt),
            other => other,
        }
    }
}

/// Why a check is inconclusive.
///
/// It is part of a [`Verdict`], in a row of a [`Report`](crate::Report).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// The function has a kink here, with these derivatives to the left and to the right.
    Kink {
        /// The derivative to the left.
        left: f64,
        /// The derivative to the right.
        right: f64,
    },
    /// The function jumps here, between these values to the left and to the right.
    Jump {
        /// The value to the left.
        left: f64,
        /// The value to the right.
        right: f64,
    },
    /// The derivative drowns in the rounding of the function's values.
    Cancellation,
    /// A value near the point is infinite or NaN.
    NonFinite,
}

/// A numerical derivative with the verdict on the analytic one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judgement {
    pub numeric: f64,
    pub bound: f64,
    pub verdict: Verdict,
}

/// Where the judgement takes its measures from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scales {
    /// The distance over which the function is expected to change.
    pub step: f64,
    /// The size of a typical derivative.
    pub typical: f64,
    /// What rounding does to the analytic derivative.
    pub wobble: f64,
}

/// Judges a derivative at 0 of a function along a line.
///
/// At an agreement that is sharp it ends; otherwise it looks closer, at smaller and smaller steps, to
/// leave kinks and poles nearby behind, and concludes from the sharpest estimates.
pub(crate) fn judge<F: FnMut(f64) -> f64>(
    line: &mut Line<F>,
    analytic: f64,
    mut scales: Scales,
) -> Judgement {
    if !line.origin().is_finite() {
        return Judgement::doubtful(Doubt::NonFinite);
    }
    let mut smooth: Vec<(Estimate, f64)> = Vec::new();
    let mut rough: Option<(Central, f64)> = None;
    let mut h = 2f64.powf((scales.step / 12.0).log2().floor());
    for closer in 0..CLOSER {
        let central = line.central(h);
        scales.typical = scales.typical.max(line.change() / scales.step);
        match central {
            None => {}
            Some(central) if central.bend != Bend::Smooth => rough = Some((central, h)),
            Some(Central { mut estimate, noise, .. }) => {
                estimate.bound += scales.wobble;
                let sharpest = smooth.iter().all(|(other, _)| estimate.bound <= other.bound);
                if sharpest && estimate.agrees(analytic) && estimate.is_sharp(analytic, scales) {
                    return estimate.judged(Verdict::Right);
                }
                if closer >= 2 && noise > 1e-5 * estimate.value.abs().max(analytic.abs()) {
                    break;
                }
                smooth.push((estimate, h));
            }
        }
        h /= 8.0;
    }
    smooth.retain(|(estimate, _)| estimate.is_sharp(analytic, scales));
    // What is rough closer to the point than it is smooth is rough at the point.
    if let Some((_, at)) = rough {
        smooth.retain(|&(_, h)| h < at);
    }
    smooth.sort_by(|(a, _), (b, _)| a.bound.total_cmp(&b.bound));
    match (smooth.first(), rough) {
        (Some((sharpest, _)), _) => {
            // A second estimate of like sharpness must confirm an alarm.
            let alike = |(other, _): &&(Estimate, f64)| other.bound <= 100.0 * sharpest.bound;
            let mut confirming = smooth.iter().take(2).filter(alike);
            let agreed = confirming.any(|(estimate, _)| estimate.agrees(analytic));
            sharpest.judged(if agreed { Verdict::Right } else { Verdict::Wrong })
        }
        (None, Some((Central { bend: Bend::Jump, .. }, h))) => {
            Judgement::doubtful(Doubt::Jump { left: line.at(-h), right: line.at(h) })
        }
        (None, Some((central, h))) => at_kink(line, analytic, central, h),
        (None, None) => without_estimate(line, analytic, scales),
    }
}

/// At a kink every value between the derivatives to both sides is right by some convention, and
/// every other is wrong.
fn at_kink<F: FnMut(f64) -> f64>(
    line: &mut Line<F>,
    analytic: f64,
    central: Central,
    h: f64,
) -> Judgement {
    let Central { estimate, .. } = central;
    let wide = (2f64.powi(12) * h).min(0.125);
    // Far from the point rounding is small, close to it no other kink is in the way.
    let sides = [-1.0, 1.0].map(|side| {
        let estimates = [wide, h].into_iter().filter_map(|h| line.one_sided(h, side));
        estimates.min_by(|a, b| a.bound.total_cmp(&b.bound))
    });
    let [Some(left), Some(right)] = sides else {
        return Judgement::doubtful(Doubt::NonFinite);
    };
    let bound = left.bound.max(right.bound);
    let (low, high) = (left.value.min(right.value), left.value.max(right.value));
    let outside = analytic < low - bound || analytic > high + bound || analytic.is_nan();
    let sharp = bound <= SHARP * (high - low);
    let verdict = if outside && sharp {
        Verdict::Wrong
    } else {
        Verdict::Inconclusive(Doubt::Kink { left: left.value, right: right.value })
    };
    Judgement { numeric: estimate.value, bound: bound.max(high - low), verdict }
}

fn without_estimate<F: FnMut(f64) -> f64>(
    line: &mut Line<F>,
    analytic: f64,
    scales: Scales,
) -> Judgement {
    let h = 2f64.powf((scales.step / 12.0).log2().floor());
    let finite = (0..CLOSER).find_map(|closer| line.central(h / 8f64.powi(closer as i32)));
    match finite {
        Some(central) if analytic.is_finite() => {
            central.estimate.judged(Verdict::Inconclusive(Doubt::Cancellation))
        }
        _ => Judgement::doubtful(Doubt::NonFinite),
    }
}

impl Estimate {
    fn agrees(&self, analytic: f64) -> bool {
        (analytic - self.value).abs() <= self.bound
    }

    fn is_sharp(&self, analytic: f64, scales: Scales) -> bool {
        let rounding = 1e-12 * scales.typical;
        let absent = analytic.abs() <= rounding && self.value.abs() <= self.bound + rounding;
        let magnitude =
            self.value.abs().max(if analytic.is_finite() { analytic.abs() } else { 0.0 });
        self.bound <= SHARP * magnitude || (absent && self.bound <= NEGLIGIBLE * scales.typical)
    }

    fn judged(self, verdict: Verdict) -> Judgement {
        Judgement { numeric: self.value, bound: self.bound, verdict }
    }
}

impl Judgement {
    fn doubtful(doubt: Doubt) -> Self {
        Self { numeric: f64::NAN, bound: f64::INFINITY, verdict: Verdict::Inconclusive(doubt) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(f: impl FnMut(f64) -> f64, analytic: f64) -> Verdict {
        let scales = Scales { step: 1.0, typical: 1.0, wobble: 0.0 };
        judge(&mut Line::new(f, 1.0), analytic, scales).verdict
    }

    #[test]
    fn smooth_functions_have_clear_verdicts() {
        assert_eq!(verdict(|t| (0.3 + t).exp(), 0.3f64.exp()), Verdict::Right);
        assert_eq!(verdict(|t| (0.3 + t).exp(), 0.3f64.exp() * (1.0 + 1e-6)), Verdict::Wrong);
        assert_eq!(verdict(|_| 5.0, 0.0), Verdict::Right);
        assert_eq!(verdict(|t| 5.0 + t * t, 0.0), Verdict::Right);
        let small = Scales { step: 1.0, typical: 0.0, wobble: 0.0 };
        let square = judge(&mut Line::new(|t| t * t, 1.0), 0.0, small);
        assert_eq!(square.verdict, Verdict::Right, "{square:?}");
        assert_eq!(verdict(|t| t.exp(), f64::NAN), Verdict::Wrong);
    }

    #[test]
    fn a_pole_nearby_is_left_behind() {
        assert_eq!(verdict(|t| (1e-3 + t).ln(), 1e3), Verdict::Right);
        assert_eq!(verdict(|t| (1e-3 + t).ln(), 1.1e3), Verdict::Wrong);
        assert_eq!(verdict(|t| 1.0 / (0.0625 + t), -256.0), Verdict::Right, "a step meets it");
    }

    #[test]
    fn a_kink_nearby_is_left_behind_and_one_at_the_point_is_named() {
        let relu = |x: f64| move |t: f64| (x + t).max(0.0);
        for x in [0.04, 1e-3, 1e-5] {
            assert_eq!(verdict(relu(x), 1.0), Verdict::Right, "{x}");
            assert_eq!(verdict(relu(x), 0.0), Verdict::Wrong, "{x}");
            assert_eq!(verdict(relu(-x), 0.0), Verdict::Right, "{x}");
        }
        let Verdict::Inconclusive(Doubt::Kink { left, right }) = verdict(relu(0.0), 0.0) else {
            panic!("{:?}", verdict(relu(0.0), 0.0));
        };
        assert!(left.abs() < 1e-9 && (right - 1.0).abs() < 1e-9);
        assert_eq!(verdict(relu(0.0), 5.0), Verdict::Wrong);
    }

    #[test]
    fn a_jump_at_the_point_has_no_derivative() {
        let step = |x: f64| move |t: f64| if x + t > 0.0 { 1.0 } else { 0.0 };
        let jump = Verdict::Inconclusive(Doubt::Jump { left: 0.0, right: 1.0 });
        assert_eq!(verdict(step(0.0), 0.0), jump);
        assert_eq!(verdict(step(1e-3), 0.0), Verdict::Right, "left behind");
        assert_eq!(verdict(step(1e-3), 0.1), Verdict::Wrong);
    }

    #[test]
    fn what_cannot_be_seen_is_not_judged() {
        let flat = |t: f64| 1.0 + 1e-18 * t;
        assert_eq!(verdict(flat, 1e-8), Verdict::Wrong);
        assert_eq!(verdict(flat, 2e-17), Verdict::Right, "zero but for rounding");
        let noisy = |t: f64| 1e9 + t * 1e-4;
        assert_eq!(verdict(noisy, 1e-4), Verdict::Inconclusive(Doubt::Cancellation));
        assert_eq!(verdict(f64::sqrt, f64::INFINITY), Verdict::Inconclusive(Doubt::NonFinite));
        assert_eq!(verdict(|_| f64::NAN, 1.0), Verdict::Inconclusive(Doubt::NonFinite));
    }
}
