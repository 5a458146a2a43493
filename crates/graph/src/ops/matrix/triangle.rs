//! The lower and the upper triangle of a matrix.

use ndarray::Dimension;
use smallvec::smallvec;

use super::super::registry::Example;
use super::{matrices, of_matrices};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// A half of a matrix.
///
/// [`Var::triu`](crate::Var::triu) shows the upper one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// On and below a diagonal.
    Lower,
    /// On and above a diagonal.
    Upper,
}

/// A triangle of the argument, and 0 elsewhere. Cotangent: the same triangle of v.
///
/// Recorded by [`Var::tril`](crate::Var::tril) and [`Var::triu`](crate::Var::triu).
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which half stays.
    pub triangle: Triangle,
    /// The diagonal it ends at: 0 for the main one, positive above it, negative below.
    pub diagonal: isize,
}

impl Part {
    pub(crate) fn holds(&self, i: usize, j: usize) -> bool {
        let above = j as isize - i as isize;
        match self.triangle {
            Triangle::Lower => above <= self.diagonal,
            Triangle::Upper => above >= self.diagonal,
        }
    }
}

impl Operation for Part {
    fn name(&self) -> &'static str {
        match self.triangle {
            Triangle::Lower => "tril",
            Triangle::Upper => "triu",
        }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        matrices("the argument", x)?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.graph().apply(self.clone(), &[v]))]
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let &[.., rows, columns] = &*inputs[0].shape() else { return None };
        let one = |(i, j)| if self.holds(i, j) { 1.0 } else { 0.0 };
        let mask = ndarray::Array2::from_shape_fn([rows, columns], one);
        Some(inputs[0].graph().constant(mask).ne(0.0).select(inputs[0], 0.0))
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        for ((place, y), &x) in out.real().indexed_iter_mut().zip(&x) {
            let &[.., i, j] = place.slice() else {
                unreachable!("the shape rule checked the axes")
            };
            *y = if self.holds(i, j) { x } else { T::zero() };
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The lower triangle of each matrix over the last two axes, and 0 above the diagonal of this
    /// number: 0 is the main one, positive above it, negative below.
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn tril(self, diagonal: isize) -> Var<'g> {
        self.graph().apply(Part { triangle: Triangle::Lower, diagonal }, &[self])
    }

    /// The upper triangle of each matrix over the last two axes, and 0 below the diagonal of this
    /// number.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.triu(0).eval()?, array![[1.0, 2.0], [0.0, 4.0]].into_dyn());
    /// assert_eq!(x.triu(1).eval()?, array![[0.0, 2.0], [0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn triu(self, diagonal: isize) -> Var<'g> {
        self.graph().apply(Part { triangle: Triangle::Upper, diagonal }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        of_matrices("tril", [2, 3, 4], |x| x.square().tril(1)),
        of_matrices("tril", [3, 2], |x| x.square().tril(-1)),
        of_matrices("triu", [2, 3, 3], |x| x.square().triu(0)),
        of_matrices("triu", [3, 4], |x| x.square().triu(-1)),
    ]
}
