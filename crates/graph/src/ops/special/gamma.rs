//! The logarithm of the gamma function, and its derivatives.

use std::f64::consts::PI;

use smallvec::{SmallVec, smallvec};

use super::super::map::Unary;
use super::super::registry::{Example, unary};
use super::super::table::{unary, word};
use crate::{MapWord, Number, Var};

unary! {
    /// ln |Γ(x)|; ∞ at 0 and the negative whole numbers. Cotangent: v·ψ(x). By plain evaluation.
    Lgamma, lgamma, [0.5..4.0, -0.9..-0.1], _, |x| x.ln_gamma(), |x, _, v| v.mul_no_nan(x.digamma());
}

/// ψ⁽ⁿ⁾(x), the (n + 1)-th derivative of ln Γ(x). Cotangent: v·ψ⁽ⁿ⁺¹⁾(x).
///
/// Recorded by [`Var::digamma`](crate::Var::digamma) and [`Var::polygamma`](crate::Var::polygamma).
#[derive(Clone, Debug, PartialEq)]
pub struct Polygamma {
    /// n.
    pub order: usize,
}

impl Unary for Polygamma {
    const NAME: &'static str = "polygamma";
    #[inline]
    fn eval<T: Number>(&self, x: T) -> T {
        if x < T::zero() { reflected(self.order, x) } else { positive(self.order, x) }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan(x.polygamma(self.order + 1))
    }
}

/// B₂, B₄, …: Bernoulli's numbers.
const BERNOULLI: [f64; 10] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
];

/// By the recurrence up to where the asymptotic series holds (Abramowitz and Stegun, 6.4.6 and 6.4.11; 6.3.5 and 6.3.18): of
/// −ψ⁽ⁿ⁾ with the sign of (−1)ⁿ,
///
/// > n!·Σₖ 1/(x + k)ⁿ⁺¹ + (n − 1)!/zⁿ + n!/(2zⁿ⁺¹) + Σₖ B₂ₖ·(2k + n − 1)!/((2k)!·z²ᵏ⁺ⁿ)
///
/// with z = x + the number of steps, and −ln z in place of (n − 1)!/zⁿ for n = 0.
fn positive<T: Number>(order: usize, x: T) -> T {
    let n = order as f64;
    let power = |x: T| (0..order).fold(T::one(), |power, _| power * x);
    let factorial: f64 = (1..=order).map(|i| i as f64).product();
    let from = T::constant(10.0 + n);
    let (mut sum, mut z) = (T::zero(), x);
    while z < from {
        let inverse = z.recip();
        sum = sum + power(inverse) * inverse;
        z = z + T::one();
    }
    let inverse = z.recip();
    let lead = if order == 0 { -z.ln() } else { T::constant(factorial / n) * power(inverse) };
    // (2k + n − 1)!/(2k)!, from one k to the next.
    let mut ratio = factorial / 2.0 * if order == 0 { 1.0 } else { n + 1.0 };
    let mut tail = T::constant(0.5 * factorial) * power(inverse) * inverse;
    let mut step = power(inverse) * inverse * inverse;
    for (i, bernoulli) in BERNOULLI.iter().enumerate() {
        let k = 2.0 * (i + 1) as f64;
        tail = tail + T::constant(bernoulli * ratio) * step;
        step = step * inverse * inverse;
        ratio *= (k + n) * (k + n + 1.0) / ((k + 1.0) * (k + 2.0));
    }
    let size = T::constant(factorial) * sum + lead + tail;
    if order.is_multiple_of(2) { -size } else { size }
}

/// ψ⁽ⁿ⁾(x) = (−1)ⁿ·ψ⁽ⁿ⁾(1 − x) − dⁿ/dxⁿ π·cot(πx) (Abramowitz and Stegun, 6.4.7). At a pole, ∞ if it is that on both sides,
/// else NaN.
fn reflected<T: Number>(order: usize, x: T) -> T {
    let from_whole = x - x.round_ties_even();
    if from_whole == T::zero() {
        return T::constant(if order.is_multiple_of(2) { f64::NAN } else { f64::INFINITY });
    }
    let angle = T::constant(PI) * from_whole;
    let cotangent = angle.cos() / angle.sin();
    // A polynomial p(c) in c = cot(πx) has the derivative −π·(1 + c²)·p′(c); the powers of π are gathered in front.
    let mut polynomial: SmallVec<[f64; 8]> = smallvec![0.0, 1.0];
    let mut scale = PI;
    for _ in 0..order {
        let mut next: SmallVec<[f64; 8]> = smallvec![0.0; polynomial.len() + 1];
        for (i, &c) in polynomial.iter().enumerate().skip(1) {
            next[i - 1] -= i as f64 * c;
            next[i + 1] -= i as f64 * c;
        }
        polynomial = next;
        scale *= PI;
    }
    polynomial.reverse();
    let slope = T::constant(scale) * super::horner(cotangent, &polynomial);
    let mirrored = positive(order, T::one() - x);
    if order.is_multiple_of(2) { mirrored - slope } else { -mirrored - slope }
}

impl<'g> Var<'g> {
    /// ψ(x), the derivative of ln Γ(x), elementwise; ∓∞ at ±0 and NaN at the negative whole numbers.
    ///
    /// It is [`polygamma`](Var::polygamma) of order 0, by plain evaluation.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn digamma(self) -> Var<'g> {
        self.polygamma(0)
    }

    /// ψ⁽ⁿ⁾(x), the derivative of order n of [`digamma`](Var::digamma), elementwise (PyTorch's `polygamma(n, x)`).
    ///
    /// By plain evaluation: the recurrence to n + 10, and from there the asymptotic series. Absolute errors are of the size of
    /// the largest term, so that digits are lost near a zero of the function.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// // ψ′(1) = π²/6.
    /// let y = g.constant(array![1.0]).polygamma(1);
    /// assert!((y.eval()?[0] - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-15);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn polygamma(self, n: usize) -> Var<'g> {
        self.map(Polygamma { order: n })
    }
}

pub(super) fn examples() -> Vec<Example> {
    let polygamma = vec![
        unary("polygamma", 0.5..4.0, |x| x.digamma()),
        unary("polygamma", -0.8..-0.2, |x| x.polygamma(1)),
    ];
    [unary_examples(), polygamma].concat()
}
