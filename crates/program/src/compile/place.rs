//! Where the elements of a value lie: views are places among the elements of another value.

use smallvec::{SmallVec, smallvec};

use graph::Lowering;
use graph::reading::{Node, NodeId};
use graph::{Kind, Place, Shape};

/// The strides of an array.
pub(crate) type Strides = SmallVec<[isize; 4]>;

/// The elements of a value among those of `base`, a value that is computed or a leaf, which are counted in row-major
/// order wherever they lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub base: NodeId,
    pub place: Place,
}

impl View {
    /// A value that is its own base.
    pub fn own(base: NodeId, shape: Shape) -> Self {
        Self { base, place: Place::whole(shape) }
    }

    /// A value repeated at every position of a shape from a single element.
    pub fn repeated(base: NodeId, shape: Shape) -> Self {
        let strides = smallvec![0; shape.rank()];
        Self { base, place: Place { offset: 0, shape, strides } }
    }

    /// The view that a node is of its input, if it is such a node.
    pub fn of(node: &Node, input_kind: Kind, input: &View) -> Option<Self> {
        let (shape, from) = (node.ty.shape.clone(), &input.place);
        let with = |strides| Place { offset: from.offset, shape: shape.clone(), strides };
        let place = match node.op.lower() {
            Lowering::Reinterpret => {
                // An index becomes a real by conversion, not by another look at it.
                let converts = input_kind == Kind::Index && node.ty.kind != Kind::Index;
                (!converts).then(|| from.clone())
            }
            Lowering::Permute(order) => Some(from.permuted(&order)),
            Lowering::Broadcast => Some(with(strides_over(from, &shape))),
            Lowering::Reshape => reshaped(from, &shape).map(with),
            // Nothing is looked at: wherever that is.
            Lowering::View(place) if place.shape.size() == 0 => Some(Place::whole(shape)),
            Lowering::View(place) => within(from, &place),
            _ => None,
        }?;
        Some(Self { base: input.base, place })
    }

    /// Whether these are all elements of the base in their order.
    pub fn is_whole(&self, base: &Shape) -> bool {
        is_all(&self.place, base)
    }
}

/// Whether these are all elements of an array of some shape in their order.
pub(crate) fn is_all(place: &Place, of: &Shape) -> bool {
    place.shape.size() == of.size() && is_dense(place)
}

/// Whether the elements lie one after the other in row-major order, from the first on.
pub(crate) fn is_dense(place: &Place) -> bool {
    place.offset == 0
        && strides_in_space(place, &place.shape) == dense_strides(&space_of(&place.shape))
}

/// Whether the elements lie side by side, in row-major order.
pub(crate) fn is_run(place: &Place) -> bool {
    is_dense(&Place { offset: 0, ..place.clone() })
}

/// Row-major strides.
pub(crate) fn dense_strides(shape: &Shape) -> Strides {
    Place::whole(shape).strides
}

/// The strides with which an array is read at every position of `shape`, to which it broadcasts (leading
/// axes of extent 1 may be missing from `shape`).
fn strides_over(place: &Place, shape: &[usize]) -> Strides {
    let rank = shape.len();
    let stride = |axis: usize| match (axis + place.shape.rank()).checked_sub(rank) {
        Some(own) if place.shape[own] != 1 => place.strides[own],
        _ => 0,
    };
    (0..rank).map(stride).collect()
}

/// Whether no step within a place carries from one axis of an array into the next: wherever the elements of the array lie, it is
/// a place among them.
pub(crate) fn keeps_axes(array: &Shape, place: &Place) -> bool {
    let whole = Place::whole(array);
    let apart = Place { strides: whole.strides.iter().map(|stride| 2 * stride).collect(), ..whole };
    within(&apart, place).is_some()
}

/// Where a place among the elements of `shape` lies among those of an array that is broadcast to it, of what repeats along
/// an axis one position; if no step carries from one axis into the next.
pub(crate) fn of_repeated(array: &Shape, shape: &Shape, place: &Place) -> Option<Place> {
    let strides = strides_over(&Place::whole(array), shape);
    let mut seen = within(&Place { offset: 0, shape: shape.clone(), strides }, place)?;
    let once = seen.shape.iter().zip(&seen.strides);
    seen.shape = once.map(|(&extent, &stride)| if stride == 0 { 1 } else { extent }).collect();
    Some(seen)
}

