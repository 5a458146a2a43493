//! Quantiles along an axis.

use super::super::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{Type, Var, misfit};

impl<'g> Var<'g> {
    /// The number in the middle of those along an axis in order; of two, the lower (PyTorch's `median`; numpy's, which is their
    /// mean, is [`quantile`](Var::quantile) ½). NaN if one of them is.
    ///
    /// The axis is dropped from the shape. Of no numbers it is an error of the run
    /// ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![4.0, 1.0, 3.0, 2.0]);
    /// assert_eq!(x.median(0).eval()?[[]], 2.0);
    /// assert_eq!(x.quantile(0.5, 0).eval()?[[]], 2.5);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn median(self, axis: isize) -> Var<'g> {
        ranked(self, "median", axis, &|last| ((last / 2) as f64, 0.0))
    }

    /// The number below which a share q of those along an axis lies: that of rank q·(n − 1) in their order, counted from 0, with
    /// a linear interpolation between ranks (numpy's and PyTorch's default). NaN if one of them is.
    ///
    /// The axis is dropped from the shape. Of no numbers it is an error of the run
    /// ([`Graph::refused`](crate::Graph::refused)). The cotangent goes to the one number or the two.
    ///
    /// # Panics
    /// If the elements are not real, there is no such axis, or q is not in [0, 1].
    #[track_caller]
    pub fn quantile(self, q: f64, axis: isize) -> Var<'g> {
        if !(0.0..=1.0).contains(&q) {
            misfit("quantile", format!("the share {q} is not in [0, 1]"), &[self]);
        }
        ranked(self, "quantile", axis, &|last| {
            let rank = q * last as f64;
            (rank.floor(), rank - rank.floor())
        })
    }
}

/// What stands at a rank, and so far towards the next, which are said for the last rank.
#[track_caller]
fn ranked<'g>(
    x: Var<'g>,
    name: &'static str,
    axis: isize,
    rank: &dyn Fn(usize) -> (f64, f64),
) -> Var<'g> {
    let shape = x.shape();
    let resolved = match resolve_axis(axis, shape.rank()) {
        Ok(axis) => axis,
        Err(rule) => misfit(name, rule, &[x]),
    };
    let Some(last) = shape[resolved].checked_sub(1) else {
        let ty = Type::real(shape.reduced(&[resolved], false));
        return x.graph().refused(name, "no numbers have an order".to_owned(), ty, &[x]);
    };
    let sorted = x.sort(axis, false);
    let at = |rank: usize| sorted.index_axis(axis, rank as isize);
    let (low, part) = rank(last);
    let lower = at(low as usize);
    let value = if part == 0.0 { lower } else { lower + part * (at(low as usize + 1) - lower) };
    // A NaN is last in the order.
    let largest = at(last);
    largest.is_nan().select(largest, value)
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("argsort", [2, 4], |x| x.square().median(1)),
        shaped("argsort", [5, 2], |x| x.quantile(0.3, 0).square()),
    ]
}
