//! The vertical reduction of a few columns: the tree that all reductions share.

use super::Fold;
use crate::scalar::Scalar;
use crate::vector::{MAX_LANES, Vector};

/// How many results are accumulated one after the other on each level of the tree.
const RADIX: usize = 32;

/// Levels above the rows: enough for 32⁸ rows.
const LEVELS: usize = 7;

/// The reduction of each of the `N` vectors of columns with which the rows begin; row i begins at element
/// i·`stride` of `x`. If `columns` is less than `N` vectors, the last vector reads no further.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn vertical<F: Fold, T: Scalar, V: Vector<T>, const N: usize>(
    x: &[T],
    rows: usize,
    stride: usize,
    columns: usize,
) -> [V; N] {
    // SAFETY: the caller vouches for the instruction set.
    let identity = [unsafe { V::splat(F::identity()) }; N];
    let mut levels = [identity; LEVELS];
    let mut done = 0;
    loop {
        let mut partial = identity;
        for row in done..rows.min(done + RADIX) {
            // SAFETY: as above.
            partial = unsafe { joined::<F, T, V, N>(partial, load(&x[row * stride..][..columns])) };
        }
        done += RADIX;
        if done >= rows && done == RADIX {
            return partial; // the tree has one leaf
        }
        let mut full = RADIX * RADIX;
        for (i, level) in levels.iter_mut().enumerate() {
            // SAFETY: as above.
            partial = unsafe { joined::<F, T, V, N>(*level, partial) };
            if done % full != 0 || i + 1 == LEVELS {
                *level = partial;
                break;
            }
            *level = identity;
            full *= RADIX;
        }
        if done >= rows {
            break;
        }
    }
    let mut sum = levels[0];
    for &level in &levels[1..] {
        // SAFETY: as above.
        sum = unsafe { joined::<F, T, V, N>(level, sum) };
    }
    sum
}

/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn joined<F: Fold, T: Scalar, V: Vector<T>, const N: usize>(
    mut a: [V; N],
    b: [V; N],
) -> [V; N] {
    for i in 0..N {
        // SAFETY: the caller vouches for the instruction set.
        a[i] = unsafe { F::join_vectors(a[i], b[i]) };
    }
    a
}

/// The vectors of a row of at most `N` vectors and more than `N − 1`.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn load<T: Scalar, V: Vector<T>, const N: usize>(row: &[T]) -> [V; N] {
    let last = row.len() - (N - 1) * V::LANES;
    // SAFETY: the caller vouches for the instruction set, and the vectors end with the row.
    unsafe {
        let mut vectors = [V::splat(T::zero()); N];
        for (i, vector) in vectors.iter_mut().enumerate() {
            let from = row.as_ptr().add(i * V::LANES);
            *vector = if i + 1 < N || last >= V::LANES {
                V::load(from)
            } else {
                V::load_first(from, last)
            };
        }
        vectors
    }
}

/// The reduction of a contiguous slice: read as rows of `N` vectors, with what is left over joined vector by vector, and
/// at last the lanes of the vectors folded in halves.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn folded<F: Fold, T: Scalar, V: Vector<T>, const N: usize>(x: &[T]) -> T {
    let width = N * V::LANES;
    let (whole, mut rest) = x.split_at(x.len() / width * width);
    let mut lanes = [F::identity(); MAX_LANES];
    // SAFETY: the caller vouches for the instruction set; the arrays have MAX_LANES ≥ LANES elements.
    unsafe {
        let vectors = vertical::<F, T, V, N>(whole, whole.len() / width, width, width);
        let mut sum = vectors[0];
        for &vector in &vectors[1..] {
            sum = F::join_vectors(sum, vector);
        }
        while let Some((vector, after)) = rest.split_at_checked(V::LANES) {
            sum = F::join_vectors(sum, V::load(vector.as_ptr()));
            rest = after;
        }
        let mut last = [F::identity(); MAX_LANES];
        for (last, &x) in last.iter_mut().zip(rest) {
            *last = x;
        }
        F::join_vectors(sum, V::load(last.as_ptr())).store(lanes.as_mut_ptr());
    }
    let mut half = V::LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = F::join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// One after the other: for slices so short that any tree would be more work than the numbers.
#[inline(always)]
pub(super) fn in_order<F: Fold, T: Scalar>(x: &[T]) -> T {
    let mut sum = F::identity();
    for &x in x {
        sum = F::join(sum, x);
    }
    sum
}
