//! Elementwise operations of two arguments, which broadcast.

use std::fmt::Debug;

use smallvec::smallvec;

use crate::Lowering;
use crate::elementwise::each_of_two;
use crate::error::{exactly, expect_broadcast, expect_kind};
use crate::{
    Args, Batch, Cotangents, Graph, Kind, Number, Operation, Out, RunResult, Scalar, Type, Var,
    View, ZipWord,
};

/// A function of two numbers, applied to every pair of elements of two arrays that broadcast.
///
/// ```
/// use cotangent::{Graph, Number, Var, ops::Binary};
/// use cotangent::ndarray::array;
///
/// /// a·b².
/// #[derive(Clone, Debug, PartialEq)]
/// struct TimesSquare;
///
/// impl Binary for TimesSquare {
///     const NAME: &'static str = "times_square";
///     fn eval<T: Number>(&self, a: T, b: T) -> T {
///         a * b * b
///     }
///     fn vjp<'g>(
///         &self, a: Var<'g>, b: Var<'g>, _: Var<'g>, v: Var<'g>,
///     ) -> Option<(Var<'g>, Var<'g>)> {
///         Some((v * b * b, v * 2.0 * a * b))
///     }
/// }
/// let g = Graph::new();
/// let (a, b) = (g.constant(array![2.0, 1.0]), g.constant(array![3.0]));
/// assert_eq!(a.zip(b, TimesSquare).sum().grad(b).eval()?, array![18.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
pub trait Binary: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name users see.
    const NAME: &'static str;

    /// The kind of the result for arguments of these kinds, or the rule they break. By default,
    /// reals from reals.
    fn kind(&self, a: Kind, b: Kind) -> Result<Kind, String> {
        expect_kind("the first argument", a, Kind::Real)?;
        expect_kind("the second argument", b, Kind::Real)?;
        Ok(Kind::Real)
    }

    /// The function. Truth values are 0 and 1.
    fn eval<T: Number>(&self, a: T, b: T) -> T;

    /// The function of two indices; only comparisons take them.
    fn eval_index(&self, _a: i64, _b: i64) -> bool {
        unreachable!("{} takes no indices", Self::NAME)
    }

    /// v · ∂f/∂a and v · ∂f/∂b, given y = f(a, b), in the shape of y; `None` for the function that
    /// has no derivative.
    fn vjp<'g>(&self, a: Var<'g>, b: Var<'g>, y: Var<'g>, v: Var<'g>)
    -> Option<(Var<'g>, Var<'g>)>;

    /// The word by which a compiler knows it on reals, if there is one.
    fn word(&self) -> Option<ZipWord> {
        None
    }

    /// The function in terms of others, for the compiler.
    fn expand<'g>(&self, _a: Var<'g>, _b: Var<'g>) -> Option<Var<'g>> {
        None
    }
}

/// The operation that applies a [`Binary`] function to two arrays that broadcast.
///
/// Its example is that of [`Binary`].
#[derive(Clone, Debug, PartialEq)]
pub struct Zip<F>(pub F);

impl<F: Binary> Operation for Zip<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        infer(inputs, &|a, b| self.0.kind(a, b))
    }

    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (a, b) = (inputs[0], inputs[1]);
        cotangents(self.0.vjp(a, b, output, v), a, b)
    }

    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let of_reals = |ys: &mut [T], a: &[T], b: &[T]| {
            ys.iter_mut().zip(a).zip(b).for_each(|((y, &a), &b)| *y = self.0.eval(a, b));
        };
        eval(args, out, &of_reals, &|a, b| self.0.eval_index(a, b));
        Ok(())
    }

    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        self.0.expand(inputs[0], inputs[1])
    }

    fn lower(&self) -> Lowering {
        self.0.word().map_or(Lowering::Plain, Lowering::Zip)
    }

    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply_aligned(self.clone()))
    }
}

/// The shape rule of all functions, given what they say of kinds.
fn infer(
    inputs: &[Type],
    kind: &dyn Fn(Kind, Kind) -> Result<Kind, String>,
) -> Result<Type, String> {
    let [a, b] = exactly(inputs)?;
    let kind = kind(a.kind, b.kind)?;
    Ok(Type { kind, shape: expect_broadcast(&a.shape, &b.shape)? })
}

