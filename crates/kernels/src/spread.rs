//! Where the elements of an array lie in a slice: what they reach, whether each has a place of its own, and whether two
//! arrays share none.

use smallvec::SmallVec;

/// The elements of an array in a slice: element (i, j, …) is number `offset` + i·`strides[0]` + j·`strides[1]` + …
#[derive(Clone, Copy, Debug)]
pub struct Spread<'x> {
    /// The number of the first element.
    pub offset: usize,
    /// How many elements there are along each axis.
    pub extents: &'x [usize],
    /// How far apart neighbours along each axis are.
    pub strides: &'x [isize],
}

/// An axis along which elements lie apart.
#[derive(Clone, Copy, Debug)]
struct Axis {
    extent: usize,
    stride: usize,
}

impl Spread<'_> {
    /// The lowest number of an element and one more than the highest, if all lie within the numbers from 0 on and there
    /// are elements; an empty array reaches from 0 to 0. `None` where a number is negative or too large.
    pub fn reach(&self) -> Option<(usize, usize)> {
        if self.extents.contains(&0) {
            return Some((0, 0));
        }
        let first = isize::try_from(self.offset).ok()?;
        let (mut low, mut high) = (first, first);
        for (&extent, &stride) in self.extents.iter().zip(self.strides) {
            let last = isize::try_from(extent - 1).ok()?.checked_mul(stride)?;
            low = low.checked_add(last.min(0))?;
            high = high.checked_add(last.max(0))?;
        }
        Some((usize::try_from(low).ok()?, usize::try_from(high.checked_add(1)?).ok()?))
    }

    /// Whether no two elements are known to share a place: along each axis a step is further than all of what the
    /// shorter steps reach together. (There are other arrays of which that holds; they are not recognised.)
    pub fn is_injective(&self) -> bool {
        let mut axes = self.axes();
        axes.sort_unstable_by_key(|axis| axis.stride);
        let mut reached = 0_usize;
        axes.iter().all(|axis| {
            let beyond = axis.stride > reached;
            reached = reached.saturating_add((axis.extent - 1).saturating_mul(axis.stride));
            beyond
        })
    }

    /// Whether two arrays that both [reach](Self::reach) somewhere are known to share no element: they lie one after the
    /// other; or they do in each of many equal parts, whose length is a stride, as columns of one matrix; or in each of
    /// equal parts of these parts, as pixels of the images of a batch; or they take turns.
    pub fn is_apart_from(&self, other: &Spread<'_>) -> bool {
        let lattice = |spread: &Spread<'_>| {
            let (low, _) = spread.reach()?;
            Some(Lattice { low, axes: spread.axes() })
        };
        let (Some(a), Some(b)) = (lattice(self), lattice(other)) else { return false };
        let empty = |spread: &Spread<'_>| spread.extents.contains(&0);
        empty(self) || empty(other) || a.is_apart_from(&b)
    }

    /// The axes with more than one element.
    fn axes(&self) -> SmallVec<[Axis; 6]> {
        let axes = self.extents.iter().zip(self.strides);
        let axis =
            |(&extent, &stride): (&usize, &isize)| Axis { extent, stride: stride.unsigned_abs() };
        axes.map(axis).filter(|axis| axis.extent > 1).collect()
    }
}

/// An array by its lowest element and its axes, all of which lead up.
#[derive(Clone, Debug)]
struct Lattice {
    low: usize,
    axes: SmallVec<[Axis; 6]>,
}

impl Lattice {
    /// One more than the highest element; `usize::MAX` where that is too large a number.
    fn end(&self) -> usize {
        let along = self.axes.iter().map(|axis| (axis.extent - 1).saturating_mul(axis.stride));
        along.fold(self.low.saturating_add(1), usize::saturating_add)
    }

    fn lies_beside(&self, other: &Lattice) -> bool {
        self.end() <= other.low || other.end() <= self.low
    }

