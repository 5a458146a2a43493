//! Factors that are the same all along a sum leave it.

use graph::{FoldWord, MapWord, ZipWord};
use smallvec::{SmallVec, smallvec};

use super::invariant::without_axes;
use super::range::{divisor_may_leave_sum, may_leave_sum};
use super::simplify::{input, lowering, operands};
use graph::Lowering;
use graph::rewriting::Visit;
use graph::{Axes, Graph, Var};

/// How deep a product is searched: reverse rules multiply a few times.
const DEEPEST: usize = 8;

/// Σᵢ xᵢ·c becomes c·Σᵢ xᵢ: one product instead of one at each position, and often a sum that is
/// there already. The backward pass of a normalisation sums the same products under several
/// factors, which all come down to two sums.
///
/// Not the same bits: for n terms and p factors the error is at most γ·Σ|xᵢ·c₁⋯c_p| either way, with
/// γ = k·u/(1 − k·u), k = n − 1 + p and unit roundoff u, where no intermediate result over- or
/// underflows (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", §3.1 and §4.2). The
/// partial sums of x alone may overflow where those of x·c do not: a constant that could bring this
/// about stays inside. An infinite factor multiplies the sum once: ±∞, where products of both signs
/// would be NaN together. A sum of cotangents that cancels to exactly 0 hides a factor that is infinite
/// or NaN, as a cotangent of 0 does at each position; and where the factor makes cotangents 0, as 1/‖x‖ of an infinite x does,
/// it hides a sum that is not finite, as each cotangent would have hidden what it is multiplied by.
///
/// Single numbers stay where they are: at a position they cost next to nothing.
pub(super) fn factored_sum<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let Lowering::Reduce(FoldWord::Sum, axes) = visit.op.lower() else { return None };
    if !axes.keeps() {
        return None;
    }
    let Product { factors, rest } = factored(inputs[0], &axes, DEEPEST);
    let multiplied = |sum, factor: Factor<'g>| factor.times(sum);
    (!factors.is_empty()).then(|| factors.into_iter().fold(visit.again(graph, &[rest]), multiplied))
}

/// A value as a product of factors that do not vary along some axes, and the rest.
struct Product<'g> {
    factors: SmallVec<[Factor<'g>; 4]>,
    rest: Var<'g>,
}

/// How a factor multiplies.
#[derive(Clone, Copy)]
enum Factor<'g> {
    Minus,
    Times(Var<'g>),
    Over(Var<'g>),
    /// Not where the other is 0; see [`ZipWord::MulNoNan`].
    TimesUnlessZero(Var<'g>),
    /// Not where the factor is 0.
    TimesIfNotZero(Var<'g>),
    /// Not where either is 0.
    TimesIfNeitherIsZero(Var<'g>),
}

impl<'g> Factor<'g> {
    fn times(self, x: Var<'g>) -> Var<'g> {
        match self {
            Factor::Minus => -x,
            Factor::Times(c) => x * c,
            Factor::Over(c) => x / c,
            Factor::TimesUnlessZero(c) => x.mul_no_nan(c),
            Factor::TimesIfNotZero(c) => c.mul_no_nan(x),
            Factor::TimesIfNeitherIsZero(c) => c.ne(0.0).select(x.mul_no_nan(c), 0.0),
        }
    }
}

fn factored<'g>(x: Var<'g>, axes: &Axes, depth: usize) -> Product<'g> {
    let whole = Product { factors: SmallVec::new(), rest: x };
    if depth == 0 {
        return whole;
    }
    let split = match lowering(x) {
        Lowering::Map(MapWord::Neg) => one(Factor::Minus, factored(input(x), axes, depth - 1)),
        Lowering::Zip(f @ (ZipWord::Mul | ZipWord::MulNoNan | ZipWord::Div)) => {
            let [a, b] = operands(x);
            product(f, x, [a, b], axes, depth - 1)
        }
        _ => None,
    };
    // A rest of another shape would be summed another number of times.
    split.filter(|split| split.rest.shape() == x.shape()).unwrap_or(whole)
}

fn product<'g>(
    f: ZipWord,
    x: Var<'g>,
    [a, b]: [Var<'g>; 2],
    axes: &Axes,
    depth: usize,
) -> Option<Product<'g>> {
    let leaves = |factor: Var<'g>, may_leave: fn(Var<'_>) -> bool| {
        let invariant = without_axes(factor, x, axes)?;
        (invariant.shape().size() > 1 && may_leave(invariant)).then_some(invariant)
    };
    // Of an operand that broadcasts, the axes of the sum are others.
    let inside = |y: Var<'g>| {
        if y.shape() == x.shape() {
            factored(y, axes, depth)
        } else {
            Product { factors: SmallVec::new(), rest: y }
        }
    };
    let of_b = if f == ZipWord::Div { divisor_may_leave_sum } else { may_leave_sum };
    match (f, leaves(a, may_leave_sum), leaves(b, of_b)) {
        (ZipWord::Mul, _, Some(c)) => one(Factor::Times(c), inside(a)),
        (ZipWord::Mul, Some(c), _) => one(Factor::Times(c), inside(b)),
        (ZipWord::Div, _, Some(c)) => one(Factor::Over(c), inside(a)),
        (ZipWord::MulNoNan, _, Some(c)) => one(Factor::TimesUnlessZero(c), inside(a)),
        (ZipWord::Mul | ZipWord::MulNoNan, ..) => {
            let (a, b) = (guarding(f, a, inside(a)), inside(b));
            if a.factors.is_empty() && b.factors.is_empty() {
                return None;
            }
            let (rest, guarded) = match f {
                ZipWord::Mul => (a.rest * b.rest, false),
                _ => (a.rest.mul_no_nan(b.rest), true),
            };
            let of_a = a.factors.into_iter().map(|factor| match factor {
                // What makes the first operand 0 makes the product 0.
                Factor::Times(c) if guarded => Factor::TimesIfNotZero(c),
                Factor::TimesUnlessZero(c) if guarded => Factor::TimesIfNeitherIsZero(c),
                other => other,
            });
            Some(Product { factors: of_a.chain(b.factors).collect(), rest })
        }
        _ => None,
    }
}

