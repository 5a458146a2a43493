//! From values to micro-operations: each value gets a register, each operand the form its operation needs.

use super::analysis::Analysis;
use super::blocks::Blocks;
use super::builder::{Node, Output, Value};
use super::nest::Nest;
use super::phases::Phases;
use super::step::{Action, Kind, MicroArg, MicroOp, Site};
use crate::reduce::Reduce;
use crate::scalar::Scalar;

/// The steps of a loop nest. Every register is written by one step, but for those that accumulate.
#[derive(Clone, Debug)]
pub(super) struct Steps<T> {
    /// Once in each round over the rows: what does not vary along them.
    pub(super) round: Vec<MicroOp<T>>,
    /// Once for each piece: products.
    pub(super) piece: Vec<MicroOp<T>>,
    pub(super) phases: Vec<Phase<T>>,
    /// After the last block of a row, where a row is cut into several.
    pub(super) row_end: Vec<MicroOp<T>>,
    /// The outputs that are reduced over the rows.
    pub(super) reductions: Vec<RowReduction>,
    pub(super) registers: Vec<Register>,
}

/// The steps from one reduction of whole columns to the next.
#[derive(Clone, Debug)]
pub(super) struct Phase<T> {
    /// Once in each strip, before the blocks: what does not vary along the rows.
    pub(super) head: Vec<MicroOp<T>>,
    /// For each block.
    pub(super) block: Vec<MicroOp<T>>,
    /// What comes first of each.
    head_loads: Vec<MicroOp<T>>,
    loads: Vec<MicroOp<T>>,
}

impl<T> Phase<T> {
    fn new() -> Self {
        Phase { head: Vec::new(), block: Vec::new(), head_loads: Vec::new(), loads: Vec::new() }
    }

    /// All inputs are read before the first output is written, which may be the same memory.
    fn read_first(&mut self) {
        self.head.splice(..0, self.head_loads.drain(..));
        self.block.splice(..0, self.loads.drain(..));
    }
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
    /// It has room for all blocks of a piece.
    pub(super) of_piece: bool,
}

/// Lowers all values that an output needs.
pub(super) fn lower<T: Scalar>(
    nodes: &[Node<T>],
    outputs: &[Output],
    analysis: &Analysis,
    phases: &Phases,
    nest: &Nest,
    blocks: &Blocks,
) -> Steps<T> {
    let mut lowering = Lowering {
        nodes,
        analysis,
        phases,
        phase: 0,
        one_row: blocks.rows == 1,
        in_strips: blocks.strips > 0,
        cut: blocks.columns < nest.columns && blocks.strips == 0,
        one_column: nest.columns == 1,
        steps: Steps {
            round: Vec::new(),
            piece: Vec::new(),
            phases: (0..phases.count).map(|_| Phase::new()).collect(),
            row_end: Vec::new(),
            reductions: Vec::new(),
            registers: Vec::new(),
        },
        places: vec![[None; 4]; nodes.len()],
    };
    for phase in 0..phases.count {
        lowering.begin(phase);
        for i in (0..nodes.len()).filter(|&i| analysis.live[i]) {
            if phases.of(i) == phase {
                lowering.value(i);
            }
            if phases.ready(i) == phase {
                let of_value = outputs.iter().enumerate().filter(|(_, o)| o.value.index() == i);
                of_value.for_each(|(j, output)| lowering.output(j, output));
            }
        }
    }
    lowering.steps.phases.iter_mut().for_each(Phase::read_first);
    lowering.steps
}

struct Lowering<'a, T> {
    nodes: &'a [Node<T>],
    analysis: &'a Analysis,
    phases: &'a Phases,
    /// The one that is being lowered.
    phase: usize,
    /// A block is a row, or a part of one.
    one_row: bool,
    /// A block has all rows of some columns.
    in_strips: bool,
    /// Rows are cut into several blocks.
    cut: bool,
    one_column: bool,
    steps: Steps<T>,
    /// Where each value stands, for each kind that an operation has asked for.
    places: Vec<[Option<Site>; 4]>,
}

