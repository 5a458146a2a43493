//! Recurrent layers: what they promise beyond what PyTorch's do.

mod behaviour;
mod mistakes;

use cotangent::{Evaluator, Params, Var};
use ndarray::{ArrayD, IxDyn};

/// The values of variables of a graph that takes no inputs.
fn values(params: &Params<f64>, vars: &[Var<'_>]) -> Vec<ArrayD<f64>> {
    let values = Evaluator::new(vars[0].graph()).params(params).run(vars).unwrap();
    values.into_iter().map(|value| value.into_real()).collect()
}

/// An array of distinct numbers of either sign, in no order.
fn sample(shape: &[usize]) -> ArrayD<f64> {
    let numbers = (0..shape.iter().product()).map(|i: usize| (i as f64 * 2.399 + 0.7).sin());
    ArrayD::from_shape_vec(IxDyn(shape), numbers.collect()).unwrap()
}
