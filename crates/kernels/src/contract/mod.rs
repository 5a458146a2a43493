//! Contractions: sums of products over groups of axes, in any layout.
//!
//! `check.rs` asserts that what a caller describes lies within slices and that results do not share places; from there on
//! addresses are trusted. `group.rs` makes few axes of many, `work.rs` holds what was found, and `plan.rs` chooses which
//! operand is read by vectors and what is copied. `tile.rs` computes a few rows and columns in registers, `strip.rs` picks
//! the code for tiles side by side, and `halves.rs` finds out how fast half a vector is. `block.rs` cuts a product into tiles
//! so that the caches feed them, `panels.rs` and `pack.rs` arrange and copy what lies badly in memory, `prepack.rs` copies a
//! B for many runs, `store.rs` writes where columns are far apart, and `share.rs` shares a contraction among threads.
//!
//! **Places.** Rows and columns are found by offsets of runs, so that windows of an image, the parts of a buffer and
//! transposes are packed from where they lie (D. Matthews, "High-performance tensor contraction without transposition",
//! SIAM Journal on Scientific Computing 40, 2018; P. Springer and P. Bientinesi, "Design of a high-performance GEMM-like
//! tensor–tensor multiplication", ACM Transactions on Mathematical Software 44, 2018), or read there without a copy where
//! a copy does not pay (M. Dukhan, "The indirect convolution algorithm", 2019).
//!
//! **Determinism.** The depth is cut into blocks by the shape alone. An element of C is the sum of its blocks from first to
//! last, each summed in order from 0. Neither the roles of the operands, nor copies, caches, tiles and threads change that
//! order. (Levels with and without fused multiply-add differ.)
//!
//! **Error.** |fl(C) − C| ≤ γ·|A|·|B| elementwise, with γ = k·u/(1 − k·u) for depth k and unit roundoff u (N. J. Higham,
//! "Accuracy and Stability of Numerical Algorithms", §3.5).

mod block;
mod check;
mod group;
mod halves;
mod pack;
mod panels;
mod plan;
mod prepack;
mod share;
mod store;
mod strip;
mod tile;
mod work;

#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use check::{are_apart, assert_distinct, axes, reach};
use group::MOST;
pub use work::Work;

use crate::fused::Source;
use crate::isa::Isa;
use crate::pool::Pool;
use crate::scalar::Scalar;

/// Where an operand lies in a slice: the element at the origin, and the strides along the axes of each of its groups.
///
/// An operand is a batch of matrices: the columns of A and the rows of B are the depth. Strides are in elements, of any
/// sign; 0 repeats, and those of axes with overlapping steps are windows. What is written may not overlap.
#[derive(Clone, Copy, Debug)]
pub struct Place<'x> {
    /// The element at position 0 of all axes.
    pub offset: usize,
    /// The stride along each axis of the batch.
    pub batch: &'x [isize],
    /// The stride along each axis of the rows.
    pub rows: &'x [isize],
    /// The stride along each axis of the columns.
    pub columns: &'x [isize],
}

/// How long the axes of each group are.
#[derive(Clone, Copy, Debug)]
pub struct Extents<'x> {
    /// Axes that all three operands have.
    pub batch: &'x [usize],
    /// Axes of A and C.
    pub rows: &'x [usize],
    /// Axes of B and C.
    pub columns: &'x [usize],
    /// Axes of A and B, which are summed over.
    pub depth: &'x [usize],
}

/// C\[b, m, n\] = Σₖ A\[b, m, k\]·B\[b, k, n\], where b, m, n and k are groups of axes of any strides.
///
/// It is made once, for three [`Place`]s, and run any number of times on slices. A run allocates nothing, but for some
/// 2 MiB in each thread when it first needs them.
#[derive(Clone, Debug)]
pub struct Contraction<T> {
    /// `None` if C is empty.
    work: Option<Arc<Work>>,
    reach: [usize; 3],
    of: PhantomData<fn(T) -> T>,
}

