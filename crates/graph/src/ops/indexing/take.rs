//! Whole slices picked by index along an axis: rows of a table.

use ndarray::{ArrayViewD, Axis};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::check;
use super::pick::{picked, put};
use crate::elementwise::each;
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{
    Args, Cotangents, Fault, IndexWords, Kind, Operation, Out, Place, RunResult, Scalar, Shape,
    Type, Var, misfit,
};

/// The slices of x at the indices along an axis, which the axes of the indices replace (numpy's
/// `take`). Cotangent: each slice of v added at its index.
///
/// Recorded by [`Var::take`](crate::Var::take).
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    /// The axis; negative from the last.
    pub axis: isize,
}

/// x with each slice of the source added at its index along an axis; the adjoint of [`Take`].
/// Cotangents: v, and v taken at the indices.
///
/// Recorded by [`Var::index_add`](crate::Var::index_add).
#[derive(Clone, Debug, PartialEq)]
pub struct IndexAdd {
    /// The axis; negative from the last.
    pub axis: isize,
}

/// The shape of a take.
fn taken(x: &Type, index: &Type, axis: isize) -> Result<Shape, String> {
    expect_kind("the array", x.kind, Kind::Real)?;
    expect_kind("the indices", index.kind, Kind::Index)?;
    let axis = resolve_axis(axis, x.shape.rank())?;
    let (before, after) = (&x.shape[..axis], &x.shape[axis + 1..]);
    Ok([before, &index.shape, after].concat().into())
}

/// Calls `each` with the place and the checked value of every index.
fn for_each_index(
    index: &ArrayViewD<'_, i64>,
    extent: usize,
    mut each: impl FnMut(usize, usize),
) -> Result<(), Fault> {
    for (i, (place, &value)) in index.indexed_iter().enumerate() {
        each(i, check(value, extent, || ndarray::Dimension::slice(&place).to_vec())?);
    }
    Ok(())
}

/// The elements of `x` at the i-th of the indices, whose axes start at `axis`.
fn at<'v, E>(
    mut x: ArrayViewD<'v, E>,
    axis: usize,
    indices: &[usize],
    i: usize,
) -> ArrayViewD<'v, E> {
    let mut rest = i;
    for (offset, &extent) in indices.iter().enumerate().rev() {
        x = x.index_axis_move(Axis(axis + offset), rest % extent);
        rest /= extent;
    }
    x
}

impl Operation for Take {
    fn name(&self) -> &'static str {
        "take"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, index] = exactly(inputs)?;
        Ok(Type::real(taken(x, index, self.axis)?))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let zeros = v.graph().full(inputs[0].shape(), 0.0);
        smallvec![Some(v.graph().apply(IndexAdd { axis: self.axis }, &[zeros, inputs[1], v])), None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (x, index) = (args.real(0), args.index(1));
        let axis = resolve_axis(self.axis, x.ndim()).expect("the shape rule checked the axis");
        let out = out.real();
        for_each_index(&index, x.shape()[axis], |i, from| {
            let mut to = out.view_mut();
            let mut rest = i;
            for (offset, &extent) in index.shape().iter().enumerate().rev() {
                to = to.index_axis_move(Axis(axis + offset), rest % extent);
                rest /= extent;
            }
            to.assign(&x.index_axis(Axis(axis), from));
        })
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (place, index) = place(self.axis, inputs[0], inputs[1]);
        picked("take", place, inputs[0], (inputs[1], index))
    }
}

impl Operation for IndexAdd {
    fn name(&self) -> &'static str {
        "index_add"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, index, source] = exactly(inputs)?;
        let expected = Type::real(taken(x, index, self.axis)?);
        if *source == expected {
            Ok(x.clone())
        } else {
            Err(format!("the source must be {expected}, and is {source}"))
        }
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v), None, Some(v.take(self.axis, inputs[1]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (index, source) = (args.index(1), args.real(2));
        let out = out.real();
        out.assign(&args.real(0));
        let axis = resolve_axis(self.axis, out.ndim()).expect("the shape rule checked the axis");
        for_each_index(&index, out.shape()[axis], |i, to| {
            let slice = at(source.view(), axis, index.shape(), i);
            each(&mut out.index_axis_mut(Axis(axis), to), &slice, &|ys, xs| {
                ys.iter_mut().zip(xs).for_each(|(y, &x)| *y += x);
            });
        })
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (place, index) = place(self.axis, inputs[0], inputs[1]);
        put("index_add", place, [inputs[0], inputs[2]], (inputs[1], index))
    }
}