    fn is_apart_from(&self, other: &Lattice) -> bool {
        if self.lies_beside(other) {
            return true;
        }
        let strides = || self.axes.iter().chain(&other.axes).map(|axis| axis.stride);
        let mut moduli: SmallVec<[usize; 13]> = strides().collect();
        moduli.push(strides().fold(0, gcd));
        moduli.sort_unstable_by(|a, b| b.cmp(a));
        moduli.dedup();
        let parts = moduli
            .into_iter()
            .filter(|&modulus| modulus > 1)
            .filter_map(|modulus| Some((self.within(modulus)?, other.within(modulus)?)));
        // The largest parts are looked into in turn.
        let mut largest = true;
        for (a, b) in parts {
            let fewer = a.axes.len() + b.axes.len() < self.axes.len() + other.axes.len();
            let inside = std::mem::take(&mut largest) && fewer;
            if a.lies_beside(&b) || inside && a.is_apart_from(&b) {
                return true;
            }
        }
        false
    }

    /// What lies in each part of so many elements, if the array does not cross from one part into the next.
    fn within(&self, modulus: usize) -> Option<Lattice> {
        // The others step by whole parts.
        let short = self.axes.iter().copied().filter(|axis| axis.stride % modulus != 0);
        let part = Lattice { low: self.low % modulus, axes: short.collect() };
        (part.end() <= modulus).then_some(part)
    }
}

/// The greatest common divisor; of 0 and a number, the number.
pub(crate) fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(spread: &Spread<'_>) -> Vec<usize> {
        let mut numbers = vec![spread.offset as isize];
        for (&extent, &stride) in spread.extents.iter().zip(spread.strides) {
            let step = |&number: &isize| (0..extent as isize).map(move |i| number + i * stride);
            numbers = numbers.iter().flat_map(step).collect();
        }
        numbers.into_iter().map(|number| usize::try_from(number).unwrap()).collect()
    }

    #[test]
    fn parts_of_a_matrix_are_told_apart() {
        let part = |offset, extents, strides| Spread { offset, extents, strides };
        let (left, right) = (part(0, &[4, 3], &[8, 1]), part(3, &[4, 5], &[8, 1]));
        assert!(left.is_apart_from(&right) && !left.is_apart_from(&part(2, &[4, 3], &[8, 1])));
        // Even and odd columns, and the rows from the last up.
        assert!(part(0, &[4, 4], &[8, 2]).is_apart_from(&part(1, &[4, 4], &[8, 2])));
        assert!(part(24, &[2, 8], &[-8, 1]).is_apart_from(&part(0, &[2, 8], &[8, 1])));
        // The four phases of a plane with an odd side.
        let phase = |offset, extents| Spread { offset, extents, strides: &[14, 2] };
        let phases =
            [(0, &[4, 4]), (1, &[4, 3]), (7, &[3, 4]), (8, &[3, 3])].map(|(o, e)| phase(o, e));
        for (i, a) in phases.iter().enumerate() {
            assert!(a.is_injective() && phases[..i].iter().all(|b| a.is_apart_from(b)), "{i}");
        }
        // The same of a batch of images with channels.
        let phase = |offset, extents| Spread { offset, extents, strides: &[486, 108, 12, 1] };
        let (right, below) = (phase(6, &[7, 5, 4, 6]), phase(54, &[7, 4, 5, 6]));
        assert!(right.is_apart_from(&below) && !right.is_apart_from(&phase(7, &[7, 5, 4, 6])));
        assert!(!part(0, &[3, 3], &[1, 1]).is_injective() && !part(0, &[2], &[0]).is_injective());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_told_holds(
            (offsets, extents, strides) in (
                [0usize..60, 0usize..60],
                [prop::collection::vec(0usize..5, 3), prop::collection::vec(0usize..5, 3)],
                [prop::collection::vec(-9isize..13, 3), prop::collection::vec(-9isize..13, 3)],
            )
        ) {
            let spread = |i: usize| Spread { offset: offsets[i], extents: &extents[i], strides: &strides[i] };
            let (a, b) = (spread(0), spread(1));
            let inside = |s: &Spread<'_>| s.reach();
            if let (Some(reach), Some(_)) = (inside(&a), inside(&b)) {
                let (of_a, of_b) = (numbers(&a), numbers(&b));
                if let (Some(low), Some(high)) = (of_a.iter().min(), of_a.iter().max()) {
                    assert_eq!(reach, (*low, high + 1));
                }
                let mut sorted = of_a.clone();
                sorted.sort_unstable();
                sorted.dedup();
                assert!(!a.is_injective() || sorted.len() == of_a.len());
                assert!(!a.is_apart_from(&b) || !of_a.iter().any(|n| of_b.contains(n)));
            }
        }
    }
}
