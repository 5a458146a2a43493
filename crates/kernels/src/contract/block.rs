//! A product on one thread: how it is cut so that each part stays in the cache that can feed the next.
//!
//! From outside in (after K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
//! Transactions on Mathematical Software 34, 2008): a block of Y for the second-level cache; a band of X beside it, of
//! which a strip, one tile high, stays in the first; and along the strip the tiles of C.

use std::ops::Range;

use super::group::Group;
use super::pack::{Pack, Target};
use super::panels::Panels;
use super::plan::{Plan, Read, Sides, even_part};
use super::store::Unpack;
use super::strip::{Step, Steps, Strip, packed_height};
use crate::caches::Caches;
use crate::isa::Isa;
use crate::scalar::Scalar;
use crate::scratch::{COPIES, PARTIALS, Scratch};

/// The most depth of a block; there is room for so long a list of steps.
const MAX_DEPTH: usize = 2048;

/// Strips of X that are packed at a time: rows long enough to visit few memory pages, where X is transposed.
const BAND: usize = 16;

/// Panels of Y that are packed at a time: rows of each, as they lie in memory, and few enough that what is written to
/// them does not contend for places in the first-level cache.
pub(super) const AT_ONCE: usize = 8;

/// Bytes of a packed band of X, and of the list of steps, which has one more than is stepped to; in whole cache lines.
const X_BYTES: usize = 1 << 19;
const LIST_BYTES: usize = ((MAX_DEPTH + 1) * size_of::<Step>()).next_multiple_of(64);

/// The most bytes of a packed block of Y.
const MAX_Y_BYTES: usize = COPIES - X_BYTES - LIST_BYTES;

/// How many columns of so much depth there is room to copy, in whole vectors.
pub(super) fn most_columns<T>(depth: usize, lanes: usize) -> usize {
    MAX_Y_BYTES / size_of::<T>() / depth / lanes * lanes
}

/// Whether results that do not lie side by side are gathered over the blocks of the depth where they do: there is room, and
/// they are written once.
pub(super) fn is_gathered<T>(rows: usize, columns: usize, blocks: usize) -> bool {
    blocks > 1
        && rows.checked_mul(columns).is_some_and(|results| results <= PARTIALS / size_of::<T>())
}

/// Where Y is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Factor<T> {
    /// From its slice.
    Slice(*const T),
    /// From a copy of all of it, see [`super::prepack`].
    Packed(*const T),
}

/// A product of two matrices by addresses. Whoever makes one vouches for them.
#[derive(Clone, Copy, Debug)]
pub struct Job<'p, T> {
    pub(super) isa: Isa,
    pub(super) plan: Plan,
    pub(super) sides: Sides<'p>,
    pub(super) depth_block: usize,
    pub(super) x: *const T,
    pub(super) y: Factor<T>,
    pub(super) c: *mut T,
    pub(super) rows: (usize, usize),
    pub(super) columns: (usize, usize),
    pub(super) blocks: (usize, usize),
}

// SAFETY: the addresses are of slices of T, X and Y are only read, and threads that share a product write parts of C
// that do not meet (see `super::share`).
unsafe impl<T: Send + Sync> Sync for Job<'_, T> {}

/// Where copies and the list of steps go.
struct Rooms<T> {
    x: *mut T,
    y: *mut T,
    list: *mut Step,
}

impl<T> Rooms<T> {
    fn of(scratch: &mut Scratch) -> Self {
        let start = scratch.start();
        let x = start.wrapping_add(LIST_BYTES);
        Rooms { list: start.cast(), x: x.cast(), y: x.wrapping_add(X_BYTES).cast() }
    }
}

/// A block of the depth: its first step and how many there are.
#[derive(Clone, Copy)]
struct Layer {
    first: usize,
    depth: usize,
    accumulate: bool,
}

