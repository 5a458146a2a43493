//! Compiled steps compute what the plain evaluator does, for every layer and loss.

use approx::assert_relative_eq;
use cotangent::Step;
use cotangent::nn::loss::{BceWithLogits, CrossEntropy};
use cotangent::nn::{
    Activation, BatchNorm, Dropout, LayerNorm, Linear, Loss, Mode, Sequential, l1_penalty,
    l2_penalty, parameters_where,
};
use cotangent::{Evaluator, Gradient, Graph, Params, Var};
use ndarray::{Array2, array};

use crate::sample;

/// A model with every kind of layer, from 3 features to 4.
fn model(params: &mut Params<f64>) -> Sequential {
    let p = &mut params.root();
    Sequential::new()
        .then(Linear::new(3, 8).build(p, "fc1"))
        .then(BatchNorm::new(8).build(p, "bn1"))
        .then(Activation::Gelu)
        .then(Dropout::new(0.25))
        .then(Linear::new(8, 4).bias(false).build(p, "fc2"))
        .then(LayerNorm::new(4).build(p, "ln"))
}

/// Runs a step of the model twice, and compares each run with the plain evaluator: loss, gradients
/// and what is written back.
fn assert_agree(loss: impl for<'g> Fn(&Params<f64>, Var<'g>) -> Var<'g> + Sync) {
    let mut params = Params::<f64>::with_seed(3);
    let model = model(&mut params);
    let of = params.clone();
    let mut step = Step::new(|_, [x]| loss(&of, model.forward(x, Mode::Train)));
    let batch: Array2<f64> = sample(&[6, 3]).into_dimensionality().unwrap();
    for _ in 0..2 {
        let before = params.clone();
        let ours = step.run(&mut params, (&batch,)).unwrap();

        let g = Graph::new();
        let plain = loss(&before, model.forward(g.constant(&batch), Mode::Train));
        let weights: Vec<Var<'_>> = before.trainable_entries().map(|p| g.param(p)).collect();
        let mut outputs = Gradient::of(plain).with_respect_to(&weights).unwrap();
        outputs.push(plain);
        outputs.extend(g.updates().into_iter().map(|(_, var)| var));
        let evaluator = Evaluator::new(&g).params(&before).seed(before.seed());
        let values = evaluator.run(&outputs).unwrap().into_iter();
        let expected: Vec<f64> = values.flat_map(|value| value.into_real().into_iter()).collect();

        let buffers = &params.values()[params.trainable_count()..];
        let ours = [step.gradients().values(), &[ours], buffers].concat();
        assert_relative_eq!(ours[..], expected[..], epsilon = 1e-13, max_relative = 1e-11);
    }
}

#[test]
fn losses_of_labels() {
    let labels = || array![0_i64, 3, 2, 9, 1, 2];
    assert_agree(move |_, y| {
        let loss = CrossEntropy::new().ignore_index(9).weights([1.0, 2.0, 0.5, 3.0]);
        loss.label_smoothing(0.1).of(y, y.graph().constant(labels()))
    });
}

#[test]
fn losses_of_reals() {
    assert_agree(|_, y| {
        let target = y.graph().constant(sample(&[6, 4]));
        y.mse(target) + y.l1(target) + y.huber(target, 0.5)
    });
}

#[test]
fn losses_of_probabilities() {
    assert_agree(|_, y| {
        let p = y.graph().constant(sample(&[6, 4])).softmax(1);
        let weighted = BceWithLogits::new().positive_weight(2.0);
        y.cross_entropy(p) + weighted.of(y, p) + y.log_softmax(1).kl_div(p)
    });
}

#[test]
fn penalties() {
    assert_agree(|params, y| {
        let weights = parameters_where(params, |path| path.ends_with("weight"));
        let g = y.graph();
        y.square().mean() + l1_penalty(g, &weights, 0.1) + l2_penalty(g, &weights, 0.1)
    });
}
