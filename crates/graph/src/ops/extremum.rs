//! The larger and the smaller of two numbers, and clamping to an interval.

use super::map::Unary;
use super::registry::{Example, binary, unary};
use super::zip::{Binary, Operand};
use crate::{Scalar, Var, ZipWord};

/// max(a, b), NaN if either is. Cotangents: v to the larger, half to each where they are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximum;

impl Binary for Maximum {
    const NAME: &'static str = "maximum";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        if a > b || a.is_nan() { a } else { b }
    }
    fn vjp<'g>(
        &self,
        a: Var<'g>,
        b: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        Some(share(a.gt(b), a.lt(b), v))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Max
    }
}

/// min(a, b), NaN if either is. Cotangents: v to the smaller, half to each where they are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum;

impl Binary for Minimum {
    const NAME: &'static str = "minimum";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        if a < b || a.is_nan() { a } else { b }
    }
    fn vjp<'g>(
        &self,
        a: Var<'g>,
        b: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        Some(share(a.lt(b), a.gt(b), v))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Min
    }
}

/// v where the first wins, 0 where the second does, and half to each on a tie; and the reverse.
fn share<'g>(first: Var<'g>, second: Var<'g>, v: Var<'g>) -> (Var<'g>, Var<'g>) {
    let half = 0.5 * v;
    (first.select(v, second.select(0.0, half)), second.select(v, first.select(0.0, half)))
}

/// x confined to [lo, hi]. Cotangent: v strictly inside, else 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Clamp {
    /// The lower bound.
    pub lo: f64,
    /// The upper bound.
    pub hi: f64,
}

impl Unary for Clamp {
    const NAME: &'static str = "clamp";
    fn eval<T: Scalar>(&self, x: T) -> T {
        let (lo, hi) = (T::from_f64(self.lo), T::from_f64(self.hi));
        if x < lo {
            lo
        } else if x > hi {
            hi
        } else {
            x
        }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        x.gt(self.lo).and(x.lt(self.hi)).select(v, 0.0)
    }
    fn expand<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        Some(x.maximum(self.lo).minimum(self.hi))
    }
}

impl<'g> Var<'g> {
    /// The larger of two numbers, elementwise; NaN if either is. Where they are equal, the
    /// cotangent is shared evenly.
    #[track_caller]
    pub fn maximum(self, other: impl Operand<'g>) -> Var<'g> {
        self.zip(other, Maximum)
    }

    /// The smaller of two numbers, elementwise; NaN if either is. Where they are equal, the
    /// cotangent is shared evenly.
    #[track_caller]
    pub fn minimum(self, other: impl Operand<'g>) -> Var<'g> {
        self.zip(other, Minimum)
    }

    /// The number confined to [`lo`, `hi`], elementwise; the derivative is 1 strictly inside.
    ///
    /// # Panics
    /// Unless `lo` ≤ `hi`.
    #[track_caller]
    pub fn clamp(self, lo: f64, hi: f64) -> Var<'g> {
        assert!(lo <= hi, "clamp: the lower bound {lo} must not exceed the upper {hi}");
        self.map(Clamp { lo, hi })
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        binary("maximum", -2.0..-0.5, -0.4..2.0, |a, b| a.maximum(b) * a),
        binary("minimum", -2.0..-0.5, -0.4..2.0, |a, b| a.minimum(b) * b),
        unary("clamp", -0.9..0.9, |x| x.clamp(-1.0, 1.0).square()),
        unary("clamp", 1.2..2.0, |x| x.clamp(-1.0, 1.0) * x),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn ties_share_the_cotangent() {
        let g = Graph::new();
        let (a, b) = (g.constant(array![1.0, 2.0, 3.0]), g.constant(array![2.0, 2.0, 2.0]));
        let grad =
            |y: crate::Var<'_>| (y.sum().grad(a).eval().unwrap(), y.sum().grad(b).eval().unwrap());
        let (up, even, down) = (1.0, 0.5, 0.0);
        assert_eq!(
            grad(a.maximum(b)),
            (array![down, even, up].into_dyn(), array![up, even, down].into_dyn())
        );
        assert_eq!(
            grad(a.minimum(b)),
            (array![up, even, down].into_dyn(), array![down, even, up].into_dyn())
        );
    }

    #[test]
    fn nan_wins() {
        let g = Graph::new();
        let (a, b) = (g.constant(array![f64::NAN, 1.0]), g.constant(array![1.0, f64::NAN]));
        assert!(a.maximum(b).eval().unwrap().iter().all(|x| x.is_nan()));
        assert!(a.minimum(b).eval().unwrap().iter().all(|x| x.is_nan()));
    }
}
