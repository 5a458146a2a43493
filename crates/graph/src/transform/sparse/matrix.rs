//! A matrix by its entries.

use ndarray::{Array1, ArrayD};

use super::pattern::SparsePattern;
use crate::{Graph, Var};

/// A matrix of which the entries alone are recorded. Made by [`Gradient::sparse_jacobian`](crate::Gradient::sparse_jacobian)
/// and [`Gradient::sparse_hessian`](crate::Gradient::sparse_hessian), which have examples.
///
/// Compiled, it is found and coloured once, and its entries are computed for new numbers as often as they are asked for:
///
/// ```
/// use std::sync::OnceLock;
/// use cotangent::{Function, Params};
/// use cotangent::ndarray::array;
///
/// let pattern = OnceLock::new();
/// let mut entries = Function::new(|_, [x]| {
///     let jacobian = (x.slice_axis(0, ..2) * x.slice_axis(0, 1..)).sparse_jacobian(x);
///     pattern.get_or_init(|| jacobian.pattern);
///     jacobian.values
/// });
/// let values = entries.run(&Params::seeded(0), (&array![1.0_f32, 2.0, 4.0],))?;
/// assert_eq!(values, array![2.0, 1.0, 4.0, 2.0].into_dyn());
/// assert_eq!(pattern.get().unwrap().indices(), [0, 1, 1, 2]);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sparse<'g> {
    /// Where the entries are.
    pub pattern: SparsePattern,
    /// How many products with the matrix they are read from: the number of colours.
    pub sweeps: usize,
    /// The entries in the order of the pattern, by rows. They are recorded like everything else: compiled with the rest, and
    /// differentiated again.
    pub values: Var<'g>,
}

impl<'g> Sparse<'g> {
    /// The entries from their numbers among the elements of products.
    #[track_caller]
    pub(super) fn of(
        pattern: SparsePattern,
        sweeps: usize,
        products: Var<'g>,
        numbers: &[usize],
    ) -> Self {
        let numbers = products.graph().constant(indices(numbers.iter().copied()));
        Self { pattern, sweeps, values: products.flatten().take(0, numbers) }
    }

    /// Of a pattern without entries.
    #[track_caller]
    pub(super) fn zero(graph: &'g Graph, pattern: SparsePattern) -> Self {
        Self { pattern, sweeps: 0, values: graph.full([0], 0.0) }
    }

    /// Records the matrix with its zeros, for small ones.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// let jacobian = x.square().sparse_jacobian(x);
    /// assert_eq!(jacobian.sweeps, 1);
    /// assert_eq!(jacobian.to_dense().eval()?, array![[2.0, 0.0], [0.0, 4.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn to_dense(&self) -> Var<'g> {
        let (rows, columns) = (self.pattern.rows(), self.pattern.columns());
        let graph = self.values.graph();
        if self.pattern.is_empty() {
            return graph.full([rows, columns], 0.0);
        }
        let numbers = indices(self.pattern.positions().map(|(i, j)| i * columns + j));
        let zeros = graph.full([rows * columns], 0.0);
        zeros.index_add(0, graph.constant(numbers), self.values).reshape_to([rows, columns])
    }
}

fn indices(numbers: impl Iterator<Item = usize>) -> Array1<i64> {
    numbers.map(|number| number as i64).collect()
}

impl SparsePattern {
    /// The entries as (row, column, value), by rows, given the values that a run computed. It stands in the example of
    /// [`Gradient::sparse_jacobian`](crate::Gradient::sparse_jacobian).
    ///
    /// # Panics
    /// If there is not one value for each entry.
    #[track_caller]
    pub fn triplets<'a, T: Copy>(
        &'a self,
        values: &'a ArrayD<T>,
    ) -> impl Iterator<Item = (usize, usize, T)> + 'a {
        assert!(
            values.len() == self.len(),
            "triplets: {} values are given for {} entries",
            values.len(),
            self.len()
        );
        self.positions().zip(values).map(|((row, column), &value)| (row, column, value))
    }
}
