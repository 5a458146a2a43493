//! What is asked of extents and strides before any address is computed from them.

use super::group::MOST;
use crate::spread::Spread;

/// The axes of one operand, of all its groups, with their strides.
pub(super) type Axes = Vec<(usize, isize)>;

/// The axes of several groups in one list.
///
/// # Panics
///
/// When a group has not as many strides as extents.
#[track_caller]
pub(super) fn axes(what: &str, groups: [(&[usize], &[isize]); 3]) -> Axes {
    for (extents, strides) in groups {
        assert!(
            extents.len() == strides.len(),
            "{what} has the strides {strides:?} along the extents {extents:?}"
        );
    }
    let pairs = groups.iter().flat_map(|(extents, strides)| extents.iter().zip(*strides));
    pairs.map(|(&extent, &stride)| (extent, stride)).collect()
}

/// The least and the largest offset of an operand none of whose extents is 0; `None` if a number would overflow.
fn hull(offset: usize, axes: &Axes) -> Option<(i128, i128)> {
    let start = (offset as i128, offset as i128);
    axes.iter().try_fold(start, |(low, high), &(extent, stride)| {
        let far = (extent as i128 - 1).checked_mul(stride as i128)?;
        Some((low.checked_add(far.min(0))?, high.checked_add(far.max(0))?))
    })
}

/// How many elements an operand needs none of whose extents is 0.
///
/// # Panics
///
/// When an element would lie before the slice or beyond all slices.
#[track_caller]
pub(super) fn reach(what: &str, offset: usize, axes: &Axes) -> usize {
    let hull = hull(offset, axes);
    assert!(
        hull.is_some_and(|(low, high)| low >= 0 && high < MOST as i128),
        "{what} with offset {offset} and axes (extent, stride) {axes:?} lies outside of every slice"
    );
    hull.map_or(0, |(_, high)| high as usize + 1)
}

/// The most elements whose places are compared one by one.
const MOST_COMPARED: usize = 1 << 20;

/// Asserts that no two positions lead to one place.
///
/// Axes each of which steps over all that the shorter ones span are known to do so; the places of others are compared one
/// by one if they are few, and refused if not. The reach has been checked.
///
/// # Panics
///
/// When two elements share a place, or may.
#[track_caller]
pub(super) fn assert_distinct(what: &str, axes: &Axes) {
    let mut long: Axes = axes.iter().copied().filter(|&(extent, _)| extent > 1).collect();
    long.sort_by_key(|&(_, stride)| stride.unsigned_abs());
    let mut span = 0;
    let nested = long.iter().all(|&(extent, stride)| {
        let step = stride.unsigned_abs();
        let over = step > span;
        span += (extent - 1) * step;
        over
    });
    assert!(
        nested || compare_one_by_one(&long, span),
        "elements of {what} may share a place: axes (extent, stride) {axes:?}"
    );
}

/// Whether all places are known to differ, of axes that span so many elements.
fn compare_one_by_one(axes: &Axes, span: usize) -> bool {
    let count = axes.iter().try_fold(1usize, |count, &(extent, _)| count.checked_mul(extent));
    if span >= MOST_COMPARED || count.is_none_or(|count| count > span + 1) {
        return false;
    }
    let mut places = vec![0];
    for &(extent, stride) in axes {
        let step = stride.unsigned_abs();
        places =
            (0..extent).flat_map(|i| places.iter().map(move |place| place + i * step)).collect();
    }
    places.sort_unstable();
    places.windows(2).all(|pair| pair[0] != pair[1])
}

/// Whether two operands of one slice are known to have no place in common.
pub(super) fn are_apart(x: (usize, &Axes), y: (usize, &Axes)) -> bool {
    let split = |axes: &Axes| -> (Vec<usize>, Vec<isize>) { axes.iter().copied().unzip() };
    let (of_x, of_y) = (split(x.1), split(y.1));
    let x = Spread { offset: x.0, extents: &of_x.0, strides: &of_x.1 };
    x.is_apart_from(&Spread { offset: y.0, extents: &of_y.0, strides: &of_y.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_counts_both_directions() {
        assert_eq!(reach("A", 9, &vec![(4, -3), (2, 1)]), 11);
        assert_eq!(reach("A", 0, &vec![(1, isize::MIN)]), 1);
    }

    #[test]
    #[should_panic(expected = "A with offset 8")]
    fn places_before_the_slice_are_refused() {
        reach("A", 8, &vec![(4, -3)]);
    }

    #[test]
    #[should_panic(expected = "lies outside of every slice")]
    fn places_beyond_all_slices_are_refused() {
        reach("A", 0, &vec![(usize::MAX, isize::MAX), (usize::MAX, isize::MAX)]);
    }

    #[test]
    fn distinct_places_are_accepted() {
        assert_distinct("C", &vec![(4, -8), (8, 1), (1, 0)]);
        assert_distinct("C", &vec![(2, 3), (3, 2)]);
    }

    #[test]
    #[should_panic(expected = "elements of C may share a place")]
    fn a_shared_place_is_refused() {
        assert_distinct("C", &vec![(3, 2), (3, 4)]);
    }

    #[test]
    fn columns_of_one_matrix_are_apart() {
        let left = vec![(10, 16), (8, 1)];
        assert!(are_apart((0, &left), (8, &left)));
        assert!(!are_apart((0, &left), (7, &left)));
        assert!(are_apart((0, &left), (160, &left)));
        assert!(!are_apart((12, &left), (4, &left)));
    }
}
