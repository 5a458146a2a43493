//! Arrays repeated along their axes.

use super::super::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{Graph, Shape, Var, misfit};

impl<'g> Var<'g> {
    /// The array repeated as a whole, so many times along each axis (numpy's and PyTorch's `tile`; PyTorch's `repeat`).
    ///
    /// With fewer numbers than axes, they are those of the last axes; with more, the array gets axes in front.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// assert_eq!(x.tile(&[2, 2]).eval()?, array![[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the result is larger than any memory.
    #[track_caller]
    pub fn tile(self, repeats: &[usize]) -> Var<'g> {
        let shape = self.shape();
        let rank = shape.rank().max(repeats.len());
        let aligned = |of: &[usize], axis: usize| match (axis + of.len()).checked_sub(rank) {
            Some(own) => of[own],
            None => 1,
        };
        let pairs = (0..rank).map(|axis| [aligned(repeats, axis), aligned(&shape, axis)]);
        let apart: Shape = pairs.clone().flat_map(|[_, extent]| [1, extent]).collect();
        let repeated: Shape = pairs.clone().flatten().collect();
        let tiled: Shape = pairs.map(|[repeats, extent]| repeats.saturating_mul(extent)).collect();
        if let Err(rule) = tiled.check_size() {
            misfit("tile", rule, &[self]);
        }
        self.reshape_to(apart).broadcast_to(repeated).reshape_to(tiled)
    }

    /// Each position of an axis so many times, one after the other (PyTorch's `repeat_interleave`, numpy's `repeat`).
    ///
    /// `[2, 3]` repeated twice along axis 1 is `[2, 6]`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// assert_eq!(x.repeat_interleave(2, 0).eval()?, array![1.0, 1.0, 2.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or the result is larger than any memory.
    #[track_caller]
    pub fn repeat_interleave(self, repeats: usize, axis: isize) -> Var<'g> {
        let shape = self.shape();
        let axis = match resolve_axis(axis, shape.rank()) {
            Ok(axis) => axis,
            Err(rule) => misfit("repeat_interleave", rule, &[self]),
        };
        let result = shape.with(axis, shape[axis].saturating_mul(repeats));
        if let Err(rule) = result.check_size() {
            misfit("repeat_interleave", rule, &[self]);
        }
        let apart = shape.inserted(axis + 1, 1);
        let repeated = apart.with(axis + 1, repeats);
        self.reshape_to(apart).broadcast_to(repeated).reshape_to(result)
    }
}

impl Graph {
    /// Vectors as the coordinates of a grid: array i holds, at each point, its coordinate along axis i (numpy's and PyTorch's
    /// `meshgrid` with `indexing="ij"`).
    ///
    /// From vectors of n and m numbers, two arrays `[n, m]`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let (x, y) = (g.constant(array![1.0, 2.0]), g.constant(array![3.0, 4.0, 5.0]));
    /// let grid = g.meshgrid(&[x, y]);
    /// assert_eq!(grid[0].eval()?, array![[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]].into_dyn());
    /// assert_eq!(grid[1].eval()?, array![[3.0, 4.0, 5.0], [3.0, 4.0, 5.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless each has one axis.
    #[track_caller]
    pub fn meshgrid<'g>(&'g self, coordinates: &[Var<'g>]) -> Vec<Var<'g>> {
        if coordinates.iter().any(|x| x.rank() != 1) {
            misfit("meshgrid", "a coordinate must have one axis", coordinates);
        }
        let grid: Shape = coordinates.iter().map(|x| x.shape()[0]).collect();
        let mut arrays = Vec::with_capacity(coordinates.len());
        for (axis, x) in coordinates.iter().enumerate() {
            let own: Shape =
                (0..grid.rank()).map(|i| if i == axis { grid[i] } else { 1 }).collect();
            arrays.push(x.reshape_to(own).broadcast_to(&grid));
        }
        arrays
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("broadcast", [2, 3], |x| x.square().tile(&[2, 1, 3])),
        shaped("broadcast", [2, 3], |x| x.square().tile(&[2])),
        shaped("broadcast", [2, 3], |x| x.square().repeat_interleave(3, 0)),
        shaped("broadcast", [3], |x| {
            let grid = x.graph().meshgrid(&[x, x.square()]);
            grid[0] * grid[1]
        }),
    ]
}