/// The cotangents of two arguments by those in the shape of the result.
fn cotangents<'g>(broadcast: Option<(Var<'g>, Var<'g>)>, a: Var<'g>, b: Var<'g>) -> Cotangents<'g> {
    match broadcast {
        Some((da, db)) => smallvec![Some(da.sum_to(a.shape())), Some(db.sum_to(b.shape()))],
        None => crate::no_derivative(),
    }
}

/// The plain evaluation of all functions, given what they make of reals and of indices.
fn eval<T: Scalar>(
    args: &Args<'_, T>,
    out: &mut Out<'_, T>,
    of_reals: &dyn Fn(&mut [T], &[T], &[T]),
    of_indices: &dyn Fn(i64, i64) -> bool,
) {
    match (args.view(0), args.view(1)) {
        (View::Index(a), View::Index(b)) => each_of_two(out.real(), a, b, &|ys, a, b| {
            for ((y, &a), &b) in ys.iter_mut().zip(a).zip(b) {
                *y = if of_indices(a, b) { T::one() } else { T::zero() };
            }
        }),
        _ => each_of_two(out.real(), &args.real(0), &args.real(1), of_reals),
    }
}

/// What can stand beside a variable: another variable, or a plain number, of either precision.
///
/// ```
/// # let x = &cotangent::Graph::new();
/// # let x = x.full([2], 1.0);
/// let (learned, fixed) = (x, 0.5_f32);
/// let y = (learned * fixed + 1.0).maximum(0.0);
/// # assert_eq!(y.eval()?, cotangent::ndarray::array![1.5, 1.5].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// A whole number cannot:
///
/// ```compile_fail
/// # let x = &cotangent::Graph::new();
/// # let x = x.full([2], 1.0);
/// let y = x * 2;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a `Var`",
    label = "neither a variable nor a number",
    note = "a variable, an `f64` or an `f32` can: a whole number is written `2.0`, and `n as f64` \
            converts"
)]
pub trait Operand<'g> {
    /// The variable for it in this graph.
    #[track_caller]
    fn into_var(self, graph: &'g Graph) -> Var<'g>;
}

impl<'g> Operand<'g> for Var<'g> {
    fn into_var(self, _graph: &'g Graph) -> Var<'g> {
        self
    }
}

impl<'g> Operand<'g> for f64 {
    #[track_caller]
    fn into_var(self, graph: &'g Graph) -> Var<'g> {
        graph.full([], self)
    }
}

impl<'g> Operand<'g> for f32 {
    #[track_caller]
    fn into_var(self, graph: &'g Graph) -> Var<'g> {
        graph.full([], f64::from(self))
    }
}

impl<'g> Var<'g> {
    /// Applies a function of one's own to every pair of elements.
    ///
    /// Shapes broadcast. [`ops::Binary`](crate::ops::Binary) says what a function is.
    ///
    /// # Panics
    /// If the shapes do not broadcast, or the elements are not of the kinds that the function takes.
    #[track_caller]
    pub fn zip(self, other: impl Operand<'g>, function: impl Binary) -> Var<'g> {
        let other = other.into_var(self.graph());
        self.graph().apply(Zip(function), &[self, other])
    }

    /// The adjoint of broadcasting: sums over the axes along which an array of this shape would be
    /// repeated.
    ///
    /// The shape asked for comes out.
    ///
    /// # Panics
    /// If the elements are not real, or an array of this shape would not broadcast to that of `self`.
    #[track_caller]
    pub fn sum_to(self, shape: impl Into<crate::Shape>) -> Var<'g> {
        self.summed_to(shape.into())
    }

    #[track_caller]
    fn summed_to(self, shape: crate::Shape) -> Var<'g> {
        let own = self.shape();
        if own == shape {
            return self;
        }
        let rank = own.rank();
        let repeated: Vec<isize> = (0..rank)
            .filter(|&axis| {
                axis + shape.rank() < rank || (shape.aligned(axis, rank) == 1 && own[axis] != 1)
            })
            .map(|axis| axis as isize)
            .collect();
        let sum = self.sum_over(&repeated[..]);
        if sum.shape() == shape { sum } else { sum.reshape_to(shape) }
    }
}
