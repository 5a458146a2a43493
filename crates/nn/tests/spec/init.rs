//! Initial values.

use approx::assert_relative_eq;
use cotangent::nn::Linear;
use cotangent::nn::init::{Fan, Init, Kaiming, Nonlinearity, Orthogonal, Xavier};
use cotangent::{Params, Shape};
use ndarray::{Array2, ArrayD};

fn draw(init: impl Into<Init>, shape: &[usize]) -> ArrayD<f64> {
    let mut params = Params::<f64>::with_seed(7);
    let param = init.into().build(&mut params.root(), "w", Shape::from(shape));
    params.get(param.id()).unwrap().to_owned()
}

/// Mean and standard deviation.
fn moments(values: &ArrayD<f64>) -> (f64, f64) {
    (values.mean().unwrap(), values.std(0.0))
}

#[track_caller]
fn assert_std(init: impl Into<Init>, shape: &[usize], expected: f64) {
    let (mean, std) = moments(&draw(init, shape));
    assert!(mean.abs() < 0.02 * expected, "{mean}");
    assert_relative_eq!(std, expected, max_relative = 0.01);
}

#[test]
fn constants_are_constant() {
    assert!(draw(Init::constant(0.25), &[3, 4]).iter().all(|&x| x == 0.25));
    assert!(draw(Init::zeros(), &[5]).iter().all(|&x| x == 0.0));
    assert!(draw(Init::ones(), &[]).iter().all(|&x| x == 1.0));
}

#[test]
fn moments_are_those_of_the_distributions() {
    let shape = [300, 400];
    let (mean, std) = moments(&draw(Init::uniform(1.0, 3.0), &shape));
    assert!((mean - 2.0).abs() < 0.01 && (std - 1.0 / 3f64.sqrt()).abs() < 0.01);
    let (mean, std) = moments(&draw(Init::normal(5.0, 0.5), &shape));
    assert!((mean - 5.0).abs() < 0.01 && (std - 0.5).abs() < 0.005);
}

#[test]
fn the_truncated_normal_stays_within_its_cuts_with_the_moments_of_theory() {
    let values = draw(Init::truncated_normal(10.0, 3.0), &[300, 400]);
    assert!(values.iter().all(|&x| (4.0..=16.0).contains(&x)));
    let (mean, std) = moments(&values);
    // σ²·(1 − 2·2·φ(2)/(2Φ(2) − 1)).
    assert!((mean - 10.0).abs() < 0.05 && (std / 3.0 - 0.8796).abs() < 0.005, "{mean} {std}");

    // One-sided, from 1 to ∞ in effect: mean φ(1)/(1 − Φ(1)).
    let tail = draw(Init::truncated_normal_between(0.0, 1.0, 1.0, 50.0), &[300, 400]);
    assert!(tail.iter().all(|&x| x >= 1.0));
    assert!((moments(&tail).0 - 1.525_14).abs() < 0.005);

    // From 1 to 2: mean (φ(1) − φ(2))/(Φ(2) − Φ(1)).
    let narrow = draw(Init::truncated_normal_between(0.0, 1.0, -2.0, -1.0), &[300, 400]);
    assert!(narrow.iter().all(|&x| (-2.0..=-1.0).contains(&x)));
    assert!((moments(&narrow).0 + 1.383_16).abs() < 0.005);
}

#[test]
fn xavier_and_kaiming_follow_the_fan() {
    let shape = [300, 500]; // 500 inputs, 300 outputs
    assert_std(Xavier::uniform(), &shape, (2.0 / 800.0_f64).sqrt());
    assert_std(Xavier::normal().gain(3.0), &shape, 3.0 * (2.0 / 800.0_f64).sqrt());
    assert_std(Kaiming::uniform(), &shape, (2.0 / 500.0_f64).sqrt());
    assert_std(Kaiming::normal(), &shape, (2.0 / 500.0_f64).sqrt());
    assert_std(Kaiming::normal().fan(Fan::Out), &shape, (2.0 / 300.0_f64).sqrt());
    let tanh = Kaiming::normal().nonlinearity(Nonlinearity::Tanh);
    assert_std(tanh, &shape, 5.0 / 3.0 / 500f64.sqrt());
    let bound = (6.0 / 800.0_f64).sqrt();
    assert!(draw(Xavier::uniform(), &shape).iter().all(|x| x.abs() <= bound));
}

#[test]
fn a_receptive_field_multiplies_both_fans() {
    let shape = Shape::from([16, 8, 3, 5]);
    assert_eq!(Fan::In.of(&shape), Some(120.0));
    assert_eq!(Fan::Out.of(&shape), Some(240.0));
    assert_eq!(Fan::Average.of(&shape), Some(180.0));
    assert_eq!(Fan::In.of(&Shape::from([16])), None);
}

