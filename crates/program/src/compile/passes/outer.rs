//! A product without a sum is a multiplication.

use graph::rewriting::Visit;
use graph::{Graph, Lowering, Shape, Var};

use super::simplify::arranged;

/// A contraction over nothing, or over axes of extent 1, multiplies each pair of elements: elementwise work, which goes into
/// the loop of what reads it, and is not stored for it.
pub(super) fn multiplied<'g>(
    _: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let Lowering::Contract(contract) = visit.op.lower() else { return None };
    let shapes = [inputs[0].shape(), inputs[1].shape()];
    if contract.sums[0].iter().any(|&axis| shapes[0][axis] != 1) {
        return None;
    }
    let own = [0, 1].map(|of| contract.alone(of, shapes[of].rank()));
    let ones = [own[1].len(), own[0].len()];
    let batch = contract.batch[0].len();
    let factor = |of: usize| {
        let groups = [&contract.batch[of], &own[of], &contract.sums[of]];
        let order: Vec<usize> = groups.into_iter().flatten().copied().collect();
        let extents: Vec<usize> = order.iter().map(|&axis| shapes[of][axis]).collect();
        let (batch, own) = extents[..extents.len() - contract.sums[of].len()].split_at(batch);
        let ones = vec![1; ones[of]];
        let shape = if of == 0 { [batch, own, &ones] } else { [batch, &ones, own] };
        arranged(inputs[of], &order).reshape_to(Shape::from(shape.concat()))
    };
    Some(factor(0) * factor(1))
}

#[cfg(test)]
mod tests {
    use super::super::expand::expand;
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn outer_products_are_multiplications() {
        let passed = Passed::through(
            |target| sweep(&expand(&target.graph, &target.outputs), &[multiplied]),
            |g| {
                let (a, b) = (g.input("a", [1, 4, 3]), g.input("b", [2, 4, 1]));
                a.contract(b, &[(1, 1)], &[(0, 2)])
            },
        );
        assert!(passed.text().ends_with("mul(reshape, reshape)"), "{}", passed.text());
        passed.keeps_values(0.0);
    }
}
