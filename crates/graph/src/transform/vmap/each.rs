//! An operation that knows one sample alone, applied to each of many.

use ndarray::Axis;
use smallvec::SmallVec;

use super::batch::Sampled;
use super::replay::cotangents;
use crate::operation::Op;
use crate::short::Short;
use crate::{Args, Cotangents, Graph, Operation, Out, RunResult, Scalar, Shape, Type, Var, View};

/// The plain evaluation of an operation, once for each sample. Its reverse rule is that of the operation, for all samples
/// at once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Each {
    op: Op,
    samples: usize,
    /// Which inputs have the samples along a first axis.
    sampled: SmallVec<[bool; 4]>,
}

impl Each {
    pub fn record<'g>(
        op: &Op,
        graph: &'g Graph,
        samples: usize,
        inputs: &[Sampled<'g>],
    ) -> Var<'g> {
        let sampled = inputs.iter().map(|input| input.each).short();
        let inputs: SmallVec<[Var<'g>; 3]> = inputs.iter().map(|input| input.var).short();
        graph.apply(Self { op: op.clone(), samples, sampled }, &inputs)
    }

    /// The operation on one sample.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Whether there is an input `i` for each sample, and not one for all.
    pub fn is_sampled(&self, i: usize) -> bool {
        self.sampled[i]
    }
}

impl Operation for Each {
    fn name(&self) -> &'static str {
        self.op.name()
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let one = |(input, &each): (&Type, &bool)| {
            let shape = if each { Shape::from(&input.shape[1..]) } else { input.shape.clone() };
            Type { kind: input.kind, shape }
        };
        let of_one: SmallVec<[Type; 3]> = inputs.iter().zip(&self.sampled).map(one).short();
        let Type { kind, shape } = self.op.infer(&of_one)?;
        Ok(Type { kind, shape: shape.inserted(0, self.samples) })
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let sampled = inputs.iter().zip(&self.sampled).map(|(&var, &each)| Sampled { var, each });
        let given: SmallVec<[Sampled<'g>; 3]> = sampled.short();
        cotangents(self.samples, &given, output, v, |inputs, output, v| {
            self.op.vjp(inputs, output, v)
        })
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        for sample in 0..self.samples {
            let view = |i: usize| match (args.view(i), self.sampled[i]) {
                (View::Real(x), true) => View::Real(x.index_axis(Axis(0), sample)),
                (View::Index(x), true) => View::Index(x.index_axis(Axis(0), sample)),
                (view, false) => view.view(),
            };
            let args = Args::new((0..args.len()).map(view).short(), args.seed());
            let mut out = match out {
                Out::Real(out) => Out::Real(out.index_axis_mut(Axis(0), sample)),
                Out::Index(out) => Out::Index(out.index_axis_mut(Axis(0), sample)),
            };
            T::eval(&*self.op, &args, &mut out)?;
        }
        Ok(())
    }
}