/// The strides with which an array is read in the [space](space_of) of `shape`, to which it broadcasts.
pub(crate) fn strides_in_space(place: &Place, shape: &[usize]) -> Strides {
    let strides = strides_over(place, shape);
    strides.iter().zip(shape).filter(|axis| *axis.1 != 1).map(|axis| *axis.0).collect()
}

/// The strides under another shape with the same elements in row-major order, if they exist: axes merge
/// where one continues the other, and split freely.
pub(crate) fn reshaped(place: &Place, shape: &Shape) -> Option<Strides> {
    if shape.size() == 0 {
        return Some(dense_strides(shape));
    }
    // The axes of the source, merged as far as they continue each other, from the last.
    let mut merged: SmallVec<[(usize, isize); 4]> = SmallVec::new();
    for (&extent, &stride) in place.shape.iter().zip(&place.strides).rev() {
        match merged.last_mut() {
            _ if extent == 1 => {}
            Some((size, inner)) if stride == *inner * *size as isize => *size *= extent,
            _ => merged.push((extent, stride)),
        }
    }
    let mut source = merged.into_iter();
    let (mut left, mut stride) = source.next().unwrap_or((1, 0));
    let mut strides: Strides = smallvec![0; shape.rank()];
    for axis in (0..shape.rank()).rev().filter(|&axis| shape[axis] != 1) {
        if left == 1 {
            (left, stride) = source.next()?;
        }
        if !left.is_multiple_of(shape[axis]) {
            return None;
        }
        strides[axis] = stride;
        stride *= shape[axis] as isize;
        left /= shape[axis];
    }
    Some(strides)
}

/// The elements in place `inner` among those of the array in place `outer`, as one place, if they have
/// one: if no step along an axis of `inner` carries from one axis of the array into the next.
///
/// An axis of extent 0 counts as one of extent 1: a loop without columns reads what it has for each row.
pub(crate) fn within(outer: &Place, inner: &Place) -> Option<Place> {
    let shape = inner.shape.clone();
    if outer.shape.size() == 0 {
        let strides = inner.strides.iter().map(|stride| stride.abs()).collect();
        return Some(Place { offset: 0, shape, strides });
    }
    if strides_in_space(outer, &outer.shape) == dense_strides(&space_of(&outer.shape)) {
        return Some(Place { offset: outer.offset + inner.offset, ..inner.clone() });
    }
    let radices = outer.shape.strides();
    let digits = |mut number: usize| -> SmallVec<[isize; 4]> {
        let digit = |&radix: &usize| {
            let digit = number / radix.max(1);
            number %= radix.max(1);
            digit as isize
        };
        radices.iter().map(digit).collect()
    };
    let first = digits(inner.offset);
    let (mut low, mut high) = (first.clone(), first.clone());
    let mut strides: Strides = SmallVec::new();
    for (&extent, &stride) in shape.iter().zip(&inner.strides) {
        let mut step = 0;
        for (axis, digit) in digits(stride.unsigned_abs()).into_iter().enumerate() {
            let along = digit * stride.signum();
            let last = (extent.max(1) as isize - 1) * along;
            low[axis] += last.min(0);
            high[axis] += last.max(0);
            step += along * outer.strides[axis];
        }
        strides.push(if extent > 1 { step } else { 0 });
    }
    let inside = |axis: usize| low[axis] >= 0 && high[axis] < outer.shape[axis] as isize;
    let start: isize = first.iter().zip(&outer.strides).map(|(digit, stride)| digit * stride).sum();
    let offset = outer.offset.wrapping_add_signed(start);
    (0..outer.shape.rank()).all(inside).then_some(Place { offset, shape, strides })
}