/// The first operand of a product as it may be taken apart: where it guards, an infinite divisor makes it 0, and so the
/// product, whatever the second operand is.
fn guarding<'g>(f: ZipWord, x: Var<'g>, apart: Product<'g>) -> Product<'g> {
    let divides = apart.factors.iter().any(|factor| matches!(factor, Factor::Over(_)));
    match f {
        ZipWord::MulNoNan if divides => Product { factors: SmallVec::new(), rest: x },
        _ => apart,
    }
}

fn one<'g>(factor: Factor<'g>, of: Product<'g>) -> Option<Product<'g>> {
    let mut factors: SmallVec<_> = smallvec![factor];
    factors.extend(of.factors);
    Some(Product { factors, rest: of.rest })
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn a_factor_of_every_column_leaves_the_sum_of_rows() {
        let passed = Passed::through(
            |target| sweep(target, &[factored_sum]),
            |g| {
                let (x, c) = (g.input("x", [3, 2]), g.input("c", [2]));
                (x * c).sum_over(graph::keep(0))
            },
        );
        assert_eq!(passed.text(), "x = input; c = input; sum(x); mul(sum, c)");
        passed.keeps_values(1e-14);
    }

    #[test]
    fn a_divisor_stays_where_it_decides_whether_the_product_is_0() {
        let text = |product: for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>| {
            let passed = Passed::through(
                |target| sweep(target, &[factored_sum]),
                |g| {
                    let (v, x) = (g.input("v", [3, 2]), g.input("x", [3, 2]));
                    product(v / g.input("d", [2]), x).sum_over(graph::keep(0))
                },
            );
            passed.text().to_string()
        };
        assert!(text(|a, b| a.mul_no_nan(b)).ends_with("mul_no_nan(div, x); sum(mul_no_nan)"));
        assert!(text(|a, b| a * b).ends_with("sum(mul); div(sum, d)"));
    }

    #[test]
    fn factors_leave_from_within_products() {
        let passed = Passed::through(
            |target| sweep(target, &[factored_sum]),
            |g| {
                let (x, v) = (g.input("x", [3, 2]), g.input("v", [3, 2]));
                let (c, d) = (g.input("c", [2]), g.input("d", [1, 2]));
                (-(v.mul_no_nan(d)).mul_no_nan(x * c)).sum_over(graph::keep(0))
            },
        );
        let expected = "x = input; v = input; c = input; d = input; mul_no_nan(v, x); \
                        sum(mul_no_nan); neg(sum); ne(d, 0); mul_no_nan(neg, d); \
                        select(ne, mul_no_nan, 0); mul(select, c)";
        assert_eq!(passed.text(), expected);
        passed.keeps_values(1e-14);
    }

    #[test]
    fn a_product_of_lower_rank_is_a_factor_like_others() {
        let passed = Passed::through(
            |target| sweep(target, &[factored_sum]),
            |g| {
                let (x, a, b) = (g.input("x", [3, 2]), g.input("a", []), g.input("b", []));
                let (c, d) = (g.input("c", [2]), g.input("d", [2]));
                (x * (a * b)).sum_over(graph::keep(0)) + (x * (c * d)).sum_over(graph::keep(0))
            },
        );
        passed.keeps_values(1e-14);
    }

    #[test]
    fn what_varies_along_the_sum_stays() {
        let passed = Passed::through(
            |target| sweep(target, &[factored_sum]),
            |g| {
                let (x, c) = (g.input("x", [3, 2]), g.input("c", [3, 1]));
                (x * c).sum_over(graph::keep(0))
            },
        );
        assert_eq!(passed.text(), "x = input; c = input; mul(x, c); sum(mul)");
        // A sum over 3 equal rows is not a sum over 1.
        let passed = Passed::through(
            |target| sweep(target, &[factored_sum]),
            |g| {
                let (x, c) = (g.input("x", [1, 2]), g.input("c", [3, 1]));
                (x * c).sum_over(graph::keep(0))
            },
        );
        passed.keeps_values(1e-14);
    }

    #[test]
    fn a_constant_leaves_unless_the_sum_could_grow_by_it() {
        let passed = |row: [f64; 2]| {
            let passed = Passed::through(
                |target| sweep(target, &[factored_sum]),
                |g| {
                    let row = g.constant(ndarray::arr1(&row));
                    (g.input("x", [3, 2]) * row).sum_over(graph::keep(0))
                },
            );
            passed.text()
        };
        assert_eq!(
            passed([2.0, -1.0]),
            "constant = constant; x = input; sum(x); mul(sum, constant)"
        );
        let inside = "constant = constant; x = input; mul(x, constant); sum(mul)";
        assert_eq!(passed([2.0, 1e-10]), inside);
        assert_eq!(passed([2.0, f64::INFINITY]), inside);
    }
}
