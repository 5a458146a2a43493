//! A contraction shared among threads.

use std::ops::Range;

use super::BOrPacked;
use super::block::{Factor, Job};
use super::group::Group;
use super::plan::Plan;
use super::strip::TileShape;
use super::work::{Merged, Operand, Work};
use crate::isa::Isa;
use crate::pool::Pool;
use crate::scalar::Scalar;
use crate::scratch::{PARTIALS, Scratch};

/// Below this many multiply-adds, some 3 µs on one thread with AVX-512, half of a product on another costs more than it
/// saves: a call takes 0.3 to 1 µs, and what one core wrote another reads at some 20 GB/s.
const WORTH_SHARING: usize = 1 << 17;

/// Below this many numbers one thread copies faster than two.
pub(super) const WORTH_COPYING: usize = 1 << 16;

/// A contraction by addresses. Whoever makes one vouches for them.
#[derive(Clone, Copy)]
struct Run<'p, T> {
    isa: Isa,
    work: &'p Work,
    plan: Plan,
    a: *const T,
    b: BOrPacked<T>,
    c: *mut T,
}

// SAFETY: the addresses are of slices of T, A and B are only read, and tasks write parts of C that do not meet.
unsafe impl<T: Send + Sync> Sync for Run<'_, T> {}

impl Work {
    pub(super) fn is_shared(&self) -> bool {
        let results = self.c.batch.len() * self.c.rows.len() * self.c.columns.len();
        self.factors.is_some() && results > 1 && self.effort() >= WORTH_SHARING
    }

    /// Computes C.
    ///
    /// # Safety
    ///
    /// The slices that `a`, `b` and `c` begin have the elements that the contraction needs; nobody else touches C.
    pub(crate) unsafe fn run<T: Scalar>(
        &self,
        isa: Isa,
        pool: &Pool,
        a: *const T,
        b: BOrPacked<T>,
        c: *mut T,
    ) {
        if self.factors.is_none() {
            // SAFETY: as the caller vouches.
            return unsafe { self.clear(c) };
        }
        let plans = self.plans(isa);
        let plan = if matches!(b, BOrPacked::Slice(_)) { plans.run } else { plans.packed };
        let run = Run { isa, work: self, plan, a, b, c };
        if self.is_shared() && pool.threads() > 1 {
            run.share(pool);
        } else {
            for batch in 0..self.c.batch.len() {
                // SAFETY: the whole of C, by one thread.
                unsafe { run.job(batch).run() };
            }
        }
    }

    /// Makes every element of C 0.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn clear<T: Scalar>(&self, c: *mut T) {
        let Operand { batch, rows, columns, offset } = &self.c;
        let c = c.wrapping_add(*offset);
        batch.for_each(0, batch.len(), |_, batch| {
            rows.for_each(0, rows.len(), |_, row| {
                columns.for_each(0, columns.len(), |_, column| {
                    // SAFETY: an element of C.
                    unsafe { *c.wrapping_offset(batch + row + column) = T::zero() }
                });
            });
        });
    }

    /// Computes a rectangle, see [`super::Contraction::rectangle`].
    ///
    /// # Safety
    ///
    /// As described there.
    pub(crate) unsafe fn rectangle<T: Scalar>(
        &self,
        isa: Isa,
        a: *const T,
        b: BOrPacked<T>,
        batch: usize,
        (mut rows, mut columns): (Range<usize>, Range<usize>),
        (to, to_row): (*mut T, usize),
    ) {
        if self.factors.is_none() {
            for row in 0..rows.len() {
                // SAFETY: rows of the rectangle can be written.
                unsafe {
                    std::slice::from_raw_parts_mut(to.wrapping_add(row * to_row), columns.len())
                }
                .fill(T::zero());
            }
            return;
        }
        let mut number = batch;
        match self.merged {
            Merged::No => {}
            Merged::Rows(each) => {
                rows = rows.start + batch * each..rows.end + batch * each;
                number = 0;
            }
            Merged::Columns(each) => {
                columns = columns.start + batch * each..columns.end + batch * each;
                number = 0;
            }
        }
        let plans = self.plans(isa);
        let plan = match b {
            BOrPacked::Slice(_) => plans.rectangle,
            BOrPacked::Packed(_) => plans.packed_rectangle,
        };
        let (c_rows, c_columns) = self.dense(to_row);
        let origin = to.wrapping_sub(rows.start * to_row + columns.start);
        let run = Run { isa, work: self, plan, a, b, c: origin };
        let mut job = run.job_into(number, origin, &c_rows, &c_columns);
        let (rows, columns) = ((rows.start, rows.end), (columns.start, columns.end));
        (job.rows, job.columns) = if plan.turned { (columns, rows) } else { (rows, columns) };
        // SAFETY: as the caller vouches.
        unsafe { job.run() };
    }
}

