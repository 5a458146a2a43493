//! What a program consists of.

use std::ops::Range;
use std::panic::Location;

use smallvec::SmallVec;

use graph::Op;
use graph::{Kind, Shape};

/// An instruction writes at most this many values, so that running it needs no heap.
pub(crate) const MAX_OUTPUTS: usize = 12;

/// A fused loop has at most this many operations.
pub(crate) const MAX_MEMBERS: usize = 192;

/// A fused loop reads at most this many values, so that running it needs no heap: m operations of up to three
/// operands, of which r are for outputs, make at least m − r of the operands themselves, and leave 2m + r to be read.
pub(crate) const MAX_INPUTS: usize = 2 * MAX_MEMBERS + MAX_OUTPUTS;

/// Where a value lies when the program runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Memory {
    /// In the arena of reals.
    Real(Range<usize>),
    /// In the arena of indices.
    Index(Range<usize>),
    /// Among the parameters.
    Param(Range<usize>),
    /// Among the constants of reals.
    Constant(Range<usize>),
    /// Among the constants of indices.
    IndexConstant(Range<usize>),
}

/// An array to be read: strides over the memory.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub memory: Memory,
    pub shape: Shape,
    pub strides: SmallVec<[usize; 4]>,
}

/// One step of a program.
#[derive(Clone, Debug)]
pub(crate) struct Instruction<T> {
    pub action: Action<T>,
    /// The line that recorded the last of its values.
    pub location: &'static Location<'static>,
    pub cost: Cost,
}

/// What an instruction is, for people, and what it costs at least.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    /// The operations, in order.
    pub operations: Vec<&'static str>,
    /// What the instruction runs over, as it reads: an array's shape, or a matrix product.
    pub over: String,
    /// Whether a reverse rule recorded it.
    pub backward: bool,
    /// Floating point operations, each function counted as one.
    pub flops: usize,
    /// Bytes read and written, each array once.
    pub bytes: usize,
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub(crate) enum Action<T> {
    /// A fused loop.
    Fused {
        program: Box<kernels::Fused<T>>,
        inputs: SmallVec<[FusedInput; 6]>,
        /// Ranges of the arena of reals.
        outputs: SmallVec<[Range<usize>; 4]>,
    },
    /// Matrix products, one for each position of the batch.
    MatMul(Box<MatMul>),
    /// A plain evaluation.
    Plain { op: Op, inputs: SmallVec<[Operand; 3]>, output: Memory, kind: Kind, shape: Shape },
}

/// Where a fused loop reads.
#[derive(Clone, Debug)]
pub(crate) enum FusedInput {
    Memory(Memory),
    /// What stands in the output of this position before the loop.
    Output(usize),
}

/// Matrix products [rows, depth] · [depth, columns].
#[derive(Clone, Debug)]
pub(crate) struct MatMul {
    pub a: Factor,
    pub b: Factor,
    pub output: Range<usize>,
    /// The extents of the axes before the last two.
    pub batch: Shape,
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
}

/// A factor: strides along the batch axes, the rows and the columns.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    pub memory: Memory,
    pub batch: SmallVec<[usize; 4]>,
    pub row: usize,
    pub column: usize,
}

impl<T: kernels::Scalar> Instruction<T> {
    /// Whether a pool's threads share it; which number of threads there is makes no difference to the
    /// result.
    pub fn is_shared(&self) -> bool {
        match &self.action {
            Action::Fused { program, .. } => program.is_shared(),
            Action::MatMul(product) => {
                kernels::is_shared(product.rows, product.depth, product.columns)
            }
            Action::Plain { .. } => false,
        }
    }
}

impl Memory {
    pub fn range(&self) -> &Range<usize> {
        match self {
            Memory::Real(range)
            | Memory::Index(range)
            | Memory::Param(range)
            | Memory::Constant(range)
            | Memory::IndexConstant(range) => range,
        }
    }
}
