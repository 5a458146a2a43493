//! Layers put together.

use std::sync::Arc;

use cotangent::nn::{
    Activation, BatchNorm, Dropout, Flatten, LayerNorm, Linear, Mode, Module, Sequential,
};
use cotangent::{Graph, Params, Var};
use ndarray::array;

use crate::{sample, value};

#[test]
fn a_sequence_applies_its_layers_in_order() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let (fc1, bn1) = (Linear::new(6, 4).build(p, "fc1"), BatchNorm::new(4).build(p, "bn1"));
    let (ln, fc2) = (LayerNorm::new(4).build(p, "ln"), Linear::new(4, 2).build(p, "fc2"));
    let model = Sequential::new()
        .then(Flatten)
        .then(fc1.clone())
        .then(Sequential::new().then(bn1.clone()).then(Activation::Relu))
        .then(ln.clone())
        .then(Dropout::new(0.0))
        .then(fc2.clone());
    let g = Graph::new();
    let x = g.constant(sample(&[5, 2, 3]));
    for mode in [Mode::Train, Mode::Eval] {
        let hidden = bn1.forward(fc1.forward(x.reshape([5, 6])), mode).relu();
        let expected = value(&params, fc2.forward(ln.forward(hidden)));
        assert_eq!(value(&params, model.forward(x, mode)), expected);
    }
}

#[test]
fn no_layers_are_the_identity() {
    let g = Graph::new();
    let x = g.constant(array![1.0, -2.0]);
    let y = Sequential::new().then(Activation::Identity).forward(x, Mode::Train);
    assert_eq!(y.eval().unwrap(), x.eval().unwrap());
    assert_eq!(g.len(), 1);
}

#[test]
fn a_module_of_ones_own_stands_among_layers() {
    #[derive(Debug)]
    struct Double;
    impl Module for Double {
        fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
            if mode == Mode::Train { 2.0 * x } else { x }
        }
    }
    let model = Sequential::new().then(Double).then(Activation::Relu);
    let g = Graph::new();
    let x = g.constant(array![3.0, -1.0]);
    assert_eq!(model.forward(x, Mode::Train).eval().unwrap(), array![6.0, 0.0].into_dyn());
    assert_eq!(model.forward(x, Mode::Eval).eval().unwrap(), array![3.0, 0.0].into_dyn());
}

#[test]
fn every_activation_is_its_function() {
    let g = Graph::new();
    let x = g.constant(sample(&[8]));
    let pairs = [
        (Activation::Identity, x),
        (Activation::Relu, x.relu()),
        (Activation::LeakyRelu(0.2), x.leaky_relu(0.2)),
        (Activation::Elu(0.5), x.elu(0.5)),
        (Activation::Gelu, x.gelu()),
        (Activation::GeluTanh, x.gelu_tanh()),
        (Activation::Silu, x.silu()),
        (Activation::Softplus, x.softplus()),
        (Activation::Tanh, x.tanh()),
        (Activation::Sigmoid, x.sigmoid()),
        (Activation::Mish, x.mish()),
        (Activation::Softsign, x.softsign()),
        (Activation::HardSigmoid, x.hard_sigmoid()),
        (Activation::HardSwish, x.hard_swish()),
    ];
    for (activation, expected) in pairs {
        let y = activation.forward(x).eval().unwrap();
        assert_eq!(y, expected.eval().unwrap(), "{activation:?}");
    }
}

#[test]
fn flatten_keeps_the_axis_of_samples() {
    let g = Graph::new();
    for (shape, expected) in [(vec![4], [4, 1]), (vec![4, 3], [4, 3]), (vec![4, 3, 2], [4, 6])] {
        assert_eq!(Flatten.forward(g.full(shape, 0.0)).shape(), expected.into());
    }
}

#[test]
fn layers_are_send_and_sync() {
    fn assert<T: Send + Sync>() {}
    assert::<Arc<dyn Module>>();
    assert::<Sequential>();
}

#[test]
fn layers_are_found_again_and_put_together_anew() {
    let model = Sequential::new().then(Flatten).then(Dropout::new(0.3)).then(Activation::Relu);
    let is_dropout = |layer: &Arc<dyn Module>| layer.downcast_ref::<Dropout>().is_some();
    assert_eq!(model.layers().iter().map(is_dropout).collect::<Vec<_>>(), [false, true, false]);
    let without: Sequential =
        model.layers().iter().filter(|layer| !is_dropout(layer)).cloned().collect();
    let g = Graph::new();
    let x = g.constant(sample(&[2, 3]));
    let y = without.forward(x, Mode::Train);
    assert_eq!(y.eval().unwrap(), x.relu().eval().unwrap());
}

#[test]
fn no_activation_hides_what_is_no_number() {
    let g = Graph::new();
    let x = g.constant(array![f64::NAN]);
    for activation in [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu(0.2),
        Activation::Elu(0.5),
        Activation::Selu,
        Activation::Celu(0.7),
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Silu,
        Activation::Softplus,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::LogSigmoid,
        Activation::Mish,
        Activation::Softsign,
        Activation::HardSigmoid,
        Activation::HardSwish,
        Activation::HardTanh,
        Activation::Relu6,
        Activation::HardShrink(0.5),
        Activation::SoftShrink(0.5),
        Activation::TanhShrink,
        Activation::Threshold { threshold: 0.5, value: -2.0 },
    ] {
        assert!(activation.forward(x).eval().unwrap()[[0]].is_nan(), "{activation:?}");
    }
}

#[test]
fn kinks_have_the_derivatives_of_pytorch() {
    let g = Graph::new();
    for (activation, at) in [
        (Activation::Relu, 0.0),
        (Activation::HardTanh, 1.0),
        (Activation::HardTanh, -1.0),
        (Activation::Relu6, 0.0),
        (Activation::Relu6, 6.0),
        (Activation::HardShrink(0.5), 0.5),
        (Activation::HardShrink(0.5), -0.5),
        (Activation::SoftShrink(0.5), 0.5),
        (Activation::SoftShrink(0.5), -0.5),
        (Activation::Threshold { threshold: 0.5, value: -2.0 }, 0.5),
    ] {
        let x = g.constant(array![at]);
        let slope = activation.forward(x).sum().grad(x).eval().unwrap()[[0]];
        assert_eq!(slope, 0.0, "{activation:?} at {at}");
    }
}
