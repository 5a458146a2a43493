//! Linear maps, applied to many vectors at once.

use ndarray::Array2;

use super::vmap::Replay;
use crate::{GradientError, Graph, Type, Var};

/// A linear map, recorded on holes. As a matrix, each row is what it makes of a unit vector.
pub(super) struct Linear<'g> {
    graph: &'g Graph,
    pub holes: Vec<Var<'g>>,
    /// What it makes of the holes, flattened.
    pub value: Var<'g>,
}

impl<'g> Linear<'g> {
    /// The map of arrays of the shapes of `variables` that `record` records.
    pub fn of(
        variables: &[Var<'g>],
        record: &dyn Fn(&[Var<'g>]) -> Result<Vec<Var<'g>>, GradientError>,
    ) -> Result<Self, GradientError> {
        let graph = variables[0].graph();
        let hole = |x: &Var<'g>| {
            graph.on_behalf((x.location(), true), || graph.hole(Type::real(x.shape())))
        };
        let holes: Vec<Var<'g>> = variables.iter().map(hole).collect();
        let values = record(&holes)?;
        Ok(Self::recorded(holes, &values))
    }

    /// The map that was recorded already, of `holes` to `values`.
    pub fn recorded(holes: Vec<Var<'g>>, values: &[Var<'g>]) -> Self {
        let graph = holes[0].graph();
        let values: Vec<Var<'g>> = values.iter().map(|value| value.flatten()).collect();
        Self { graph, holes, value: graph.concat(&values, 0) }
    }

    /// The number of elements of the vectors that it takes.
    pub fn size(&self) -> usize {
        self.holes.iter().map(|hole| hole.shape().size()).sum()
    }

    /// All rows, `chunk` of them at a time.
    pub fn matrix(&self, chunk: Option<usize>) -> Var<'g> {
        self.products(self.size(), chunk, &|i, j| i == j)
    }

    /// What it makes of each of `count` vectors, along a first axis, `chunk` of them at a time. Vector i has a 1 at the
    /// positions j of which `is_one(i, j)` holds, and 0 elsewhere.
    pub fn products(
        &self,
        count: usize,
        chunk: Option<usize>,
        is_one: &dyn Fn(usize, usize) -> bool,
    ) -> Var<'g> {
        let chunk = chunk.unwrap_or(count).max(1);
        let starts = (0..count.max(1)).step_by(chunk);
        let rows: Vec<Var<'g>> = starts
            .map(|start| {
                let some = count.min(start + chunk) - start;
                self.rows(some, &|i, j| is_one(start + i, j))
            })
            .collect();
        if let [all] = rows[..] { all } else { self.graph.concat(&rows, 0) }
    }

    fn rows(&self, count: usize, is_one: &dyn Fn(usize, usize) -> bool) -> Var<'g> {
        let mut first = 0;
        let vectors = |hole: &Var<'g>| {
            let shape = hole.shape();
            let element = |(i, j)| if is_one(i, first + j) { 1.0 } else { 0.0 };
            let part = Array2::from_shape_fn([count, shape.size()], element);
            first += shape.size();
            self.graph.constant(part).reshape_to(shape.inserted(0, count))
        };
        let vectors: Vec<Var<'g>> = self.holes.iter().map(vectors).collect();
        let given: Vec<_> = self.holes.iter().copied().zip(vectors).collect();
        let mut replay = Replay::new(self.graph, count, &given, 0..0);
        replay.value(self.value).for_each(count)
    }
}
