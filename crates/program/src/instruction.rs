//! What a program consists of.

use std::ops::Range;
use std::panic::Location;

use smallvec::{SmallVec, smallvec};

use crate::chosen::Chosen;
use crate::compile::Cut;
use crate::looped::Loop;
use crate::nested::Nested;
use crate::repeated::Repeated;
use graph::Op;
use graph::{Kind, Place, Shape};

/// An instruction writes at most this many values, so that running it needs no heap.
pub(crate) const MAX_OUTPUTS: usize = 12;

/// A fused loop has at most this many operations.
pub(crate) const MAX_MEMBERS: usize = 192;

/// A fused loop reads at most this many values, so that running it needs no heap: m operations of up to three
/// operands, of which r are for outputs, make at least m − r of the operands themselves, and leave 2m + r to be read.
pub(crate) const MAX_INPUTS: usize = 2 * MAX_MEMBERS + MAX_OUTPUTS;

/// Where a value lies when the program runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// In the caller's slice of this position.
    Lent(usize, Range<usize>),
}

/// An array to be read: a place in the memory.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub memory: Memory,
    pub place: Place,
}

/// A value that is written: all over some memory, or in a place in it.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub memory: Memory,
    /// Where in the memory, if it is a part.
    pub part: Option<Place>,
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
    /// Whether a reverse rule recorded the first of its operations: a loop of the forward pass may go on with what only the
    /// backward pass needs.
    pub begins_backward: bool,
    /// Whether one recorded the last of its values.
    pub backward: bool,
    /// Floating point operations, each function counted as one.
    pub flops: usize,
    /// Bytes read and written, each array once.
    pub bytes: usize,
    /// Why it is none with the loop whose results it reads, where a limit says so.
    pub cut: Option<Cut>,
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub(crate) enum Action<T> {
    /// A fused loop.
    Fused {
        program: Box<kernels::Fused<T>>,
        inputs: SmallVec<[FusedInput; 6]>,
        /// What is written, each with one output or several.
        slots: SmallVec<[Memory; 4]>,
        outputs: Vec<Written>,
        /// The products that it computes, whose factors are the last inputs.
        products: Vec<LoopProduct>,
    },
    /// A product summed over axes of both factors.
    Contract(Box<Product<T>>),
    /// The second factor of contractions, in panels.
    Pack { contraction: kernels::Contraction<T>, from: Memory, to: Range<usize> },
    /// Zeros in ranges of the arena of reals, one after the other.
    Zero(Vec<Range<usize>>),
    /// Elements added or put where indices say, on `base`.
    Scatter { scatter: Box<kernels::Scatter>, base: Base<T>, reads: [Memory; 2], to: Memory },
    /// Arrays added to each other in their places among zeros.
    Overlay { parts: Vec<(kernels::Scatter, Memory)>, to: Memory },
    /// Where extrema stand.
    Position { search: Box<kernels::ArgExtremum>, from: Memory, to: Range<usize> },
    /// A loop over steps.
    Loop(Box<Loop<T>>),
    /// A loop that ends by a condition.
    Repeated(Box<Repeated<T>>),
    /// One of two bodies.
    Chosen(Box<Chosen<T>>),
    /// A plain evaluation.
    Plain { op: Op, inputs: SmallVec<[Operand; 3]>, output: Memory, kind: Kind, shape: Shape },
}

/// What an array is before elements are written to it.
#[derive(Clone, Debug)]
pub(crate) enum Base<T> {
    Number(T),
    /// An array, which is put there first.
    Copy(Box<kernels::Scatter>, Memory),
    /// What lies there.
    Own,
}

/// Where an instruction reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FusedInput {
    Memory(Memory),
    /// In the slot of this position, before the instruction.
    Output(usize),
}

/// A product of a fused loop.
#[derive(Clone, Debug)]
pub(crate) struct LoopProduct {
    /// The position of the second factor among the inputs.
    pub second: usize,
    /// As of [`Product`].
    pub form: Vec<isize>,
}

