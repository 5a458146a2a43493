//! Where the elements of a value lie: views are strides over the memory of another value.

use smallvec::SmallVec;

use graph::Lowering;
use graph::reading::{Node, NodeId};
use graph::{Kind, Shape};

/// The elements of a value, in the memory of `base`, whose own elements lie in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub base: NodeId,
    pub shape: Shape,
    /// The distance between neighbours along each axis; 0 where a value is repeated.
    pub strides: SmallVec<[usize; 4]>,
}

impl Place {
    /// A value in memory of its own.
    pub fn own(base: NodeId, shape: Shape) -> Self {
        let strides = shape.strides();
        Self { base, shape, strides }
    }

    /// A value repeated at every position of a shape from a single element.
    pub fn repeated(base: NodeId, shape: Shape) -> Self {
        let strides = smallvec::smallvec![0; shape.rank()];
        Self { base, shape, strides }
    }

    /// The place of a node that only views its input, if it is such a node.
    pub fn of_view(node: &Node, input_kind: Kind, input: &Place) -> Option<Self> {
        let shape = node.ty.shape.clone();
        let strides = match node.op.lower() {
            Lowering::Reinterpret => {
                // An index becomes a real by conversion, not by another look at it.
                let converts = input_kind == Kind::Index && node.ty.kind != Kind::Index;
                (!converts).then(|| input.strides.clone())
            }
            Lowering::Permute(order) => {
                Some(order.iter().map(|&axis| input.strides[axis]).collect())
            }
            Lowering::Broadcast => Some(input.strides_over(&shape)),
            Lowering::Reshape => input.reshaped(&shape),
            _ => None,
        }?;
        Some(Self { base: input.base, shape, strides })
    }

    /// The strides with which the value is read at every position of `shape`, to which it
    /// broadcasts (leading axes of extent 1 may be missing from `shape`).
    pub fn strides_over(&self, shape: &[usize]) -> SmallVec<[usize; 4]> {
        let rank = shape.len();
        let stride = |axis: usize| match (axis + self.shape.rank()).checked_sub(rank) {
            Some(own) if self.shape[own] != 1 => self.strides[own],
            _ => 0,
        };
        (0..rank).map(stride).collect()
    }

    /// The strides with which the value is read in the [space](space_of) of `shape`, to which it
    /// broadcasts.
    pub fn strides_in_space(&self, shape: &[usize]) -> SmallVec<[usize; 4]> {
        let strides = self.strides_over(shape);
        strides.iter().zip(shape).filter(|axis| *axis.1 != 1).map(|axis| *axis.0).collect()
    }

    /// The strides under another shape with the same elements in row-major order, if they exist:
    /// axes merge where one continues the other, and split freely.
    fn reshaped(&self, shape: &Shape) -> Option<SmallVec<[usize; 4]>> {
        if shape.size() == 0 {
            return Some(shape.strides());
        }
        // The axes of the source, merged as far as they continue each other, from the last.
        let mut merged: SmallVec<[(usize, usize); 4]> = SmallVec::new();
        for (&extent, &stride) in self.shape.iter().zip(&self.strides).rev() {
            match merged.last_mut() {
                _ if extent == 1 => {}
                Some((size, inner)) if stride == *inner * *size => *size *= extent,
                _ => merged.push((extent, stride)),
            }
        }
        let mut source = merged.into_iter();
        let (mut left, mut stride) = source.next().unwrap_or((1, 0));
        let mut strides: SmallVec<[usize; 4]> = smallvec::smallvec![0; shape.rank()];
        for axis in (0..shape.rank()).rev().filter(|&axis| shape[axis] != 1) {
            if left == 1 {
                (left, stride) = source.next()?;
            }
            if !left.is_multiple_of(shape[axis]) {
                return None;
            }
            strides[axis] = stride;
            stride *= shape[axis];
            left /= shape[axis];
        }
        Some(strides)
    }

    /// Whether the elements lie in row-major order without gaps or repetition.
    pub fn is_dense(&self) -> bool {
        self.strides_in_space(&self.shape) == space_of(&self.shape).strides()
    }
}

/// The positions of a shape as a loop goes through them: its axes without those of extent 1.
///
/// An axis of extent 1 has no say in where an element lies, so that loops, their strides and what
/// they reduce know no such axis: shapes that differ in them alone have one space.
pub(crate) fn space_of(shape: &[usize]) -> Shape {
    shape.iter().copied().filter(|&extent| extent != 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(shape: &[usize], strides: &[usize]) -> Place {
        Place { base: NodeId::new(0), shape: shape.into(), strides: strides.into() }
    }

    #[test]
    fn reshapes_of_views_are_views_where_axes_continue_each_other() {
        let reshaped = |place: Place, shape: &[usize]| place.reshaped(&shape.into());
        let own = |shape: &[usize]| Place::own(NodeId::new(0), shape.into());
        assert_eq!(reshaped(own(&[2, 6]), &[3, 4]).unwrap().as_slice(), [4, 1]);
        assert_eq!(reshaped(own(&[6]), &[1, 6, 1]).unwrap().as_slice(), [0, 1, 0]);
        // A transposed matrix does not lie in one run.
        assert_eq!(reshaped(place(&[3, 2], &[1, 3]), &[6]), None);
        assert_eq!(reshaped(place(&[3, 2], &[1, 3]), &[3, 1, 2]).unwrap().as_slice(), [1, 0, 3]);
        // A repeated row can be repeated in groups.
        assert_eq!(reshaped(place(&[4, 3], &[0, 1]), &[2, 2, 3]).unwrap().as_slice(), [0, 0, 1]);
        assert_eq!(reshaped(place(&[4, 3], &[0, 1]), &[12]), None);
    }

    #[test]
    fn a_broadcast_reads_with_stride_zero() {
        let row = Place::own(NodeId::new(0), [1, 3].into());
        assert_eq!(row.strides_over(&[5, 2, 3]).as_slice(), [0, 0, 1]);
    }

    #[test]
    fn a_space_has_no_axis_of_extent_1() {
        assert_eq!(space_of(&[1, 5, 1, 3, 1]), Shape::from([5, 3]));
        assert_eq!(space_of(&[1, 0, 1]), Shape::from([0]));
        assert_eq!(space_of(&[1, 1]), Shape::scalar());
        let column = Place::own(NodeId::new(0), [5, 1].into());
        assert_eq!(column.strides_in_space(&[5, 1]).as_slice(), [1]);
        assert_eq!(column.strides_in_space(&[1, 5, 3]).as_slice(), [1, 0]);
        assert!(place(&[1, 4, 1], &[7, 1, 9]).is_dense() && !place(&[4, 2], &[1, 4]).is_dense());
    }
}
