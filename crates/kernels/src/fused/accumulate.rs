//! Blocks joined to the blocks before, column by column.

use std::marker::PhantomData;

use crate::isa::{Isa, Kernel, Simd};
use crate::reduce::{Fold, Reduce, operations};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// Reduces the rows of `x`, as wide as `sum`, and joins the result to `sum`; if `first`, the result replaces it.
pub(crate) fn accumulate<T: Scalar>(isa: Isa, f: Reduce, x: &[T], first: bool, sum: &mut [T]) {
    match f {
        Reduce::Sum => run::<operations::Sum, T>(isa, x, first, sum),
        Reduce::Prod => run::<operations::Prod, T>(isa, x, first, sum),
        Reduce::Max => run::<operations::Max, T>(isa, x, first, sum),
        Reduce::Min => run::<operations::Min, T>(isa, x, first, sum),
    }
}

fn run<F: Fold, T: Scalar>(isa: Isa, x: &[T], first: bool, sum: &mut [T]) {
    isa.run(Accumulate::<F, T> { x, first, sum, f: PhantomData });
}

struct Accumulate<'a, F, T> {
    x: &'a [T],
    first: bool,
    sum: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Fold, T: Scalar> Kernel for Accumulate<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self) {
        let (lanes, width) = (T::Vector::<S>::LANES, self.sum.len());
        let mut start = 0;
        // SAFETY: this is the copy for level `S`.
        unsafe {
            while start + 4 * lanes <= width {
                self.band::<T::Vector<S>, 4>(start, 4 * lanes);
                start += 4 * lanes;
            }
            while start < width {
                self.band::<T::Vector<S>, 1>(start, lanes.min(width - start));
                start += lanes;
            }
        }
    }
}

impl<F: Fold, T: Scalar> Accumulate<'_, F, T> {
    /// The `columns` columns from `start` on: `N` vectors, or less than one.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set of `V`.
    #[inline(always)]
    unsafe fn band<V: Vector<T>, const N: usize>(&mut self, start: usize, columns: usize) {
        let (width, rows) = (self.sum.len(), self.x.len() / self.sum.len());
        let row = |row: usize| &self.x[row * width + start..][..columns];
        let sum = &mut self.sum[start..start + columns];
        // SAFETY: the caller vouches for the instruction set.
        unsafe {
            let mut partial = load::<T, V, N>(row(0));
            for i in 1..rows {
                partial = joined::<F, T, V, N>(partial, load(row(i)));
            }
            if !self.first {
                partial = joined::<F, T, V, N>(load(sum), partial);
            }
            store(partial, sum);
        }
    }
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

/// `N` vectors, or less than one.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn load<T: Scalar, V: Vector<T>, const N: usize>(x: &[T]) -> [V; N] {
    // SAFETY: the caller vouches for the instruction set; the vectors end with `x`.
    unsafe {
        if N == 1 && x.len() < V::LANES {
            return [V::load_first(x.as_ptr(), x.len()); N];
        }
        let x = &x[..N * V::LANES];
        let mut vectors = [V::load(x.as_ptr()); N];
        for (i, vector) in vectors.iter_mut().enumerate().skip(1) {
            *vector = V::load(x.as_ptr().add(i * V::LANES));
        }
        vectors
    }
}

/// What `load` loads, stored.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn store<T: Scalar, V: Vector<T>, const N: usize>(vectors: [V; N], to: &mut [T]) {
    // SAFETY: the caller vouches for the instruction set; the vectors end with `to`.
    unsafe {
        if N == 1 && to.len() < V::LANES {
            return vectors[0].store_first(to.as_mut_ptr(), to.len());
        }
        let to = &mut to[..N * V::LANES];
        for (i, vector) in vectors.into_iter().enumerate() {
            vector.store(to.as_mut_ptr().add(i * V::LANES));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_joined_to_the_sum() {
        for isa in Isa::available() {
            for width in [1, 3, 16, 17, 64, 100, 130] {
                for rows in [1, 2, 5] {
                    let x: Vec<f32> = (0..rows * width).map(|i| (i * 7 % 11) as f32).collect();
                    let column = |j: usize| (0..rows).map(move |i| i * width + j);
                    let mut sum = vec![0.5; width];
                    accumulate(isa, Reduce::Max, &x, true, &mut sum);
                    assert!(
                        (0..width).all(|j| sum[j] == column(j).map(|i| x[i]).fold(0.0, f32::max))
                    );
                    accumulate(isa, Reduce::Sum, &x, false, &mut sum);
                    accumulate(isa, Reduce::Sum, &x, false, &mut sum);
                    let expected = |j| {
                        column(j).map(|i| x[i]).fold(0.0, f32::max)
                            + 2.0 * column(j).map(|i| x[i]).sum::<f32>()
                    };
                    assert!((0..width).all(|j| sum[j] == expected(j)));
                }
            }
        }
    }
}
