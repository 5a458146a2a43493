//! Update rules as recorded mathematics: their steps in a graph are those of the optimizer, and can be differentiated.

use cotangent::optim::{
    AdaBelief, Adadelta, Adafactor, Adagrad, Adamax, AmsGrad, Asgd, Lamb, Lion, Muon, NAdam,
    Nesterov, NovoGrad, Optim, RAdam, RmsProp, Rprop, Rule, Unrolled, Yogi,
};
use cotangent::prelude::*;

/// Two weights, of which the loss is no simple function.
fn params() -> (Params<f64>, [Param; 2]) {
    let mut params = Params::with_seed(0);
    let mut root = params.root();
    let w = root.parameter("w", array![[0.3, -0.7, 0.2], [0.9, 0.1, -0.4]].into_dyn());
    let b = root.parameter("b", array![[0.5, -0.2, 0.8]].into_dyn());
    (params, [w, b])
}

fn loss<'g>(g: &'g Graph, [w, b]: &[Param; 2]) -> Var<'g> {
    let x = g.constant(array![[1.0, 2.0], [-0.5, 0.3], [0.2, -1.0]]);
    let answer = (x.matmul(g.param(w)) + g.param(b)).tanh();
    (answer - g.constant(array![[0.5, -0.5, 0.2]])).square().mean()
}

/// The weights after some steps of the optimizer, one after the other.
fn optimized<R: Rule>(mut optimizer: Optim<R, f64>, steps: usize) -> Vec<f64> {
    let (mut params, weights) = params();
    let mut step = Step::new(move |g, []| loss(g, &weights));
    for _ in 0..steps {
        step.run(&mut params, ()).unwrap();
        optimizer.step(&mut params, step.gradients()).unwrap();
    }
    params.trainable().to_vec()
}

/// The loss after some steps that are recorded, and where they led.
fn recorded<'g, R: Rule>(
    g: &'g Graph,
    weights: &[Param; 2],
    mut descent: Unrolled<'g, R>,
    steps: usize,
) -> (Var<'g>, Unrolled<'g, R>) {
    let bound = |at: &[Var<'g>]| {
        let bindings = [(&weights[0], at[0]), (&weights[1], at[1])];
        g.rebind(&bindings, || loss(g, weights))
    };
    for _ in 0..steps {
        let at = descent.weights().to_vec();
        let gradients = Gradient::of(bound(&at)).with_respect_to(&at).unwrap();
        descent.step(&gradients);
    }
    (bound(descent.weights()), descent)
}

fn values(g: &Graph, params: &Params<f64>, of: &[Var<'_>]) -> Vec<f64> {
    let values = cotangent::Evaluator::new(g).params(params).run(of).unwrap();
    values.into_iter().flat_map(|value| value.into_real()).collect()
}

fn agrees<R: Rule>(optimizer: Optim<R, f64>) {
    let (params, weights) = params();
    let g = Graph::new();
    let start = weights.each_ref().map(|w| g.param(w));
    let (_, descent) = recorded(&g, &weights, optimizer.unrolled(&g, &start), 4);
    let unrolled = values(&g, &params, descent.weights());
    for (a, b) in unrolled.iter().zip(optimized(optimizer, 4)) {
        assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{}: {a} against {b}", R::NAME);
    }
}

#[test]
fn recorded_steps_are_those_of_the_optimizer() {
    agrees(AdaBelief::new(0.01));
    agrees(Adadelta::new(1.0).weight_decay(0.1));
    agrees(Adafactor::new(0.01));
    agrees(Adagrad::new(0.1));
    agrees(Adam::new(0.01).weight_decay(0.1));
    agrees(Adam::adamw(0.01).lecture());
    agrees(Adamax::new(0.01));
    agrees(AmsGrad::new(0.01));
    agrees(Asgd::new(0.1));
    agrees(Lamb::new(0.01));
    agrees(Lion::new(0.01).decoupled_weight_decay(0.1));
    agrees(Muon::new(0.01));
    agrees(NAdam::new(0.01));
    agrees(Nesterov::new(0.05, 0.9));
    agrees(NovoGrad::new(0.01));
    agrees(RAdam::new(0.01));
    agrees(RmsProp::new(0.01).momentum(0.5).centred());
    agrees(Rprop::new(0.01));
    agrees(Sgd::new(0.1).momentum(0.9).nesterov().decoupled_weight_decay(0.01));
    agrees(Yogi::new(0.01));
}

/// The loss after five steps of descent with momentum at a learning rate, by the optimizer itself.
fn loss_after_five(rate: f64) -> f64 {
    let (mut params, weights) = params();
    let optimizer = Sgd::new(rate).momentum(0.9).decoupled_weight_decay(0.01);
    params.trainable_mut().copy_from_slice(&optimized(optimizer, 5));
    let g = Graph::new();
    values(&g, &params, &[loss(&g, &weights)])[0]
}

#[test]
fn a_learning_rate_is_trained_by_the_loss_after_five_steps() {
    let (params, weights) = params();
    let g = Graph::new();
    let rate = g.input("rate", []);
    let start = weights.each_ref().map(|w| g.param(w));
    let sgd = Sgd::<f64>::new(0.1).momentum(0.9).decoupled_weight_decay(0.01);
    let descent = sgd.unrolled(&g, &start).learning_rate(rate);
    let (after, _) = recorded(&g, &weights, descent, 5);
    let mut program = cotangent::Program::compile(&[after, after.grad(rate)], &params);
    let mut at = |rate: f64| {
        let fed = ndarray::arr0(rate);
        program.run(&params, &[(&fed).into()], cotangent::Seed::default()).unwrap();
        [0, 1].map(|output| program.output(output)[[]])
    };

    let (h, [value, slope]) = (1e-5, at(0.1));
    let difference = (loss_after_five(0.1 + h) - loss_after_five(0.1 - h)) / (2.0 * h);
    assert!((value - loss_after_five(0.1)).abs() < 1e-12);
    assert!((slope - difference).abs() < 1e-7, "{slope} against {difference}");

    let mut rate = 0.02;
    for _ in 0..30 {
        rate -= 0.1 * at(rate)[1];
    }
    assert!(rate > 0.05 && loss_after_five(rate) < 0.8 * loss_after_five(0.02), "{rate}");
}

#[test]
fn a_beginning_is_trained_by_the_loss_after_steps_from_there() {
    let (params, weights) = params();
    let g = Graph::new();
    let start = weights.each_ref().map(|w| g.param(w));
    let adam = Adam::<f64>::new(0.05);
    let (after, _) = recorded(&g, &weights, adam.unrolled(&g, &start), 3);
    let gradient = Gradient::of(after).with_respect_to(&start).unwrap();
    let gradient = values(&g, &params, &gradient);
    for (i, slope) in gradient.iter().enumerate() {
        let h = 1e-5;
        let at = |change: f64| {
            let mut moved = params.clone();
            moved.trainable_mut()[i] += change;
            values(&g, &moved, &[after])[0]
        };
        let difference = (at(h) - at(-h)) / (2.0 * h);
        assert!((slope - difference).abs() < 1e-7, "{i}: {slope} against {difference}");
    }
}

#[test]
#[should_panic(expected = "rebind: \"w\" has shape [2, 3]")]
fn what_stands_for_a_parameter_has_its_shape() {
    let (_, [w, _]) = params();
    let g = Graph::new();
    g.rebind(&[(&w, g.full([3, 2], 0.0))], || ());
}
