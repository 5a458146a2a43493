//! Rounding, and what division leaves.
//!
//! Derivatives are 0 almost everywhere, and taken as 0 at the jumps. A quantiser that is trained as if it did not round is
//! [`with_vjp`](Var::with_vjp).

use super::map::Unary;
use super::registry::{Example, binary, unary};
use super::table::{binary, binary_type, unary, word};
use super::zip::{Binary, Operand};
use crate::{MapWord, Number, Var, ZipWord};

unary! {
    /// The largest whole number that is not above x. Its derivative is 0.
    Floor, floor, [0.2..0.8], Floor, |x| x.floor(), |x, _, _| flat(x);
    /// The smallest whole number that is not below x. Its derivative is 0.
    Ceil, ceil, [0.2..0.8], Ceil, |x| x.ceil(), |x, _, _| flat(x);
    /// x without what stands behind its point. Its derivative is 0.
    Trunc, trunc, [0.2..0.8], Trunc, |x| x.trunc(), |x, _, _| flat(x);
    /// The whole number nearest to x; of two, the even one (as PyTorch and IEEE 754, and not as Rust's `round`). Its
    /// derivative is 0.
    Round, round, [0.6..1.4], Round, |x| x.round_ties_even(), |x, _, _| flat(x);
}

binary! {
    /// a − n·b for the whole number n between 0 and a/b that is nearest to a/b: what is left has the sign of a (PyTorch's
    /// `fmod`, Rust's `%`). Exact. Cotangents: v and −v·trunc(a/b).
    Fmod, fmod, [-5.6..-4.2, 1.9..2.05], Fmod, |a, b| a.fmod(b), |a, b, _, v| (v, -(v * (a / b).trunc()));
    /// a − ⌊a/b⌋·b: what is left has the sign of b (PyTorch's `remainder`, Python's `%`). Exact but for one rounding, where
    /// the signs differ. Cotangents: v and −v·⌊a/b⌋.
    Remainder, remainder, [-5.6..-4.2, 1.9..2.05], _,
        |a, b| {
            let left = a.fmod(b);
            let other_sign = (left < T::zero()) != (b < T::zero());
            if left != T::zero() && other_sign { left + b } else { left }
        },
        |a, b, _, v| (v, -(v * (a / b).floor())),
        expands |a, b| {
            let left = a.fmod(b);
            let below = left.lt(0.0).and(b.gt(0.0));
            let above = left.gt(0.0).and(b.lt(0.0));
            below.or(above).select(left + b, left)
        };
}

/// 0 at every position.
fn flat(x: Var<'_>) -> Var<'_> {
    x.graph().full(x.shape(), 0.0)
}

pub(super) fn examples() -> Vec<Example> {
    [unary_examples(), binary_examples()].concat()
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn halves_are_rounded_to_even() {
        let g = Graph::new();
        let x = g.constant(array![-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1e300, 0.49999999999999994]);
        let expected = array![-2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 1e300, 0.0].into_dyn();
        assert_eq!(x.round().eval().unwrap(), expected);
    }

    #[test]
    fn what_division_leaves_has_the_sign_of_either() {
        let g = Graph::new();
        let a = g.constant(array![5.0, -5.0, 5.0, -5.0, 6.0, -6.0]);
        let b = g.constant(array![3.0, 3.0, -3.0, -3.0, 3.0, 3.0]);
        let (truncated, floored) = (a.fmod(b).eval().unwrap(), a.remainder(b).eval().unwrap());
        assert_eq!(truncated, array![2.0, -2.0, 2.0, -2.0, 0.0, 0.0].into_dyn());
        assert_eq!(floored, array![2.0, 1.0, -1.0, -2.0, 0.0, 0.0].into_dyn());
    }
}
