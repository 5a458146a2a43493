//! From numbered registers to offsets in one buffer.

use super::blocks::{Blocks, UNIT};
use super::lower::{Register, RowReduction};
use super::nest::Nest;
use super::step::{Kind, MicroOp, Site};

/// How many numbers each kind of register holds.
///
/// Each is rounded up to whole units, which the kernels write. What is as large as a block or a row has one unit more:
/// rows are copied 16 numbers at a time, and buffers of exactly 4 kB in a row would make a processor take loads for
/// reads of a store that is on its way to the same place of the page before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    block: usize,
    columns: usize,
    rows: usize,
    chunks: usize,
    piece: usize,
}

impl Room {
    pub(super) fn new(nest: &Nest, blocks: &Blocks) -> Room {
        let padded = |len: usize| len.max(1).next_multiple_of(UNIT);
        Room {
            block: padded(blocks.len()) + UNIT,
            columns: padded(if blocks.strips > 0 { blocks.columns } else { nest.columns }) + UNIT,
            rows: padded(blocks.rows),
            chunks: padded(blocks.chunks(nest)),
            piece: padded(blocks.piece_len(nest)).saturating_add(UNIT),
        }
    }

    fn of(&self, register: &Register) -> usize {
        match register.kind {
            _ if register.of_piece => self.piece,
            Kind::Scalar => UNIT,
            Kind::Column => self.columns,
            Kind::Row => self.rows,
            Kind::Full => self.block,
            Kind::Chunks => self.chunks,
        }
    }
}

/// How large the buffer of all registers is, or `usize::MAX` where that is too small a number; and how much of it are those
/// that are kept, which lie first.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    pub(super) room: usize,
    pub(super) kept: usize,
}

/// Gives the registers their offsets, and the steps of each list the offsets instead of the registers' numbers.
///
/// Kept registers lie first, each for itself. The others, all of block size, share the rest: one is free again after
/// its last reader.
pub(super) fn assign<T>(
    registers: &[Register],
    room: Room,
    once: &mut [&mut Vec<MicroOp<T>>],
    blocks: &mut [&mut Vec<MicroOp<T>>],
    reductions: &mut [RowReduction],
) -> File {
    let mut offsets = vec![None; registers.len()];
    let mut kept = 0_usize;
    for (offset, register) in offsets.iter_mut().zip(registers).filter(|(_, r)| r.kept) {
        *offset = Some(kept);
        kept = kept.saturating_add(room.of(register));
    }
    let place = |place: &mut Site| {
        if let Some(register) = place.register() {
            *register = offsets[*register].expect("what is used outside a block is kept");
        }
    };
    reductions.iter_mut().for_each(|reduction| place(&mut reduction.accumulator));
    for step in once.iter_mut().flat_map(|steps| steps.iter_mut()) {
        step.reads().for_each(place);
        place(&mut step.out);
    }
    let shared =
        blocks.iter_mut().map(|steps| share(steps, &mut offsets.clone(), kept, room.block));
    File { room: kept.saturating_add(shared.max().unwrap_or(0)), kept }
}

/// Assigns the registers that live within a block by one scan over its steps; returns how much room they take.
fn share<T>(
    steps: &mut [MicroOp<T>],
    offsets: &mut [Option<usize>],
    start: usize,
    size: usize,
) -> usize {
    let last_reads = last_reads(steps, offsets);
    let (mut free, mut used) = (Vec::new(), 0);
    for (i, step) in steps.iter_mut().enumerate() {
        let mut done = Vec::new();
        for register in step.reads().filter_map(Site::register) {
            let offset = offsets[*register].expect("a register is written before it is read");
            if last_reads[*register] == Some(i) && !done.contains(&offset) {
                done.push(offset);
            }
            *register = offset;
        }
        if let Some(register) = step.out.register() {
            let offset = offsets[*register].get_or_insert_with(|| {
                free.pop().unwrap_or_else(|| {
                    used += size;
                    start.saturating_add(used - size)
                })
            });
            *register = *offset;
        }
        // Only now: what is read from one place and written to another is not held up by itself.
        free.append(&mut done);
    }
    used
}

/// For each register without an offset, the number of the last step that reads it.
fn last_reads<T>(steps: &mut [MicroOp<T>], offsets: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut last = vec![None; offsets.len()];
    for (i, step) in steps.iter_mut().enumerate() {
        for register in step.reads().filter_map(Site::register) {
            if offsets[*register].is_none() {
                last[*register] = Some(i);
            }
        }
    }
    last
}
