//! Recomputing a function in the backward pass instead of keeping its intermediate values.

use std::sync::Arc;

use smallvec::smallvec;

use super::CustomVjp;
use crate::compile::Lowering;
use crate::error::exactly;
use crate::graph::NodeId;
use crate::ops::{Example, Sample};
use crate::{Args, Cotangents, Gradient, Graph, Operation, Out, RunResult, Scalar, Type, Var};

/// The same value as something that no other node is equal to: what is computed from it is not
/// merged with what was computed before. Cotangent: v.
#[derive(Clone, Debug, PartialEq)]
struct Barrier {
    /// Different for every barrier of a graph.
    token: usize,
}

impl Operation for Barrier {
    fn name(&self) -> &'static str {
        "barrier"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v)]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match out {
            Out::Real(out) => out.assign(&args.real(0)),
            Out::Index(out) => out.assign(&args.index(0)),
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Reinterpret
    }
}

fn barrier(x: Var<'_>) -> Var<'_> {
    let token = x.graph().len();
    x.graph().apply(Barrier { token }, &[x])
}

/// The function, with its intermediate values computed again for the backward pass instead of kept
/// since the forward pass: the same values and gradients, in less memory and more time (Griewank,
/// 1992; Chen et al., 2016).
///
/// Random nodes draw the same numbers again, and running statistics are written once. Parameters
/// that the function uses get their gradients as usual.
///
/// ```
/// use graph::{Graph, transform::checkpoint};
/// use ndarray::array;
///
/// let block = checkpoint(|_, x| x[0].sin().exp().square());
/// let g = Graph::new();
/// let x = g.constant(array![0.1, 0.2]);
/// let (kept, again) = (x.sin().exp().square().sum(), block(&g, &[x]).sum());
/// assert_eq!(again.grad(x).eval()?, kept.grad(x).eval()?);
/// # Ok::<(), graph::RunError>(())
/// ```
pub fn checkpoint(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> + Send + Sync + 'static,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let f = Arc::new(f);
    move |graph, inputs| {
        let streams = graph.streams();
        let output = f(graph, inputs);
        let count = inputs.len();
        let all: Vec<Var<'_>> = inputs.iter().copied().chain(parameters(output, inputs)).collect();
        let f = Arc::clone(&f);
        let custom = CustomVjp::new("checkpoint", move |all, _, v| {
            let graph = v.graph();
            let again: Vec<Var<'_>> = all[..count].iter().map(|&x| barrier(x)).collect();
            let output = graph.replay(streams, || f(graph, &again));
            let variables: Vec<Var<'_>> = again.iter().chain(&all[count..]).copied().collect();
            let gradient = Gradient::of(output).cotangent(v).zeros_without_path();
            let cotangents = gradient.with_respect_to(&variables);
            let cotangents = cotangents.expect("the cotangent is of the output's type");
            let of_real = |(x, cotangent): (&Var<'_>, _)| x.is_real().then_some(cotangent);
            variables.iter().zip(cotangents).map(of_real).collect()
        });
        custom.around(output, &all)
    }
}

/// The parameters that `output` is computed from otherwise than through `inputs`.
fn parameters<'g>(output: Var<'g>, inputs: &[Var<'g>]) -> Vec<Var<'g>> {
    let graph = output.graph();
    let mut seen = std::collections::BTreeSet::new();
    let mut pending = vec![output.id()];
    while let Some(id) = pending.pop() {
        if inputs.iter().all(|input| input.id() != id) && seen.insert(id) {
            pending.extend(graph.node_inputs(id));
        }
    }
    let is_parameter =
        |&id: &NodeId| graph.node(id, |node| matches!(node.op.lower(), Lowering::Parameter(_)));
    seen.into_iter().filter(is_parameter).map(|id| Var::new(graph, id)).collect()
}

pub(super) fn examples() -> Vec<Example> {
    let samples = || [Sample::real([2, 3], -1.0..1.0), Sample::real([3, 2], -1.0..1.0)];
    let block = checkpoint(|_, x| x[0].matmul(x[1]).tanh());
    vec![
        Example::new("checkpoint", samples(), move |g, x| block(g, x) * x[0].sum()),
        Example::new("barrier", samples(), |_, x| barrier(x[0].square()).matmul(x[1])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Param, Params, Program, Seed, Step};
    use ndarray::{Array2, array};

    const WIDTH: usize = 64;

    /// Blocks of three layers one after the other, kept or checkpointed.
    fn deep<'g>(x: Var<'g>, w: Var<'g>, blocks: usize, checkpointed: bool) -> Var<'g> {
        let again = checkpoint(|_, x| layers(x));
        (0..blocks).fold(x, |x, _| match checkpointed {
            true => again(x.graph(), &[x, w]),
            false => layers(&[x, w]),
        })
    }

    fn layers<'g>(x: &[Var<'g>]) -> Var<'g> {
        (0..3).fold(x[0], |h, _| h.matmul(x[1]).tanh())
    }

    fn compiled(checkpointed: bool) -> Program<f64> {
        let g = Graph::new();
        let (x, w) = (g.input("x", [32, WIDTH]), g.input("w", [WIDTH, WIDTH]));
        let loss = deep(x, w, 8, checkpointed).square().sum();
        let mut program = Program::compile(&[loss, loss.grad(x)], &Params::with_seed(0));
        let numbers = |rows| {
            let seed = Seed { seed: 1, run: rows as u64 };
            Array2::from_shape_fn((rows, WIDTH), |(i, j)| 0.15 * seed.normal(i as u64, j as u64))
        };
        let (x, w) = (numbers(32), numbers(WIDTH));
        program.run(&Params::with_seed(0), &[(&x).into(), (&w).into()], Seed::default()).unwrap();
        program
    }

    #[test]
    fn the_values_are_the_same_in_less_memory() {
        let (kept, again) = (compiled(false), compiled(true));
        approx::assert_relative_eq!(kept.output(0), again.output(0), max_relative = 1e-12);
        approx::assert_relative_eq!(kept.output(1), again.output(1), max_relative = 1e-9);
        let (before, after) = (kept.arena_bytes(), again.arena_bytes());
        println!("planned memory: {before} bytes kept, {after} bytes checkpointed");
        assert!(2 * after < before + before / 3, "{before} bytes kept, {after} checkpointed");
    }

    #[test]
    fn dropout_draws_the_same_mask_again() {
        let g = Graph::new();
        let x = g.constant(array![1.0, 2.0, 3.0, 4.0]);
        let noisy = checkpoint(|g, x| x[0].square() * g.bernoulli([4], 0.5));
        let other = g.uniform([4], 0.0, 1.0);
        let y = noisy(&g, &[x]);
        let dx = y.sum().grad(x);
        let mask = (y / x.square()).eval().unwrap();
        assert_eq!(dx.eval().unwrap(), (2.0 * x).eval().unwrap() * mask);
        let later = g.uniform([4], 0.0, 1.0);
        assert_ne!(other.eval().unwrap(), later.eval().unwrap());
    }

    fn counted<'g>(g: &'g Graph, x: Var<'g>, w: &Param, count: &Param) -> Var<'g> {
        g.update(count, g.current(count) + 1.0);
        (x * g.param(w)).tanh()
    }

    /// The gradients and the store after one step.
    fn stepped(checkpointed: bool) -> (Vec<f32>, Vec<f32>) {
        let mut params = Params::seeded(0);
        let w = params.root().parameter("w", array![0.5, -0.3].into_dyn());
        let count = params.root().buffer("count", array![0.0].into_dyn());
        let inner = (w.clone(), count.clone());
        let block = checkpoint(move |g, x| counted(g, x[0], &inner.0, &inner.1));
        let mut step = Step::new(move |g, [x]| match checkpointed {
            true => block(g, &[x]).sum(),
            false => counted(g, x, &w, &count).sum(),
        });
        step.run(&mut params, (&array![1.0_f32, 2.0],)).unwrap();
        (step.gradients().values().to_vec(), params.values().to_vec())
    }

    #[test]
    fn parameters_inside_get_their_gradients_and_statistics_are_written_once() {
        assert_eq!(stepped(true), stepped(false));
    }
}
