//! Small factors meet before they meet a large one.

use graph::ZipWord;

use super::simplify::{lowering, operands};
use graph::Lowering;
use graph::rewriting::Visit;
use graph::{Graph, Shape, Var};

/// (x·c)·d becomes x·(c·d) where c·d has fewer elements than x: of a normalisation's two products
/// at every position, by 1/σ and by γ, one is left.
///
/// Not the same bits: two roundings as before, of other intermediate results, which must not overflow.
pub(super) fn regrouped<'g>(
    _: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    match visit.op.lower() {
        Lowering::Zip(ZipWord::MulNoNan) => {
            let [x, c] = parts(inputs[0], ZipWord::MulNoNan)?;
            // Where c is 0 the product is 0 whatever d, and so must the factor be.
            joined(c, inputs[1], x).then(|| x.mul_no_nan(c.mul_no_nan(inputs[1])))
        }
        Lowering::Zip(ZipWord::Mul) => {
            let with = |product: Var<'g>, d: Var<'g>| {
                let [a, b] = parts(product, ZipWord::Mul)?;
                let (x, c) = if a.shape().size() < b.shape().size() { (b, a) } else { (a, b) };
                joined(c, d, x).then(|| x * (c * d))
            };
            with(inputs[0], inputs[1]).or_else(|| with(inputs[1], inputs[0]))
        }
        _ => None,
    }
}

/// The operands of a product of this kind.
fn parts(product: Var<'_>, kind: ZipWord) -> Option<[Var<'_>; 2]> {
    (lowering(product) == Lowering::Zip(kind)).then(|| operands(product))
}

/// Whether c·d has fewer elements than x, and x is not repeated by the product.
fn joined(c: Var<'_>, d: Var<'_>, x: Var<'_>) -> bool {
    let small =
        |shape: &Shape| shape.broadcasts_to(&x.shape()) && 2 * shape.size() <= x.shape().size();
    c.shape().broadcast(&d.shape()).as_ref().is_some_and(small)
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn factors_of_the_columns_meet_first() {
        let passed = Passed::through(
            |target| sweep(target, &[regrouped]),
            |g| {
                let (x, c, d) = (g.input("x", [5, 3]), g.input("c", [3]), g.input("d", [1, 3]));
                x * c * d
            },
        );
        assert_eq!(passed.text(), "x = input; c = input; d = input; mul(c, d); mul(x, mul)");
        passed.keeps_values(1e-15);
    }

    #[test]
    fn factors_that_grow_when_they_meet_stay_apart() {
        let passed = Passed::through(
            |target| sweep(target, &[regrouped]),
            |g| {
                let (x, c, d) = (g.input("x", [5, 3]), g.input("c", [3]), g.input("d", [5, 1]));
                x * c * d
            },
        );
        assert_eq!(passed.text(), "x = input; c = input; d = input; mul(x, c); mul(mul, d)");
    }
}
