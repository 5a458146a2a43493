//! One parameter in two layers.

use cotangent::nn::{Conv2d, ConvTranspose2d, Linear};
use cotangent::{Gradient, Graph, Params};

use crate::{sample, values};

#[test]
fn a_weight_that_two_layers_share_gets_the_gradients_of_both() {
    let mut params = Params::<f64>::with_seed(0);
    let first = Linear::new(3, 3).build(&mut params.root(), "first");
    let mut second = Linear::new(3, 3).build(&mut params.root(), "second");
    let own = second.weight.clone();
    params.set(own.id(), params.get(first.weight.id()).unwrap().to_owned().view()).unwrap();

    let g = Graph::new();
    let x = g.constant(sample(&[4, 3]));
    let apart = second.forward(first.forward(x).tanh()).square().sum();
    let each = Gradient::of(apart).with_respect_to(&[g.param(&first.weight), g.param(&own)]);
    let each = each.unwrap();
    second.weight = first.weight.clone();
    let tied = second.forward(first.forward(x).tanh()).square().sum();
    let shared = tied.grad(g.param(&first.weight));
    let values = values(&params, &[shared, each[0] + each[1]]);
    assert!((&values[0] - &values[1]).iter().all(|error| error.abs() < 1e-12));
}

#[test]
fn a_transpose_with_the_weight_of_a_convolution_is_its_adjoint() {
    let mut params = Params::<f64>::with_seed(0);
    let conv = Conv2d::new(2, 3, 3).stride(2).padding(1).bias(false);
    let conv = conv.build(&mut params.root(), "conv");
    let back = ConvTranspose2d::new(3, 2, 3).stride(2).padding(1).bias(false);
    let mut back = back.build(&mut params.root(), "back");
    back.weight = conv.weight.clone();

    let g = Graph::new();
    let (x, v) = (g.constant(sample(&[2, 2, 5, 7])), g.constant(sample(&[2, 3, 3, 4])));
    let there = (conv.forward(x) * v).sum();
    let values = values(&params, &[there, (x * back.forward(v)).sum()]);
    assert!((values[0][[]] - values[1][[]]).abs() < 1e-12);
}
