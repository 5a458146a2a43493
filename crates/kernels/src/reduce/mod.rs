//! Reductions of a slice, of the rows and of the columns of a matrix.
//!
//! The order of the operations is a fixed tree that depends on the shape and on the width of the vectors, but not on the
//! number of threads: a caller that splits the rows of [`reduce_rows`] or the columns of [`reduce_columns`] among threads
//! gets the same bits as without.
//!
//! **The tree.** Everything rests on the vertical reduction of a matrix a few vectors wide (`vertical.rs`), one
//! accumulator per column. 32 rows are accumulated one after the other; 32 such partial results likewise; and so on.
//! A contiguous slice is read as such a matrix, row after row, and the accumulators of its columns are folded in
//! halves at the end.
//!
//! **Accuracy.** A sum of n numbers passes each through at most 32·⌈log₃₂ n⌉ + 10 additions, so that its error is
//! bounded by that many units roundoff times Σ|xᵢ|, where a plain loop has n. (N. J. Higham, "The accuracy of floating
//! point summation", SIAM Journal on Scientific Computing 14, 1993.)

mod vertical;

#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use crate::elementary::Lane;
use crate::elementwise::{maximum, minimum};
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

use vertical::{folded, in_order, vertical};

/// An associative operation as a type.
pub(crate) trait Fold {
    fn identity<T: Lane>() -> T;
    fn join<T: Lane>(a: T, b: T) -> T;

    /// # Safety
    ///
    /// The processor has the instruction set of `V`.
    unsafe fn join_vectors<T: Lane, V: Vector<T>>(a: V, b: V) -> V;
}

/// Writes the enum, a type for each operation, and the match between them, from one table.
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident => $identity:expr, |$a:ident, $b:ident| $body:expr, $vectors:ident;)*) => {
        /// An associative operation that reduces many numbers to one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reduce { $($(#[$doc])* $name),* }

        pub(crate) mod operations {
            $(pub(crate) enum $name {})*
        }

        $(impl Fold for operations::$name {
            #[inline(always)]
            fn identity<T: Lane>() -> T {
                $identity
            }

            #[inline(always)]
            fn join<T: Lane>($a: T, $b: T) -> T {
                $body
            }

            #[inline(always)]
            unsafe fn join_vectors<T: Lane, V: Vector<T>>(a: V, b: V) -> V {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { a.$vectors(b) }
            }
        })*

        impl Reduce {
            /// Every operation, in the order of the enum.
            pub const ALL: &'static [Reduce] = &[$(Reduce::$name),*];

            /// The result for no numbers at all.
            pub fn identity<T: Scalar>(self) -> T {
                match self {
                    $(Reduce::$name => operations::$name::identity()),*
                }
            }

            /// The result for two numbers, to join partial results.
            pub fn join<T: Scalar>(self, a: T, b: T) -> T {
                match self {
                    $(Reduce::$name => operations::$name::join(a, b)),*
                }
            }

            /// The compiled form of [`reduce_rows`].
            pub(crate) fn rows<T: Scalar>(self, isa: Isa, x: &[T], columns: usize, out: &mut [T]) {
                match self {
                    $(Reduce::$name => isa.run(Rows::<operations::$name, T> { x, columns, out, f: PhantomData })),*
                }
            }

            /// The compiled form of [`reduce_columns`].
            pub(crate) fn columns<T: Scalar>(self, isa: Isa, x: &[T], stride: usize, out: &mut [T]) {
                match self {
                    $(Reduce::$name => isa.run(Columns::<operations::$name, T> { x, stride, out, f: PhantomData })),*
                }
            }
        }
    };
}

table! {
    /// Σ x; 0 for none.
    Sum => T::zero(), |a, b| a + b, add;
    /// ∏ x; 1 for none.
    Prod => T::one(), |a, b| a * b, mul;
    /// The largest; NaN if any is; −∞ for none.
    Max => T::neg_infinity(), |a, b| maximum(a, b), max;
    /// The smallest; NaN if any is; ∞ for none.
    Min => T::infinity(), |a, b| minimum(a, b), min;
}

/// The reduction of all of `x`.
pub fn reduce<T: Scalar>(isa: Isa, f: Reduce, x: &[T]) -> T {
    let mut result = [T::zero()];
    T::reduce_rows(isa, f, x, x.len(), &mut result);
    result[0]
}

