//! Recomputing a function in the backward pass instead of keeping its intermediate values.

use std::panic::Location;
use std::sync::Arc;

use smallvec::smallvec;

use super::CustomVjp;
use crate::Lowering;
use crate::error::exactly;
use crate::graph::Bindings;
use crate::ops::{Example, Sample};
use crate::reading::NodeId;
use crate::{
    Args, Batch, Cotangents, Gradient, Graph, Operation, Out, RunResult, Scalar, Type, Var,
};

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
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
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
/// use cotangent::{Graph, transform::checkpoint};
/// use cotangent::ndarray::array;
///
/// let block = checkpoint(|_, x| x[0].sin().exp().square());
/// let g = Graph::new();
/// let x = g.constant(array![0.1, 0.2]);
/// let (kept, again) = (x.sin().exp().square().sum(), block(&g, &[x]).sum());
/// assert_eq!(again.grad(x).eval()?, kept.grad(x).eval()?);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[track_caller]
pub fn checkpoint(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> + Send + Sync + 'static,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let line = (Location::caller(), false);
    let f = Arc::new(f);
    move |graph, inputs| {
        let (streams, bindings) = (graph.streams(), graph.bindings());
        let output = f(graph, inputs);
        let count = inputs.len();
        let used = parameters(output, inputs, &bindings);
        let all: Vec<Var<'_>> = inputs.iter().copied().chain(used).collect();
        let f = Arc::clone(&f);
        let custom = CustomVjp::new("checkpoint", move |all, _, v| {
            let graph = v.graph();
            let again: Vec<Var<'_>> = all[..count].iter().map(|&x| barrier(x)).collect();
            // What stood for parameters then does so again.
            let output =
                graph.replay(streams, || graph.bound(bindings.clone(), || f(graph, &again)));
            let variables: Vec<Var<'_>> = again.iter().chain(&all[count..]).copied().collect();
            let gradient = Gradient::of(output).cotangent(v).zeros_without_path();
            let cotangents = gradient.with_respect_to(&variables);
            let cotangents = cotangents.expect("the cotangent is of the output's type");
            let of_real = |(x, cotangent): (&Var<'_>, _)| x.is_real().then_some(cotangent);
            variables.iter().zip(cotangents).map(of_real).collect()
        });
        graph.on_behalf(line, || custom.around(output, &all))
    }
}

/// The parameters that `output` is computed from otherwise than through `inputs`, or what stands for them.
fn parameters<'g>(output: Var<'g>, inputs: &[Var<'g>], bindings: &Bindings) -> Vec<Var<'g>> {
    let graph = output.graph();
    let is_bound = |id: NodeId| bindings.iter().any(|bound| bound.1 == id);
    let mut seen = std::collections::BTreeSet::new();
    let mut pending = vec![output.id()];
    while let Some(id) = pending.pop() {
        if inputs.iter().all(|input| input.id() != id) && seen.insert(id) && !is_bound(id) {
            pending.extend(graph.node_inputs(id));
        }
    }
    let is_parameter = |&id: &NodeId| {
        is_bound(id) || graph.node(id, |node| matches!(node.op.lower(), Lowering::Parameter(_)))
    };
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
    use ndarray::array;

    #[test]
    fn what_stands_for_a_parameter_does_so_in_the_backward_pass() {
        let mut params = crate::Params::<f64>::with_seed(0);
        let w = params.root().parameter("w", array![3.0].into_dyn());
        let g = Graph::new();
        let weight = w.clone();
        let block = checkpoint(move |g, x| (x[0] * g.param(&weight)).sin());
        let (x, other) = (g.constant(array![0.5]), g.constant(array![0.7]) * 2.0);
        let y = g.rebind(&[(&w, other)], || block(&g, &[x]).sum());
        let expected = array![0.5 * (0.7_f64).cos()].into_dyn();
        assert!((y.grad(other).eval().unwrap() - expected).iter().all(|d| d.abs() < 1e-15));
        assert!(crate::Gradient::of(y).with_respect_to(&[g.param(&w)]).is_err());
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
}