/// B of a [`Contraction::rectangle`].
#[derive(Clone, Copy, Debug)]
pub enum BOrPacked<T> {
    /// The start of its slice.
    Slice(*const T),
    /// The start of what [`Contraction::pack_b`] wrote.
    Packed(*const T),
}

impl<T> Contraction<T> {
    /// How many elements the slices of A, B and C must have; 0 for one that is not touched.
    pub fn reach(&self) -> [usize; 3] {
        self.reach
    }

    /// How many additions and multiplications a run makes.
    pub fn flops(&self) -> usize {
        self.work.as_ref().map_or(0, |work| work.multiply_adds().saturating_mul(2))
    }

    /// What it takes, in multiply-adds: more than these, where factors are mostly read.
    pub(crate) fn effort(&self) -> usize {
        self.work.as_ref().map_or(0, |work| work.effort())
    }
}

impl<T: Scalar> Contraction<T> {
    /// The contraction of operands that lie so in their slices.
    ///
    /// # Panics
    ///
    /// When a group has not as many strides as extents, an element would lie before its slice or beyond all slices, or
    /// elements of C share a place.
    #[track_caller]
    pub fn new(extents: Extents<'_>, a: Place<'_>, b: Place<'_>, c: Place<'_>) -> Self {
        let Extents { batch, rows, columns, depth } = extents;
        let of_a = axes("A", [(batch, a.batch), (rows, a.rows), (depth, a.columns)]);
        let of_b = axes("B", [(batch, b.batch), (depth, b.rows), (columns, b.columns)]);
        let of_c = axes("C", [(batch, c.batch), (rows, c.rows), (columns, c.columns)]);
        if of_c.iter().any(|&(extent, _)| extent == 0) {
            return Contraction { work: None, reach: [0; 3], of: PhantomData };
        }
        let mut reaches = [0, 0, reach("C", c.offset, &of_c)];
        assert_distinct("C", &of_c);
        let empty = depth.contains(&0);
        if !empty {
            reaches[0] = reach("A", a.offset, &of_a);
            reaches[1] = reach("B", b.offset, &of_b);
            let count = depth.iter().try_fold(1usize, |count, &extent| count.checked_mul(extent));
            assert!(
                count.is_some_and(|count| count <= MOST),
                "a sum over {depth:?} has more terms than a slice can have elements"
            );
        }
        let apart = [(a.offset, &of_a), (b.offset, &of_b)].map(|x| are_apart(x, (c.offset, &of_c)));
        let work = Work::new::<T>(extents, a, b, c, apart, !empty);
        Contraction { work: Some(Arc::new(work)), reach: reaches, of: PhantomData }
    }

    /// Whether the threads of a pool share a run.
    pub fn is_shared(&self) -> bool {
        self.work.as_ref().is_some_and(|work| work.is_shared())
    }

    /// Computes C.
    ///
    /// `Source::Output(0)` is an operand that lies in C's slice, at other places than C. What C held is not read. The
    /// result is the same for any number of threads.
    ///
    /// # Panics
    ///
    /// When a slice is shorter than its [`reach`](Self::reach), or an operand is said to lie in C's slice whose places are
    /// not known to differ from C's.
    #[track_caller]
    pub fn run(&self, isa: Isa, pool: &Pool, a: Source<'_, T>, b: Source<'_, T>, c: &mut [T]) {
        self.check_c(c);
        let Some(work) = &self.work else { return };
        let a = self.address(0, a, c);
        let b = self.address(1, b, c);
        // SAFETY: the slices are as long as they must be; what lies in C's is apart from C, which is borrowed alone.
        unsafe { T::contract(isa, pool, work, a, BOrPacked::Slice(b), c.as_mut_ptr()) };
    }

    /// Computes C with a B that was packed by [`pack_b`](Self::pack_b) for the same level.
    ///
    /// # Panics
    ///
    /// As of [`run`](Self::run), or when `packed` is shorter than [`packed_b_len`](Self::packed_b_len).
    #[track_caller]
    pub fn run_packed(&self, isa: Isa, pool: &Pool, a: Source<'_, T>, packed: &[T], c: &mut [T]) {
        self.check_c(c);
        let needed = self.packed_b_len();
        assert!(packed.len() >= needed, "a packed B has {needed} numbers, not {}", packed.len());
        let Some(work) = &self.work else { return };
        let a = self.address(0, a, c);
        let packed = BOrPacked::Packed(packed.as_ptr());
        // SAFETY: as in `run`.
        unsafe { T::contract(isa, pool, work, a, packed, c.as_mut_ptr()) };
    }