/// A contraction with where its factors and its result lie.
#[derive(Clone, Debug)]
pub(crate) struct Product<T> {
    pub contraction: kernels::Contraction<T>,
    pub factors: [FusedInput; 2],
    pub output: Written,
    /// Extents and strides: what contractions of one form agree in.
    pub form: Vec<isize>,
    /// Where the second factor lies in panels, if it was packed before.
    pub packed: Option<Range<usize>>,
}

impl Cost {
    /// Counts what the bodies of an instruction do: all steps of a loop; a step, if their number is not known; the dearer of
    /// two.
    pub fn count<T>(&mut self, action: &Action<T>) {
        let each = |nested: &Nested<T>, of: fn(&Cost) -> usize| {
            let costs = nested.instructions.iter().map(|instruction| of(&instruction.cost));
            costs.fold(0, usize::saturating_add)
        };
        let [flops, bytes] =
            [(|cost| cost.flops) as fn(&Cost) -> usize, |cost| cost.bytes].map(|of| match action {
                Action::Loop(looped) => each(&looped.body, of).saturating_mul(looped.steps),
                Action::Repeated(repeated) => {
                    each(&repeated.condition, of).saturating_add(each(&repeated.body, of))
                }
                Action::Chosen(chosen) => each(&chosen.yes, of).max(each(&chosen.no, of)),
                _ => 0,
            });
        self.over = match action {
            Action::Loop(looped) => format!("{} steps", looped.steps),
            Action::Repeated(_) => "each step".to_owned(),
            Action::Chosen(_) => "one of two".to_owned(),
            _ => return,
        };
        (self.flops, self.bytes) = (flops, bytes);
    }
}

impl<T> Action<T> {
    /// The bodies of an instruction, each with what it is of it, if it has several.
    pub fn bodies(&self) -> SmallVec<[(&'static str, &Nested<T>); 2]> {
        match self {
            Action::Loop(looped) => smallvec![("", &looped.body)],
            Action::Repeated(repeated) => {
                smallvec![("while", &repeated.condition), ("do", &repeated.body)]
            }
            Action::Chosen(chosen) => smallvec![("yes", &chosen.yes), ("no", &chosen.no)],
            _ => SmallVec::new(),
        }
    }
}

impl<T: kernels::Scalar> Instruction<T> {
    /// Whether a pool's threads share it; which number of threads there is makes no difference to the
    /// result.
    pub fn is_shared(&self) -> bool {
        match &self.action {
            Action::Fused { program, .. } => program.is_shared(),
            Action::Contract(product) => product.contraction.is_shared(),
            Action::Scatter { scatter, base: Base::Copy(copy, _), .. } => {
                scatter.is_shared() || copy.is_shared()
            }
            Action::Scatter { scatter, .. } => scatter.is_shared(),
            Action::Overlay { parts, .. } => parts.iter().any(|(part, _)| part.is_shared()),
            Action::Position { search, .. } => search.is_shared(),
            Action::Loop(_) | Action::Repeated(_) | Action::Chosen(_) => {
                let bodies = self.action.bodies();
                bodies.iter().any(|(_, body)| body.instructions.iter().any(Self::is_shared))
            }
            Action::Pack { .. } | Action::Zero(_) | Action::Plain { .. } => false,
        }
    }
}

impl Memory {
    /// The range of the arena of reals, if it is one.
    pub fn real(&self) -> Option<&Range<usize>> {
        match self {
            Memory::Real(range) => Some(range),
            _ => None,
        }
    }

    /// Whether indices lie there.
    pub fn is_of_indices(&self) -> bool {
        matches!(self, Memory::Index(_) | Memory::IndexConstant(_))
    }

    pub fn range(&self) -> &Range<usize> {
        match self {
            Memory::Real(range)
            | Memory::Index(range)
            | Memory::Param(range)
            | Memory::Constant(range)
            | Memory::IndexConstant(range)
            | Memory::Lent(_, range) => range,
        }
    }
}
