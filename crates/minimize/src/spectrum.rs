//! The trust-region step, in coordinates where the model is a sum over its eigenvectors.

use super::vector::{dot, largest, norm};

/// A quadratic model m(p) = Σ cᵢpᵢ + ½λᵢpᵢ² in the coordinates of its eigenvectors.
#[derive(Clone, Debug)]
pub(crate) struct Spectrum {
    /// λ, in any order.
    pub curvatures: Vec<f64>,
    /// c.
    pub slopes: Vec<f64>,
}

/// What an eigenvalue or a slope may be of the largest and still be round-off.
const ROUND_OFF: f64 = 4.0 * f64::EPSILON;
/// At most as many steps towards the shift; each doubles the digits at the end.
const ROUNDS: usize = 100;
/// How near to the region's boundary a step must end.
const NEAR: f64 = 1e-6;

impl Spectrum {
    /// The model of these, where what is round-off beside the largest counts as 0.
    pub fn new(mut curvatures: Vec<f64>, mut slopes: Vec<f64>) -> Self {
        for terms in [&mut curvatures, &mut slopes] {
            let least = ROUND_OFF * largest(terms);
            terms.iter_mut().filter(|term| term.abs() <= least).for_each(|term| *term = 0.0);
        }
        Self { curvatures, slopes }
    }

    /// The smallest and the largest λ.
    pub fn range(&self) -> (f64, f64) {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        self.curvatures.iter().fold(ends, |(low, high), &x| (low.min(x), high.max(x)))
    }

    /// Whether the model curves downwards along some direction, by more than round-off: the point is
    /// then no minimum, however small the gradient.
    pub fn curves_down(&self) -> bool {
        let (low, high) = self.range();
        low < -f64::EPSILON.sqrt() * high.abs().max(low.abs())
    }

    /// The minimum of the model over ‖p‖ ≤ `radius`.
    ///
    /// It is p(μ) = −c/(λ + μ) with the least shift μ ≥ 0 that makes the model convex and the step
    /// short enough. If there is none, as c has no part along the direction of the most negative λ,
    /// the step goes along that to the boundary. (Moré and Sorensen, SIAM J. Scientific and
    /// Statistical Computing 4, 1983.)
    pub fn step(&self, radius: f64) -> Vec<f64> {
        let (low, high) = self.range();
        if low > 0.0 {
            let step = self.shifted(0.0);
            if norm(&step) <= radius {
                return step;
            }
        }
        let convex = (-low).max(0.0);
        // Just convex: what is infinite is along the lowest curvature.
        let tiny = f64::EPSILON * high.abs().max(low.abs()).max(f64::MIN_POSITIVE);
        let flat = self.shifted(convex + tiny);
        if norm(&flat) <= radius {
            return if low < 0.0 { self.extended(flat, low, radius) } else { flat };
        }
        self.shifted(self.shift(convex, radius))
    }

    /// The predicted change of the objective.
    pub fn change(&self, step: &[f64]) -> f64 {
        let terms = self.curvatures.iter().zip(&self.slopes).zip(step);
        terms.map(|((l, c), p)| p * (c + 0.5 * l * p)).sum()
    }

    /// The change to first order.
    pub fn slope(&self, step: &[f64]) -> f64 {
        dot(&self.slopes, step)
    }

    /// −c/(λ + μ), and 0 where c is.
    fn shifted(&self, shift: f64) -> Vec<f64> {
        let terms = self.curvatures.iter().zip(&self.slopes);
        terms.map(|(l, &c)| if c == 0.0 { 0.0 } else { -c / (l + shift) }).collect()
    }

    /// The shift at which the step has the length of the radius: Newton's method on 1/‖p(μ)‖, which
    /// is nearly linear in μ, kept between bounds.
    fn shift(&self, convex: f64, radius: f64) -> f64 {
        let (mut low, mut high) = (convex, convex + norm(&self.slopes) / radius);
        let mut shift = if convex > 0.0 { 0.5 * (low + high) } else { 1e-3 * high };
        for _ in 0..ROUNDS {
            let step = self.shifted(shift);
            let size = norm(&step);
            if (size - radius).abs() <= NEAR * radius || high - low <= f64::EPSILON * high {
                break;
            }
            if size > radius {
                low = shift
            } else {
                high = shift
            }
            let terms = self.curvatures.iter().zip(&step);
            let bend: f64 = terms.map(|(l, p)| (p / size).powi(2) / (l + shift)).sum();
            let newton = shift + (size - radius) / radius / bend;
            let inside = newton > low && newton < high;
            shift = if inside {
                newton
            } else if low > convex {
                // Over many orders of magnitude, halve their number.
                (low * high).sqrt()
            } else {
                low + 0.1 * (high - low)
            };
        }
        shift
    }

    /// The step lengthened along the lowest curvature to the boundary.
    fn extended(&self, mut step: Vec<f64>, low: f64, radius: f64) -> Vec<f64> {
        let lowest = self.curvatures.iter().position(|&l| l == low).expect("one is the lowest");
        let rest = step.iter().enumerate().filter(|(i, _)| *i != lowest).map(|(_, p)| p * p);
        let along = (radius * radius - rest.sum::<f64>()).max(0.0).sqrt();
        step[lowest] = if self.slopes[lowest] > 0.0 { -along } else { along };
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_within_the_region_is_that_of_newton() {
        let bowl = Spectrum { curvatures: vec![2.0, 4.0], slopes: vec![2.0, -4.0] };
        assert_eq!(bowl.step(10.0), [-1.0, 1.0]);
        assert_eq!(bowl.change(&[-1.0, 1.0]), -3.0);
    }

    #[test]
    fn a_longer_step_ends_at_the_boundary_where_no_neighbour_is_lower() {
        let curvatures = vec![-1.0, 0.0, 3.0, 1e6];
        let model = Spectrum { curvatures, slopes: vec![0.1, 2.0, -1.0, 5.0] };
        let step = model.step(0.5);
        approx(norm(&step), 0.5);
        // (H + μI)p = −c with H + μI positive semidefinite is what makes it the global minimum.
        let shift = -(model.slopes[0] / step[0] + model.curvatures[0]);
        assert!(shift >= 1.0);
        for ((l, c), p) in model.curvatures.iter().zip(&model.slopes).zip(&step).skip(1) {
            approx((l + shift) * p, -c);
        }
    }

    #[test]
    fn the_hard_case_goes_along_the_negative_curvature() {
        let saddle = Spectrum { curvatures: vec![1.0, -1.0], slopes: vec![0.2, 0.0] };
        let step = saddle.step(1.0);
        approx(norm(&step), 1.0);
        approx(step[0], -0.1);
        assert!(saddle.curves_down());
    }

    #[test]
    fn flat_directions_are_left_alone() {
        let trough = Spectrum { curvatures: vec![2.0, 0.0], slopes: vec![2.0, 0.0] };
        let step = trough.step(10.0);
        approx(step[0], -1.0);
        assert_eq!(step[1], 0.0);
    }

    fn approx(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-5 * b.abs(), "{a} and {b}");
    }
}
