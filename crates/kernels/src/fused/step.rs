//! The micro-operations that a fused loop is lowered to.

use crate::elementwise::{Binary, Unary};
use crate::reduce::Reduce;

/// Along which of the last two axes a value varies, and with that how many numbers it has in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Along neither: one number.
    Scalar,
    /// Along the columns: one number for each column of the nest, whatever the block.
    Column,
    /// Along the rows: one number for each row of the block.
    Row,
    /// Along both: one number for each position of the block.
    Full,
    /// Not a value's: a partial result for each block of a row that is cut.
    Chunks,
}

impl Kind {
    pub(super) fn new(rows: bool, columns: bool) -> Kind {
        match (rows, columns) {
            (false, false) => Kind::Scalar,
            (false, true) => Kind::Column,
            (true, false) => Kind::Row,
            (true, true) => Kind::Full,
        }
    }

    pub(super) fn varies_by_row(self) -> bool {
        matches!(self, Kind::Row | Kind::Full)
    }

    pub(super) fn varies_by_column(self) -> bool {
        matches!(self, Kind::Column | Kind::Full)
    }

    /// The kind of a result of operands of both kinds.
    pub(super) fn join(self, other: Kind) -> Kind {
        Kind::new(
            self.varies_by_row() || other.varies_by_row(),
            self.varies_by_column() || other.varies_by_column(),
        )
    }
}

/// Where numbers stand. A register has a number at first, and its offset in the register file in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// A register from its beginning.
    Register(usize),
    /// A register as wide as the nest, from the block's first column on.
    Window(usize),
    /// In a register with an element for each block of a row, the one of this block.
    Chunk(usize),
    /// An input, at the block's position.
    Input(usize),
    /// An output, at the block's position.
    Output(usize),
    /// A register as large as a piece, at the block's position.
    Piece(usize),
    /// A register with a number for each column of the block, the same in each row. Only a chain reads it.
    EachRow(usize),
}

impl Site {
    /// Whether it is an input or an output of the program.
    pub(super) fn is_operand(self) -> bool {
        matches!(self, Site::Input(_) | Site::Output(_))
    }

    /// The register that lives within a block, if it is one.
    pub(super) fn block_register(self) -> Option<usize> {
        match self {
            Site::Register(r) => Some(r),
            _ => None,
        }
    }

    /// The register, if it is one.
    pub(super) fn register(&mut self) -> Option<&mut usize> {
        match self {
            Site::Register(r)
            | Site::Window(r)
            | Site::Chunk(r)
            | Site::Piece(r)
            | Site::EachRow(r) => Some(r),
            Site::Input(_) | Site::Output(_) => None,
        }
    }
}

/// What an elementwise operation reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MicroArg<T> {
    /// A number for each of its results.
    Each(Site),
    /// The number at a place, the same for all.
    Splat(Site),
    /// The same number always.
    Constant(T),
}

/// A micro-operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MicroOp<T> {
    /// How many numbers it works on: those of its result, or those that it reduces.
    pub(super) kind: Kind,
    pub(super) action: Action<T>,
    /// Where the result goes.
    pub(super) out: Site,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action<T> {
    /// The input's numbers, gathered.
    Load(usize),
    /// The elements of a table that an input of indices says.
    Gather(usize, usize),
    /// Whether an input of indices says the numbers of the positions.
    IsAt(usize, usize),
    /// The part of a product that belongs to the piece.
    Product(usize),
    Unary(Unary, MicroArg<T>),
    Binary(Binary, MicroArg<T>, MicroArg<T>),
    Select(MicroArg<T>, MicroArg<T>, MicroArg<T>),
    /// The first, and the product of the others added; only in chains.
    AddProduct(MicroArg<T>, MicroArg<T>, MicroArg<T>),
    /// The number of each row, all along it.
    Spread(Site),
    /// The row of numbers, in each row.
    Tile(Site),
    /// The same number everywhere.
    Fill(MicroArg<T>),
    /// The reduction of each row.
    ReduceLast(Reduce, Site),
    /// The reduction of each column.
    ReduceRows(Reduce, Site),
    /// The same numbers, in an output.
    Store(Site),
    /// The same numbers, as a link of a chain moves them.
    Move(Site),
    /// The numbers joined to those of the blocks before.
    Accumulate(Reduce, Site),
    /// A chain of elementwise operations, by its number among those of the loop. Nothing else of this step counts.
    Chain(usize),
}

impl<T> MicroOp<T> {
    /// The places that are read.
    pub(super) fn reads(&mut self) -> impl Iterator<Item = &mut Site> {
        use Action::{
            Accumulate, AddProduct, Binary, Chain, Fill, Gather, IsAt, Load, Move, Product,
            ReduceLast, ReduceRows, Select, Spread, Store, Tile, Unary,
        };
        let places = match &mut self.action {
            Load(_) | Gather(..) | IsAt(..) | Product(_) | Chain(_) => [None, None, None],
            Spread(x)
            | Tile(x)
            | ReduceLast(_, x)
            | ReduceRows(_, x)
            | Store(x)
            | Move(x)
            | Accumulate(_, x) => [Some(x), None, None],
            Unary(_, x) | Fill(x) => [x.place(), None, None],
            Binary(_, a, b) => [a.place(), b.place(), None],
            Select(x, a, b) | AddProduct(x, a, b) => [x.place(), a.place(), b.place()],
        };
        places.into_iter().flatten()
    }

    /// Whether it does the same at each position, and nothing else.
    pub(super) fn is_of_each_position(&self) -> bool {
        let of_position =
            self.is_elementwise() || self.is_load() || matches!(self.action, Action::Store(_));
        self.kind == Kind::Full && of_position
    }

    /// Whether it reads inputs.
    pub(super) fn is_load(&self) -> bool {
        matches!(self.action, Action::Load(_) | Action::Gather(..) | Action::IsAt(..))
    }

    /// Whether each number of the result depends on the operands' numbers of the same position alone.
    pub(super) fn is_elementwise(&self) -> bool {
        use Action::{AddProduct, Binary, Select, Unary};
        matches!(self.action, Unary(..) | Binary(..) | Select(..) | AddProduct(..))
    }
}

impl<T> MicroArg<T> {
    fn place(&mut self) -> Option<&mut Site> {
        match self {
            MicroArg::Each(place) | MicroArg::Splat(place) => Some(place),
            MicroArg::Constant(_) => None,
        }
    }
}
