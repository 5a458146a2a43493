//! One block: each micro-operation is one call of a vectorised kernel.

use std::slice;

use smallvec::SmallVec;

use super::Fused;
use super::blocks::{Piece, UNIT};
use super::chain::{Chain, MAX_LINKS};
use super::copy::{Grid, copy_row, gather, scatter};
use super::indexed::{compare, look_up};
use super::memory::Addresses;
use super::nest::{MAX_OUTER, Strides};
use super::product::Rectangle;
use super::step::{Action, Kind, MicroArg, MicroOp, Site};
use crate::elementwise::Arg;
use crate::elementwise::chain::{Bound, Link, Rows, Span};
use crate::isa::Isa;
use crate::reduce::{Reduce, reduce_columns};
use crate::scalar::Scalar;

/// A block of the nest, and the thread's registers.
pub(super) struct Block<'a, T> {
    fused: &'a Fused<T>,
    memory: &'a Addresses<'a, T>,
    isa: Isa,
    registers: *mut T,
    /// The round over the rows, and its position along each outer axis.
    round: usize,
    index: [usize; MAX_OUTER],
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
    /// The piece that the block is of.
    piece: Piece,
    /// How many numbers a value of each kind has in the block.
    lens: [usize; 5],
    /// No block of this piece has been accumulated in these columns.
    first: bool,
}

impl<'a, T: Scalar> Block<'a, T> {
    /// No block yet.
    pub(super) fn new(
        fused: &'a Fused<T>,
        memory: &'a Addresses<'a, T>,
        isa: Isa,
        registers: *mut T,
    ) -> Self {
        let (index, lens) = ([0; MAX_OUTER], [0; 5]);
        let (round, row, column, rows, columns) = (usize::MAX, 0, 0, 0, 0);
        Block {
            fused,
            memory,
            isa,
            registers,
            round,
            index,
            row,
            column,
            rows,
            columns,
            piece: Piece { outer: 0, rows: 0..0, columns: 0..0 },
            lens,
            first: true,
        }
    }

    pub(super) fn is_of_round(&self, round: usize) -> bool {
        self.round == round
    }

    /// Moves to a round over the rows, and to a block of full size: what its first steps compute is for all blocks.
    pub(super) fn begin_round(&mut self, round: usize) {
        self.round = round;
        if !self.fused.nest.outer.is_empty() {
            self.index = self.fused.nest.outer_index(round);
        }
        self.begin((0, 0), (self.fused.blocks.rows, self.fused.blocks.columns), true);
    }

    /// Moves to a block of the round; `first` as the field.
    pub(super) fn begin(
        &mut self,
        (row, column): (usize, usize),
        (rows, columns): (usize, usize),
        first: bool,
    ) {
        (self.row, self.column, self.rows, self.columns) = (row, column, rows, columns);
        self.first = first;
        self.lens[Kind::Scalar as usize] = 1;
        let in_strips = self.fused.blocks.strips > 0;
        self.lens[Kind::Column as usize] =
            if in_strips { columns } else { self.fused.nest.columns };
        self.lens[Kind::Row as usize] = rows;
        self.lens[Kind::Full as usize] = rows * columns;
        self.lens[Kind::Chunks as usize] = self.fused.chunks;
    }

    /// Moves to a piece of the round, and to a block of full size: what its first steps compute is for all its blocks.
    pub(super) fn begin_piece(&mut self, piece: &Piece) {
        self.piece = piece.clone();
        let rows = self.fused.blocks.rows.min(piece.rows.len());
        let columns = self.fused.blocks.columns.min(piece.columns.len());
        self.begin((piece.rows.start, piece.columns.start), (rows, columns), true);
    }

    /// Runs `steps`.
    ///
    /// # Safety
    ///
    /// The steps are those of `self.fused`, whose operands `Fused::run` has checked; `registers` has room for its
    /// registers and belongs to this thread; no other thread works on a piece that this block is of. Direct steps run
    /// only in blocks of which `Phase::is_direct` holds.
    #[inline]
    pub(super) unsafe fn run(&self, steps: &[MicroOp<T>]) {
        if !steps.is_empty() {
            // SAFETY: as the caller vouches.
            unsafe { self.run_some(steps) }
        }
    }

