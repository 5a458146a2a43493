//! The registry: examples of every operation, for the tests that hold for all of them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{Axes, Graph, Shape, Type, Var, keep};

/// An input of an [`Example`]: its type, and where its values may lie.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Kind and shape.
    pub ty: Type,
    /// The range of a real's values; an index lies in it too.
    pub range: Range<f64>,
}

impl Sample {
    /// Reals in a range in which the operation is smooth.
    pub fn real(shape: impl Into<Shape>, range: Range<f64>) -> Self {
        Self { ty: Type::real(shape), range }
    }

    /// Indices below an extent.
    pub fn index(shape: impl Into<Shape>, extent: usize) -> Self {
        Self { ty: Type::index(shape), range: 0.0..extent as f64 }
    }
}

type Function = dyn for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> + Send + Sync;

/// A use of an operation, smooth in its real inputs over their ranges.
#[derive(Clone)]
pub struct Example {
    /// The operation's name.
    pub operation: &'static str,
    /// The inputs.
    pub samples: Vec<Sample>,
    function: Arc<Function>,
}

impl Example {
    /// An example of an operation.
    pub fn new(
        operation: &'static str,
        samples: impl IntoIterator<Item = Sample>,
        function: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        let samples = samples.into_iter().collect();
        Self { operation, samples, function: Arc::new(function) }
    }

    /// Records the example.
    pub fn record<'g>(&self, graph: &'g Graph, inputs: &[Var<'g>]) -> Var<'g> {
        (self.function)(graph, inputs)
    }
}

impl fmt::Debug for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.operation)?;
        for (i, sample) in self.samples.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, sample.ty)?;
        }
        f.write_str(")")
    }
}

/// Examples of every operation.
///
/// The meta-tests walk it: gradients to second order, the adjoint identity, the compiled program
/// against the plain evaluator. An operation without an example fails them.
pub fn registry() -> Vec<Example> {
    [
        super::activation::examples(),
        super::calculus::examples(),
        super::clamp::examples(),
        super::indexing::examples(),
        super::linalg::examples(),
        super::matmul::examples(),
        super::powf::examples(),
        super::random::examples(),
        super::reduce::examples(),
        super::select::examples(),
        super::shaping::examples(),
        super::softmax::examples(),
        super::stop_gradient::examples(),
        super::to_real::examples(),
        super::window::examples(),
        crate::transform::examples(),
    ]
    .concat()
}

/// An elementwise example of one argument.
pub(super) fn unary(
    operation: &'static str,
    range: Range<f64>,
    f: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'static,
) -> Example {
    Example::new(operation, [Sample::real([2, 3], range)], move |_, x| f(x[0]))
}

/// An elementwise example of two arguments, which broadcast against each other.
pub(super) fn binary(
    operation: &'static str,
    a: Range<f64>,
    b: Range<f64>,
    f: impl for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g> + Send + Sync + 'static,
) -> Example {
    let samples = [Sample::real([2, 1, 3], a), Sample::real([2, 1], b)];
    Example::new(operation, samples, move |_, x| f(x[0], x[1]))
}

/// An example of one argument of a shape, in [−2, 2).
pub(super) fn shaped(
    operation: &'static str,
    shape: impl Into<Shape>,
    f: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'static,
) -> Example {
    Example::new(operation, [Sample::real(shape, -2.0..2.0)], move |_, x| f(x[0]))
}

/// Examples of a reduction: over all axes, one, several, kept and dropped.
pub(super) fn reduction(
    operation: &'static str,
    range: Range<f64>,
    f: impl for<'g> Fn(Var<'g>, Axes) -> Var<'g> + Copy + Send + Sync + 'static,
) -> Vec<Example> {
    let over = |axes: Axes| {
        let sample = Sample::real([2, 3, 2], range.clone());
        Example::new(operation, [sample], move |_, x| f(x[0], axes.clone()))
    };
    vec![over((..).into()), over(1.into()), over(keep([0, -1]))]
}
