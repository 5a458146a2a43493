//! A run: the operands checked, the pieces handed to threads, their results combined.

use std::slice;

use super::blocks::{Piece, UNIT};
use super::builder::Role;
use super::execute::Block;
use super::lower::RowReduction;
use super::memory::{ALIGNMENT_LOSS, Addresses};
use super::step::{Kind, Site};
use super::{Fused, Source};
use crate::contract::Contraction;
use crate::isa::Isa;
use crate::pool::Pool;
use crate::reduce::reduce_columns;
use crate::scalar::Scalar;

impl<T: Scalar> Fused<T> {
    /// How many numbers of scratch memory a run on a pool of `threads` threads needs; `usize::MAX` where no slice is so
    /// long.
    pub fn scratch_len(&self, threads: usize) -> usize {
        let registers = self.threads(threads).saturating_mul(self.registers);
        registers.saturating_add(self.partials_len()).saturating_add(ALIGNMENT_LOSS)
    }

    /// Computes the outputs.
    ///
    /// What stands in `scratch` before does not matter. Operands that begin at a multiple of 64 bytes make the loops
    /// fastest. Nothing is allocated.
    ///
    /// # Panics
    ///
    /// When there are not as many inputs and output slices as the program has, when a slice is too short, when an input is
    /// given elsewhere or as something else than the program says, when an index has no element in its table, or when `scratch` is shorter than [`scratch_len`](Self::scratch_len) of the
    /// pool's threads.
    #[track_caller]
    pub fn run(
        &self,
        isa: Isa,
        pool: &Pool,
        inputs: &[Source<'_, T>],
        outputs: &mut [&mut [T]],
        scratch: &mut [T],
    ) {
        self.check(inputs, outputs, scratch.len(), pool.threads());
        let memory = Addresses::new(inputs, &self.outputs, outputs, scratch);
        let run = Run { fused: self, isa, memory };
        match self.threads(pool.threads()) {
            1 => run.work(0, 0..self.pieces.1),
            _ => pool.run_in_places(self.pieces.1, &|thread, places| {
                run.work(thread, places.map(|place| self.order.piece(place)));
            }),
        }
        if self.pieces.0 != 1 {
            run.combine();
        }
    }

    /// Everything that the addresses of a run rest on.
    #[track_caller]
    pub(super) fn check(
        &self,
        inputs: &[Source<'_, T>],
        outputs: &[&mut [T]],
        scratch: usize,
        threads: usize,
    ) {
        let count = self.inputs.len() + 2 * self.products.len();
        assert_eq!(inputs.len(), count, "the number of inputs and factors");
        assert_eq!(outputs.len(), self.slots.len(), "the number of output slices");
        for (slot, (output, &reach)) in outputs.iter().zip(&self.slots).enumerate() {
            let len = output.len();
            assert!(len >= reach, "output slice {slot} needs {reach} elements, not {len}");
        }
        let (of_loop, of_products) = inputs.split_at(self.inputs.len());
        for (k, (source, input)) in of_loop.iter().zip(&self.inputs).enumerate() {
            check_input(k, source, outputs, (input.slot, input.reach, input.role));
        }
        for (p, (factors, product)) in of_products.chunks(2).zip(&self.products).enumerate() {
            let first = self.inputs.len() + 2 * p;
            let (slots, reaches) = (product.slots(), product.reaches());
            for (i, factor) in factors.iter().enumerate() {
                check_input(first + i, factor, outputs, (slots[i], reaches[i], Role::Values));
            }
        }
        let needed = self.scratch_len(threads);
        assert!(scratch >= needed, "{needed} numbers of scratch memory are needed, not {scratch}");
    }

    /// The products, in the order in which they were added.
    pub fn products(&self) -> impl Iterator<Item = &Contraction<T>> {
        self.products.iter().map(|product| &product.contraction)
    }

    /// Whether products are computed in many parts, each of which reads all of the second factor.
    pub fn repeats_factors(&self) -> bool {
        self.blocks.strips == 0 && self.pieces.1 > 2
    }

    /// Lets runs give the second factor of product `p` as [`Contraction::pack_b`] writes it.
    ///
    /// # Panics
    ///
    /// When there is no such product, or the factor stands in an output slice.
    pub fn pack(&mut self, p: usize) {
        self.products[p].pack();
    }

    /// Whether a run is shared among the threads of a pool.
    pub fn is_shared(&self) -> bool {
        self.worth_a_thread && self.pieces.1 > 1
    }

    /// Whether direct steps work on all blocks of a piece that holds whole ones.
    fn is_direct(&self, piece: &Piece) -> bool {
        let (rows, columns) = (piece.rows.len(), piece.columns.len());
        let last = rows % self.blocks.rows;
        let sizes = [(rows - last, self.blocks.rows), (last, last)];
        sizes
            .iter()
            .filter(|size| size.0 > 0)
            .all(|&(_, rows)| self.phases.iter().all(|phase| phase.is_direct((rows, columns))))
    }

    /// How many of so many threads have work.
    fn threads(&self, most: usize) -> usize {
        if self.is_shared() { most.min(self.pieces.1).max(1) } else { 1 }
    }

    /// Numbers of a reduction's result in one round.
    fn width(&self, reduction: &RowReduction) -> usize {
        if reduction.kind == Kind::Row { 1 } else { self.nest.columns }
    }

    /// Where the results of the pieces for reduction number `i` begin in the scratch memory; `usize::MAX` where no slice
    /// is so long.
    fn partials_start(&self, i: usize) -> usize {
        let widths = self.reductions[..i].iter().map(|r| self.width(r));
        self.pieces.1.saturating_mul(widths.fold(0, usize::saturating_add))
    }

    /// Room for the results of all pieces, where a round is more than one.
    fn partials_len(&self) -> usize {
        match self.pieces.0 {
            0 | 1 => 0,
            _ => {
                let len = self.partials_start(self.reductions.len());
                len.checked_next_multiple_of(UNIT).unwrap_or(usize::MAX)
            }
        }
    }
}

/// Checks that input `k` is given where the loop says that it stands.
#[inline(always)]
#[track_caller]
fn check_input<T>(
    k: usize,
    source: &Source<'_, T>,
    outputs: &[&mut [T]],
    (slot_said, reach, role): (Option<usize>, usize, Role),
) {
    let (len, slot) = match *source {
        Source::Slice(x) => (x.len(), None),
        Source::Index(x) => (x.len(), None),
        Source::Output(slot) => (outputs.get(slot).map_or(0, |x| x.len()), Some(slot)),
    };
    let indices = matches!(source, Source::Index(_));
    assert_eq!(indices, role == Role::Indices, "whether input {k} is of indices");
    assert_eq!(slot, slot_said, "the output slice that input {k} stands in");
    assert!(len >= reach, "input {k} needs {reach} elements, not {len}");
}

struct Run<'a, T> {
    fused: &'a Fused<T>,
    isa: Isa,
    memory: Addresses<'a, T>,
}

impl<T: Scalar> Run<'_, T> {
    /// Works on `pieces`, which no other thread takes.
    fn work(&self, thread: usize, pieces: impl Iterator<Item = usize>) {
        let fused = self.fused;
        let start = fused.partials_len() + thread * fused.registers;
        let registers = self.memory.scratch().wrapping_add(start);
        let mut block = Block::new(fused, &self.memory, self.isa, registers);
        for number in pieces {
            let piece = fused.blocks.piece(&fused.nest, number, fused.pieces.0);
            if !block.is_of_round(piece.outer) {
                block.begin_round(piece.outer);
                // SAFETY: `check` has passed, the registers are this thread's alone, none of these steps is direct.
                unsafe { block.run(&fused.round) }
            }
            self.piece(&mut block, &piece);
            for (i, reduction) in fused.reductions.iter().enumerate() {
                self.finish(registers, reduction, self.result(i, number), &piece);
            }
        }
    }