    /// Runs steps, of which there are some: to call this takes longer than to find out, and many lists are empty.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn run_some(&self, steps: &[MicroOp<T>]) {
        for step in steps {
            // SAFETY: as the caller vouches.
            unsafe { self.step(step) }
        }
    }

    /// Runs one step.
    ///
    /// # Safety
    ///
    /// As of `run`.
    #[inline]
    unsafe fn step(&self, step: &MicroOp<T>) {
        let (isa, len) = (self.isa, self.lens[step.kind as usize]);
        let (padded, out) = (len.next_multiple_of(UNIT), self.address(step.out));
        // SAFETY: see `elements` for each.
        unsafe {
            let arg = |x| self.arg(x, out, padded);
            match step.action {
                Action::Unary(f, x) => T::unary_blocks(isa, f, arg(x), elements_mut(out, padded)),
                Action::Binary(f, a, b) => {
                    T::binary_blocks(isa, f, arg(a), arg(b), elements_mut(out, padded));
                }
                Action::Select(condition, a, b) => {
                    T::select_blocks(
                        isa,
                        arg(condition),
                        arg(a),
                        arg(b),
                        elements_mut(out, padded),
                    );
                }
                Action::Load(k) => self.load(k, step.kind, elements_mut(out, len)),
                Action::Gather(k, index) => {
                    self.gather((k, index), step.kind, elements_mut(out, len));
                }
                Action::IsAt(index, numbers) => {
                    self.compare((index, numbers), step.kind, elements_mut(out, len));
                }
                Action::Spread(x) => {
                    let x = elements(self.address(x), self.rows);
                    T::spread(isa, x, self.columns, elements_mut(out, padded + UNIT));
                }
                Action::Tile(x) => {
                    let x = elements(self.address(x), self.columns + UNIT);
                    T::tile(isa, x, self.columns, self.rows, elements_mut(out, padded + UNIT));
                }
                Action::Fill(x) => match arg(x) {
                    Arg::Splat(x) => elements_mut(out, padded).fill(x),
                    Arg::Slice(_) | Arg::Out => unreachable!("only one number fills"),
                },
                Action::ReduceLast(f, x) => {
                    let rows = if step.kind == Kind::Full { self.rows } else { 1 };
                    let x = elements(self.address(x), len);
                    T::reduce_rows(isa, f, x, len / rows, elements_mut(out, rows));
                }
                Action::Product(p) => self.product(p, out),
                Action::ReduceRows(f, x) => {
                    let rows = self.fused.blocks.abreast.min(self.piece.rows.len());
                    let x = elements(self.address(x), rows * len);
                    reduce_columns(isa, f, x, rows, len, elements_mut(out, len));
                }
                Action::Store(x) => {
                    self.store(elements(self.address(x), len), step.kind, step.out);
                }
                Action::Chain(number) => self.chain(&self.fused.chains[number], padded),
                Action::Move(_) | Action::AddProduct(..) => unreachable!("a link of a chain"),
                Action::Accumulate(f, x) => {
                    let x = elements(self.address(x), len);
                    self.accumulate(f, step.kind, x, elements_mut(out, len));
                }
            }
        }
    }

    /// Where a place is for this block.
    #[inline(always)]
    fn address(&self, place: Site) -> *mut T {
        match place {
            Site::Register(offset) => self.registers.wrapping_add(offset),
            other => self.address_of_position(other),
        }
    }

    /// Where a place is that depends on the position; of an operand, where its numbers of the block lie side by side.
    fn address_of_position(&self, place: Site) -> *mut T {
        match place {
            Site::Register(offset) | Site::EachRow(offset) => self.registers.wrapping_add(offset),
            Site::Window(offset) => self.registers.wrapping_add(offset + self.column),
            Site::Chunk(offset) => {
                self.registers.wrapping_add(offset + self.column / self.fused.blocks.columns)
            }
            Site::Input(k) => {
                let start = self.fused.inputs[k].strides.start(&self.index, self.row) + self.column;
                self.memory.input(k).wrapping_add(start)
            }
            Site::Piece(offset) => {
                let Piece { rows, columns, .. } = &self.piece;
                let start = (self.row - rows.start) * columns.len() + self.column - columns.start;
                self.registers.wrapping_add(offset + start)
            }
            Site::Output(j) => {
                let output = &self.fused.outputs[j];
                let start = output.strides.start(&self.index, self.row) + self.column;
                self.memory.output(j).wrapping_add(start)
            }
        }
    }

    /// Where a place is whose rows may lie apart.
    fn rows(&self, place: Site) -> Rows<T> {
        let apart = match place {
            Site::EachRow(_) => 0,
            Site::Input(k) => self.fused.inputs[k].strides.row,
            Site::Output(j) => self.fused.outputs[j].strides.row,
            Site::Register(_) | Site::Window(_) | Site::Chunk(_) | Site::Piece(_) => {
                self.columns as isize
            }
        };
        Rows { first: self.address(place), apart }
    }

    /// The operand of an elementwise step that writes `len` numbers at `out`.
    ///
    /// # Safety
    ///
    /// As of `run`.
    #[inline]
    unsafe fn arg<'x>(&self, x: MicroArg<T>, out: *mut T, len: usize) -> Arg<'x, T> {
        match x {
            MicroArg::Constant(x) => Arg::Splat(x),
            // SAFETY: a register has at least one number.
            MicroArg::Splat(place) => Arg::Splat(unsafe { *self.address(place) }),
            MicroArg::Each(place) => {
                let x = self.address(place);
                // SAFETY: see `elements`; what is not `out` itself does not overlap it.
                if x == out { Arg::Out } else { Arg::Slice(unsafe { elements(x, len) }) }
            }
        }
    }

    /// Runs a chain over the numbers of the block.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn chain(&self, chain: &Chain<T>, len: usize) {
        let mut all: SmallVec<[Bound<T>; MAX_LINKS + 1]> = SmallVec::new();
        // A loop, as what `extend` asks for one by one is not inlined.
        for link in &chain.links {
            let mut bound = Bound::new(link.link);
            let [second, third] = link.others;
            let of_second = (&mut bound.place, &mut bound.number);
            let of_third = (&mut bound.third, &mut bound.third_number);
            for (operand, (rows, same)) in [(second, of_second), (third, of_third)] {
                match operand {
                    None => {}
                    Some(MicroArg::Each(place)) => *rows = self.rows(place),
                    // SAFETY: a register has at least one number.
                    Some(MicroArg::Splat(place)) => *same = unsafe { *self.address(place) },
                    Some(MicroArg::Constant(number)) => *same = number,
                }
            }
            if let Some(take) = link.take {
                bound.take = self.rows(take);
            }
            if let Some(keep) = link.keep {
                bound.keep = self.rows(keep);
            }
            all.push(bound);
        }
        all.push(Bound::new(Link::Neg));
        let span =
            if chain.by_rows { Span::Rows(self.rows, self.columns) } else { Span::Dense(len) };
        // SAFETY: as of the steps that the chain was made of, see `elements`: each works on its position alone.
        unsafe { T::chain(self.isa, &mut all, span) }
    }

    /// Computes the piece's part of a product, dense from `to` on.
    ///
    /// # Safety
    ///
    /// As of `run`; the register has room for a piece.
    unsafe fn product(&self, p: usize, to: *mut T) {
        let (fused, Piece { outer, rows, columns }) = (self.fused, &self.piece);
        let part = Rectangle {
            row: outer * fused.nest.rows + rows.start,
            rows: rows.len(),
            column: columns.start,
            columns: columns.len(),
        };
        let first = fused.inputs.len() + 2 * p;
        // SAFETY: as the caller vouches.
        unsafe { fused.products[p].compute(self.isa, self.memory, first, part, to) }
    }

    /// Gathers input `k`.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn load(&self, k: usize, kind: Kind, out: &mut [T]) {
        if out.is_empty() {
            return;
        }
        let strides = &self.fused.inputs[k].strides;
        if let Some(first) = self.line(strides, kind) {
            let from = self.memory.input(k).wrapping_add(first);
            // SAFETY: the positions are in the nest, and the input reaches to the last of it.
            return unsafe { copy_row(from, out.as_mut_ptr(), out.len()) };
        }
        let rows = if kind.varies_by_row() { self.rows } else { 1 };
        let columns = out.len() / rows;
        let across = |extent: usize, stride: isize| (extent - 1) as isize * stride;
        let right = across(columns, strides.column);
        self.for_grids(strides, kind, rows, |done, run, grid| {
            let down = across(run, grid.row);
            let lowest = grid.first.wrapping_add_signed(down.min(0) + right.min(0));
            let len = down.unsigned_abs() + right.unsigned_abs() + 1;
            // SAFETY: the positions are in the nest, and the input reaches to the first and the last of it.
            let x = unsafe { elements(self.memory.input(k).wrapping_add(lowest), len) };
            let to = &mut out[done * columns..(done + run) * columns];
            let grid = Grid { first: grid.first - lowest, ..grid };
            gather(self.isa, x, grid, (run, columns), to);
        });
    }

    /// Where an operand's numbers of the block begin, if they are one line, as most that vary along one axis are.
    #[inline(always)]
    fn line(&self, strides: &Strides, kind: Kind) -> Option<usize> {
        let start = || strides.round_start(&self.index);
        match kind {
            Kind::Scalar => Some(start()),
            Kind::Column => (strides.column == 1).then(|| start() + self.column),
            Kind::Row if strides.runs.is_empty() => (strides.row == 1).then(|| start() + self.row),
            Kind::Row | Kind::Full | Kind::Chunks => None,
        }
    }

    /// Looks up elements of input `k`, a table, at the indices of another.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn gather(&self, (k, index): (usize, usize), kind: Kind, out: &mut [T]) {
        let table = &self.fused.inputs[k];
        let along = table.role.along().expect("only a table is looked up in");
        let operands = [&table.strides, &self.fused.inputs[index].strides];
        self.in_runs(operands, kind, out, |[at, of], columns, out| {
            let (table, indices) = (self.memory.input(k), self.memory.indices(index));
            // SAFETY: the positions are in the nest, and both inputs reach to the first and the last of it; the table does
            // so for any index within its extent.
            unsafe { look_up((table, at, along), (indices, of), columns, out) }
        });
    }

    /// Compares the indices of an input with the numbers of the positions.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn compare(&self, (index, numbers): (usize, usize), kind: Kind, out: &mut [T]) {
        let operands = [&self.fused.inputs[index].strides, &self.fused.numbers[numbers]];
        self.in_runs(operands, kind, out, |[of, numbers], columns, out| {
            // SAFETY: the positions are in the nest, and the input reaches to the first and the last of it.
            unsafe { compare((self.memory.indices(index), of), numbers, columns, out) }
        });
    }

    /// Hands on the rows of a block as far as those of two operands lie at one distance each.
    #[inline(always)]
    fn in_runs(
        &self,
        operands: [&Strides; 2],
        kind: Kind,
        out: &mut [T],
        each: impl Fn([Grid; 2], usize, &mut [T]),
    ) {
        if out.is_empty() {
            return;
        }
        let rows = if kind.varies_by_row() { self.rows } else { 1 };
        let columns = out.len() / rows;
        let mut done = 0;
        while done < rows {
            let left = |strides: &Strides| strides.run(self.row + done, rows - done);
            let run = left(operands[0]).min(left(operands[1]));
            let grids = operands.map(|strides| self.grid(strides, kind, done));
            each(grids, columns, &mut out[done * columns..(done + run) * columns]);
            done += run;
        }
    }

    /// Calls `each` for the parts of a block's rows whose numbers lie in a grid: with how many rows came before it, how many
    /// it has, and the grid.
    #[inline(always)]
    fn for_grids(
        &self,
        strides: &Strides,
        kind: Kind,
        rows: usize,
        mut each: impl FnMut(usize, usize, Grid),
    ) {
        let grid = self.grid_of_round(strides, kind);
        strides.for_runs(self.row, rows, |done, distance, run| {
            each(done, run, Grid { first: grid.first.wrapping_add_signed(distance), ..grid });
        });
    }

    /// Where an operand's numbers of the block lie, from its row number `row` on, as far as rows lie at one distance.
    fn grid(&self, strides: &Strides, kind: Kind, row: usize) -> Grid {
        let grid = self.grid_of_round(strides, kind);
        let distance = strides.distance(self.row + row);
        Grid { first: grid.first.wrapping_add_signed(distance), ..grid }
    }

    /// Where an operand's numbers lie from the first row of the round on, in the columns of the block.
    fn grid_of_round(&self, strides: &Strides, kind: Kind) -> Grid {
        let of_columns = kind.varies_by_column();
        let column = if of_columns { self.column as isize * strides.column } else { 0 };
        let first = strides.round_start(&self.index).wrapping_add_signed(column);
        let row = strides.runs.last().map_or(strides.row, |run| run.1);
        Grid { first, row, column: strides.column }
    }

    /// Copies a block's numbers of a stored value to where its output goes.
    ///
    /// # Safety
    ///
    /// As of `run`.
    unsafe fn store(&self, x: &[T], kind: Kind, output: Site) {
        let Site::Output(j) = output else { unreachable!("only an output is stored") };
        let strides = &self.fused.outputs[j].strides;
        let out = self.memory.output(j);
        if let Some(first) = self.line(strides, kind) {
            // SAFETY: the positions are in the nest, and the output reaches to the last of them. The input in whose place the
            // output is may be what is copied.
            return unsafe { out.wrapping_add(first).copy_from(x.as_ptr(), x.len()) };
        }
        let columns = if kind.varies_by_column() { self.columns } else { 1 };
        let dense = kind == Kind::Full && self.fused.blocks.holds_dense(strides);
        self.for_grids(strides, kind, x.len() / columns.max(1), |done, run, grid| {
            let x = &x[done * columns..(done + run) * columns];
            // SAFETY: the positions are in the nest, and the output, whose elements lie apart, reaches to the last of it.
            unsafe {
                if dense {
                    // The input in whose place the output is may be what is copied.
                    out.wrapping_add(grid.first).copy_from(x.as_ptr(), x.len());
                } else {
                    scatter(self.isa, x, grid, columns, out);
                }
            }
        });
    }

    /// Joins the block's numbers to those of the blocks before: as many rows abreast as `Blocks` says.
    fn accumulate(&self, f: Reduce, kind: Kind, x: &[T], sum: &mut [T]) {
        let blocks = &self.fused.blocks;
        let abreast = if kind == Kind::Row { blocks.rows } else { blocks.abreast * self.columns };
        if x.len() < abreast || x.is_empty() {
            return T::accumulate(self.isa, f, x, self.first, sum);
        }
        let (whole, rest) = x.split_at(x.len() / abreast * abreast);
        T::accumulate(self.isa, f, whole, self.first, &mut sum[..abreast]);
        if !rest.is_empty() {
            T::accumulate(self.isa, f, rest, false, &mut sum[..rest.len()]);
        }
    }
}

/// The numbers from an address on.
///
/// # Safety
///
/// They are one of these, and nobody else writes them meanwhile:
/// - a register of this thread, which has room for whole units of its kind's numbers;
/// - an input at the block's position, of which direct steps read a whole number of units, all within the block;
/// - an output at the block's position, likewise, in a piece that only this thread works on;
/// - a register as large as a piece, of which a whole number of units is read or written, within its room: what is
///   written beyond the block is written again by the next.
#[inline]
unsafe fn elements<'x, T>(start: *mut T, len: usize) -> &'x [T] {
    // SAFETY: the caller vouches for it; an empty slice needs no memory, and no address here is null.
    unsafe { slice::from_raw_parts(start, len) }
}

/// The numbers from an address on, to be written.
///
/// # Safety
///
/// As of [`elements`], and nobody else reads them meanwhile.
#[inline]
unsafe fn elements_mut<'x, T>(start: *mut T, len: usize) -> &'x mut [T] {
    // SAFETY: as above.
    unsafe { slice::from_raw_parts_mut(start, len) }
}
