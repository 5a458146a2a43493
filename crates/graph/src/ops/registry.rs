//! The registry: examples of every operation, for the tests that hold for all of them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{Axes, Graph, Shape, Type, Var, keep};

/// An input of an [`Example`]: its type, and where its values may lie.
///
/// See [`Operation`](crate::Operation).
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
///
/// What there is of it for an operation of one's own: see [`Operation`](crate::Operation).
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

/// The list of operations: exports the types of each module, and takes up its examples. A module
/// without examples does not compile; a type that no example records fails a test.
macro_rules! operations {
    ($($(#[$condition:meta])? $module:ident: $($Type:ident),*;)*) => {
        $($(#[$condition])? pub use $module::{$($Type),*};)*

        /// Examples of every operation.
        ///
        /// The meta-tests walk it: gradients to second order, the adjoint identity, the compiled
        /// program against the plain evaluator. Behind the feature `testing`.
        #[cfg(any(test, feature = "testing"))]
        pub fn registry() -> Vec<Example> {
            [$($(#[$condition])? $module::examples(),)* crate::transform::examples()].concat()
        }

        /// The names of the types that the list exports.
        #[cfg(test)]
        fn listed() -> Vec<&'static str> {
            [$($(#[$condition])? &[$(stringify!($Type)),*][..]),*].concat()
        }
    };
}

pub(super) use operations;

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{Gradient, Graph, Var};

    /// An operation prints as its type: `Map(Tanh)`, `Fold { function: Sum, .. }`.
    #[test]
    fn every_listed_type_is_recorded_by_an_example_or_its_gradient() {
        let mut recorded = BTreeSet::new();
        for example in super::super::registry() {
            let g = Graph::new();
            let inputs: Vec<Var<'_>> = example
                .samples
                .iter()
                .map(|sample| g.typed_input("x", sample.ty.clone()))
                .collect();
            let y = example.record(&g, &inputs);
            let real: Vec<_> = inputs.into_iter().filter(|input| input.is_real()).collect();
            // Some stand in reverse rules alone.
            let gradients = Gradient::of(y.sum()).zeros_without_path().with_respect_to(&real);
            gradients.expect("the sum is a real scalar");
            g.dag(|dag| {
                for node in dag.node_weights() {
                    let printed = format!("{:?}", node.op);
                    recorded
                        .extend(printed.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
                }
            });
        }
        let missing: Vec<_> =
            super::super::listed().into_iter().filter(|name| !recorded.contains(*name)).collect();
        assert!(missing.is_empty(), "no example records {missing:?}");
    }
}