/// The place of each element that an index may say: the axes of `x`, those of the indices in place of the one along which
/// they point, and that one; and the shape in which the indices broadcast to all but the last.
fn place(axis: isize, x: Var<'_>, index: Var<'_>) -> (Place, Shape) {
    let (whole, of_index) = (Place::whole(x.shape()), index.shape());
    let axis = resolve_axis(axis, x.rank()).expect("the shape rule checked the axis");
    let ([before, after], extent) = (around(&whole.shape, axis), whole.shape[axis]);
    let shape = [before, &of_index, after, &[extent]].concat().into();
    let [before, after] = around(&whole.strides, axis);
    let still = vec![0; of_index.rank()];
    let strides = [before, &still, after, &[whole.strides[axis]]].concat().into();
    let ones = vec![1; after.len()];
    (Place { offset: 0, shape, strides }, [&of_index[..], &ones].concat().into())
}

/// What stands before and after an axis.
fn around<E>(of: &[E], axis: usize) -> [&[E]; 2] {
    [&of[..axis], &of[axis + 1..]]
}

impl<'g> Var<'g> {
    /// The slices at these indices along an axis, which the axes of `index` replace (numpy's
    /// `take`; PyTorch's `index_select` for a vector of indices).
    ///
    /// From `[4, 3]`, indices of shape `[2, 5]` along axis 0 take `[2, 5, 3]`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.take(0, g.constant(array![1, 1, 0]));
    /// assert_eq!(y.eval()?, array![[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array is not real, `index` holds no indices, or there is no such axis. An index out of
    /// range is an error of the run.
    #[track_caller]
    pub fn take(self, axis: isize, index: Var<'g>) -> Var<'g> {
        self.graph().apply(Take { axis }, &[self, index])
    }

    /// The rows of this table at these indices: for indices of shape `[n]` and a table
    /// `[rows, width]`, the result is `[n, width]`.
    ///
    /// It is [`take`](Var::take) along axis 0.
    ///
    /// # Panics
    /// If the table is a scalar or not real, or `index` holds no indices. An index out of range is an
    /// error of the run.
    #[track_caller]
    pub fn embedding(self, index: Var<'g>) -> Var<'g> {
        let (shape, words) = (self.shape(), IndexWords { one: "row", many: "rows" });
        let Some(&rows) = shape.first() else {
            misfit("embedding", "the table must have an axis of rows", &[self, index])
        };
        self.take(0, index.within(rows, "embedding", words))
    }

    /// This array with each slice of `source` added at its index along an axis. Repeated indices
    /// add up.
    ///
    /// The shape of this array stays; `source` has the one that [`take`](Var::take) would answer.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 1.0], [2.0, 2.0]]);
    /// let (index, rows) = (array![1, 1], array![[10.0, 20.0], [1.0, 2.0]]);
    /// let y = x.index_add(0, g.constant(index), g.constant(rows));
    /// assert_eq!(y.eval()?, array![[1.0, 1.0], [13.0, 24.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array is not real, `index` holds no indices, `source` is of another type than
    /// [`take`](Var::take) would answer, or there is no such axis. An index out of range is an error of
    /// the run.
    #[track_caller]
    pub fn index_add(self, axis: isize, index: Var<'g>, source: Var<'g>) -> Var<'g> {
        self.graph().apply(IndexAdd { axis }, &[self, index, source])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let table = || Sample::real([4, 3], -2.0..2.0);
    let sources = [table(), Sample::index([5], 3), Sample::real([4, 5], -2.0..2.0)];
    let planes = [Sample::real([2, 3, 4], -2.0..2.0), Sample::index([2, 2], 3)];
    vec![
        Example::new("take", planes, |_, x| x[0].square().take(-2, x[1]).sum_over(1)),
        Example::new("take", [table(), Sample::index([2, 2], 4)], |_, x| {
            x[0].square().embedding(x[1])
        }),
        Example::new("take", [table(), Sample::index([5], 3)], |_, x| x[0].square().take(1, x[1])),
        Example::new("index_add", sources, |_, x| x[0].index_add(1, x[1], x[2]).square()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn the_axes_of_the_indices_replace_the_axis() {
        let g = Graph::new();
        let x = g.constant(array![[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]]);
        let rows = x.embedding(g.constant(array![[2_i64, 0], [1, 1]]));
        let expected = array![[[20.0, 21.0], [0.0, 1.0]], [[10.0, 11.0], [10.0, 11.0]]];
        assert_eq!(rows.eval().unwrap(), expected.into_dyn());
        let columns = x.take(1, g.constant(array![1_i64, 1, 0]));
        let expected = array![[1.0, 1.0, 0.0], [11.0, 11.0, 10.0], [21.0, 21.0, 20.0]];
        assert_eq!(columns.eval().unwrap(), expected.into_dyn());
    }
}
