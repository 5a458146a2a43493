//! Einstein's summation convention, in terms of diagonals, sums, permutations and matrix products.

mod contract;
mod equation;

use contract::Term;
use equation::Equation;

use super::super::registry::{Example, Sample};
use crate::error::expect_kind;
use crate::{Graph, Kind, Shape, Var, misfit};

impl Graph {
    /// The sum of products that an equation describes by a letter for each axis, as in NumPy's and
    /// PyTorch's `einsum`: `"ij,jk->ik"` is the matrix product yᵢₖ = Σⱼ aᵢⱼ·bⱼₖ.
    ///
    /// Letters that are not in the result are summed over. A letter twice in one operand takes the
    /// diagonal. `...` stands for any further axes, which are aligned at the last and broadcast, as do
    /// all axes of extent 1; if the result does not have it, they are summed over. Without `->` the
    /// result has the axes of `...` and then, in alphabetical order, the letters that occur once.
    ///
    /// Operands are multiplied from left to right; what only one of them has is summed before, and
    /// what two share and no other needs is a matrix product.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let x = g.constant(array![1.0, 10.0]);
    /// assert_eq!(g.einsum("i,ij,j->", &[x, a, x]).eval()?[[]], 451.0);
    /// assert_eq!(g.einsum("ii->i", &[a]).eval()?, array![1.0, 4.0].into_dyn());
    /// assert_eq!(g.einsum("ij->j", &[a]).eval()?, array![4.0, 6.0].into_dyn());
    /// assert_eq!(g.einsum("...j,j", &[a, x]).eval()?, array![21.0, 43.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the equation cannot be read, or does not fit the operands.
    #[track_caller]
    pub fn einsum<'g>(&'g self, equation: &str, operands: &[Var<'g>]) -> Var<'g> {
        let shapes: Vec<Shape> = operands.iter().map(|operand| operand.shape()).collect();
        let kinds = operands
            .iter()
            .try_for_each(|operand| expect_kind("every operand", operand.kind(), Kind::Real));
        let parsed = match kinds.and_then(|()| Equation::parse(equation, &shapes)) {
            Ok(parsed) => parsed,
            Err(rule) => misfit(&format!("einsum {equation:?}"), rule, operands),
        };
        let mut terms: Vec<Term<'g>> = Vec::new();
        for (operand, labels) in operands.iter().zip(parsed.operands) {
            terms.push(Term { value: *operand, labels }.diagonals());
        }
        contract::product(terms, &parsed.output)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |equation: &'static str, shapes: &[&[usize]]| {
        let samples: Vec<Sample> =
            shapes.iter().map(|&shape| Sample::real(shape, -1.0..1.0)).collect();
        Example::new("einsum", samples, move |g, x| g.einsum(equation, x))
    };
    vec![
        of("ij,jk->ik", &[&[2, 3], &[3, 2]]),
        of("bij,bjk->bki", &[&[2, 2, 3], &[2, 3, 2]]),
        of("...ij,...j->...i", &[&[3, 1, 2, 2], &[2, 2]]),
        of("ii->", &[&[3, 3]]),
        of("iji->j", &[&[2, 3, 2]]),
        of("i,ij,jk,k", &[&[2], &[2, 3], &[3, 2], &[2]]),
        of("i,j->ji", &[&[2], &[3]]),
        of("ab,ac,a->bc", &[&[2, 2], &[2, 3], &[2]]),
        of("ij,kj->ik", &[&[2, 1], &[3, 4]]),
        of("ijkl,il->kj", &[&[2, 2, 1, 3], &[2, 3]]),
        of(",i->i", &[&[], &[3]]),
        Example::new("einsum", [Sample::real([2, 2], -1.0..1.0)], |g, x| {
            g.einsum("ij,jk,kl->il", &[x[0], x[0], x[0]])
        }),
    ]
}
