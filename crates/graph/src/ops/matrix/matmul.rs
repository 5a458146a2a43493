//! Matrix products.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewD, ArrayViewMut2, Axis, IxDyn};
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
            return Err("both factors need at least two axes: a product with a number is `x * y`"
                .to_owned());
        };
        if k != inner {
            let remedy = match (k == n, m == inner) {
                (true, _) => {
                    ": the second has them as columns, and is turned by `y.swap_axes(-1, -2)`"
                }
                (_, true) => ": the first has them as rows, and is turned by `x.swap_axes(-1, -2)`",
                _ => "",
            };
            return Err(format!(
                "the columns of the first factor ({k}) must be the rows of the second ({inner}): \
                 {} · {}{remedy}",
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
        let shape = out.shape().to_vec();
        let [batch @ .., rows, columns] = &shape[..] else { unreachable!("two axes at least") };
        let (a, b) = (args.real(0), args.real(1));
        let (a, b) = (repeat(&a, batch), repeat(&b, batch));
        let (inner, size) = (a.shape()[batch.len() + 1], rows * columns);
        let out = out.as_slice_mut().expect("an output is in row-major order");
        for i in 0..batch.iter().product() {
            let (a, b) = (at(a.view(), i, batch), at(b.view(), i, batch));
            let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
            let factors = [&a, &b].map(|x| x.as_slice().expect("standard layout"));
            multiply(factors, inner, *columns, &mut out[i * size..(i + 1) * size]);
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

/// A·B, given the elements of matrices in row-major order.
pub(super) fn multiply<T: Scalar>([a, b]: [&[T]; 2], inner: usize, columns: usize, out: &mut [T]) {
    let rows = out.len() / columns.max(1);
    let a = ArrayView2::from_shape([rows, inner], a).expect("the shape rule");
    let b = ArrayView2::from_shape([inner, columns], b).expect("the shape rule");
    let mut out = ArrayViewMut2::from_shape([rows, columns], out).expect("the shape rule");
    general_mat_mul(T::one(), &a, &b, T::zero(), &mut out);
}

/// The i-th matrix of a batch.
fn at<'a, T>(mut matrices: ArrayViewD<'a, T>, mut i: usize, batch: &[usize]) -> ArrayViewD<'a, T> {
    for (axis, extent) in batch.iter().enumerate().rev() {
        matrices = matrices.index_axis_move(Axis(axis), i % extent);
        i /= extent;
    }
    matrices
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
