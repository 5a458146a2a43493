//! Clamping to an interval.

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{Number, Var, misfit};

/// x confined to [lo, hi]. Cotangent: v strictly inside, else 0.
///
/// Recorded by [`Var::clamp`](crate::Var::clamp).
#[derive(Clone, Debug, PartialEq)]
pub struct Clamp {
    /// The lower bound.
    pub lo: f64,
    /// The upper bound.
    pub hi: f64,
}

impl Unary for Clamp {
    const NAME: &'static str = "clamp";
    #[inline]
    fn eval<T: Number>(&self, x: T) -> T {
        let (lo, hi) = (T::constant(self.lo), T::constant(self.hi));
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
    /// The number confined to [`lo`, `hi`], elementwise; the derivative is 1 strictly inside.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![-3.0, 0.5]);
    /// let y = x.clamp(-1.0, 1.0);
    /// assert_eq!(y.eval()?, array![-1.0, 0.5].into_dyn());
    /// assert_eq!(y.sum().grad(x).eval()?, array![0.0, 1.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless `lo` ≤ `hi`.
    #[track_caller]
    pub fn clamp(self, lo: f64, hi: f64) -> Var<'g> {
        // Bounds that are NaN have no order.
        let ordered = lo <= hi;
        if !ordered {
            let rule = format!("the lower bound {lo} must not exceed the upper {hi}");
            misfit("clamp", rule, &[self]);
        }
        self.map(Clamp { lo, hi })
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("clamp", -0.9..0.9, |x| x.clamp(-1.0, 1.0).square()),
        unary("clamp", 1.2..2.0, |x| x.clamp(-1.0, 1.0) * x),
    ]
}
