//! Sums in an order that does not depend on the number of ranks.

use std::ops::AddAssign;

use crate::World;
use crate::engine::{self, Element};

/// The sum of pieces of equal length that lie one after the other, in the place of the first: neighbours are added, then
/// neighbouring pairs, and so on. The tree over a power of two of pieces is made of those over its halves.
pub(crate) fn tree<T: Element + AddAssign>(pieces: &mut [T], length: usize) {
    let count = pieces.len() / length.max(1);
    let mut stride = 1;
    while stride < count {
        for first in (0..count - stride).step_by(2 * stride) {
            let (left, right) = pieces.split_at_mut((first + stride) * length);
            let left = &mut left[first * length..][..length];
            left.iter_mut().zip(&right[..length]).for_each(|(sum, &x)| *sum += x);
        }
        stride *= 2;
    }
}

/// The sum over all ranks by the tree over them, in the place of each one's values: each rank sums a part, of which all send it
/// theirs, and then the parts are gathered. That is what an all-reduce by scattered sums sends, too: twice the values.
pub(crate) fn sum<T: Element + AddAssign>(world: World, values: &mut Vec<T>) {
    if world.size() == 1 {
        return;
    }
    let (length, part) = (values.len(), values.len().div_ceil(world.size()));
    values.resize(part * world.size(), T::default());
    let mut pieces = vec![T::default(); values.len()];
    engine::all_to_all(values, &mut pieces, "the sum of gradients");
    tree(&mut pieces, part);
    let counts = vec![part; world.size()];
    engine::all_gather(&pieces[..part], &counts, values, "the sum of gradients");
    values.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_made_of_those_over_its_halves() {
        let values: Vec<f32> = (0..8).map(|i| 1.0 / (i as f32 + 0.3)).collect();
        let sum = |values: &[f32]| {
            let mut pieces = values.to_vec();
            tree(&mut pieces, 1);
            pieces[0]
        };
        assert_eq!(sum(&values), sum(&[sum(&values[..4]), sum(&values[4..])]));
        let pairs: Vec<f32> = values.chunks(2).map(sum).collect();
        assert_eq!(sum(&values), sum(&pairs));
        let mut rows = [1, 10, 2, 20, 3, 30, 4, 40];
        tree(&mut rows, 2);
        assert_eq!(rows[..2], [10, 100]);
    }
}