impl<'p, T: Scalar> Run<'p, T> {
    /// All of one matrix of the batch.
    fn job(&self, batch: usize) -> Job<'p, T> {
        let c = &self.work.c;
        let start = self.c.wrapping_add(c.offset).wrapping_offset(c.batch.at(batch).0);
        self.job_into(batch, start, &c.rows, &c.columns)
    }

    /// All of one matrix of the batch, with rows and columns of C from `c` on as given.
    fn job_into<'q>(
        &self,
        batch: usize,
        c: *mut T,
        c_rows: &'q Group,
        c_columns: &'q Group,
    ) -> Job<'q, T>
    where
        'p: 'q,
    {
        let (work, plan) = (self.work, self.plan);
        let [a, b] = work.factors.as_ref().expect("the depth is not 0");
        let start_a = self.a.wrapping_add(a.offset).wrapping_offset(a.batch.at(batch).0);
        let y = match self.b {
            BOrPacked::Slice(start) => {
                Factor::Slice(start.wrapping_add(b.offset).wrapping_offset(b.batch.at(batch).0))
            }
            BOrPacked::Packed(start) => {
                Factor::Packed(start.wrapping_add(batch * work.packed_b_step(plan.tile)))
            }
        };
        let mut sides = work.sides(c_rows, c_columns).expect("the depth is not 0");
        let (mut x, mut y) = (start_a, y);
        if let (true, Factor::Slice(start_b)) = (plan.turned, y) {
            sides = sides.turned();
            (x, y) = (start_b, Factor::Slice(start_a));
        }
        Job {
            isa: self.isa,
            plan,
            sides,
            depth_block: work.depth_block,
            x,
            y,
            c,
            rows: (0, sides.c_rows.len()),
            columns: (0, sides.c_columns.len()),
            blocks: (0, work.depth.div_ceil(work.depth_block)),
        }
    }

    /// Computes all by tasks that the threads of `pool` take.
    fn share(&self, pool: &Pool) {
        let threads = pool.threads();
        let batch = self.work.c.batch.len();
        if batch >= threads {
            pool.run_in_places(batch, &|_, batch| {
                for batch in batch {
                    // SAFETY: matrices of C that no other task computes.
                    unsafe { self.job(batch).run() };
                }
            });
            return;
        }
        for batch in 0..batch {
            self.share_one(pool, threads, self.job(batch));
        }
    }

    /// Computes one matrix in bands of columns or of rows, or in pieces of the depth where there is little of both.
    fn share_one(&self, pool: &Pool, threads: usize, job: Job<'_, T>) {
        let (job, tile) = (&job, job.plan.tile);
        let (rows, columns) = (job.rows.1, job.columns.1);
        let few_rows = rows < threads * tile.rows;
        if few_rows && are_few(columns, tile, threads) && self.share_depth(pool, job) {
            return;
        }
        match Bands::of(&job.plan, (rows, columns), threads) {
            Bands::Columns(wide) => {
                bands(pool, columns, wide, &|columns| Job { columns, ..*job });
            }
            Bands::Rows(high) => bands(pool, rows, high, &|rows| Job { rows, ..*job }),
        }
    }

    /// Computes the blocks of the depth by themselves, and then their sums in order; false where there is no room.
    fn share_depth(&self, pool: &Pool, job: &Job<'_, T>) -> bool {
        let (rows, columns, blocks) = (job.rows.1, job.columns.1, job.blocks.1);
        let results = rows * columns;
        let room = PARTIALS / size_of::<T>();
        if blocks < 2 || blocks.checked_mul(results).is_none_or(|all| all > room) {
            return false;
        }
        Scratch::for_partials(|scratch| {
            let room = scratch.start().cast::<T>();
            job.dense(room, columns, |partials| {
                pool.run_in_places(blocks, &|_, blocks| {
                    for block in blocks {
                        let c = partials.c.wrapping_add(block * results);
                        // SAFETY: results that no other task computes, in a room that is large enough.
                        unsafe { Job { c, blocks: (block, block + 1), ..*partials }.run() };
                    }
                });
            });
            // SAFETY: the results of all blocks are there, and C can be written.
            unsafe {
                for block in 1..blocks {
                    add_to(room, room.add(block * results), results);
                }
                job.write(room);
            }
        });
        true
    }
}

