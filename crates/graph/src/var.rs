//! The handle through which model code records mathematics.

use std::fmt;
use std::panic::Location;

use ndarray::ArrayD;

use crate::reading::NodeId;
use crate::{Evaluator, Gradient, Graph, Kind, RunError, Shape, Type};

/// A value of a graph: a small `Copy` handle, so that model code reads as mathematics.
///
/// Operators and methods record operations; nothing is computed before an evaluation. Operands
/// broadcast under numpy's rule. Plain numbers stand beside variables, an `f64` on either side and an
/// `f32` on the right.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
/// let row = g.constant(array![10.0, 20.0]);
/// let y = 1.0 - (2.0 * x + row).tanh() / x.sum();
/// assert_eq!(y.shape(), [2, 2].into());
/// ```
///
/// A variable borrows its graph. One that was recorded in a closure, as that of a step, cannot leave
/// it, since the graph is gone when the step is compiled: what is wanted of it is answered by the
/// closure.
///
/// ```compile_fail
/// # use cotangent::{Graph, Var};
/// fn record(closure: impl for<'g> FnOnce(&'g Graph, Var<'g>)) {
///     let g = Graph::new();
///     closure(&g, g.input("x", [2]));
/// }
/// let mut kept = None;
/// record(|_, x| kept = Some(x.square())); // borrowed data escapes outside of the closure
/// ```
///
/// Nor can it go to another thread, where a graph could be recorded on from both; programs,
/// functions and parameters can.
///
/// ```compile_fail
/// # use cotangent::Graph;
/// let g = Graph::new();
/// let x = g.full([2], 1.0);
/// std::thread::scope(|s| s.spawn(|| x.sum()).join()); // a graph cannot be shared between threads
/// ```
#[derive(Clone, Copy)]
pub struct Var<'g> {
    graph: &'g Graph,
    id: NodeId,
}

impl<'g> Var<'g> {
    pub(crate) fn new(graph: &'g Graph, id: NodeId) -> Self {
        Self { graph, id }
    }

    /// Its node: see [`reading`](crate::reading).
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The graph it belongs to.
    pub fn graph(self) -> &'g Graph {
        self.graph
    }

    /// Kind and shape.
    pub fn ty(self) -> Type {
        self.graph.node(self.id, |node| node.ty.clone())
    }

    /// The shape.
    pub fn shape(self) -> Shape {
        self.graph.node(self.id, |node| node.ty.shape.clone())
    }

    /// What the elements are.
    pub fn kind(self) -> Kind {
        self.graph.node(self.id, |node| node.ty.kind)
    }

    /// The number of axes.
    pub fn rank(self) -> usize {
        self.shape().rank()
    }

    /// Gives it a name, which messages and pictures of the graph show.
    pub fn named(self, name: &str) -> Self {
        self.graph.set_name(self.id, name);
        self
    }

    /// The user's line that recorded it.
    pub fn location(self) -> &'static Location<'static> {
        self.graph.node(self.id, |node| node.location)
    }

    /// The gradient of this scalar with respect to `x`: a variable of the same graph, with the
    /// shape of `x`. See [`Gradient`] for several variables, cotangents and missing paths.
    ///
    /// # Panics
    /// If this is not a real scalar, or does not depend differentiably on `x`.
    #[track_caller]
    pub fn grad(self, x: Var<'g>) -> Var<'g> {
        match Gradient::of(self).with_respect_to(&[x]) {
            Ok(gradients) => gradients[0],
            Err(error) => panic!("{error}"),
        }
    }

    /// The value, in double precision by the plain evaluator (truth values and indices as numbers).
    ///
    /// # Errors
    /// If it depends on inputs or parameters ([`Evaluator`] binds them), or an index is out of
    /// range.
    pub fn eval(self) -> Result<ArrayD<f64>, RunError> {
        let mut values = Evaluator::<f64>::new(self.graph).run(&[self])?;
        Ok(values.remove(0).into_real())
    }
}

impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.graph.node(self.id, |node| write!(f, "{} {}", node.label(), node.ty))
    }
}
