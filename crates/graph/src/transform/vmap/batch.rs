//! What an operation is told when it is to be applied to many samples at once.

use smallvec::SmallVec;

use crate::operation::Op;
use crate::shape::resolve_axis;
use crate::short::Short;
use crate::{Axes, Graph, Operation, Shape, Type, Var, keep};

/// A value of the body of a [`vmap`](crate::transform::vmap): the same for all samples, or one for each of them along a
/// first axis.
#[derive(Clone, Copy)]
pub(crate) struct Sampled<'g> {
    pub var: Var<'g>,
    /// Whether there is one for each sample.
    pub each: bool,
}

/// The inputs of an operation that is to be applied to many samples at once: see
/// [`Operation::batch`](crate::Operation::batch), which has an example.
pub struct Batch<'a, 'g> {
    graph: &'g Graph,
    samples: usize,
    inputs: &'a [Sampled<'g>],
}

impl<'a, 'g> Batch<'a, 'g> {
    pub(super) fn new(graph: &'g Graph, samples: usize, inputs: &'a [Sampled<'g>]) -> Self {
        Self { graph, samples, inputs }
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The number of inputs.
    pub(crate) fn count(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is an input `i` for each sample, and not one for all.
    pub fn is_sampled(&self, i: usize) -> bool {
        self.inputs[i].each
    }

    /// Input `i`: with the samples along a first axis if it [is sampled](Self::is_sampled), and else as it is.
    pub fn given(&self, i: usize) -> Var<'g> {
        self.inputs[i].var
    }

    /// Input `i` with the samples along a first axis, along which it is repeated if it is one for all.
    pub fn each(&self, i: usize) -> Var<'g> {
        self.inputs[i].for_each(self.samples)
    }

    /// The type of input `i` of one sample.
    pub fn ty(&self, i: usize) -> Type {
        let Type { kind, shape } = self.given(i).ty();
        let shape = if self.is_sampled(i) { Shape::from(&shape[1..]) } else { shape };
        Type { kind, shape }
    }

    /// Records an operation on all inputs with the samples along a first axis.
    pub fn apply(&self, operation: impl Operation) -> Var<'g> {
        self.apply_op(Op::new(operation))
    }

    /// Of an operation of any type, so that this is compiled once.
    fn apply_op(&self, op: Op) -> Var<'g> {
        let inputs: SmallVec<[Var<'g>; 3]> = (0..self.count()).map(|i| self.each(i)).short();
        self.graph.apply_op(op, &inputs)
    }

    /// Records an operation whose inputs broadcast from the last axis on: the samples stand before the axes of all.
    pub fn apply_aligned(&self, operation: impl Operation) -> Var<'g> {
        self.apply_op_aligned(Op::new(operation))
    }

    /// Of an operation of any type, so that this is compiled once.
    fn apply_op_aligned(&self, op: Op) -> Var<'g> {
        let rank = (0..self.count()).map(|i| self.ty(i).shape.rank()).max().unwrap_or(0);
        let aligned =
            |i: usize| if self.is_sampled(i) { self.padded(i, rank) } else { self.given(i) };
        let inputs: SmallVec<[Var<'g>; 3]> = (0..self.count()).map(aligned).short();
        self.graph.apply_op(op, &inputs)
    }

    /// Input `i` with the samples in front, and axes of extent 1 behind them until a sample has this rank.
    pub(crate) fn padded(&self, i: usize, rank: usize) -> Var<'g> {
        let (x, own) = (self.each(i), self.ty(i).shape);
        if own.rank() == rank {
            return x;
        }
        let ones = vec![1; rank - own.rank()];
        x.reshape_to([&[self.samples][..], &ones, &own].concat())
    }

    /// An axis of a sample of input `i`, counted where the samples are in front.
    pub fn axis(&self, i: usize, axis: isize) -> isize {
        let rank = self.ty(i).shape.rank();
        resolve_axis(axis, rank).expect("the shape rule checked the axis") as isize + 1
    }

    /// Axes of a sample of input `i`, counted where the samples are in front.
    pub fn axes(&self, i: usize, axes: &Axes) -> Axes {
        let resolved =
            axes.resolve(self.ty(i).shape.rank()).expect("the shape rule checked the axes");
        let behind: SmallVec<[isize; 4]> = resolved.iter().map(|&axis| axis as isize + 1).short();
        if axes.keeps() { keep(&behind[..]) } else { Axes::from(&behind[..]) }
    }
}

impl<'g> Sampled<'g> {
    /// One for each sample, along a first axis.
    pub fn for_each(self, samples: usize) -> Var<'g> {
        if self.each {
            return self.var;
        }
        self.var.broadcast_to(self.var.shape().inserted(0, samples))
    }
}