    fn piece(&self, block: &mut Block<'_, T>, piece: &Piece) {
        let fused = self.fused;
        let Piece { rows, columns, .. } = piece;
        block.begin_piece(piece);
        // SAFETY: `check` has passed, the registers are this thread's alone, and pieces are taken once.
        unsafe { block.run(&fused.piece) }
        for phase in &fused.phases {
            if !phase.head.is_empty() {
                block.begin_piece(piece);
                // SAFETY: as above.
                unsafe { block.run(&phase.head) }
            }
            if !phase.tiles.is_empty() && !fused.is_direct(piece) {
                block.begin_piece(piece);
                // SAFETY: as above.
                unsafe { block.run(&phase.tiles) }
            }
            if phase.direct.is_empty() && fused.row_end.is_empty() {
                continue;
            }
            for row in rows.clone().step_by(fused.blocks.rows) {
                let mut column = columns.start;
                loop {
                    let mut size = (
                        fused.blocks.rows.min(rows.end - row),
                        fused.blocks.columns.min(columns.end - column),
                    );
                    if fused.splits && size.1 > UNIT {
                        // What is left of whole units is a block by itself.
                        size.1 -= size.1 % UNIT;
                    }
                    block.begin((row, column), size, row == rows.start);
                    let direct = phase.is_direct(size);
                    // SAFETY: as above.
                    unsafe { block.run(if direct { &phase.direct } else { &phase.padded }) }
                    column += size.1;
                    if column >= columns.end {
                        break;
                    }
                }
                // SAFETY: as above.
                unsafe { block.run(&fused.row_end) }
            }
        }
    }