impl<T: Scalar> Job<'_, T> {
    /// Computes rows × columns of C over the blocks of the depth: sums of the first are stored, those of others added.
    ///
    /// # Safety
    ///
    /// The ranges lie within the groups; X and Y can be read at all their places, and C written at the rows and columns of
    /// the job, which nobody else touches.
    pub(super) unsafe fn run(&self) {
        if self.rows.0 >= self.rows.1 || self.columns.0 >= self.columns.1 {
            return;
        }
        let (rows, columns) = (self.rows.1 - self.rows.0, self.columns.1 - self.columns.0);
        if self.plan.direct || !is_gathered::<T>(rows, columns, self.blocks.1 - self.blocks.0) {
            return self.layers();
        }
        Scratch::for_partials(|scratch| {
            let room = scratch.start().cast::<T>();
            let origin = room.wrapping_sub(self.rows.0 * columns + self.columns.0);
            self.dense(origin, columns, |dense| dense.layers());
            // SAFETY: all results are there, and C can be written at the rows and columns of the job.
            unsafe { self.write(room) };
        });
    }

    /// The same results at `c`, in rows of so many numbers.
    pub(super) fn dense(&self, c: *mut T, row: usize, run: impl FnOnce(&Job<'_, T>)) {
        let c_rows = Group::run(self.sides.c_rows.len(), row);
        let c_columns = Group::run(self.sides.c_columns.len(), 1);
        let sides = Sides { c_rows: &c_rows, c_columns: &c_columns, ..self.sides };
        run(&Job { c, sides, plan: Plan { direct: true, ..self.plan }, ..*self });
    }

    /// Writes the results of the job, which lie in rows side by side, to C.
    ///
    /// # Safety
    ///
    /// There is a result of each row and column, where nobody writes, and C can be written there.
    pub(super) unsafe fn write(&self, dense: *const T) {
        self.isa.run(Unpack {
            from: dense,
            to: self.c,
            rows: (self.sides.c_rows, self.rows.0..self.rows.1),
            columns: (self.sides.c_columns, self.columns.0..self.columns.1),
        });
    }

    /// Computes block after block of the depth.
    fn layers(&self) {
        Scratch::for_copies(|scratch| {
            let rooms = Rooms::of(scratch);
            for block in self.blocks.0..self.blocks.1 {
                let first = block * self.depth_block;
                let depth = self.depth_block.min(self.sides.x_depth.len() - first);
                let layer = Layer { first, depth, accumulate: block > self.blocks.0 };
                self.layer(&rooms, layer);
            }
        });
    }

    /// Computes a block of the depth, block after block of Y.
    fn layer(&self, rooms: &Rooms<T>, layer: Layer) {
        let steps = self.steps(rooms, layer);
        let tile = self.plan.tile;
        let bytes = Caches::found().second.clamp(1 << 20, MAX_Y_BYTES);
        let most = (bytes / size_of::<T>() / layer.depth / tile.columns()).max(1) * tile.columns();
        let most = even_part(self.columns.1 - self.columns.0, most);
        let most = most.next_multiple_of(tile.columns());
        let mut column = self.columns.0;
        while column < self.columns.1 {
            let end = self.columns.1.min(column + most);
            let mut panels = Panels::new();
            column = panels.cut(self, column..end, (layer.first, layer.depth), rooms.y);
            if let (Factor::Slice(from), Read::Copied) = (self.y, self.plan.y) {
                self.pack_y(from, &panels, layer);
            }
            self.bands(rooms, layer, steps, &panels);
        }
    }

    /// Whether what is read in place has no single stride along the depth.
    pub(super) fn is_listed(&self) -> bool {
        let Sides { x_depth, y_depth, .. } = self.sides;
        match self.plan.y {
            Read::Squares => false,
            Read::InPlace if !y_depth.is_run() => true,
            _ => !self.plan.x_packed && !x_depth.is_run(),
        }
    }

    /// Writes where the steps of a layer are to where there is room, and one more, which is not stepped to.
    fn list_steps(&self, rooms: &Rooms<T>, layer: Layer) {
        let Sides { x_depth, y_depth, .. } = self.sides;
        let list = rooms.list;
        x_depth.for_each(layer.first, layer.depth, |i, x| {
            // SAFETY: there is room for every step of the deepest layer.
            unsafe { list.add(i).write(Step { x, y: 0 }) };
        });
        // SAFETY: and for one more.
        unsafe { list.add(layer.depth).write(Step { x: 0, y: 0 }) };
        if self.plan.y == Read::InPlace {
            y_depth.for_each(layer.first, layer.depth, |i, y| {
                // SAFETY: likewise; it was written above.
                unsafe { (*list.add(i)).y = y };
            });
        }
    }

    /// Writes where the runs of a layer begin, of turned columns, to where there is room.
    fn list_runs(&self, rooms: &Rooms<T>, layer: Layer, run: usize) {
        let Sides { x_depth, y_depth, .. } = self.sides;
        let (first, end) = (layer.first / run, (layer.first + layer.depth).div_ceil(run));
        for (i, start) in (first..end).map(|k| k * run).enumerate() {
            let step = Step { x: x_depth.at(start).0, y: y_depth.at(start).0 };
            // SAFETY: there is room for every step of the deepest layer, and for one more: a layer has no more runs.
            unsafe { rooms.list.add(i).write(step) };
        }
    }

    /// How long the runs are of turned columns.
    fn run_len(&self) -> usize {
        self.sides.even_run().expect("columns are turned by even runs")
    }

    /// How tiles step through a layer.
    fn steps(&self, rooms: &Rooms<T>, layer: Layer) -> Steps {
        if self.is_listed() {
            self.list_steps(rooms, layer);
            return Steps::Listed;
        }
        match self.plan.y {
            Read::Squares => {
                self.list_runs(rooms, layer, self.run_len());
                Steps::Squares
            }
            Read::Copied if self.plan.x_packed => Steps::Packed,
            _ => Steps::Strided,
        }
    }

    /// Copies a block of Y to the places of its panels.
    fn pack_y(&self, from: *const T, panels: &Panels<T>, layer: Layer) {
        for panels in panels.as_slice().chunks(AT_ONCE) {
            let target = |i: usize| {
                let panel = panels[i.min(panels.len() - 1)];
                let (count, width) = (panel.columns, panel.y_step as usize);
                Target { first: panel.first, count, width, to: panel.y.cast_mut() }
            };
            let pack = Pack {
                from,
                lanes: self.sides.y_columns,
                depth: self.sides.y_depth,
                steps: (layer.first, layer.first + layer.depth),
                targets: &std::array::from_fn::<_, AT_ONCE, _>(target)[..panels.len()],
            };
            // SAFETY: the block lies within Y, and its copy within the scratch, for which the width of blocks was chosen.
            unsafe { pack.run(self.isa) };
        }
    }

    /// Computes a block of Y's columns, band after band of X.
    fn bands(&self, rooms: &Rooms<T>, layer: Layer, steps: Steps, panels: &Panels<T>) {
        let high = self.plan.tile.rows;
        let room = X_BYTES / size_of::<T>() / layer.depth / high;
        let most = if self.plan.x_packed { BAND.min(room) * high } else { usize::MAX };
        let (first, end) = self.rows;
        let most = even_part(end - first, most).next_multiple_of(high);
        for row in (first..end).step_by(most) {
            let rows = row..end.min(row + most);
            if self.plan.x_packed {
                self.pack_x(rooms.x, rows.clone(), layer);
            }
            for (rows, at) in strips(rows, high) {
                self.strip(rooms, layer, steps, panels, rows, at);
            }
        }
    }

    /// Copies a band of X in strips of the height of a tile.
    fn pack_x(&self, to: *mut T, rows: Range<usize>, layer: Layer) {
        let none = Target { first: 0, count: 0, width: 0, to };
        let (mut targets, mut met) = ([none; BAND], 0);
        for (rows, at) in strips(rows, self.plan.tile.rows) {
            let (count, to) = (rows.len(), to.wrapping_add(at * layer.depth));
            targets[met] = Target { first: rows.start, count, width: packed_height(count), to };
            met += 1;
        }
        let pack = Pack {
            from: self.x,
            lanes: self.sides.x_rows,
            depth: self.sides.x_depth,
            steps: (layer.first, layer.first + layer.depth),
            targets: &targets[..met],
        };
        // SAFETY: the band lies within X, and its copy within the scratch, for which the height of bands was chosen.
        unsafe { pack.run(self.isa) };
    }

    /// Computes the tiles of some rows, of which a copy begins at row `at` of those of the band.
    fn strip(
        &self,
        rooms: &Rooms<T>,
        layer: Layer,
        steps: Steps,
        panels: &Panels<T>,
        rows: Range<usize>,
        at: usize,
    ) {
        let count = rows.len();
        let (x, x_rows, x_step);
        if self.plan.x_packed {
            x = rooms.x.wrapping_add(at * layer.depth).cast_const();
            x_rows = std::array::from_fn(|i| i.min(count - 1) as isize);
            x_step = packed_height(count) as isize;
        } else {
            let depth = self.sides.x_depth;
            let start = if steps == Steps::Strided { depth.at(layer.first).0 } else { 0 };
            x = self.x.wrapping_offset(start);
            x_rows = self.sides.x_rows.offsets(rows.start, count);
            x_step = depth.stride();
        }
        let half = match steps {
            Steps::Strided | Steps::Listed if self.plan.tile.is_by_halves(count) => {
                self.plan.tile.lanes / 2
            }
            _ => 0,
        };
        let run = if steps == Steps::Squares { self.run_len() } else { layer.depth };
        let strip = Strip {
            steps,
            rows: count,
            depth: layer.depth,
            x,
            x_rows,
            x_step,
            list: rooms.list,
            run,
            within: layer.first % run,
            c: self.c,
            c_rows: self.sides.c_rows.offsets(rows.start, count),
            y_columns: self.sides.y_columns,
            half,
            scattered: (!self.plan.direct).then_some(self.sides.c_columns),
            accumulate: layer.accumulate,
            panels: panels.as_slice(),
        };
        // SAFETY: the strip lies within C, which the job may write; panels and the list are of this layer.
        unsafe { strip.run(self.isa) };
    }
}

/// Rows in strips of even height, as few as possible, each with the row at which its copy begins: heights for which there
/// is code, so that the last may be short of one.
fn strips(rows: Range<usize>, high: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
    let unit = if high > 6 { 2 } else { 1 };
    let units = rows.len().div_ceil(unit);
    let count = rows.len().div_ceil(high).max(1);
    let (each, more) = (units / count, units % count);
    let start = move |i: usize| (i * each + i.min(more)) * unit;
    (0..count).map(move |i| {
        let end = rows.end.min(rows.start + start(i + 1));
        (rows.start + start(i)..end, start(i))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_are_even() {
        let heights =
            |rows: usize, high| strips(3..3 + rows, high).map(|s| s.0.len()).collect::<Vec<_>>();
        assert_eq!(heights(32, 6), [6, 6, 5, 5, 5, 5]);
        assert_eq!(heights(8, 6), [4, 4]);
        assert_eq!(heights(32, 12), [12, 10, 10]);
        assert_eq!(heights(31, 12), [12, 10, 9]);
        assert_eq!(heights(1, 12), [1]);
        assert_eq!(strips(5..12, 4).collect::<Vec<_>>(), [(5..9, 0), (9..12, 4)]);
    }
}
