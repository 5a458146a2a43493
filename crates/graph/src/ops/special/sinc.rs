//! The normalised sine cardinal.

use std::f64::consts::PI;

use super::super::map::Unary;
use super::super::registry::{Example, unary};
use crate::{Number, Var};

/// The derivative of some order of sinc x = sin(πx)/(πx), which is 1 at 0. Cotangent: v times the next.
///
/// Recorded by [`Var::sinc`](crate::Var::sinc). The function itself is compiled; its derivatives run by plain evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Sinc {
    /// The order: 0 for the function itself.
    pub order: usize,
}

impl Unary for Sinc {
    const NAME: &'static str = "sinc";
    #[inline]
    fn eval<T: Number>(&self, x: T) -> T {
        let z = T::constant(PI) * x;
        let near = T::constant(self.order.max(1) as f64);
        let value = match self.order {
            0 if x == T::zero() => T::one(),
            0 => z.sin() / z,
            order if z.abs() <= near => series(order, z),
            order => recurrence(order, z),
        };
        T::constant(PI.powi(self.order as i32)) * value
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * x.map(Self { order: self.order + 1 })
    }
    fn expand<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        let z = PI * x;
        (self.order == 0).then(|| x.eq(0.0).select(1.0, z.sin() / z))
    }
}

/// Σₖ (−1)ᵏ·z²ᵏ⁻ⁿ·(2k)!/((2k − n)!·(2k + 1)!), which for |z| ≤ n neither cancels much nor needs many terms.
fn series<T: Number>(order: usize, z: T) -> T {
    let n = order as f64;
    let first = order.div_ceil(2);
    // The factors of the first term are few: the order is that of a derivative.
    let mut k = first as f64;
    let start: f64 = (1..=2 * first - order).map(|i| i as f64).product();
    let sign = if first.is_multiple_of(2) { 1.0 } else { -1.0 };
    let mut term = T::constant(sign / (start * (2.0 * k + 1.0)));
    if order % 2 == 1 {
        term = term * z;
    }
    let mut sum = term;
    for _ in 0..20 + order {
        let ratio = (2.0 * k + 1.0) / ((2.0 * k + 3.0) * (2.0 * k + 2.0 - n) * (2.0 * k + 1.0 - n));
        term = term * (-z * z * T::constant(ratio));
        sum = sum + term;
        k += 1.0;
    }
    sum
}

/// sₙ = (sin(z + n·π/2) − n·sₙ₋₁)/z, which for |z| > n makes no error larger.
fn recurrence<T: Number>(order: usize, z: T) -> T {
    let mut value = z.sin() / z;
    for n in 1..=order {
        let turned = match n % 4 {
            0 => z.sin(),
            1 => z.cos(),
            2 => -z.sin(),
            _ => -z.cos(),
        };
        value = (turned - T::constant(n as f64) * value) / z;
    }
    value
}

impl<'g> Var<'g> {
    /// sin(πx)/(πx), and 1 at 0, elementwise (PyTorch's and numpy's `sinc`). Derivatives of every order are those of the
    /// function at 0, too, and run by plain evaluation.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![0.0, 0.5]);
    /// assert_eq!(x.sinc().eval()?, array![1.0, 2.0 / std::f64::consts::PI].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn sinc(self) -> Var<'g> {
        self.map(Sinc { order: 0 })
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![unary("sinc", -2.0..2.0, |x| x.sinc())]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use crate::Graph;
    use ndarray::array;

    #[test]
    fn derivatives_near_zero_are_those_of_the_series() {
        let g = Graph::new();
        let x = g.constant(array![0.0, 1e-9, -1e-9]);
        let first = x.sinc().sum().grad(x);
        let slope = -PI * PI / 3.0;
        let expected = array![0.0, slope * 1e-9, -slope * 1e-9].into_dyn();
        approx::assert_relative_eq!(first.eval().unwrap(), expected, max_relative = 1e-14);
        let second = first.sum().grad(x);
        let expected = array![slope, slope, slope].into_dyn();
        approx::assert_relative_eq!(second.eval().unwrap(), expected, max_relative = 1e-14);
    }
}
