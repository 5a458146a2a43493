//! The comparison of a derivative with what differences say.

use crate::numeric::{Central, Estimate, Line};

/// A derivative is known well enough when its bound is this part of it.
const SHARP: f64 = 1e-2;

/// A derivative of 0 is known well enough when its bound is this part of what would be typical.
const NEGLIGIBLE: f64 = 1e-6;

/// How many times the step is divided by 8 in search of one at which the function is smooth.
const CLOSER: usize = 10;

/// What the check of one derivative concludes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Analytic and numeric derivative agree within the bound, and the bound is sharp.
    Right,
    /// They differ by more than the bound.
    Wrong,
    /// The bound is too wide to tell, for this reason.
    Inconclusive(Doubt),
}

/// Why a check is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// The function has a kink here, with these derivatives to the left and to the right.
    Kink {
        /// The derivative to the left.
        left: f64,
        /// The derivative to the right.
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
    scales: Scales,
) -> Judgement {
    if !line.origin().is_finite() {
        return Judgement::doubtful(Doubt::NonFinite);
    }
    let mut smooth: Vec<Estimate> = Vec::new();
    let mut kink: Option<(Central, f64)> = None;
    let mut h = 2f64.powf((scales.step / 12.0).log2().floor());
    for closer in 0..CLOSER {
        match line.central(h) {
            None => {}
            Some(central) if central.kinked => kink = Some((central, h)),
            Some(Central { mut estimate, noise, .. }) => {
                estimate.bound += scales.wobble;
                let sharpest = smooth.iter().all(|other| estimate.bound <= other.bound);
                if sharpest && estimate.agrees(analytic) && estimate.is_sharp(analytic, scales) {
                    return estimate.judged(Verdict::Right);
                }
                if closer >= 2 && noise > 1e-5 * estimate.value.abs().max(analytic.abs()) {
                    break;
                }
                smooth.push(estimate);
            }
        }
        h /= 8.0;
    }
    smooth.retain(|estimate| estimate.is_sharp(analytic, scales));
    smooth.sort_by(|a, b| a.bound.total_cmp(&b.bound));
    match (smooth.first(), kink) {
        (Some(sharpest), _) => {
            // A second estimate of like sharpness must confirm an alarm.
            let alike = |other: &&Estimate| other.bound <= 100.0 * sharpest.bound;
            let mut confirming = smooth.iter().take(2).filter(alike);
            let agreed = confirming.any(|estimate| estimate.agrees(analytic));
            sharpest.judged(if agreed { Verdict::Right } else { Verdict::Wrong })
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
    let sides = [-1.0, 1.0].map(|side| line.one_sided(wide, side).or(line.one_sided(h, side)));
    let [Some(left), Some(right)] = sides else {
        return Judgement::doubtful(Doubt::NonFinite);
    };
    let bound = left.bound.max(right.bound);
    let (low, high) = (left.value.min(right.value), left.value.max(right.value));
    let outside = analytic < low - bound || analytic > high + bound || analytic.is_nan();
    let sharp = bound <= SHARP * (high - low);
    let verdict = match outside && sharp {
        true => Verdict::Wrong,
        false => Verdict::Inconclusive(Doubt::Kink { left: left.value, right: right.value }),
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
        assert_eq!(verdict(|t| t.exp(), f64::NAN), Verdict::Wrong);
    }

    #[test]
    fn a_pole_nearby_is_left_behind() {
        assert_eq!(verdict(|t| (1e-3 + t).ln(), 1e3), Verdict::Right);
        assert_eq!(verdict(|t| (1e-3 + t).ln(), 1.1e3), Verdict::Wrong);
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