/// The reduction of each row of the row-major matrix `x`, one number per row.
///
/// # Panics
///
/// When `x` has not `out.len()` rows of `columns` elements.
#[track_caller]
pub fn reduce_rows<T: Scalar>(isa: Isa, f: Reduce, x: &[T], columns: usize, out: &mut [T]) {
    assert_eq!(
        Some(x.len()),
        out.len().checked_mul(columns),
        "the length of a matrix of {} rows and {columns} columns",
        out.len()
    );
    T::reduce_rows(isa, f, x, columns, out);
}

/// The reduction of each column of the row-major matrix `x`, one number per column.
///
/// Row i begins at element i·`stride`; the last row may end with its last column. To split the columns among
/// threads, pass a part of `out` and `x` from the first of its columns on.
///
/// # Panics
///
/// When `x` has not `rows` rows of `out.len()` columns at that stride.
#[track_caller]
pub fn reduce_columns<T: Scalar>(
    isa: Isa,
    f: Reduce,
    x: &[T],
    rows: usize,
    stride: usize,
    out: &mut [T],
) {
    if rows == 0 || out.is_empty() {
        return out.fill(f.identity());
    }
    assert!(stride >= out.len(), "{} columns cannot lie in rows of {stride} elements", out.len());
    let end = (rows - 1).checked_mul(stride).and_then(|start| start.checked_add(out.len()));
    let Some(x) = end.and_then(|end| x.get(..end)) else {
        panic!(
            "{rows} rows of {} columns at stride {stride} need {} elements, not {}",
            out.len(),
            end.map_or("more than 2⁶⁴".to_owned(), |end| end.to_string()),
            x.len()
        );
    };
    T::reduce_columns(isa, f, x, stride, out);
}

struct Rows<'a, F, T> {
    x: &'a [T],
    columns: usize,
    out: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Fold, T: Scalar> Kernel for Rows<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = T::Vector::<S>::LANES;
        for (i, out) in self.out.iter_mut().enumerate() {
            let row = &self.x[i * self.columns..(i + 1) * self.columns];
            // A short row would leave most of the accumulators idle, and folding them would be all the work.
            *out = if self.columns < 16 {
                in_order::<F, T>(row)
            } else if self.columns < 8 * lanes {
                // SAFETY: this is the copy for level `S`.
                unsafe { folded::<F, T, T::Vector<S>, 1>(row) }
            } else {
                // SAFETY: as above.
                unsafe { folded::<F, T, T::Vector<S>, 4>(row) }
            };
        }
    }
}

struct Columns<'a, F, T> {
    x: &'a [T],
    stride: usize,
    out: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Fold, T: Scalar> Kernel for Columns<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self) {
        let lanes = T::Vector::<S>::LANES;
        let columns = self.out.len();
        let mut start = 0;
        // SAFETY: this is the copy for level `S`.
        unsafe {
            while start + 4 * lanes <= columns {
                self.band::<T::Vector<S>, 4>(start, 4 * lanes);
                start += 4 * lanes;
            }
            while start < columns {
                self.band::<T::Vector<S>, 1>(start, lanes.min(columns - start));
                start += lanes;
            }
        }
    }
}

impl<F: Fold, T: Scalar> Columns<'_, F, T> {
    /// Reduces `columns` columns from column `start` on: `N` vectors, or less than one.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set of `V`.
    #[inline(always)]
    unsafe fn band<V: Vector<T>, const N: usize>(&mut self, start: usize, columns: usize) {
        let rows = (self.x.len() - self.out.len()) / self.stride + 1;
        let out = &mut self.out[start..start + columns];
        // SAFETY: the caller vouches for the instruction set; the vectors end with `out`.
        unsafe {
            let vectors = vertical::<F, T, V, N>(&self.x[start..], rows, self.stride, columns);
            for (vector, out) in vectors.into_iter().zip(out.chunks_mut(V::LANES)) {
                if out.len() == V::LANES {
                    vector.store(out.as_mut_ptr());
                } else {
                    vector.store_first(out.as_mut_ptr(), out.len());
                }
            }
        }
    }
}
