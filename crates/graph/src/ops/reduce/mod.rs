//! Reductions: many numbers to one, along any set of axes.

mod arg;
mod covariance;
mod cumulative;
mod cumulative_fold;
mod differences;
mod extremum;
mod logsumexp;
mod moments;
mod norm;
mod prod;
mod renorm;
mod sum;
mod vector_norm;

pub use arg::{ArgMax, ArgMin};
pub use cumulative::CumSum;
pub use cumulative_fold::{CumProd, LogCumSumExp};
pub use extremum::{Max, Min};
pub use logsumexp::LogSumExp;
pub use moments::{Mean, Variance};
pub use norm::Norm;
pub use prod::Prod;
pub use sum::Sum;

use std::fmt::Debug;

use ndarray::{ArrayViewD, IxDyn};
use smallvec::SmallVec;

use super::map::cotangent;
use super::registry::Example;
use crate::Lowering;
use crate::error::{exactly, expect_kind};
use crate::short::Short;
use crate::{
    Args, Axes, Batch, Cotangents, FoldWord, Kind, Operation, Out, RunResult, Scalar, Shape, Type,
    Var,
};

/// A real function of many real numbers.
///
/// ```
/// use cotangent::{Graph, Scalar, Var};
/// use cotangent::ndarray::array;
/// use cotangent::ops::{Along, Reduction};
///
/// /// Σ x².
/// #[derive(Clone, Debug, PartialEq)]
/// struct Squares;
///
/// impl Reduction for Squares {
///     const NAME: &'static str = "squares";
///     fn eval<T: Scalar>(&self, lane: &[T]) -> T {
///         lane.iter().map(|&x| x * x).sum()
///     }
///     fn vjp<'g>(&self, along: &Along<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
///         v * 2.0 * along.x
///     }
/// }
/// let g = Graph::new();
/// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
/// let y = x.fold(Squares, 1);
/// assert_eq!(y.eval()?, array![5.0, 25.0].into_dyn());
/// assert_eq!(y.sum().grad(x).eval()?, array![[2.0, 4.0], [6.0, 8.0]].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
pub trait Reduction: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name users see.
    const NAME: &'static str;

    /// The rule that a reduction of this many numbers breaks, if it does.
    fn check(&self, _count: usize) -> Result<(), String> {
        Ok(())
    }

    /// The function.
    fn eval<T: Scalar>(&self, lane: &[T]) -> T;

    /// The cotangent of x, given y = f(x) along `axes`; y and v have the reduced axes with
    /// extent 1, and `count` numbers went into each.
    fn vjp<'g>(&self, along: &Along<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g>;

    /// The function in terms of others, for the compiler; the reduced axes stay, with extent 1.
    fn expand<'g>(&self, _along: &Along<'g>) -> Option<Var<'g>> {
        None
    }

    /// The word by which a compiler knows it, if there is one.
    fn word(&self) -> Option<FoldWord> {
        None
    }
}

/// What is reduced, along which axes.
///
/// Its example is that of [`Reduction`].
#[derive(Clone, Debug)]
pub struct Along<'g> {
    /// The array.
    pub x: Var<'g>,
    /// The axes, kept with extent 1.
    pub axes: Axes,
    /// How many numbers go into each result.
    pub count: usize,
}

/// The operation that reduces an array along some axes.
///
/// Its example is that of [`Reduction`].
#[derive(Clone, Debug, PartialEq)]
pub struct Fold<F> {
    /// The function.
    pub function: F,
    /// The axes.
    pub axes: Axes,
}

impl<F: Reduction> Fold<F> {
    /// The rule that this many numbers break, and the type of what would come out, if they do.
    fn refusal(&self, x: &Type) -> Option<(String, Type)> {
        let (count, ty) = outcome(x, &self.axes).ok()?;
        Some((self.function.check(count).err()?, ty))
    }
}

/// How many numbers go into each result, and the type of what comes out, whatever the function.
fn outcome(x: &Type, axes: &Axes) -> Result<(usize, Type), String> {
    expect_kind("the argument", x.kind, Kind::Real)?;
    let listed = axes.resolve(x.shape.rank())?;
    Ok((count(&x.shape, &listed), Type::real(x.shape.reduced(&listed, axes.keeps()))))
}

/// What is reduced along these axes.
fn along<'g>(x: Var<'g>, axes: &Axes) -> Along<'g> {
    let (shape, axes) = (x.shape(), crate::keep(axes.clone()));
    let listed = axes.resolve(shape.rank()).expect("the shape rule checked the axes");
    Along { x, axes, count: count(&shape, &listed) }
}

/// A result of a reduction of `x` along these axes, with them as `keep` says: kept with extent 1, or dropped.
fn kept<'g>(x: Var<'g>, axes: &Axes, result: Var<'g>, keep: bool) -> Var<'g> {
    let listed = axes.resolve(x.rank()).expect("the shape rule checked the axes");
    let shape = x.shape().reduced(&listed, keep);
    if result.shape() == shape { result } else { result.reshape_to(shape) }
}