#[test]
fn gains_are_those_of_pytorch() {
    let gains = [
        (Nonlinearity::Linear, 1.0),
        (Nonlinearity::Sigmoid, 1.0),
        (Nonlinearity::Tanh, 5.0 / 3.0),
        (Nonlinearity::Relu, std::f64::consts::SQRT_2),
        (Nonlinearity::LeakyRelu(0.01), 1.414_142_856_997_835_4),
        (Nonlinearity::Selu, 0.75),
    ];
    for (nonlinearity, gain) in gains {
        assert_relative_eq!(nonlinearity.gain(), gain, max_relative = 1e-15);
    }
}

#[test]
fn kaiming_uniform_with_root_5_is_the_default_of_linear() {
    let kaiming = Kaiming::uniform().nonlinearity(Nonlinearity::LeakyRelu(5f64.sqrt()));
    let shape = Shape::from([7, 49]);
    assert_relative_eq!(kaiming.std(&shape).unwrap(), 1.0 / 7.0 / 3f64.sqrt());
}

#[test]
fn orthogonal_matrices_are_orthogonal() {
    for shape in [vec![1, 1], vec![64, 64], vec![40, 9], vec![9, 40], vec![6, 2, 2, 2]] {
        let values = draw(Orthogonal::new().gain(2.0), &shape);
        let sides: (usize, usize) = (shape[0], shape[1..].iter().product());
        let matrix: Array2<f64> = values.into_shape_with_order(sides).unwrap();
        let (rows, columns) = matrix.dim();
        let gram = if rows < columns { matrix.dot(&matrix.t()) } else { matrix.t().dot(&matrix) };
        let expected = 4.0 * Array2::<f64>::eye(rows.min(columns));
        assert_relative_eq!(gram, expected, epsilon = 1e-14);
    }
}

#[test]
fn orthogonal_matrices_lean_to_no_side() {
    let values = draw(Orthogonal::new(), &[100, 100]);
    let trace: f64 = (0..100).map(|i| values[[i, i]]).sum();
    // Haar measure: the trace is nearly standard normal. Without the sign of R fixed it is not.
    assert!(trace.abs() < 4.0, "{trace}");
    assert!(values.mean().unwrap().abs() < 0.01);
}

#[test]
fn a_seed_decides_the_values_in_every_precision() {
    fn build<T: cotangent::Scalar>(seed: u64) -> Vec<f64> {
        let mut params = Params::<T>::with_seed(seed);
        Linear::new(5, 4).build(&mut params.root(), "a");
        Linear::new(4, 3).init(Orthogonal::new()).build(&mut params.root(), "b");
        params.cast::<f64>().values().to_vec()
    }
    assert_eq!(build::<f64>(3), build::<f64>(3));
    assert_ne!(build::<f64>(3), build::<f64>(4));
    for (single, double) in build::<f32>(3).into_iter().zip(build::<f64>(3)) {
        assert_eq!(single, f64::from(double as f32));
    }
}

#[test]
fn a_seed_gives_these_values_for_ever() {
    let values = draw(Init::uniform(0.0, 1.0), &[3]);
    assert_eq!(
        values.as_slice().unwrap(),
        [0.462827814029211, 0.20825651081069263, 0.35056439349328916]
    );
}

#[test]
fn parameters_of_one_shape_start_differently() {
    let mut params = Params::<f64>::with_seed(0);
    let a = Init::normal(0.0, 1.0).build(&mut params.root(), "a", [4]);
    let b = Init::normal(0.0, 1.0).build(&mut params.root(), "b", [4]);
    assert_ne!(params.get(a.id()), params.get(b.id()));
}

/// What a seed means, for ever: a model is published by its seed.
#[test]
fn golden_draws() {
    let golden: [(Init, &[usize], &[f64]); 7] = [
        (
            Init::uniform(1.0, 3.0),
            &[3],
            &[1.925655628058422, 1.4165130216213853, 1.7011287869865783],
        ),
        (Init::normal(5.0, 0.5), &[3], &[4.940896972581744, 4.461424641513091, 4.648532350892912]),
        (
            Init::truncated_normal(0.0, 1.0),
            &[3],
            &[-0.14868874388315545, -0.5977424260268434, 0.15928225267888152],
        ),
        (
            Init::truncated_normal_between(0.0, 1.0, 0.5, 1.0),
            &[3],
            &[0.7314139070146055, 0.6752821967466446, 0.949893923585246],
        ),
        (
            Kaiming::uniform().into(),
            &[1, 3],
            &[-0.10513881908588929, -0.825175198291134, -0.42266772284647924],
        ),
        (
            Xavier::normal().into(),
            &[1, 3],
            &[-0.08358430295220595, -0.7616605763321388, -0.49705031610263134],
        ),
        (
            Orthogonal::new().into(),
            &[2, 2],
            &[-0.16583228996296875, -0.9861539695228316, -0.9861539695228316, 0.16583228996296875],
        ),
    ];
    for (init, shape, expected) in golden {
        let drawn = draw(init, shape);
        let drawn = drawn.as_slice().unwrap();
        // Logarithms and the like differ by a unit in the last place between systems.
        let near = drawn.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-15 * b.abs());
        assert!(near && drawn.len() == expected.len(), "{init:?}: {drawn:?}");
    }
}
