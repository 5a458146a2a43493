//! Elementwise operations of one argument.

use std::fmt::Debug;

use smallvec::smallvec;

use crate::Lowering;
use crate::elementwise::each;
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, MapWord, Number, Operation, Out, RunResult, Scalar, Type, Var,
};

/// A real function of one real number, applied to every element.
///
/// ```
/// use cotangent::{Graph, Number, Var, ops::Unary};
/// use cotangent::ndarray::array;
///
/// /// x³, with derivative 3x².
/// #[derive(Clone, Debug, PartialEq)]
/// struct Cube;
///
/// impl Unary for Cube {
///     const NAME: &'static str = "cube";
///     fn eval<T: Number>(&self, x: T) -> T {
///         x * x * x
///     }
///     fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
///         v * 3.0 * x * x
///     }
/// }
/// let g = Graph::new();
/// let x = g.constant(array![2.0]);
/// assert_eq!(x.map(Cube).sum().grad(x).eval()?, array![12.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
pub trait Unary: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name users see.
    const NAME: &'static str;

    /// The function.
    fn eval<T: Number>(&self, x: T) -> T;

    /// v · f′(x), given y = f(x).
    fn vjp<'g>(&self, x: Var<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g>;

    /// The word by which a compiler knows it, if there is one.
    fn word(&self) -> Option<MapWord> {
        None
    }

    /// The function in terms of others, for the compiler.
    fn expand<'g>(&self, _x: Var<'g>) -> Option<Var<'g>> {
        None
    }
}

/// The operation that applies a [`Unary`] function to every element of a real array.
///
/// Its example is that of [`Unary`].
#[derive(Clone, Debug, PartialEq)]
pub struct Map<F>(pub F);

impl<F: Unary> Operation for Map<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        infer(inputs)
    }

    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        cotangent(self.0.vjp(inputs[0], output, v))
    }

    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        eval(args, out, &|ys, xs| ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = self.0.eval(x)));
        Ok(())
    }

    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        self.0.expand(inputs[0])
    }

    fn lower(&self) -> Lowering {
        self.0.word().map_or(Lowering::Plain, Lowering::Map)
    }

    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// The shape rule of all functions.
fn infer(inputs: &[Type]) -> Result<Type, String> {
    let [x] = exactly(inputs)?;
    expect_kind("the argument", x.kind, Kind::Real)?;
    Ok(x.clone())
}

/// The plain evaluation of all functions: compiled once for a precision.
fn eval<T: Scalar>(args: &Args<'_, T>, out: &mut Out<'_, T>, f: &dyn Fn(&mut [T], &[T])) {
    each(out.real(), &args.real(0), f);
}

/// The list of the one cotangent, made in one place for all functions.
#[inline(never)]
pub(super) fn cotangent(v: Var<'_>) -> Cotangents<'_> {
    smallvec![Some(v)]
}

impl<'g> Var<'g> {
    /// Applies a function of one's own to every element.
    ///
    /// The shape stays. [`ops::Unary`](crate::ops::Unary) says what a function is.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn map(self, function: impl Unary) -> Var<'g> {
        self.graph().apply(Map(function), &[self])
    }
}
