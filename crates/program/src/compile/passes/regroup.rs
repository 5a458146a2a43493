//! Small factors meet before they meet a large one.

use graph::ZipWord;

use super::fold::folded_again;
use super::range::may_meet;
use super::simplify::{lowering, operands};
use graph::Lowering;
use graph::rewriting::Visit;
use graph::{Graph, Scalar, Shape, Var};

/// (x·c)·d becomes x·(c·d) where c·d has fewer elements than x: of a normalisation's two products
/// at every position, by 1/σ and by γ, one is left.
///
/// Not the same bits: two roundings as before, so that the relative error is at most 2u + u² either
/// way for unit roundoff u, where neither x·c nor c·d leaves the range of normal numbers. Constants
/// that could make c·d do so stay where they are.
pub(super) fn regrouped<'g, T: Scalar>(
    _: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    match visit.op.lower() {
        Lowering::Zip(ZipWord::MulNoNan) => {
            let [x, c] = parts(inputs[0], ZipWord::MulNoNan)?;
            // Where c is 0 the product is 0 whatever d, and so must the factor be.
            let joined = joined::<T>(c, inputs[1], x);
            joined.then(|| x.mul_no_nan(folded_again(c.mul_no_nan(inputs[1]))))
        }
        Lowering::Zip(ZipWord::Mul) => {
            let with = |product: Var<'g>, d: Var<'g>| {
                let [a, b] = parts(product, ZipWord::Mul)?;
                let (x, c) = if a.shape().size() < b.shape().size() { (b, a) } else { (a, b) };
                joined::<T>(c, d, x).then(|| x * folded_again(c * d))
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

/// Whether c·d has fewer elements than x, x is not repeated by the product, and both may meet.
fn joined<T: Scalar>(c: Var<'_>, d: Var<'_>, x: Var<'_>) -> bool {
    let small =
        |shape: &Shape| shape.broadcasts_to(&x.shape()) && 2 * shape.size() <= x.shape().size();
    let fits = c.shape().broadcast(&d.shape()).as_ref().is_some_and(small);
    fits && may_meet::<T>(c) && may_meet::<T>(d)
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn factors_of_the_columns_meet_first() {
        let passed = Passed::through(
            |target| sweep(target, &[regrouped::<f64>]),
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
            |target| sweep(target, &[regrouped::<f64>]),
            |g| {
                let (x, c, d) = (g.input("x", [5, 3]), g.input("c", [3]), g.input("d", [5, 1]));
                x * c * d
            },
        );
        assert_eq!(passed.text(), "x = input; c = input; d = input; mul(x, c); mul(mul, d)");
    }

    #[test]
    fn constants_meet_unless_their_product_could_leave_the_range() {
        fn passed<T: Scalar>(constants: [f64; 3]) -> String {
            let passed = Passed::through(
                |target| sweep(target, &[regrouped::<T>]),
                |g| constants.iter().fold(g.input("x", [5, 3]), |x, &c| x * c),
            );
            passed.text()
        }
        assert_eq!(passed::<f32>([0.5, 0.25, 8.0]), "x = input; mul(x, 1)");
        let tiny: f64 = 2.0_f64.powi(-70);
        let apart = format!("x = input; mul(x, {tiny}); mul(mul, {tiny}); mul(mul, 0.5)");
        assert_eq!(passed::<f32>([tiny, tiny, 0.5]), apart);
        // In double precision the same constants are ordinary numbers.
        let together = format!("x = input; mul(x, {})", tiny * tiny * 0.5);
        assert_eq!(passed::<f64>([tiny, tiny, 0.5]), together);
    }

    #[test]
    fn a_constant_that_keeps_a_product_in_range_stays_beside_values_of_the_run() {
        let passed = Passed::through(
            |target| sweep(target, &[regrouped::<f32>]),
            |g| g.input("x", [5, 3]) * 1e-30 * g.input("d", [3]),
        );
        let apart = format!("x = input; mul(x, {}); d = input; mul(mul, d)", 1e-30);
        assert_eq!(passed.text(), apart);
    }
}