    /// Where the results of a reduction, which are dense, begin.
    fn output(&self, reduction: &RowReduction) -> *mut T {
        let offset = self.fused.outputs[reduction.output].strides.offset;
        self.memory.output(reduction.output).wrapping_add(offset)
    }

    /// Where the result of reduction number `i` for a piece belongs.
    fn result(&self, i: usize, piece: usize) -> *mut T {
        let fused = self.fused;
        let width = fused.width(&fused.reductions[i]);
        let start = match fused.pieces.0 {
            1 => self.output(&fused.reductions[i]),
            _ => self.memory.scratch().wrapping_add(fused.partials_start(i)),
        };
        start.wrapping_add(piece * width)
    }

    /// Reduces what the blocks of a piece have accumulated to the piece's result.
    fn finish(&self, registers: *mut T, reduction: &RowReduction, result: *mut T, piece: &Piece) {
        let (Site::Register(offset) | Site::Window(offset)) = reduction.accumulator else {
            unreachable!("an accumulator is a register");
        };
        let (blocks, width) = (&self.fused.blocks, self.fused.width(reduction));
        let rows = if reduction.kind == Kind::Row { blocks.rows } else { blocks.abreast };
        let rows = rows.min(piece.rows.len());
        // SAFETY: the accumulator is this thread's, and the first block has written so many rows of it; the result is
        // of this piece alone.
        let (sums, result) = unsafe {
            let sums = slice::from_raw_parts(registers.wrapping_add(offset), rows * width);
            (sums, slice::from_raw_parts_mut(result, width))
        };
        if width == 1 {
            T::reduce_rows(self.isa, reduction.reduce, sums, rows, result);
        } else {
            reduce_columns(self.isa, reduction.reduce, sums, rows, width, result);
        }
    }

    /// Reduces the results of the pieces of each round to the round's result, where a round is not one piece.
    fn combine(&self) {
        let (fused, pieces) = (self.fused, self.fused.pieces.0);
        for (i, reduction) in fused.reductions.iter().enumerate() {
            let width = fused.width(reduction);
            let partials = self.memory.scratch().wrapping_add(fused.partials_start(i));
            let output = self.output(reduction);
            for round in 0..fused.nest.outer_count() {
                // SAFETY: all threads are done; there is room for the results of all pieces, and the output's length
                // has been checked.
                let (partials, result) = unsafe {
                    let partials = partials.wrapping_add(round * pieces * width);
                    let result = output.wrapping_add(round * width);
                    (
                        slice::from_raw_parts(partials, pieces * width),
                        slice::from_raw_parts_mut(result, width),
                    )
                };
                reduce_columns(self.isa, reduction.reduce, partials, pieces, width, result);
            }
        }
    }
}
