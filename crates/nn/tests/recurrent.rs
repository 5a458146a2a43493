//! Recurrent layers: against PyTorch, and what they promise beyond.

#[path = "recurrent/behaviour.rs"]
mod behaviour;
#[path = "recurrent/mistakes.rs"]
mod mistakes;
#[path = "recurrent/parity.rs"]
mod parity;

use cotangent::nn::recurrent::Sequence;
use cotangent::nn::{Gru, Lstm, Rnn};
use cotangent::{Evaluator, Params, Var};
use ndarray::{ArrayD, IxDyn};

/// A layer of any kind, with its state as a list.
enum Layer {
    Rnn(Rnn),
    Gru(Gru),
    Lstm(Lstm),
}

/// What a layer answers: its output, then the arrays of its state.
fn listed<'g, S>(read: Sequence<'g, S>, arrays: impl Fn(S) -> Vec<Var<'g>>) -> Vec<Var<'g>> {
    [vec![read.output], arrays(read.state)].concat()
}

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
