//! Arrays turned around along an axis, taken apart along one, and with two exchanged.

use super::super::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{Var, misfit};

impl<'g> Var<'g> {
    /// The elements moved by so many positions along an axis, from the last back to the first; backwards by a negative number
    /// (numpy's and PyTorch's `roll`).
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0, 3.0]);
    /// assert_eq!(x.roll(1, 0).eval()?, array![3.0, 1.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn roll(self, shift: isize, axis: isize) -> Var<'g> {
        let extent = match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.shape()[axis] as isize,
            Err(rule) => misfit("roll", rule, &[self]),
        };
        let shift = if extent == 0 { 0 } else { shift.rem_euclid(extent) };
        if shift == 0 {
            return self;
        }
        let (back, front) =
            (self.slice_axis(axis, extent - shift..), self.slice_axis(axis, ..extent - shift));
        self.graph().concat(&[back, front], axis)
    }

    /// Two axes exchanged (numpy's and PyTorch's `swapaxes`, PyTorch's `transpose`).
    ///
    /// `[2, 3, 4]` with axes 0 and 2 exchanged is `[4, 3, 2]`.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// assert_eq!(g.full([2, 3, 4], 1.0).swap_axes(0, -1).shape(), [4, 3, 2].into());
    /// ```
    ///
    /// # Panics
    /// If there are no such axes.
    #[track_caller]
    pub fn swap_axes(self, a: isize, b: isize) -> Var<'g> {
        let mut order: Vec<isize> = (0..self.rank() as isize).collect();
        match (resolve_axis(a, order.len()), resolve_axis(b, order.len())) {
            (Ok(a), Ok(b)) => order.swap(a, b),
            (Err(rule), _) | (_, Err(rule)) => misfit("swap_axes", rule, &[self]),
        }
        self.permute(order)
    }

    /// An axis moved to another place, the others in their order (numpy's and PyTorch's `moveaxis`).
    ///
    /// `[2, 3, 4]` with axis 0 moved to the end is `[3, 4, 2]`.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// assert_eq!(g.full([2, 3, 4], 1.0).move_axis(0, -1).shape(), [3, 4, 2].into());
    /// ```
    ///
    /// # Panics
    /// If there are no such axes.
    #[track_caller]
    pub fn move_axis(self, from: isize, to: isize) -> Var<'g> {
        let mut order: Vec<isize> = (0..self.rank() as isize).collect();
        match (resolve_axis(from, order.len()), resolve_axis(to, order.len())) {
            (Ok(from), Ok(to)) => {
                let axis = order.remove(from);
                order.insert(to, axis);
            }
            (Err(rule), _) | (_, Err(rule)) => misfit("move_axis", rule, &[self]),
        }
        self.permute(order)
    }

    /// The arrays at all positions of an axis, which is left out (PyTorch's `unbind`): the inverse of
    /// [`stack`](crate::Graph::stack).
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let rows = g.full([2, 3], 1.0).unbind(0);
    /// assert_eq!((rows.len(), rows[0].shape()), (2, [3].into()));
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn unbind(self, axis: isize) -> Vec<Var<'g>> {
        let extent = match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.shape()[axis],
            Err(rule) => misfit("unbind", rule, &[self]),
        };
        let mut parts = Vec::with_capacity(extent);
        for position in 0..extent {
            parts.push(self.index_axis(axis, position as isize));
        }
        parts
    }

    /// Parts along an axis, of equal extents but for the last (PyTorch's `chunk`): each of ⌈n/`chunks`⌉ positions, so that
    /// there may be fewer than `chunks`.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let parts = g.full([7], 1.0).chunk(3, 0);
    /// let extents: Vec<usize> = parts.iter().map(|part| part.shape()[0]).collect();
    /// assert_eq!(extents, [3, 3, 1]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or `chunks` is 0.
    #[track_caller]
    pub fn chunk(self, chunks: usize, axis: isize) -> Vec<Var<'g>> {
        let extent = match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.shape()[axis],
            Err(rule) => misfit("chunk", rule, &[self]),
        };
        if chunks == 0 {
            misfit("chunk", "there must be a part", &[self]);
        }
        let each = extent.div_ceil(chunks).max(1);
        let extents: Vec<usize> =
            (0..extent).step_by(each).map(|from| each.min(extent - from)).collect();
        self.split(&extents, axis)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("concat", [2, 5], |x| x.square().roll(2, 1) * x.roll(-1, 0)),
        shaped("permute", [2, 3, 4], |x| x.square().swap_axes(0, -1)),
        shaped("slice", [3, 2], |x| {
            let rows = x.unbind(0);
            rows[0] * rows[1].square() + rows[2]
        }),
        shaped("slice", [5], |x| {
            let parts = x.square().chunk(3, 0);
            parts[0] * parts[1] * parts[2]
        }),
    ]
}
