//! A batch that is summed is contracted.

use graph::rewriting::Visit;
use graph::{FoldWord, Graph, Lowering, Var};

use super::simplify::{lowering, operands};

/// Σ over the batch of products becomes one product with a longer sum: the gradient of a weight that a batch of matrices is
/// multiplied by is not computed for each of them first. Not the same bits: the sum has the same terms.
pub(super) fn summed_batch<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let Lowering::Reduce(FoldWord::Sum, axes) = visit.op.lower() else { return None };
    let Lowering::Contract(mut contract) = lowering(inputs[0]) else { return None };
    let axes = axes.resolve(inputs[0].rank()).ok()?;
    let (summed, left): (Vec<usize>, Vec<usize>) =
        axes.iter().partition(|&&axis| axis < contract.batch[0].len());
    if summed.is_empty() {
        return None;
    }
    for &axis in summed.iter().rev() {
        for of in 0..2 {
            let own = contract.batch[of].remove(axis);
            contract.sums[of].push(own);
        }
    }
    let product = graph.apply(contract, &operands(inputs[0]));
    let left: Vec<isize> = left.iter().map(|axis| (axis - summed.len()) as isize).collect();
    let sum = if left.is_empty() { product } else { product.sum_over(&left[..]) };
    Some(if sum.shape() == visit.ty.shape { sum } else { sum.reshape_to(&visit.ty.shape) })
}

#[cfg(test)]
mod tests {
    use super::super::expand::expand;
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn the_gradient_of_a_shared_weight_is_one_product() {
        let passed = Passed::through(
            |target| sweep(&expand(&target.graph, &target.outputs), &[summed_batch]),
            |g| {
                let (x, v) = (g.input("x", [4, 3, 2]), g.input("v", [4, 3, 5]));
                x.contract(v, &[(0, 0)], &[(1, 1)]).sum_over(0)
            },
        );
        assert_eq!(passed.text(), "x = input; v = input; contract(x, v)");
        passed.keeps_values(1e-14);
    }
}
