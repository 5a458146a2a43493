//! The squares of a product are summed without the product.

use graph::rewriting::Visit;
use graph::{FoldWord, Graph, Lowering, MapWord, Var, ZipWord};

use super::simplify::{arranged, input, lowering, operands};

/// Σ over m and n of (Σₖ A[m,k]·B[n,k])² is Σ over k and l of (Σₘ A[m,k]·A[m,l])·(Σₙ B[n,k]·B[n,l]), the Gram matrices of the
/// factors; for a single k, Σ A²·Σ B². It is taken where that is less work: norms of the gradients of samples need none of
/// the gradients. Not the same bits.
///
/// I. Goodfellow, "Efficient per-example gradient computations" (2015), has the case of one k.
pub(super) fn summed_squares<'g>(
    _: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let Lowering::Reduce(FoldWord::Sum, axes) = visit.op.lower() else { return None };
    let product = squared(inputs[0])?;
    let Lowering::Contract(contract) = lowering(product) else { return None };
    let (axes, shape) = (axes.resolve(product.rank()).ok()?, product.shape());
    let batch = contract.batch[0].len();
    if (batch..product.rank()).any(|axis| shape[axis] != 1 && !axes.contains(&axis)) {
        return None;
    }
    let factors = operands(product);
    let own = [0, 1].map(|of| contract.alone(of, factors[of].rank()));
    let size = |of: usize, axes: &[usize]| -> usize {
        axes.iter().map(|&axis| factors[of].shape()[axis]).product()
    };
    let (m, n, k) = (size(0, &own[0]), size(1, &own[1]), size(0, &contract.sums[0]));
    // The product is written, too, and read again.
    if k.saturating_mul(m + n) >= m.saturating_mul(n).saturating_add(m.saturating_mul(n) / k.max(1))
    {
        return None;
    }
    let ordered = |of: usize| {
        let groups = [&contract.batch[of], &contract.sums[of], &own[of]];
        let order: Vec<usize> = groups.into_iter().flatten().copied().collect();
        arranged(factors[of], &order)
    };
    let [a, b] = [0, 1].map(|of| gram(ordered(of), batch, contract.sums[0].len()));
    let total = a * b;
    // Of the batch, what was summed; and all pairs of k.
    let summed = axes.iter().copied().filter(|&axis| axis < batch).chain(batch..total.rank());
    let summed: Vec<isize> = summed.map(|axis| axis as isize).collect();
    let total = if summed.is_empty() { total } else { total.sum_over(&summed[..]) };
    Some(if total.shape() == visit.ty.shape { total } else { total.reshape_to(&visit.ty.shape) })
}

/// What this is the square of.
fn squared(x: Var<'_>) -> Option<Var<'_>> {
    match lowering(x) {
        Lowering::Map(MapWord::Square) => Some(input(x)),
        Lowering::Zip(ZipWord::Mul) => {
            let [a, b] = operands(x);
            (a.id() == b.id()).then_some(a)
        }
        _ => None,
    }
}

/// Of an array with a batch, axes k, and others: for each of the batch, the sums over the others of products of pairs of k,
/// [batch, k, k]; of the squares for a single k, [batch].
fn gram(x: Var<'_>, batch: usize, sums: usize) -> Var<'_> {
    let shape = x.shape();
    let others: Vec<usize> = (batch + sums..shape.rank()).collect();
    if shape[batch..batch + sums].iter().all(|&extent| extent == 1) {
        let all: Vec<isize> = (batch..shape.rank()).map(|axis| axis as isize).collect();
        return if all.is_empty() { x.square() } else { x.square().sum_over(&all[..]) };
    }
    let pair = |axis: usize| (axis, axis);
    let pairs: Vec<(usize, usize)> = (0..batch).map(pair).collect();
    let summed: Vec<(usize, usize)> = others.into_iter().map(pair).collect();
    x.contract(x, &pairs, &summed)
}

#[cfg(test)]
mod tests {
    use super::super::expand::expand;
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    fn passed(build: impl for<'g> Fn(&'g Graph) -> Var<'g>) -> Passed {
        let pass = |target: &graph::rewriting::Target| {
            sweep(&expand(&target.graph, &target.outputs), &[summed_squares])
        };
        let passed = Passed::through(pass, build);
        passed.keeps_values(1e-13);
        passed
    }

    #[test]
    fn norms_of_outer_products_are_products_of_norms() {
        let outer = passed(|g| {
            let (a, b) = (g.input("a", [4, 1, 30]), g.input("b", [4, 1, 20]));
            a.contract(b, &[(0, 0)], &[(1, 1)]).square().sum_over([1, 2])
        });
        let expected =
            "a = input; b = input; square(a); sum(square); square(b); sum(square); mul(sum, sum)";
        assert_eq!(outer.text(), expected);
    }

    #[test]
    fn norms_of_products_are_of_gram_matrices_where_that_is_less() {
        let of = |k: usize| {
            passed(move |g| {
                let (a, b) = (g.input("a", [4, 30, k]), g.input("b", [k, 4, 20]));
                let c = a.contract(b, &[(0, 1)], &[(2, 0)]);
                (c * c).sum_over([1, 2]).sin()
            })
        };
        assert!(of(3).text().contains("contract(permute, permute)"), "{}", of(3).text());
        assert!(of(300).text().contains("contract(a, b)"), "{}", of(300).text());
    }

    #[test]
    fn the_batch_can_be_summed_and_rows_cannot_be_left() {
        let all = passed(|g| {
            let (a, b) = (g.input("a", [4, 9]), g.input("b", [4, 8]));
            a.contract(b, &[(0, 0)], &[]).square().sum()
        });
        assert!(!all.text().contains("contract"), "{}", all.text());
        let rows = passed(|g| {
            let (a, b) = (g.input("a", [4, 9]), g.input("b", [4, 8]));
            a.contract(b, &[(0, 0)], &[]).square().sum_over(2)
        });
        assert!(rows.text().contains("contract(a, b)"), "{}", rows.text());
    }
}
