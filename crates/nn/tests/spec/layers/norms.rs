//! Normalisations of images: what they need of them, and what they know of the precision.

use cotangent::nn::batch_norm::{Average, Running};
use cotangent::nn::{InstanceNorm, Mode, RmsNorm};
use cotangent::{Function, Graph, Params};
use ndarray::{ArrayD, IxDyn, array};

use crate::{sample, step, value};

/// What a training step counts under a convention.
fn counted(running: Running) -> f64 {
    let mut params = Params::<f64>::with_seed(0);
    let norm = InstanceNorm::new(3).running(running).build(&mut params.root(), "norm");
    let g = Graph::new();
    norm.forward(g.constant(sample(&[2, 3, 4])), Mode::Train);
    step(&mut params, &g);
    assert!(
        params.get(norm.running.as_ref().unwrap().mean.id()).unwrap().iter().all(|&x| x != 0.0)
    );
    params.get(norm.running.unwrap().batches.id()).unwrap()[[]]
}

#[test]
fn instance_norm_counts_batches_where_its_convention_needs_the_number() {
    assert_eq!(counted(Running::torch()), 0.0);
    assert_eq!(counted(Running::torch().average(Average::Cumulative)), 1.0);
    assert_eq!(counted(Running::lecture().bias_correction(true)), 1.0);
}

#[test]
fn running_statistics_normalise_an_image_of_one_position() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = InstanceNorm::new(3).running(Running::torch()).build(&mut params.root(), "norm");
    let running = norm.running.as_ref().unwrap();
    params.set(running.mean.id(), array![1.0, 2.0, 3.0].into_dyn().view()).unwrap();
    params.set(running.variance.id(), array![4.0, 4.0, 1.0].into_dyn().view()).unwrap();
    let g = Graph::new();
    let x = g.constant(ArrayD::from_elem(IxDyn(&[1, 3, 1, 1]), 3.0));
    let y = value(&params, norm.forward(x, Mode::Eval));
    let expected = [1.0, 0.5, 0.0];
    assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-5), "{y}");
}

#[test]
fn the_default_epsilon_of_rms_norm_is_that_of_the_precision() {
    macro_rules! normalised {
        ($float:ident) => {{
            let mut params = Params::<$float>::with_seed(0);
            let norm = RmsNorm::new(2).build(&mut params.root(), "norm");
            let x: $float = 1e-5;
            let mut compiled = Function::new(|_, [x]| norm.forward(x));
            let compiled = compiled.run(&params, (&array![[x, x]],)).unwrap()[[0, 0]];
            let expected = x / (x * x + $float::EPSILON).sqrt();
            assert!((compiled - expected).abs() <= 4.0 * $float::EPSILON * expected);
            let g = Graph::new();
            let y = norm.forward(g.constant(array![[1e-5, 1e-5]]));
            let plain = cotangent::Evaluator::new(&g).params(&params).run(&[y]).unwrap();
            let plain = plain[0].clone().into_real()[[0, 0]];
            assert!((plain - expected).abs() <= 4.0 * $float::EPSILON * expected);
        }};
    }
    normalised!(f32);
    normalised!(f64);
}
