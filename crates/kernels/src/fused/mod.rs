//! The block interpreter: a whole elementwise-and-reduction program in one pass over memory.
//!
//! A compiler lowers a group of operations (a normalisation, a softmax with its cross-entropy, an activation with the
//! gradient of its bias) to one [`Fused`]: a loop nest, and the values computed at each position. Run one after the
//! other, the operations would each stream their operands through memory. Here the nest is cut into blocks of about a
//! thousand elements, and all operations run on one block before the next: intermediate values stay in registers,
//! buffers in the first-level cache. A micro-operation is one call of a vectorised kernel on a block, so that
//! interpreting costs a few nanoseconds per thousand elements.
//!
//! **What is computed where.** A value that does not vary along the rows (a bias, a scale made of a variance) is
//! computed once per round over the rows; one that does not vary along the columns (a mean of a row), once per row; the
//! rest at every position. Dense inputs and outputs are read and written where they are.
//!
//! **Columns.** A loop that works on the reductions of columns is cut into strips instead: all rows of some columns, gone
//! through up to a reduction and again from there (`phases.rs`).
//!
//! **Indices.** A value can be the element of a table that an index says, or whether an index says the position: both are
//! inputs like others, loaded in another way (`indexed.rs`).
//!
//! **Products.** A value can be a product of matrices: each piece computes its part of it before its blocks read it.
//!
//! **Reductions** have a fixed tree, given by the program, its extents and the instruction set. Over a row: that of
//! [`reduce_rows`](crate::reduce_rows); a row that is cut into blocks (see [`Fused::MAX_ROW`]) is reduced block by block,
//! and their results likewise. Over the rows: those of a block are joined in order, the blocks of a piece (about 16 000
//! elements, at least 32 rows) in order, and the results of the pieces by the tree of
//! [`reduce_columns`](crate::reduce_columns). Threads take whole pieces, so that results are bitwise the same on any
//! number of threads. A sum over n rows passes each number through at most some 130 + 32·log₃₂(n/32) additions, which
//! bounds its error by that many units roundoff times Σ|xᵢ|.
//!
//! **Accuracy.** Every micro-operation rounds by itself: a product and a sum are never contracted. A program gives at each
//! position what its operations give one by one.

mod accumulate;
mod analysis;
mod blocks;
mod builder;
mod chain;
mod copy;
mod cost;
mod direct;
mod execute;
mod explain;
mod indexed;
mod laps;
mod layout;
mod lower;
mod memory;
mod nest;
mod order;
mod phases;
mod product;
mod registers;
mod run;
mod step;

#[cfg(test)]
mod tests;

pub(crate) use accumulate::accumulate;
pub use builder::{FusedBuilder, Layout, Value};
pub(crate) use copy::{Grid, copy_row, spread, tile};
pub use indexed::{Along, Index, Table};
pub use product::Factor;

use crate::scalar::Scalar;

use analysis::Analysis;
use blocks::{Access, Blocks, UNIT, goes_by_rows};
use builder::{Input, Node, Output, Parts, Role};
use chain::Chain;
use direct::Reached;
use laps::{Order, laps};
use layout::Shape;
use lower::{RowReduction, Steps, lower};
use nest::{Kept, Lay, Nest, Strides};
use phases::Phases;
use product::Product;
use registers::{Room, assign};
use step::MicroOp;

/// A loop nest that computes several values at each position and stores or reduces some of them, block by block.
///
/// Made by a [`FusedBuilder`], immutable, run any number of times. `Debug` prints the program.
#[derive(Clone)]
pub struct Fused<T> {
    nest: Nest,
    inputs: Vec<Operand>,
    outputs: Vec<Operand>,
    /// How positions are numbered that indices are compared with.
    numbers: Vec<Strides>,
    products: Vec<Product<T>>,
    /// How many elements each output slice must have.
    slots: Vec<usize>,
    blocks: Blocks,
    /// How many pieces there are in a round over the rows, and in all.
    pieces: (usize, usize),
    /// In which order they are dealt out.
    order: Order,
    /// How many blocks a row is cut into.
    chunks: usize,
    /// What does not vary along the rows.
    round: Vec<MicroOp<T>>,
    /// Once for each piece.
    piece: Vec<MicroOp<T>>,
    /// For each block, as often as there are phases.
    phases: Vec<Phase<T>>,
    /// After the last block of a row that is cut.
    row_end: Vec<MicroOp<T>>,
    /// See `chain.rs`.
    chains: Vec<Chain<T>>,
    reductions: Vec<RowReduction>,
    /// The length of a thread's registers.
    registers: usize,
    /// See `cost.rs`.
    worth_a_thread: bool,
    /// Blocks are of one row, and where a row ends they can be cut as is convenient. Not in strips, whose registers begin where
    /// they do.
    splits: bool,
}

