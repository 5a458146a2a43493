//! The vertical reduction of a few columns: the tree that all reductions share.

use super::Fold;
use crate::scalar::Scalar;

/// How many results are accumulated one after the other on each level of the tree.
const RADIX: usize = 32;

/// Levels above the rows: enough for 32⁸ rows.
const LEVELS: usize = 7;

/// One accumulator per column.
type Lanes<T, const W: usize> = [T; W];

#[inline(always)]
fn joined<F: Fold, T: Scalar, const W: usize>(a: Lanes<T, W>, b: Lanes<T, W>) -> Lanes<T, W> {
    let mut out = a;
    for lane in 0..W {
        out[lane] = F::join(a[lane], b[lane]);
    }
    out
}

/// The reduction of each of `W` columns; row i begins at element i·`stride` of `x`.
#[inline(always)]
pub(super) fn vertical<F: Fold, T: Scalar, const W: usize>(
    x: &[T],
    rows: usize,
    stride: usize,
) -> Lanes<T, W> {
    if rows <= RADIX {
        return leaf::<F, T, W>(x, rows, stride);
    }
    let mut levels = [[F::identity(); W]; LEVELS];
    let mut done = 0;
    while done < rows {
        let count = RADIX.min(rows - done);
        let mut partial = leaf::<F, T, W>(&x[done * stride..], count, stride);
        done += count;
        let mut full = RADIX * RADIX;
        for level in 0..LEVELS {
            partial = joined::<F, T, W>(levels[level], partial);
            if done % full != 0 || level + 1 == LEVELS {
                levels[level] = partial;
                break;
            }
            levels[level] = [F::identity(); W];
            full *= RADIX;
        }
    }
    levels[1..].iter().fold(levels[0], |sum, &level| joined::<F, T, W>(level, sum))
}

/// Up to `RADIX` rows, one after the other.
#[inline(always)]
fn leaf<F: Fold, T: Scalar, const W: usize>(x: &[T], rows: usize, stride: usize) -> Lanes<T, W> {
    let mut sum = [F::identity(); W];
    for row in 0..rows {
        let start = row * stride;
        let (row, _) =
            x[start..].split_first_chunk::<W>().expect("the caller has checked the extent");
        sum = joined::<F, T, W>(sum, *row);
    }
    sum
}

/// The reduction of a contiguous slice: read as rows of `W`, a multiple of 16, with the rest as one shorter row, and
/// the accumulators folded in halves. With `W` = 1, one element after the other.
#[inline(always)]
pub(super) fn folded<F: Fold, T: Scalar, const W: usize>(x: &[T]) -> T {
    if W == 1 {
        return in_order::<F, T>(x);
    }
    let (rows, rest) = x.as_chunks::<W>();
    let lanes = vertical::<F, T, W>(rows.as_flattened(), rows.len(), W);
    let mut sixteen = [F::identity(); 16];
    for chunk in lanes.as_chunks().0 {
        sixteen = joined::<F, T, 16>(sixteen, *chunk);
    }
    let (chunks, rest) = rest.as_chunks();
    for chunk in chunks {
        sixteen = joined::<F, T, 16>(sixteen, *chunk);
    }
    F::join(in_order::<F, T>(rest), fold_16::<F, T>(sixteen))
}

#[inline(always)]
fn in_order<F: Fold, T: Scalar>(x: &[T]) -> T {
    let mut sum = F::identity();
    for &x in x {
        sum = F::join(sum, x);
    }
    sum
}

#[inline(always)]
fn fold_16<F: Fold, T: Scalar>(x: [T; 16]) -> T {
    let mut eight = [F::identity(); 8];
    for lane in 0..8 {
        eight[lane] = F::join(x[lane], x[lane + 8]);
    }
    let mut four = [F::identity(); 4];
    for lane in 0..4 {
        four[lane] = F::join(eight[lane], eight[lane + 4]);
    }
    F::join(F::join(four[0], four[2]), F::join(four[1], four[3]))
}