/// Where the elements of the base lie in a view of it, if that has all of them in another order of axes: a place of which the
/// axes are the view's, in the order of the base.
pub(crate) fn turned(view: &View, base: &Shape) -> Option<Place> {
    let View { place: Place { offset: 0, shape, strides }, .. } = view else { return None };
    let own = shape.strides();
    let axes = (0..shape.rank()).filter(|&axis| shape[axis] != 1);
    let mut axes: SmallVec<[(isize, usize, isize); 6]> =
        axes.map(|axis| (strides[axis], shape[axis], own[axis] as isize)).collect();
    axes.sort_unstable_by_key(|axis| std::cmp::Reverse(axis.0));
    let extents: Shape = axes.iter().map(|axis| axis.1).collect();
    let in_order = axes.iter().map(|axis| axis.0).eq(dense_strides(&extents));
    let strides = axes.iter().map(|axis| axis.2).collect();
    (in_order && extents.size() == base.size()).then_some(Place {
        offset: 0,
        shape: extents,
        strides,
    })
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

    fn place(offset: usize, shape: &[usize], strides: &[isize]) -> Place {
        Place { offset, shape: shape.into(), strides: strides.into() }
    }

    #[test]
    fn reshapes_of_views_are_views_where_axes_continue_each_other() {
        let reshaped = |place: Place, shape: &[usize]| reshaped(&place, &shape.into());
        let own = |shape: &[usize]| Place::whole(shape);
        assert_eq!(reshaped(own(&[2, 6]), &[3, 4]).unwrap().as_slice(), [4, 1]);
        assert_eq!(reshaped(own(&[6]), &[1, 6, 1]).unwrap().as_slice(), [0, 1, 0]);
        // A transposed matrix does not lie in one run.
        assert_eq!(reshaped(place(0, &[3, 2], &[1, 3]), &[6]), None);
        assert_eq!(reshaped(place(0, &[3, 2], &[1, 3]), &[3, 1, 2]).unwrap().as_slice(), [1, 0, 3]);
        // A repeated row can be repeated in groups.
        assert_eq!(reshaped(place(0, &[4, 3], &[0, 1]), &[2, 2, 3]).unwrap().as_slice(), [0, 0, 1]);
        assert_eq!(reshaped(place(0, &[4, 3], &[0, 1]), &[12]), None);
        assert_eq!(reshaped(place(5, &[2, 3], &[-3, -1]), &[6]).unwrap().as_slice(), [-1]);
    }

    #[test]
    fn a_broadcast_reads_with_stride_zero() {
        assert_eq!(strides_over(&Place::whole([1, 3]), &[5, 2, 3]).as_slice(), [0, 0, 1]);
    }

    #[test]
    fn a_view_in_another_order_says_where_the_base_lies_in_it() {
        let view = |place| View { base: graph::reading::NodeId::new(0), place };
        let turned = |place, base: &[usize]| turned(&view(place), &base.into());
        let transposed = turned(place(0, &[3, 1, 2], &[1, 7, 3]), &[2, 3]);
        assert_eq!(transposed, Some(place(0, &[2, 3], &[1, 2])));
        assert_eq!(turned(place(0, &[3, 2], &[1, 3]), &[1, 6]).unwrap().shape, [2, 3].into());
        // Not all of it, some of it twice, backward.
        assert_eq!(turned(place(0, &[3], &[2]), &[6]), None);
        assert_eq!(turned(place(0, &[2, 3], &[0, 1]), &[6]), None);
        assert_eq!(turned(place(5, &[6], &[-1]), &[6]), None);
    }

    #[test]
    fn a_space_has_no_axis_of_extent_1() {
        assert_eq!(space_of(&[1, 5, 1, 3, 1]), Shape::from([5, 3]));
        assert_eq!(space_of(&[1, 0, 1]), Shape::from([0]));
        assert_eq!(space_of(&[1, 1]), Shape::scalar());
        let column = Place::whole([5, 1]);
        assert_eq!(strides_in_space(&column, &[5, 1]).as_slice(), [1]);
        assert_eq!(strides_in_space(&column, &[1, 5, 3]).as_slice(), [1, 0]);
        assert!(
            is_dense(&place(0, &[1, 4, 1], &[7, 1, 9])) && !is_dense(&place(0, &[4, 2], &[1, 4]))
        );
        assert!(!is_dense(&place(1, &[4], &[1])));
    }

    #[test]
    fn a_place_of_a_place_is_a_place_unless_a_step_carries() {
        // Rows 1 to 2 of every second column of a 4×6 matrix, transposed: 3×2.
        let outer = place(6, &[3, 2], &[2, 6]);
        // Its second row, and the diagonal from there.
        assert_eq!(within(&outer, &place(2, &[2], &[1])), Some(place(8, &[2], &[6])));
        assert_eq!(within(&outer, &place(2, &[2], &[3])), Some(place(8, &[2], &[8])));
        assert_eq!(within(&outer, &place(4, &[2], &[3])), None, "from (2, 0) to (3, 1)");
        assert_eq!(within(&outer, &place(0, &[2], &[3])), Some(place(6, &[2], &[8])));
        assert_eq!(within(&outer, &place(5, &[3], &[-2])), Some(place(16, &[3], &[-2])));
        assert_eq!(within(&outer, &place(1, &[2], &[1])), None);
        assert_eq!(within(&Place::whole([4]), &place(3, &[2], &[-2])), Some(place(3, &[2], &[-2])));
    }
}
