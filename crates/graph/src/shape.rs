//! Shapes, axes and the broadcasting rule.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::short::Short;

/// The extent of every axis of an array, outermost first; `[]` is a scalar.
///
/// ```
/// use cotangent::Shape;
/// assert_eq!(Shape::from([64, 10]).size(), 640);
/// assert_eq!(Shape::scalar().size(), 1);
/// ```
#[derive(PartialEq, Eq, Hash, Default)]
pub struct Shape(SmallVec<[usize; 4]>);

/// A copy at once, where that of a short list goes from one extent to the next.
impl Clone for Shape {
    fn clone(&self) -> Self {
        Self::from(&self.0[..])
    }
}

impl Shape {
    /// The shape of a single number.
    pub fn scalar() -> Self {
        Self::default()
    }

    /// The number of elements: the product of the extents; `usize::MAX` where that is larger still.
    pub fn size(&self) -> usize {
        self.0.iter().copied().fold(1, usize::saturating_mul)
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Row-major strides, in elements; `usize::MAX` for larger ones.
    pub fn strides(&self) -> SmallVec<[usize; 4]> {
        let mut strides: SmallVec<[usize; 4]> = smallvec::smallvec![1; self.rank()];
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self[axis]);
        }
        strides
    }

    /// The most elements that a recorded array may have: as many as can be addressed at 8 bytes each.
    pub const MOST: usize = isize::MAX as usize / size_of::<f64>();

    /// The rule that every recorded shape keeps, so that whatever is computed from extents fits: the
    /// extents other than 0 multiply to at most [`MOST`](Self::MOST). (An empty array has other axes,
    /// and may be reduced along the one that is empty.)
    pub(crate) fn check_size(&self) -> Result<(), String> {
        let extents = self.0.iter().copied().filter(|&extent| extent != 0);
        if extents.fold(1, usize::saturating_mul) <= Self::MOST {
            return Ok(());
        }
        Err(format!(
            "the result would have shape {self}, which no memory can hold: the extents of a shape, \
             zeros left out, must multiply to at most {}",
            Self::MOST
        ))
    }

    /// The common shape under numpy's rule: shapes are aligned at the last axis; two extents fit
    /// when they are equal or one of them is 1. `None` if they do not fit.
    ///
    /// ```
    /// use cotangent::Shape;
    /// let row = Shape::from([1, 3]);
    /// assert_eq!(row.broadcast(&Shape::from([2, 1])), Some(Shape::from([2, 3])));
    /// assert_eq!(row.broadcast(&Shape::from([2])), None);
    /// ```
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        if self == other {
            return Some(self.clone());
        }
        let rank = self.rank().max(other.rank());
        let mut common = SmallVec::new();
        for axis in 0..rank {
            common.push(match (self.aligned(axis, rank), other.aligned(axis, rank)) {
                (a, b) if a == b || b == 1 => a,
                (1, b) => b,
                _ => return None,
            });
        }
        Some(Self(common))
    }

    /// Whether an array of this shape can be repeated along its axes of extent 1 to fill `target`.
    pub fn broadcasts_to(&self, target: &Shape) -> bool {
        self.broadcast(target).as_ref() == Some(target)
    }

    /// The extent at `axis` once the shape is padded in front with ones to `rank` axes.
    pub fn aligned(&self, axis: usize, rank: usize) -> usize {
        (axis + self.rank()).checked_sub(rank).map_or(1, |own| self[own])
    }

    /// The shape with `axes` (sorted) reduced: kept with extent 1, or dropped.
    pub fn reduced(&self, axes: &[usize], keep: bool) -> Shape {
        let extent =
            |axis: usize| if axes.contains(&axis) { keep.then_some(1) } else { Some(self[axis]) };
        (0..self.rank()).filter_map(extent).collect()
    }

    /// The shape with the extent of one axis replaced.
    pub fn with(&self, axis: usize, extent: usize) -> Shape {
        let mut shape = self.clone();
        shape.0[axis] = extent;
        shape
    }

    /// The shape with an axis of the given extent inserted in front of `axis`.
    pub fn inserted(&self, axis: usize, extent: usize) -> Shape {
        let mut shape = self.clone();
        shape.0.insert(axis, extent);
        shape
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(extents: I) -> Self {
        Self(extents.into_iter().short())
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(extents: [usize; N]) -> Self {
        Self::from(&extents[..])
    }
}

impl From<&[usize]> for Shape {
    fn from(extents: &[usize]) -> Self {
        Self(SmallVec::from_slice(extents))
    }
}

impl From<Vec<usize>> for Shape {
    fn from(extents: Vec<usize>) -> Self {
        Self::from(&extents[..])
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}

/// A vector's shape, from its length.
impl From<usize> for Shape {
    fn from(extent: usize) -> Self {
        Self::from([extent])
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_slice())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The axes a reduction runs over, and whether they stay in the result with extent 1.
///
/// Made from an axis, an array of axes or `..` for all of them; negative axes count from the last.
/// [`keep`] keeps the reduced axes.
///
/// ```
/// use cotangent::{Graph, keep};
/// let g = Graph::new();
/// let x = g.input("x", [2, 3, 4]);
/// assert_eq!(x.sum_over(0).shape(), [3, 4].into());
/// assert_eq!(x.sum_over([0, -1]).shape(), [3].into());
/// assert_eq!(x.sum_over(keep(1)).shape(), [2, 1, 4].into());
/// assert_eq!(x.sum_over(..).shape(), [].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// `None` stands for every axis.
    listed: Option<SmallVec<[isize; 4]>>,
    keep: bool,
}

/// Keeps the reduced axes in the result, with extent 1, so that it broadcasts against the input
/// (numpy's `keepdims=True`).
///
/// ```
/// use cotangent::{Graph, keep};
/// let g = Graph::new();
/// let x = g.full([2, 3], 1.0);
/// assert_eq!((x.sum_over(1).shape(), x.sum_over(keep(1)).shape()), ([2].into(), [2, 1].into()));
/// ```
pub fn keep(axes: impl Into<Axes>) -> Axes {
    Axes { keep: true, ..axes.into() }
}

impl Axes {
    /// Whether the reduced axes stay, with extent 1.
    pub fn keeps(&self) -> bool {
        self.keep
    }

    /// The axes, sorted and counted from the first, for an array of this rank; the error is the
    /// rule that was broken.
    pub fn resolve(&self, rank: usize) -> Result<SmallVec<[usize; 4]>, String> {
        let Some(listed) = &self.listed else { return Ok((0..rank).short()) };
        let mut axes = SmallVec::new();
        for &axis in listed {
            axes.push(resolve_axis(axis, rank)?);
        }
        axes.sort_unstable();
        match axes.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("axis {} is listed twice", pair[0])),
            None => Ok(axes),
        }
    }
}

