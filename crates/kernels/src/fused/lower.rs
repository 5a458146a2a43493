//! From values to micro-operations: each value gets a register, each operand the form its operation needs.

use super::analysis::Analysis;
use super::blocks::Blocks;
use super::builder::{Node, Output, Value};
use super::nest::Nest;
use super::step::{Action, Kind, MicroArg, MicroOp, Site};
use crate::reduce::Reduce;
use crate::scalar::Scalar;

/// The steps of a loop nest. Every register is written by one step, but for those that accumulate.
#[derive(Clone, Debug)]
pub(super) struct Steps<T> {
    /// Once in each round over the rows: what does not vary along them.
    pub(super) round: Vec<MicroOp<T>>,
    /// For each block.
    pub(super) block: Vec<MicroOp<T>>,
    /// After the last block of a row, where a row is cut into several.
    pub(super) row_end: Vec<MicroOp<T>>,
    /// The outputs that are reduced over the rows.
    pub(super) reductions: Vec<RowReduction>,
    pub(super) registers: Vec<Register>,
}

/// An output that is reduced over the rows.
#[derive(Clone, Debug)]
pub(super) struct RowReduction {
    pub(super) reduce: Reduce,
    pub(super) output: usize,
    /// Whether it reduces a number for each row of a block, or one for each position.
    pub(super) kind: Kind,
    /// Where the blocks of a piece are joined.
    pub(super) accumulator: Site,
}

/// A buffer of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register {
    /// How many numbers it has room for.
    pub(super) kind: Kind,
    /// It keeps its numbers from block to block; others share buffers.
    pub(super) kept: bool,
}

/// Lowers all values that an output needs.
pub(super) fn lower<T: Scalar>(
    nodes: &[Node<T>],
    outputs: &[Output],
    analysis: &Analysis,
    nest: &Nest,
    blocks: &Blocks,
) -> Steps<T> {
    let mut lowering = Lowering {
        nodes,
        analysis,
        one_row: blocks.rows == 1,
        in_strips: blocks.strips > 0,
        cut: blocks.columns < nest.columns && blocks.strips == 0,
        one_column: nest.columns == 1,
        loads: Vec::new(),
        steps: Steps {
            round: Vec::new(),
            block: Vec::new(),
            row_end: Vec::new(),
            reductions: Vec::new(),
            registers: Vec::new(),
        },
        places: vec![[None; 4]; nodes.len()],
    };
    for i in (0..nodes.len()).filter(|&i| analysis.live[i]) {
        lowering.value(i);
        for (j, output) in outputs.iter().enumerate().filter(|(_, o)| o.value.index() == i) {
            lowering.output(j, output);
        }
    }
    // All inputs are read before the first output is written, which may be the same memory.
    lowering.steps.block.splice(..0, lowering.loads);
    lowering.steps
}

struct Lowering<'a, T> {
    nodes: &'a [Node<T>],
    analysis: &'a Analysis,
    /// A block is a row, or a part of one.
    one_row: bool,
    /// A block has all rows of some columns.
    in_strips: bool,
    /// Rows are cut into several blocks.
    cut: bool,
    one_column: bool,
    loads: Vec<MicroOp<T>>,
    steps: Steps<T>,
    /// Where each value stands, for each kind that an operation has asked for.
    places: Vec<[Option<Site>; 4]>,
}

