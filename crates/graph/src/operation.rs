//! What an operation is: one trait with its shape rule, its reverse rule and its plain evaluation.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::Scalar;
use ndarray::{ArrayViewD, ArrayViewMutD};
use smallvec::SmallVec;

use crate::Lowering;
pub use crate::fault::RunResult;
use crate::random::Seed;
use crate::{Batch, Place, Type, Var, View};

/// The cotangents of an operation's inputs, in input order. `None` stands for an input that the
/// output does not depend on differentiably; [`no_derivative`] for an operation of which that holds
/// for all.
pub type Cotangents<'g> = SmallVec<[Option<Var<'g>>; 2]>;

/// The value of a reverse rule of an operation without a derivative (its inputs or its output are
/// discrete, or it is constant almost everywhere by intent).
///
/// It stands in the example of [`Operation`].
pub fn no_derivative<'g>() -> Cotangents<'g> {
    Cotangents::new()
}

/// An operation: everything the framework must know about it, in one place.
///
/// The derivative to any order follows from [`vjp`](Operation::vjp), as it is written with graph
/// operations. Speed is the compiler's business: an operation either describes itself in terms of
/// others ([`expand`](Operation::expand)), is one of the few that the compiler knows
/// ([`lower`](Operation::lower)), or runs through its plain evaluation.
///
/// ```
/// use cotangent::{Args, Cotangents, Graph, Operation, Out, RunResult, Scalar, Type, Var};
///
/// /// x ↦ x³, elementwise.
/// #[derive(Clone, Debug, PartialEq)]
/// struct Cube;
///
/// impl Operation for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///     fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
///         Ok(inputs[0].clone())
///     }
///     fn vjp<'g>(&self, inputs: &[Var<'g>], _output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
///         [Some(v * 3.0 * inputs[0].square())].into_iter().collect()
///     }
///     fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
///         out.real().zip_mut_with(&args.real(0), |y, &x| *y = x * x * x);
///         Ok(())
///     }
/// }
///
/// let g = Graph::new();
/// let x = g.constant(cotangent::ndarray::array![1., 2.]);
/// let y = g.record(Cube, &[x]).unwrap().sum();
/// assert_eq!(y.grad(x).eval().unwrap(), cotangent::ndarray::array![3., 12.].into_dyn());
/// ```
pub trait Operation: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The name users see in errors and pictures of the graph.
    fn name(&self) -> &'static str;

    /// The type of the output. The error states the rule that the inputs break; name and line are
    /// added to it.
    fn infer(&self, inputs: &[Type]) -> Result<Type, String>;

    /// The reverse rule (vector-Jacobian product): given the cotangent `v` of the output, the
    /// cotangent of each input, recorded with graph operations.
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g>;

    /// The reverse rule of an operation with several results, given the cotangents of those that have one, by number.
    #[doc(hidden)]
    fn vjp_of_parts<'g>(
        &self,
        _inputs: &[Var<'g>],
        _output: Var<'g>,
        _parts: &[(usize, Var<'g>)],
    ) -> Cotangents<'g> {
        unreachable!("{} has one result", self.name())
    }

    /// The plain evaluation, which defines what the operation means. Every element of `out` must be
    /// written; what it holds before is unspecified.
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult;

    /// The same mathematics in terms of other operations, which the compiler then fuses.
    fn expand<'g>(&self, _inputs: &[Var<'g>]) -> Option<Var<'g>> {
        None
    }

    /// The operation applied to many samples at once ([`Graph::vmap`](crate::Graph::vmap)): of the inputs, some have the
    /// samples along a first axis, and the result has them there.
    ///
    /// By default it has no such form, and is applied as what it [expands](Operation::expand) to, or else once for each
    /// sample. An operation that works on each element, or on the last axes whatever is before them, is its own:
    /// `Some(batch.apply(self.clone()))`.
    ///
    /// ```
    /// # use cotangent::{Args, Batch, Cotangents, Graph, Operation, Out, RunResult, Scalar, Type, Var};
    /// # #[derive(Clone, Debug, PartialEq)]
    /// # struct Cube;
    /// # impl Operation for Cube {
    /// #     fn name(&self) -> &'static str { "cube" }
    /// #     fn infer(&self, inputs: &[Type]) -> Result<Type, String> { Ok(inputs[0].clone()) }
    /// #     fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
    /// #         [Some(v * 3.0 * inputs[0].square())].into_iter().collect()
    /// #     }
    /// #     fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
    /// #         out.real().zip_mut_with(&args.real(0), |y, &x| *y = x * x * x);
    /// #         Ok(())
    /// #     }
    /// fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
    ///     Some(batch.apply(self.clone()))
    /// }
    /// # }
    /// # let g = Graph::new();
    /// # let x = g.constant(cotangent::ndarray::array![1.0, 2.0]);
    /// # let y = g.vmap(&[(x, 0)], |x| vec![g.record(Cube, x).unwrap()])[0];
    /// # assert_eq!(y.eval()?, cotangent::ndarray::array![1.0, 8.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    fn batch<'g>(&self, _batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        None
    }

    /// How the compiler runs it. By default through [`eval`](Operation::eval).
    fn lower(&self) -> Lowering {
        Lowering::Plain
    }
}

/// The inputs of a plain evaluation.
///
/// It stands in the example of [`Operation`].
#[derive(Debug)]
pub struct Args<'a, T> {
    views: SmallVec<[View<'a, T>; 3]>,
    seed: Seed,
    suspect: Option<Place>,
}