/// Counts an axis from the first; negative ones are given from the last.
pub fn resolve_axis(axis: isize, rank: usize) -> Result<usize, String> {
    let from_first = if axis < 0 { axis + rank as isize } else { axis };
    if (0..rank as isize).contains(&from_first) {
        return Ok(from_first as usize);
    }
    Err(match rank {
        0 => format!("axis {axis} of a scalar, which has no axes"),
        _ => format!("axis {axis} is outside -{rank}..{rank}, the axes of rank {rank}"),
    })
}

impl From<isize> for Axes {
    fn from(axis: isize) -> Self {
        Self::from([axis])
    }
}

impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Self {
        Self::from(&axes[..])
    }
}

impl From<&[isize]> for Axes {
    fn from(axes: &[isize]) -> Self {
        Self { listed: Some(axes.into()), keep: false }
    }
}

impl From<std::ops::RangeFull> for Axes {
    fn from(_: std::ops::RangeFull) -> Self {
        Self { listed: None, keep: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_aligns_at_the_last_axis() {
        let fits = |a: &[usize], b: &[usize]| Shape::from(a).broadcast(&Shape::from(b));
        assert_eq!(fits(&[5, 1, 4], &[3, 1]), Some([5, 3, 4].into()));
        assert_eq!(fits(&[], &[2, 0]), Some([2, 0].into()));
        assert_eq!(fits(&[1], &[0]), Some([0].into()));
        assert_eq!(fits(&[2], &[0]), None);
    }

    #[test]
    fn sizes_do_not_wrap_and_shapes_that_are_too_large_are_told() {
        let half = 1 << 32;
        assert_eq!(Shape::from([half, half, 3]).size(), usize::MAX);
        assert_eq!(Shape::from([half, half, 0]).size(), 0);
        let fits = |extents: &[usize]| Shape::from(extents).check_size().is_ok();
        assert!(fits(&[Shape::MOST]) && fits(&[0, Shape::MOST]) && fits(&[1 << 29, 0, 1 << 30]));
        assert!(!fits(&[Shape::MOST + 1]) && !fits(&[0, half, half]) && !fits(&[half, 0, half]));
        assert!(!fits(&[(1 << 61) + 1, 8]) && !fits(&[usize::MAX, usize::MAX]));
    }

    #[test]
    fn nothing_is_recorded_whose_size_wraps() {
        use crate::Graph;
        use crate::ops::{Broadcast, Full, MatMul, OneHot, Window};

        let g = Graph::new();
        let half = 1 << 32;
        let x = g.input("x", [1, 8]);
        let (column, row) = (g.full([half, 1], 1.0), g.full([1, half], 1.0));
        let broadcast = |x, shape: &[usize]| g.record(Broadcast { shape: shape.into() }, &[x]);
        let refused = [
            // 2⁶¹ + 1 rows of 8 are 8 numbers modulo 2⁶⁴.
            broadcast(x, &[(1 << 61) + 1, 8]),
            broadcast(g.full([], 1.0), &[half << 1, half, 3]),
            g.record(Full { shape: [usize::MAX; 3].into(), value: 0.0 }, &[]),
            g.record(Full { shape: [0, half, half].into(), value: 0.0 }, &[]),
            g.record(MatMul, &[column, row]),
            g.record(OneHot { classes: usize::MAX }, &[g.index_input("i", [2])]),
        ];
        for error in refused.map(|recorded| recorded.unwrap_err()) {
            let told = error.rule.contains("no memory can hold");
            assert!(told && error.location.file().ends_with("shape.rs"), "{error}");
        }
        let too_large: [fn(&Graph); 3] = [
            |g| _ = g.full([2, 2], 0.0).unfold2d(Window::new(2).padding(usize::MAX / 2)),
            |g| _ = g.concat(&[g.full([Shape::MOST], 1.0); 2], 0),
            |g| _ = g.full([2], 1.0).pad([(usize::MAX, usize::MAX)], 0.0),
        ];
        for record in too_large {
            let panic = std::panic::catch_unwind(|| record(&Graph::new())).unwrap_err();
            assert!(panic.downcast_ref::<String>().unwrap().contains("no memory can hold"));
        }
        // An empty array may have a long axis, and be joined along it.
        let empty = g.full([0, 1 << 40], 1.0);
        assert_eq!(empty.sum_over(1).eval().unwrap().len(), 0);
    }

    #[test]
    fn axes_are_sorted_and_checked() {
        let resolve = |axes: &[isize]| Axes::from(axes).resolve(3);
        assert_eq!(resolve(&[-1, 0]).unwrap().as_slice(), [0, 2]);
        assert_eq!(resolve(&[3]).unwrap_err(), "axis 3 is outside -3..3, the axes of rank 3");
        assert_eq!(resolve(&[1, -2]).unwrap_err(), "axis 1 is listed twice");
    }
}