/// What each thread has of a product: so many columns, or so many rows.
#[derive(Debug, PartialEq)]
enum Bands {
    Columns(usize),
    Rows(usize),
}

impl Bands {
    /// Those of which the widest, or the highest, takes the least time, as it is waited for. Each band of columns needs all of
    /// X, and each of rows all of Y.
    fn of(plan: &Plan, (rows, columns): (usize, usize), threads: usize) -> Bands {
        let [of_x, of_y] = plan.again;
        let time = |part: usize, total: usize, again: f64| {
            (plan.cost - again) * part as f64 / total as f64 + again
        };
        let wide = columns.div_ceil(threads).next_multiple_of(plan.tile.lanes);
        let high = rows.div_ceil(threads).next_multiple_of(plan.tile.rows.min(4));
        let of_columns = || time(wide, columns, of_x) <= time(high, rows, of_y);
        if rows < threads || !are_few(columns, plan.tile, threads) && of_columns() {
            Bands::Columns(wide)
        } else {
            Bands::Rows(high)
        }
    }
}

/// Whether bands of columns would be narrower than two tiles, or a flat one.
fn are_few(columns: usize, tile: TileShape, threads: usize) -> bool {
    let each = if tile.is_flat() { tile.columns() } else { 2 * tile.columns() };
    columns < threads * each
}

/// Adds the numbers of a block to the sums of those before it.
///
/// # Safety
///
/// There are so many of both, apart from each other.
unsafe fn add_to<T: Scalar>(sums: *mut T, block: *const T, count: usize) {
    // SAFETY: as the caller vouches.
    let (sums, block) = unsafe {
        (std::slice::from_raw_parts_mut(sums, count), std::slice::from_raw_parts(block, count))
    };
    sums.iter_mut().zip(block).for_each(|(sum, &term)| *sum = term + *sum);
}

/// Runs the jobs of bands of `size` of `total` rows or columns.
fn bands<'p, T: Scalar>(
    pool: &Pool,
    total: usize,
    size: usize,
    job: &(dyn Fn((usize, usize)) -> Job<'p, T> + Sync),
) {
    pool.run_in_places(total.div_ceil(size), &|_, bands| {
        for band in bands.map(|i| (i * size, total.min((i + 1) * size))) {
            // SAFETY: as whoever made the jobs vouches; bands do not meet.
            unsafe { job(band).run() };
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::plan::Read;
    use super::*;

    #[test]
    fn bands_are_even_and_repeat_what_costs_less() {
        let tile = TileShape { rows: 12, vectors: 2, lanes: 16, bytes: 4, halves: false };
        let plan = |of_x, of_y| Plan {
            turned: false,
            tile,
            y: Read::InPlace,
            x_packed: false,
            direct: true,
            cost: 1e6,
            again: [of_x, of_y],
        };
        let of = |of_x, of_y, shape| Bands::of(&plan(of_x, of_y), shape, 2);
        assert_eq!(of(1e5, 4e5, (16, 144)), Bands::Columns(80));
        assert_eq!(of(4e5, 1e5, (16, 144)), Bands::Rows(8));
        // As dear, and rows are halves where columns are not.
        assert_eq!(of(1e5, 1e5, (16, 144)), Bands::Rows(8));
        assert_eq!(of(1e5, 1e5, (64, 576)), Bands::Columns(288));
        // Too few columns, and too few rows.
        assert_eq!(of(1e5, 4e5, (64, 96)), Bands::Rows(32));
        assert_eq!(of(4e5, 1e5, (1, 40)), Bands::Columns(32));
    }
}
