//! The same function for many samples, recorded once.

mod batch;
mod each;
mod hole;
mod replay;
#[cfg(test)]
mod tests;

pub use batch::Batch;
pub(crate) use batch::Sampled;
pub(crate) use each::Each;
pub(crate) use replay::{Replay, cotangents};

use std::panic::Location;

use crate::shape::resolve_axis;
use crate::{Graph, Shape, Type, Var, misfit};

impl Graph {
    /// A function of one sample, applied to many: `record` records it for one, on slices of the variables along the axes
    /// given beside them, and every value that it answers comes out for all samples, along a new first axis. What it uses
    /// besides, parameters and outer variables, is the same for all.
    ///
    /// Nothing is repeated: each operation is recorded once more, for all samples at a time, so that the product of a matrix
    /// with a vector becomes one of two matrices. What is recorded are operations like any other: they can be
    /// differentiated to any order, and vmapped again; and gradients can be taken inside.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let w = g.constant(array![1.0, -1.0]);
    /// let (x, y) = (g.constant(array![[1.0, 0.0], [0.0, 2.0]]), g.constant(array![0.0, 0.0]));
    /// // The gradient of the loss of each sample by itself.
    /// let gradients = g.vmap(&[(x, 0), (y, 0)], |sample| {
    ///     let loss = (sample[0].matmul(w) - sample[1]).square();
    ///     vec![loss.grad(w)]
    /// });
    /// assert_eq!(gradients[0].eval()?, array![[2.0, 0.0], [0.0, -8.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// Several models at once are one with [rebound](Graph::rebind) parameters.
    ///
    /// - Random nodes of the function draw other numbers for each sample.
    /// - An operation of a user's own follows its [`batch`](crate::Operation::batch), or what it
    ///   [expands](crate::Operation::expand) to; one that has neither is evaluated once for each sample.
    ///
    /// # Panics
    /// If no variable is given, one has no such axis, or their extents along the axes differ; if the function
    /// [updates](Graph::update) running statistics, which have no value that is one sample's.
    #[track_caller]
    pub fn vmap<'g>(
        &'g self,
        over: &[(Var<'g>, isize)],
        record: impl FnOnce(&[Var<'g>]) -> Vec<Var<'g>>,
    ) -> Vec<Var<'g>> {
        self.mapped(over, Box::new(record))
    }

    /// Not generic, so that it is compiled once.
    #[track_caller]
    fn mapped<'g>(&'g self, over: &[(Var<'g>, isize)], record: Record<'_, 'g>) -> Vec<Var<'g>> {
        let line = Location::caller();
        let mut given: Vec<Var<'g>> = Vec::with_capacity(over.len());
        for &(var, axis) in over {
            match resolve_axis(axis, var.rank()) {
                Ok(axis) => given.push(self.on_behalf((line, false), || in_front(var, axis))),
                Err(rule) => misfit("vmap", rule, &[var]),
            }
        }
        let samples = given.first().map_or(0, |var| var.shape()[0]);
        if given.is_empty() || given.iter().any(|var| var.shape()[0] != samples) {
            let extents: Vec<usize> = given.iter().map(|var| var.shape()[0]).collect();
            let rule = format!(
                "at least one variable is mapped, all over equally many samples, and they have {extents:?}"
            );
            misfit("vmap", rule, &given);
        }
        let (first, updates) = (self.len(), self.update_count());
        let one = |var: &Var<'g>| {
            let Type { kind, shape } = var.ty();
            self.on_behalf((line, false), || {
                self.hole(Type { kind, shape: Shape::from(&shape[1..]) })
            })
        };
        let holes: Vec<Var<'g>> = given.iter().map(one).collect();
        let outputs = record(&holes);
        if let Some(update) = self.updated_since(updates) {
            let rule = "running statistics have no value that is one sample's: record what updates them outside, or \
                        in its evaluation mode";
            panic!("vmap: {rule}\n  the update was recorded at {}\n  at {line}", update.location());
        }
        let given: Vec<(Var<'g>, Var<'g>)> = holes.into_iter().zip(given).collect();
        let mut replay = Replay::new(self, samples, &given, first..self.len());
        outputs.into_iter().map(|output| replay.value(output).for_each(samples)).collect()
    }
}

type Record<'r, 'g> = Box<dyn FnOnce(&[Var<'g>]) -> Vec<Var<'g>> + 'r>;

/// With an axis before the others.
fn in_front(x: Var<'_>, axis: usize) -> Var<'_> {
    let others = (0..x.rank()).filter(|&other| other != axis);
    let order: Vec<isize> = [axis].into_iter().chain(others).map(|axis| axis as isize).collect();
    if axis == 0 { x } else { x.permute(order) }
}

/// The function `f` of one sample, applied to many: of each input, the slices along the axis at its position in `axes` are
/// the samples, and one for all where that is `None`. See [`Graph::vmap`].
///
/// ```
/// use cotangent::{Graph, transform::{grad, vmap}};
/// use cotangent::ndarray::array;
///
/// // x ↦ d/dx sin(w·x) for every x.
/// let slope = grad(|_, x| (x[0] * x[1]).sin(), 1);
/// let slopes = vmap(slope, &[None, Some(0)]);
/// let g = Graph::new();
/// let y = slopes(&g, &[g.constant(2.0), g.constant(array![0.0, 0.5])]);
/// assert_eq!(y.eval()?, array![2.0, 2.0 * 1f64.cos()].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// When called: if there is not one axis for each input, and where [`Graph::vmap`] does.
#[track_caller]
pub fn vmap(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    axes: &[Option<isize>],
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = super::closure::Transform::new("vmap");
    let axes = axes.to_vec();
    move |graph, inputs| {
        if axes.len() != inputs.len() {
            let (given, count) = (axes.len(), inputs.len());
            transform.refuse(&format!("{given} axes are given for {count} inputs"));
        }
        let over: Vec<(Var<'_>, isize)> =
            inputs.iter().zip(&axes).filter_map(|(&x, axis)| Some((x, (*axis)?))).collect();
        let mapped = graph.vmap(&over, |slices| {
            let mut slices = slices.iter();
            let mut given = Vec::with_capacity(inputs.len());
            for (&x, axis) in inputs.iter().zip(&axes) {
                given.push(if axis.is_some() {
                    *slices.next().expect("one slice for each axis")
                } else {
                    x
                });
            }
            vec![f(graph, &given)]
        });
        mapped[0]
    }
}