impl<F: Reduction> Operation for Fold<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (count, ty) = outcome(x, &self.axes)?;
        self.function.check(count)?;
        Ok(ty)
    }

    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (x, axes) = (inputs[0], &self.axes);
        let (y, v) = (kept(x, axes, output, true), kept(x, axes, v, true));
        cotangent(self.function.vjp(&along(x, axes), y, v))
    }

    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        fold(&args.real(0), &self.axes, &mut out.real().iter_mut(), &|lane| {
            self.function.eval(lane)
        });
        Ok(())
    }

    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (x, axes) = (inputs[0], &self.axes);
        let expanded = self.function.expand(&along(x, axes))?;
        Some(kept(x, axes, expanded, axes.keeps()))
    }

    fn lower(&self) -> Lowering {
        match self.function.word() {
            Some(kernel) => Lowering::Reduce(kernel, self.axes.clone()),
            None => Lowering::Plain,
        }
    }

    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let axes = batch.axes(0, &self.axes);
        Some(batch.apply(Self { function: self.function.clone(), axes }))
    }
}

/// How many numbers go into each result of a reduction along these axes.
fn count(shape: &[usize], axes: &[usize]) -> usize {
    axes.iter().map(|&axis| shape[axis]).product()
}

/// Hands `result` each lane of `x` along `axes`, in the row-major order of the results: one loop for all
/// functions.
fn fold<'a, T: Scalar, R: 'a>(
    x: &ArrayViewD<'_, T>,
    axes: &Axes,
    results: &mut dyn Iterator<Item = &'a mut R>,
    result: &dyn Fn(&[T]) -> R,
) {
    let axes = axes.resolve(x.ndim()).expect("the shape rule checked the axes");
    let kept = (0..x.ndim()).filter(|axis| !axes.contains(axis));
    let order: SmallVec<[usize; 4]> = kept.chain(axes.iter().copied()).short();
    let count = count(x.shape(), &axes);
    let lanes = x.view().permuted_axes(IxDyn(&order));
    let lanes = lanes.as_standard_layout();
    let lanes = lanes.as_slice().expect("standard layout");
    for (i, slot) in results.enumerate() {
        *slot = result(&lanes[i * count..(i + 1) * count]);
    }
}

/// A sum in twice the digits, after Neumaier's compensation (1974): the rounding error does not grow with the count, as befits
/// the evaluation that defines the value.
struct AccurateSum<T> {
    sum: T,
    /// What rounding has taken from the sum; less than a unit in its last place. Where it was let grow, of many like terms, its own
    /// rounding showed.
    lost: T,
}

impl<T: Scalar> AccurateSum<T> {
    fn new() -> Self {
        Self { sum: T::zero(), lost: T::zero() }
    }

    #[inline]
    fn add(&mut self, term: T) {
        let (next, error) = rounded(self.sum, term);
        let parts = rounded(next, self.lost + error);
        // What was lost of an infinity is no number.
        (self.sum, self.lost) = if next.is_finite() { parts } else { (next, T::zero()) };
    }

    /// The sum of the terms so far.
    fn value(&self) -> T {
        self.sum
    }
}

/// a + b, and exactly what rounding takes from it.
#[inline]
fn rounded<T: Scalar>(a: T, b: T) -> (T, T) {
    let sum = a + b;
    let (large, small) = if a.abs() >= b.abs() { (a, b) } else { (b, a) };
    (sum, (large - sum) + small)
}

/// The accurate sum of all terms.
#[inline]
fn accurate_sum<T: Scalar>(terms: impl Iterator<Item = T>) -> T {
    let mut sum = AccurateSum::new();
    terms.for_each(|term| sum.add(term));
    sum.value()
}

impl<'g> Var<'g> {
    /// Applies a reduction of one's own along some axes. Of fewer numbers than it takes, which is
    /// a matter of data as a rule, it is [refused](crate::Graph::refused): an error of the run.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn fold(self, function: impl Reduction, axes: impl Into<Axes>) -> Var<'g> {
        let fold = Fold { function, axes: axes.into() };
        match fold.refusal(&self.ty()) {
            None => self.graph().apply(fold, &[self]),
            Some((rule, ty)) => self.graph().refused(fold.name(), rule, ty, &[self]),
        }
    }
}

/// The shape of `x` reduced along `axes`, which the caller has checked.
fn reduced_shape(x: &Type, axes: &Axes) -> Result<Shape, String> {
    Ok(x.shape.reduced(&axes.resolve(x.shape.rank())?, axes.keeps()))
}

pub(super) fn examples() -> Vec<Example> {
    [
        arg::examples(),
        covariance::examples(),
        cumulative::examples(),
        cumulative_fold::examples(),
        differences::examples(),
        extremum::examples(),
        logsumexp::examples(),
        moments::examples(),
        norm::examples(),
        prod::examples(),
        renorm::examples(),
        sum::examples(),
        vector_norm::examples(),
    ]
    .concat()
}