impl<T: Scalar> Lowering<'_, T> {
    /// Lowers value `i`, its operands being lowered.
    fn value(&mut self, i: usize) {
        let kind = self.analysis.kinds[i];
        let action = match self.nodes[i] {
            Node::Constant(_) => return,
            Node::Input(k) => Action::Load(k),
            Node::Product(p) => {
                self.places[i][Kind::Full as usize] = Some(Site::Product(p));
                return;
            }
            Node::Unary(f, x) => Action::Unary(f, self.operand(x, kind)),
            Node::Binary(f, a, b) => {
                Action::Binary(f, self.operand(a, kind), self.operand(b, kind))
            }
            Node::Select(condition, a, b) => Action::Select(
                self.operand(condition, kind),
                self.operand(a, kind),
                self.operand(b, kind),
            ),
            Node::ReduceLast(f, x) => return self.reduce_last(i, f, x),
            Node::ReduceRows(f, x) => return self.reduce_rows(i, f, x),
        };
        let out = self.register(kind, kind != Kind::Full);
        self.places[i][kind as usize] = Some(out);
        let step = MicroOp { kind, action, out };
        match action {
            _ if !self.is_of_block(kind) => self.steps.round.push(step),
            Action::Load(_) => self.loads.push(step),
            _ if self.cut && self.analysis.follows_row[i] => self.steps.row_end.push(step),
            _ => self.steps.block.push(step),
        }
    }

    /// Whether values of a kind are others in each block: one number for each column is, in strips.
    fn is_of_block(&self, kind: Kind) -> bool {
        kind.varies_by_row() || self.in_strips && kind == Kind::Column
    }

    fn reduce_rows(&mut self, i: usize, f: Reduce, x: Value) {
        let x = self.place(x, Kind::Full);
        let out = self.register(Kind::Column, true);
        self.places[i][Kind::Column as usize] = Some(out);
        let action = Action::ReduceRows(f, x);
        self.steps.block.push(MicroOp { kind: Kind::Full, action, out });
    }

    fn reduce_last(&mut self, i: usize, f: Reduce, x: Value) {
        let kind = Kind::new(self.analysis.kinds[i].varies_by_row(), true);
        let x = self.place(x, kind);
        let result = Kind::new(kind.varies_by_row(), false);
        let out = self.register(result, true);
        self.places[i][result as usize] = Some(out);
        let whole = MicroOp { kind, action: Action::ReduceLast(f, x), out };
        if kind == Kind::Column {
            self.steps.round.push(whole);
        } else if !self.cut {
            self.steps.block.push(whole);
        } else {
            let partial = self.register(Kind::Chunks, true);
            let Site::Register(number) = partial else {
                unreachable!("a register is in a register")
            };
            self.steps.block.push(MicroOp { out: Site::Chunk(number), ..whole });
            let action = Action::ReduceLast(f, partial);
            self.steps.row_end.push(MicroOp { kind: Kind::Chunks, action, out });
        }
    }

    fn output(&mut self, j: usize, output: &Output) {
        let kind = Kind::new(!output.per_column, !output.per_row);
        let x = self.place(output.value, kind);
        let step = match output.reduce {
            None => MicroOp { kind, action: Action::Store(x), out: Site::Output(j) },
            Some(f) => {
                let accumulator = self.accumulator(kind);
                self.steps.reductions.push(RowReduction {
                    reduce: f,
                    output: j,
                    kind,
                    accumulator,
                });
                MicroOp { kind, action: Action::Accumulate(f, x), out: accumulator }
            }
        };
        let steps = &mut self.steps;
        if self.cut && output.per_row { &mut steps.row_end } else { &mut steps.block }.push(step);
    }

    /// A place for the sum of all blocks of a piece: as large as a block, or where rows are cut, as a row.
    fn accumulator(&mut self, kind: Kind) -> Site {
        if kind == Kind::Full && self.cut {
            self.window(Kind::Column)
        } else {
            self.register(kind, true)
        }
    }

    /// `x` as an operand of an elementwise operation of `kind`.
    fn operand(&mut self, x: Value, kind: Kind) -> MicroArg<T> {
        if let Node::Constant(x) = self.nodes[x.index()] {
            return MicroArg::Constant(x);
        }
        let one_number = match self.analysis.kinds[x.index()] {
            Kind::Scalar => kind != Kind::Scalar,
            Kind::Row => kind == Kind::Full && self.one_row,
            _ => false,
        };
        if one_number {
            MicroArg::Splat(self.place(x, self.analysis.kinds[x.index()]))
        } else {
            MicroArg::Each(self.place(x, kind))
        }
    }

    /// Where `x` stands with as many numbers as `kind` has; brought there at the first call.
    fn place(&mut self, x: Value, kind: Kind) -> Site {
        if let Some(place) = self.places[x.index()][kind as usize] {
            return place;
        }
        let place = self.broadcast(x, kind);
        self.places[x.index()][kind as usize] = Some(place);
        place
    }

    fn broadcast(&mut self, x: Value, kind: Kind) -> Site {
        if let Node::Constant(x) = self.nodes[x.index()] {
            return self.step_in_round(kind, Action::Fill(MicroArg::Constant(x)));
        }
        let own = self.analysis.kinds[x.index()];
        let place = self.place(x, own);
        match own {
            Kind::Scalar => self.step_in_round(kind, Action::Fill(MicroArg::Splat(place))),
            Kind::Column if self.in_strips => {
                let out = self.register(kind, false);
                self.steps.block.push(MicroOp { kind, action: Action::Tile(place), out });
                out
            }
            Kind::Column if self.one_row => match place {
                Site::Register(number) => Site::Window(number),
                other => other,
            },
            Kind::Column => self.step_in_round(kind, Action::Tile(place)),
            Kind::Row => {
                let out = self.register(kind, false);
                self.steps.block.push(MicroOp { kind, action: Action::Spread(place), out });
                out
            }
            // One number per row is asked for, and there is one column.
            Kind::Full | Kind::Chunks => {
                debug_assert!(self.one_column);
                place
            }
        }
    }

    /// A value that is the same in every block of a round.
    fn step_in_round(&mut self, kind: Kind, action: Action<T>) -> Site {
        let out = self.register(kind, true);
        self.steps.round.push(MicroOp { kind, action, out });
        out
    }

    fn register(&mut self, kind: Kind, kept: bool) -> Site {
        self.steps.registers.push(Register { kind, kept });
        Site::Register(self.steps.registers.len() - 1)
    }

    fn window(&mut self, kind: Kind) -> Site {
        self.steps.registers.push(Register { kind, kept: true });
        Site::Window(self.steps.registers.len() - 1)
    }
}