impl<'a, T> Args<'a, T> {
    /// These inputs, in order, and the seed from which random operations draw.
    pub fn new(views: SmallVec<[View<'a, T>; 3]>, seed: Seed) -> Self {
        Self { views, seed, suspect: None }
    }

    /// Of an evaluation whose result is known not to be finite in this place: an operation with a body is to say where in it
    /// that began, by [`Fault::Arose`].
    pub(crate) fn suspecting(self, suspect: Option<Place>) -> Self {
        Self { suspect, ..self }
    }

    /// Where the result is known not to be finite.
    pub(crate) fn suspect(&self) -> Option<&Place> {
        self.suspect.as_ref()
    }

    /// The number of inputs.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Input `i`, of reals or truth values.
    ///
    /// # Panics
    /// If the input is of another kind: the shape rule must have refused it.
    pub fn real(&self, i: usize) -> ArrayViewD<'_, T> {
        match &self.views[i] {
            View::Real(view) => view.view(),
            View::Index(_) => panic!("input {i} holds indices"),
        }
    }

    /// Input `i`, of indices.
    ///
    /// # Panics
    /// If the input is of another kind: the shape rule must have refused it.
    pub fn index(&self, i: usize) -> ArrayViewD<'_, i64> {
        match &self.views[i] {
            View::Index(view) => view.view(),
            View::Real(_) => panic!("input {i} holds reals"),
        }
    }

    /// Input `i`, of any kind.
    pub fn view(&self, i: usize) -> &View<'a, T> {
        &self.views[i]
    }

    /// The seed of this run, from which random operations draw.
    pub fn seed(&self) -> Seed {
        self.seed
    }
}

/// Where a plain evaluation writes its output.
///
/// It stands in the example of [`Operation`].
#[derive(Debug)]
pub enum Out<'a, T> {
    /// Reals, or truth values as 0 and 1.
    Real(ArrayViewMutD<'a, T>),
    /// Indices.
    Index(ArrayViewMutD<'a, i64>),
}

impl<'a, T> Out<'a, T> {
    /// The output of reals or truth values.
    ///
    /// # Panics
    /// If the shape rule said indices.
    pub fn real(&mut self) -> &mut ArrayViewMutD<'a, T> {
        match self {
            Out::Real(view) => view,
            Out::Index(_) => panic!("the output holds indices"),
        }
    }

    /// The output of indices.
    ///
    /// # Panics
    /// If the shape rule said reals or truth values.
    pub fn index(&mut self) -> &mut ArrayViewMutD<'a, i64> {
        match self {
            Out::Index(view) => view,
            Out::Real(_) => panic!("the output holds reals"),
        }
    }
}

/// Any operation, shared between the nodes and graphs that use it.
///
/// It stands in the example of [`Operation`].
#[derive(Clone)]
pub struct Op(Arc<dyn AnyOperation>);

impl Op {
    pub(crate) fn new(operation: impl Operation) -> Self {
        Self(Arc::new(operation))
    }

    /// The operation behind it, if it is an `O`.
    pub fn downcast<O: Operation>(&self) -> Option<&O> {
        self.0.as_any().downcast_ref()
    }
}

impl Deref for Op {
    type Target = dyn AnyOperation;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Two operations are equal when they are of one type with equal attributes: on equal inputs they
/// have equal outputs.
impl PartialEq for Op {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.same(&*other.0)
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// [`Operation`] without its type: what a node holds.
pub trait AnyOperation: fmt::Debug + Send + Sync {
    /// See [`Operation::name`].
    fn name(&self) -> &'static str;
    /// See [`Operation::infer`].
    fn infer(&self, inputs: &[Type]) -> Result<Type, String>;
    /// See [`Operation::vjp`].
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g>;
    /// See [`Operation::vjp_of_parts`].
    #[doc(hidden)]
    fn vjp_of_parts<'g>(
        &self,
        inputs: &[Var<'g>],
        output: Var<'g>,
        parts: &[(usize, Var<'g>)],
    ) -> Cotangents<'g>;
    /// See [`Operation::expand`].
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>>;
    /// See [`Operation::batch`].
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>>;
    /// See [`Operation::lower`].
    fn lower(&self) -> Lowering;
    /// [`Operation::eval`] in single precision.
    fn eval_f32(&self, args: &Args<'_, f32>, out: &mut Out<'_, f32>) -> RunResult;
    /// [`Operation::eval`] in double precision.
    fn eval_f64(&self, args: &Args<'_, f64>, out: &mut Out<'_, f64>) -> RunResult;
    /// The operation, to be downcast.
    fn as_any(&self) -> &dyn Any;
    /// Whether the other is of the same type with equal attributes.
    fn same(&self, other: &dyn AnyOperation) -> bool;
}

impl<O: Operation> AnyOperation for O {
    fn name(&self) -> &'static str {
        Operation::name(self)
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        Operation::infer(self, inputs)
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        Operation::vjp(self, inputs, output, v)
    }
    fn vjp_of_parts<'g>(
        &self,
        inputs: &[Var<'g>],
        output: Var<'g>,
        parts: &[(usize, Var<'g>)],
    ) -> Cotangents<'g> {
        Operation::vjp_of_parts(self, inputs, output, parts)
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        Operation::expand(self, inputs)
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Operation::batch(self, batch)
    }
    fn lower(&self) -> Lowering {
        Operation::lower(self)
    }
    fn eval_f32(&self, args: &Args<'_, f32>, out: &mut Out<'_, f32>) -> RunResult {
        Operation::eval(self, args, out)
    }
    fn eval_f64(&self, args: &Args<'_, f64>, out: &mut Out<'_, f64>) -> RunResult {
        Operation::eval(self, args, out)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn same(&self, other: &dyn AnyOperation) -> bool {
        other.as_any().downcast_ref::<O>() == Some(self)
    }
}