/// See `phases.rs`.
#[derive(Clone)]
struct Phase<T> {
    /// Once in each strip, before the blocks.
    head: Vec<MicroOp<T>>,
    /// The same, in those with a block that is not direct.
    tiles: Vec<MicroOp<T>>,
    /// A block of any length: inputs and outputs are copied.
    padded: Vec<MicroOp<T>>,
    /// A block of whole units: inputs and outputs are used in place.
    direct: Vec<MicroOp<T>>,
    /// Direct steps go through rows that lie apart.
    by_rows: bool,
}

impl<T> Phase<T> {
    /// Whether the direct steps can work on a block of so many rows and columns.
    fn is_direct(&self, size: (usize, usize)) -> bool {
        (size.0 * size.1).is_multiple_of(UNIT) && (!self.by_rows || goes_by_rows(size))
    }
}

/// Where an input or an output lies.
#[derive(Clone, Debug)]
struct Operand {
    strides: Strides,
    /// The output slice that it is in, if it has none of its own.
    slot: Option<usize>,
    /// What an input is read as.
    role: Role,
    /// How many elements its slice must have.
    reach: usize,
}

/// Where an input stands.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a, T> {
    /// In memory of its own.
    Slice(&'a [T]),
    /// An input of indices, in memory of its own.
    Index(&'a [i64]),
    /// In the output slice of this position, before the loop, as [`FusedBuilder::input_in`] said.
    Output(usize),
}

impl<T: Scalar> Fused<T> {
    /// The longest row of which a `reduce_last` may be used along the row.
    ///
    /// A row must then be in one block; a longer one would not stay in the cache.
    pub const MAX_ROW: usize = 4096;

    /// The most rows of which a `reduce_rows` may be used: a strip of columns must stay in the cache.
    pub const MAX_COLUMN: usize = 1024;

    /// The most axes of a loop nest of which no two neighbours can be merged.
    pub const MAX_AXES: usize = nest::MAX_OUTER + 2;

    #[track_caller]
    fn new(parts: Parts<T>) -> Self {
        let Parts { extents, row_axes, inputs, numbers, mut products, mut nodes, mut outputs } =
            parts;
        let whole_columns =
            nodes.iter().any(Node::reduces_column) || outputs.iter().any(|o| o.per_column);
        let along_rows = nodes.iter().any(Node::reduces_row) || outputs.iter().any(|o| o.per_row);
        assert!(
            !(whole_columns && along_rows),
            "a loop has all rows of some columns at a time, for a `reduce_rows` or `store_columns`, or all columns of some \
             rows, for a `reduce_last` or an output per row: not both"
        );
        let kept = if whole_columns || outputs.iter().any(|output| output.reduce.is_some()) {
            Kept::RowsAndColumns(row_axes)
        } else if along_rows || !products.is_empty() {
            Kept::Columns
        } else {
            Kept::Neither
        };
        let shape =
            |(j, output): (usize, &builder::Output)| Shape::new(&extents, row_axes, j, output);
        let shapes: Vec<Shape> = outputs.iter().enumerate().map(shape).collect();
        let operands: Vec<Lay> = inputs
            .iter()
            .map(|input| &input.lay)
            .chain(&numbers)
            .chain(shapes.iter().map(|s| &s.lay))
            .cloned()
            .collect();
        inputs.iter().for_each(|input| nest::check_table(&extents, input));
        let (mut nest, mut strides) = Nest::merged(&extents, &operands, kept);
        let along = |k: usize| inputs.get(k).and_then(|input: &Input| input.role.along());
        let reach = |(k, strides)| nest.reach_along(strides, along(k));
        let reaches: Vec<usize> = strides.iter().enumerate().map(reach).collect();
        let short = nest.rows * nest.columns < blocks::BLOCK && !nest.outer.is_empty();
        if short
            && !matches!(kept, Kept::RowsAndColumns(_))
            && nest.rows > 0
            && nest.outer_count() > 0
        {
            (nest, strides) = nest.flattened(strides);
        }
        let over =
            layout::check(&extents, &inputs, &shapes).unwrap_or_else(|rule| panic!("{rule}"));
        for product in &products {
            product.check(&shapes).unwrap_or_else(|rule| panic!("{rule}"));
        }
        let efforts = products.iter().map(|product| product.contraction.effort());
        let of_products = cost::of_products(efforts.fold(0, usize::saturating_add));
        let pay = || Blocks::strips_pay(&nest, cost::is_worth_a_thread(&nest, of_products));
        let in_strips = whole_columns || !along_rows && !products.is_empty() && pay();
        assert!(
            !whole_columns || nest.rows <= Self::MAX_COLUMN,
            "a `reduce_rows` is of {} rows at most, not of {}",
            Self::MAX_COLUMN,
            nest.rows
        );
        if in_strips {
            reduce_whole_columns(&mut nodes, &mut outputs);
        }
        let of_outputs = strides.split_off(inputs.len() + numbers.len());
        let numbers = strides.split_off(inputs.len());
        let analysis = Analysis::new(&nodes, &outputs, &nest, (&strides, &numbers), in_strips);
        analysis.check_columns(&outputs);
        let whole_rows = analysis.needs_whole_rows(&nodes, &outputs, nest.columns);
        let operands = size_of::<T>() * analysis.operands_along_row(&nodes, &outputs);
        let reduces = along_rows || matches!(kept, Kept::RowsAndColumns(_));
        let laps = laps(&extents);
        let blocks = if in_strips {
            Blocks::in_strips(&nest, !products.is_empty())
        } else {
            let streams = !reduces && products.is_empty() && chain::streams(&nodes);
            Blocks::new(&nest, laps, whole_rows, reduces, operands, !products.is_empty(), streams)
        };
        let phases = Phases::new(&nodes, &outputs, &inputs, &analysis);
        let Steps { mut round, mut piece, mut phases, mut row_end, mut reductions, registers } =
            lower(&nodes, &outputs, &analysis, &phases, &nest, &blocks);
        let each = phases.iter().flat_map(|phase| phase.head.iter().chain(&phase.block));
        let all = round.iter().chain(&piece).chain(&row_end).chain(each);
        let reads = order::reads(all, registers.len());
        phases.iter_mut().for_each(|phase| phase.block = order::ordered(&phase.block, &reads));
        let access = |strides: &[Strides]| -> Vec<Access> {
            strides.iter().map(|s| blocks.access(s)).collect()
        };
        let ways = (access(&strides), access(&of_outputs));
        let heads = phases.iter().flat_map(|phase| &phase.head);
        let tiles = if blocks.by_rows() {
            direct::tiles(round.iter().chain(heads), registers.len())
        } else {
            vec![None; registers.len()]
        };
        let reached = Reached { inputs: &ways.0, outputs: &ways.1, tiles: &tiles };
        let may_be = |k: usize, j: usize| over[k] == Some(j);
        let compiled = phases.into_iter().map(|phase| {
            let direct = direct::direct(&phase.block, &reached, &may_be);
            let by_rows = direct.iter().any(|step| chain::reaches(step, &|x| reached.is_apart(x)));
            Phase { head: phase.head, tiles: Vec::new(), padded: phase.block, direct, by_rows }
        });
        let mut phases: Vec<Phase<T>> = compiled.collect();
        direct::take_tiles(&mut round, &mut phases);
        let of_phases = phases.iter().map(|phase| cost::of(&nest, &phase.direct));
        let work = of_phases.fold(of_products, usize::saturating_add);
        let worth_a_thread = cost::is_worth_a_thread(&nest, work);
        let splits = blocks.rows == 1
            && !in_strips
            && reductions.is_empty()
            && phases.iter().flat_map(|phase| &phase.padded).all(MicroOp::is_of_each_position);
        let (mut once, mut each) = (vec![&mut round, &mut piece, &mut row_end], Vec::new());
        for phase in &mut phases {
            once.extend([&mut phase.head, &mut phase.tiles]);
            each.extend([&mut phase.padded, &mut phase.direct]);
        }
        let room = Room::new(&nest, &blocks);
        let registers = assign(&registers, room, &mut once, &mut each, &mut reductions);
        let mut chains = Vec::new();
        for phase in &mut phases {
            for block in [&mut phase.padded, &mut phase.direct] {
                let apart = |place| reached.is_apart(place);
                *block = chain::chained(block, registers.kept, &apart, &mut chains);
            }
        }
        let part = (blocks.piece_rows, blocks.piece_columns);
        products.iter_mut().for_each(|product| product.contraction.plan_rectangles(part.0, part.1));
        let per_round = blocks.pieces_per_round(&nest);
        let pieces = (per_round, per_round * nest.outer_count());
        let slots = shapes.iter().map(|shape| shape.slot + 1).max().unwrap_or(0);
        let slots = (0..slots).map(|slot| {
            shapes.iter().filter(|shape| shape.slot == slot).map(Shape::reach).max().unwrap_or(0)
        });
        let of_outputs = of_outputs.into_iter().zip(&reaches[inputs.len() + numbers.len()..]);
        Fused {
            slots: slots.collect(),
            inputs: strides
                .into_iter()
                .zip(&reaches)
                .zip(&inputs)
                .map(|((strides, &reach), input)| Operand {
                    strides,
                    slot: input.slot,
                    role: input.role,
                    reach,
                })
                .collect(),
            outputs: of_outputs
                .zip(&shapes)
                .map(|((strides, &reach), shape)| Operand {
                    strides,
                    slot: Some(shape.slot),
                    role: Role::Values,
                    reach,
                })
                .collect(),
            numbers,
            products,
            piece,
            phases,
            order: Order::new(&nest, &blocks, laps, pieces),
            pieces,
            chunks: blocks.chunks(&nest),
            nest,
            blocks,
            round,
            row_end,
            reductions,
            chains,
            registers: registers.room,
            worth_a_thread,
            splits,
        }
    }
}

/// In strips, where columns are whole, a reduction over the rows is a value for each column.
fn reduce_whole_columns<T>(nodes: &mut Vec<Node<T>>, outputs: &mut [Output]) {
    for output in outputs {
        if let Some(f) = output.reduce.take() {
            nodes.push(Node::ReduceRows(f, output.value));
            output.value = Value::at(nodes.len() - 1);
            output.per_column = true;
        }
    }
}
