//! Places: where the elements of one array lie among those of another.

use smallvec::SmallVec;

use crate::Shape;
use crate::short::Short;

/// Where the elements of an array lie among the elements of another, which are counted in row-major
/// order: element (i, j, …) is number `offset` + i·`strides[0]` + j·`strides[1]` + …
///
/// A slice, a flipped axis, a diagonal, an axis left out at an index, a repeated row (stride 0) and
/// windows that overlap are places alike, and a place of a place is one.
///
/// ```
/// use cotangent::{Graph, Place, Shape};
///
/// let g = Graph::new();
/// let x = g.constant(cotangent::ndarray::array![[1., 2., 3.], [4., 5., 6.]]);
/// let corners = Place { offset: 0, shape: Shape::from([2, 2]), strides: [3, 2].into_iter().collect() };
/// assert_eq!(x.view(corners).eval()?, cotangent::ndarray::array![[1., 3.], [4., 6.]].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// The number of the first element.
    pub offset: usize,
    /// The shape of the array.
    pub shape: Shape,
    /// How far apart neighbours along each axis are; may be negative.
    pub strides: SmallVec<[isize; 4]>,
}

impl Place {
    /// All elements of an array of this shape.
    pub fn whole(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let strides = shape.strides().iter().map(|&stride| stride as isize).short();
        Self { offset: 0, shape, strides }
    }

    /// The number of the element at an index.
    pub fn at(&self, index: &[usize]) -> usize {
        let moved = index.iter().zip(&self.strides).map(|(&i, &stride)| i as isize * stride);
        self.offset.wrapping_add_signed(moved.sum())
    }

    /// Every `step`-th position of an axis from `start` on, so many of them; with a negative step
    /// they run down.
    pub(crate) fn along(mut self, axis: usize, start: usize, step: isize, count: usize) -> Self {
        if count > 0 {
            self.offset = self.offset.wrapping_add_signed(start as isize * self.strides[axis]);
        }
        self.shape = self.shape.with(axis, count);
        self.strides[axis] = self.strides[axis].wrapping_mul(step);
        self
    }

    /// Without an axis, at a position of it.
    pub(crate) fn without(self, axis: usize, position: usize) -> Self {
        let mut place = self.along(axis, position, 1, 1);
        place.shape = place.shape.reduced(&[axis], false);
        place.strides.remove(axis);
        place
    }

    /// The axes in another order.
    pub fn permuted(&self, order: &[usize]) -> Self {
        Self {
            offset: self.offset,
            shape: order.iter().map(|&axis| self.shape[axis]).collect(),
            strides: order.iter().map(|&axis| self.strides[axis]).short(),
        }
    }

    /// So many of it along a new first axis, each so far from the one before.
    pub(crate) fn repeated(&self, count: usize, apart: usize) -> Self {
        let mut strides = self.strides.clone();
        strides.insert(0, apart as isize);
        Self { offset: self.offset, shape: self.shape.inserted(0, count), strides }
    }

    /// The lowest and the highest number of an element, if there are elements and the numbers fit.
    fn bounds(&self) -> Option<(isize, isize)> {
        let (mut low, mut high) = (isize::try_from(self.offset).ok()?, self.offset as isize);
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let last = isize::try_from(extent.checked_sub(1)?).ok()?.checked_mul(stride)?;
            low = low.checked_add(last.min(0))?;
            high = high.checked_add(last.max(0))?;
        }
        Some((low, high))
    }

    /// The rule that every element lies within an array of this shape.
    pub(crate) fn check(&self, of: &Shape) -> Result<(), String> {
        if self.shape.rank() != self.strides.len() {
            return Err(format!("{} strides are given for {}", self.strides.len(), self.shape));
        }
        let within = |(low, high): (isize, isize)| low >= 0 && (high as usize) < of.size();
        if self.shape.size() == 0 || self.bounds().is_some_and(within) {
            return Ok(());
        }
        Err(format!(
            "an array {} from element {} in strides {:?} does not lie within the {} elements of {of}",
            self.shape,
            self.offset,
            self.strides,
            of.size()
        ))
    }

    /// The numbers of all elements, in row-major order of the place.
    pub fn numbers(&self) -> impl Iterator<Item = usize> + '_ {
        let (extents, strides) = (&self.shape[..], &self.strides[..]);
        // A place without axes is a lane of one.
        let length = extents.last().copied().unwrap_or(1);
        let step = strides.last().copied().unwrap_or(0);
        let mut index: SmallVec<[usize; 6]> = smallvec::smallvec![0; extents.len()];
        let mut start = (self.shape.size() > 0).then_some(self.offset);
        let lanes = std::iter::from_fn(move || {
            let current = start?;
            start = advanced(current, &mut index, extents, strides);
            Some(current)
        });
        lanes.flat_map(move |start| {
            (0..length as isize).map(move |i| start.wrapping_add_signed(i.wrapping_mul(step)))
        })
    }
}

/// Where the lane behind the one that starts at `start` does, unless that is the last; lanes lie along the last axis.
fn advanced(
    start: usize,
    index: &mut [usize],
    extents: &[usize],
    strides: &[isize],
) -> Option<usize> {
    let mut start = start;
    for axis in (0..extents.len().saturating_sub(1)).rev() {
        index[axis] += 1;
        start = start.wrapping_add_signed(strides[axis]);
        if index[axis] < extents[axis] {
            return Some(start);
        }
        let back = strides[axis].wrapping_mul(extents[axis] as isize);
        start = start.wrapping_add_signed(back.wrapping_neg());
        index[axis] = 0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_definition() {
        let place = Place::whole([4, 5]).along(0, 3, -2, 2).along(1, 1, 2, 2);
        assert_eq!(place.numbers().collect::<Vec<_>>(), [16, 18, 6, 8]);
        assert_eq!(place.permuted(&[1, 0]).numbers().collect::<Vec<_>>(), [16, 6, 18, 8]);
        assert_eq!(
            Place::whole([4, 5]).without(1, 2).numbers().collect::<Vec<_>>(),
            [2, 7, 12, 17]
        );
        assert_eq!(Place::whole([]).numbers().collect::<Vec<_>>(), [0]);
        assert_eq!(Place::whole([2, 0]).numbers().count(), 0);
        assert_eq!(place.at(&[1, 1]), 8);
    }

    #[test]
    fn what_reaches_outside_is_refused() {
        let of = Shape::from([3]);
        let place = |offset, strides: [isize; 1]| Place {
            offset,
            shape: [2].into(),
            strides: strides.into_iter().collect(),
        };
        assert!(place(1, [1]).check(&of).is_ok() && place(1, [-1]).check(&of).is_ok());
        for outside in
            [place(2, [1]), place(0, [-1]), place(0, [isize::MAX]), place(usize::MAX, [1])]
        {
            assert!(outside.check(&of).unwrap_err().contains("does not lie within the 3 elements"));
        }
    }
}