    /// How many numbers [`pack_b`](Self::pack_b) writes at most, on any level.
    pub fn packed_b_len(&self) -> usize {
        self.work.as_ref().map_or(0, |work| work.packed_b_len())
    }

    /// Copies B as the tiles of a level read it, for any number of runs by [`run_packed`](Self::run_packed).
    ///
    /// # Panics
    ///
    /// When `b` is shorter than its [`reach`](Self::reach), or `to` than [`packed_b_len`](Self::packed_b_len).
    #[track_caller]
    pub fn pack_b(&self, isa: Isa, pool: &Pool, b: &[T], to: &mut [T]) {
        let (needed, reach) = (self.packed_b_len(), self.reach[1]);
        assert!(to.len() >= needed, "a packed B has {needed} numbers, not {}", to.len());
        assert!(b.len() >= reach, "B needs {reach} elements, not {}", b.len());
        if let Some(work) = &self.work {
            // SAFETY: both slices are as long as they must be, and `to` is borrowed alone.
            unsafe { T::contract_pack_b(isa, pool, work, b.as_ptr(), to.as_mut_ptr()) };
        }
    }

    /// Chooses the way in which rectangles of at most so many rows and columns are computed.
    pub(crate) fn plan_rectangles(&mut self, rows: usize, columns: usize) {
        if let Some(work) = &mut self.work {
            Arc::make_mut(work).plan_rectangles::<T>(rows, columns);
        }
    }

    /// Computes a rectangle of C of one element of the batch, on this thread: row `rows.start + i` goes to the numbers from
    /// `to[i·to_row]` on. They are the same bits as of [`run`](Self::run).
    ///
    /// # Safety
    ///
    /// The slices that `a` and `b` begin have the elements that the contraction needs (see [`reach`](Self::reach) and
    /// [`packed_b_len`](Self::packed_b_len)); the batch and the ranges lie within the extents; the rows of the rectangle
    /// can be written, do not overlap, and nobody else touches them.
    #[expect(clippy::too_many_arguments, reason = "addresses and ranges say more apart")]
    pub(crate) unsafe fn rectangle(
        &self,
        isa: Isa,
        a: *const T,
        b: BOrPacked<T>,
        batch: usize,
        rows: Range<usize>,
        columns: Range<usize>,
        to: *mut T,
        to_row: usize,
    ) {
        if let Some(work) = &self.work {
            // SAFETY: as the caller vouches.
            unsafe { T::contract_rectangle(isa, work, a, b, batch, (rows, columns), (to, to_row)) }
        }
    }

    #[track_caller]
    fn check_c(&self, c: &[T]) {
        let reach = self.reach[2];
        assert!(c.len() >= reach, "C needs {reach} elements, not {}", c.len());
    }

    /// Where the slice of operand `k` begins, which is checked.
    #[track_caller]
    fn address(&self, k: usize, source: Source<'_, T>, c: &mut [T]) -> *const T {
        let (name, reach) = (["A", "B"][k], self.reach[k]);
        let (start, len) = match source {
            Source::Slice(x) => (x.as_ptr(), x.len()),
            Source::Index(_) => panic!("{name} is of numbers, not of indices"),
            Source::Output(output) => {
                assert!(output == 0, "{name} cannot lie in output {output}: there is only C");
                let apart = reach == 0 || self.work.as_ref().is_none_or(|work| work.apart[k]);
                assert!(apart, "{name} cannot lie in C's slice: it may share places with C");
                (c.as_mut_ptr().cast_const(), c.len())
            }
        };
        assert!(len >= reach, "{name} needs {reach} elements, not {len}");
        start
    }
}
