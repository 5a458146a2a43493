//! Matrix products.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayViewD, Axis, Ix2, IxDyn};
use smallvec::smallvec;

use crate::error::{exactly, expect_kind};
use crate::ops::registry::{Example, Sample};
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// A·B over the last two axes; the axes in front broadcast. Cotangents: V·Bᵀ and Aᵀ·V, summed over
/// what was repeated.
///
/// Recorded by [`Var::matmul`](crate::Var::matmul).
#[derive(Clone, Debug, PartialEq)]
pub struct MatMul;

impl Operation for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a, b] = exactly(inputs)?;
        expect_kind("the first factor", a.kind, Kind::Real)?;
        expect_kind("the second factor", b.kind, Kind::Real)?;
        let ([.., m, k], [.., inner, n]) = (&*a.shape, &*b.shape) else {
            return Err("both factors need at least two axes".to_owned());
        };
        if k != inner {
            return Err(format!(
                "the columns of the first factor ({k}) must be the rows of the second ({inner}): \
                 {} · {}",
                a.shape, b.shape
            ));
        }
        let batch = batch(&a.shape).broadcast(&batch(&b.shape)).ok_or_else(|| {
            format!("the axes before the last two do not broadcast: {} · {}", a.shape, b.shape)
        })?;
        Ok(Type::real(batch.iter().copied().chain([*m, *n]).collect::<Shape>()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (a, b) = (inputs[0], inputs[1]);
        smallvec![Some(v.matmul(b.t()).sum_to(a.shape())), Some(a.t().matmul(v).sum_to(b.shape())),]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let out = out.real();
        let rank = out.ndim();
        let (a, b) = (args.real(0), args.real(1));
        let of_batch = &out.shape()[..rank - 2];
        let (a, b) = (repeat(&a, of_batch), repeat(&b, of_batch));
        let batches: usize = of_batch.iter().product();
        for i in 0..batches {
            let (mut to, mut a, mut b) = (out.view_mut(), a.view(), b.view());
            let mut rest = i;
            for axis in (0..rank - 2).rev() {
                let (extent, at) = (to.shape()[axis], rest);
                rest /= extent;
                to = to.index_axis_move(Axis(axis), at % extent);
                a = a.index_axis_move(Axis(axis), at % extent);
                b = b.index_axis_move(Axis(axis), at % extent);
            }
            let plane =
                |view: ArrayViewD<'_, T>| view.into_dimensionality::<Ix2>().unwrap().to_owned();
            let mut to = to.into_dimensionality::<Ix2>().expect("two axes are left");
            general_mat_mul(T::one(), &plane(a), &plane(b), T::zero(), &mut to);
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (a, b) = (inputs[0], inputs[1]);
        let (of_a, of_b) = (a.shape(), b.shape());
        let whole = batch(&of_a).broadcast(&batch(&of_b)).expect("the shape rule checked it");
        let repeated = |x: Var<'g>, shape: &Shape| {
            x.broadcast_to([&whole[..], &shape[shape.rank() - 2..]].concat())
        };
        let axes: Vec<(usize, usize)> = (0..whole.rank()).map(|axis| (axis, axis)).collect();
        let sums = [(whole.rank() + 1, whole.rank())];
        Some(repeated(a, &of_a).contracted("matmul", repeated(b, &of_b), &axes, &sums))
    }
}

/// The axes before the last two.
fn batch(shape: &Shape) -> Shape {
    shape[..shape.rank() - 2].into()
}

/// Matrices with their axes in front repeated to those of a batch.
pub(in crate::ops) fn repeat<'a, T>(
    matrices: &'a ArrayViewD<'_, T>,
    batch: &[usize],
) -> ArrayViewD<'a, T> {
    let own = &matrices.shape()[matrices.ndim() - 2..];
    let shape = [batch, own].concat();
    matrices.broadcast(IxDyn(&shape)).expect("the shape rule checked the batch axes")
}

impl<'g> Var<'g> {
    /// The matrix product, under numpy's rules: over the last two axes, the axes in front
    /// broadcasting; a vector stands for a row on the left and a column on the right, and its axis
    /// is dropped from the result.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let (a, b) = (g.full([5, 2, 3], 1.0), g.full([3, 4], 1.0));
    /// assert_eq!(a.matmul(b).shape(), [5, 2, 4].into());
    /// let v = g.full([3], 1.0);
    /// assert_eq!(a.matmul(v).shape(), [5, 2].into());
    /// assert_eq!(v.matmul(v).shape(), [].into());
    /// ```
    ///
    /// # Panics
    /// If the inner extents differ, or a factor is a scalar.
    #[track_caller]
    pub fn matmul(self, other: Var<'g>) -> Var<'g> {
        let graph = self.graph();
        let row = self.rank() == 1;
        let column = other.rank() == 1;
        let a = if row { self.unsqueeze(0) } else { self };
        let b = if column { other.unsqueeze(1) } else { other };
        let product = graph.apply(MatMul, &[a, b]);
        match (row, column) {
            (false, false) => product,
            (true, false) => product.squeeze(-2),
            (false, true) => product.squeeze(-1),
            (true, true) => product.reshape_to(Shape::scalar()),
        }
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |a: &[usize], b: &[usize]| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, -1.0..1.0)];
        Example::new("matmul", samples, |_, x| x[0].matmul(x[1]))
    };
    vec![
        of(&[2, 3], &[3, 4]),
        of(&[3], &[3, 2]),
        of(&[2, 3], &[3]),
        of(&[3], &[3]),
        of(&[2, 1, 2, 3], &[3, 3, 2]),
        Example::new("matmul", [Sample::real([3, 3], -1.0..1.0)], |_, x| x[0].matmul(x[0])),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    #[should_panic(
        expected = "the columns of the first factor (3) must be the rows of the second (4)"
    )]
    fn inner_extents_must_agree() {
        let g = Graph::new();
        g.full([2, 3], 0.0).matmul(g.full([4, 5], 0.0));
    }

    #[test]
    #[should_panic(expected = "both factors need at least two axes")]
    fn scalars_have_no_matrix_product() {
        let g = Graph::new();
        g.full([], 0.0).matmul(g.full([4, 5], 0.0));
    }
}