impl<T: Scalar> Lowering<'_, T> {
    /// Goes on to a phase. What has one number per row and lives within a block must be brought there anew.
    fn begin(&mut self, phase: usize) {
        self.phase = phase;
        for (places, kind) in self.places.iter_mut().zip(&self.analysis.kinds) {
            if *kind == Kind::Row {
                *places = [None; 4];
            }
        }
    }

    /// The steps for each block.
    fn block(&mut self) -> &mut Vec<MicroOp<T>> {
        &mut self.steps.phases[self.phase].block
    }

    /// Lowers value `i`, its operands being lowered.
    fn value(&mut self, i: usize) {
        let kind = self.analysis.kinds[i];
        let action = match self.nodes[i] {
            Node::Constant(_) => return,
            Node::Input(k) => Action::Load(k),
            Node::Gather(k, index) => Action::Gather(k, index),
            Node::IsAt(index, numbers) => Action::IsAt(index, numbers),
            Node::Product(p) => {
                let out = self.for_piece();
                self.places[i][Kind::Full as usize] = Some(out);
                self.steps.piece.push(MicroOp { kind, action: Action::Product(p), out });
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
        let out = if kind == Kind::Full && self.phases.outlives(i) {
            self.for_piece()
        } else {
            self.register(kind, kind != Kind::Full)
        };
        self.places[i][kind as usize] = Some(out);
        let step = MicroOp { kind, action, out };
        let phase = &mut self.steps.phases[self.phase];
        let of_strip = self.in_strips && kind == Kind::Column;
        match () {
            () if of_strip && step.is_load() => phase.head_loads.push(step),
            () if of_strip => phase.head.push(step),
            () if !kind.varies_by_row() => self.steps.round.push(step),
            () if step.is_load() => phase.loads.push(step),
            () if self.cut && self.analysis.follows_row[i] => self.steps.row_end.push(step),
            () => phase.block.push(step),
        }
    }

    /// Joins the blocks, and in the next phase what was joined side by side.
    fn reduce_rows(&mut self, i: usize, f: Reduce, x: Value) {
        let x = self.place(x, Kind::Full);
        let sums = self.register(Kind::Full, true);
        let action = Action::Accumulate(f, x);
        self.block().push(MicroOp { kind: Kind::Full, action, out: sums });
        let out = self.register(Kind::Column, true);
        self.places[i][Kind::Column as usize] = Some(out);
        let action = Action::ReduceRows(f, sums);
        let next = &mut self.steps.phases[self.phase + 1];
        next.head.push(MicroOp { kind: Kind::Column, action, out });
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
            self.block().push(whole);
        } else {
            let partial = self.register(Kind::Chunks, true);
            let Site::Register(number) = partial else {
                unreachable!("a register is in a register")
            };
            self.block().push(MicroOp { out: Site::Chunk(number), ..whole });
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
        let phase = &mut steps.phases[self.phase];
        match kind {
            Kind::Column => phase.head.push(step),
            _ if self.cut && output.per_row => steps.row_end.push(step),
            _ => phase.block.push(step),
        }
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
        if self.analysis.kinds[x.index()] == kind
            && !matches!(self.nodes[x.index()], Node::Constant(_))
        {
            // Of a phase before.
            self.value(x.index());
            return self.places[x.index()][kind as usize].expect("the value has been lowered");
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
                let out = self.register(kind, true);
                let step = MicroOp { kind, action: Action::Tile(place), out };
                self.steps.phases[self.phases.ready(x.index())].head.push(step);
                out
            }
            Kind::Column if self.one_row => match place {
                Site::Register(number) => Site::Window(number),
                other => other,
            },
            Kind::Column => self.step_in_round(kind, Action::Tile(place)),
            Kind::Row => {
                let out = self.register(kind, false);
                self.block().push(MicroOp { kind, action: Action::Spread(place), out });
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
        self.steps.registers.push(Register { kind, kept, of_piece: false });
        Site::Register(self.steps.registers.len() - 1)
    }

    fn for_piece(&mut self) -> Site {
        self.steps.registers.push(Register { kind: Kind::Full, kept: true, of_piece: true });
        Site::Piece(self.steps.registers.len() - 1)
    }

    fn window(&mut self, kind: Kind) -> Site {
        self.steps.registers.push(Register { kind, kept: true, of_piece: false });
        Site::Window(self.steps.registers.len() - 1)
    }
}
