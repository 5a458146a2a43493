//! Batch normalisation, and the conventions of its running statistics.

use approx::assert_relative_eq;
use cotangent::Step;
use cotangent::nn::batch_norm::{Average, Running, RunningStatistics, RunningVariance};
use cotangent::nn::{BatchNorm, Loss, Mode};
use cotangent::{Gradient, GradientError, Graph, Params};
use ndarray::{Array1, Array2, ArrayD, Axis, array};

use crate::{sample, step, value};

/// Three batches of different sizes, with 2 features.
fn batches() -> [Array2<f64>; 3] {
    [
        array![[1.0, 10.0], [3.0, 30.0]],
        array![[0.0, -1.0], [2.0, 4.0], [7.0, 3.0]],
        array![[5.0, 5.0], [6.0, 5.5], [-2.0, 4.0], [1.0, 0.0]],
    ]
}

/// Trains on batches one after the other.
fn train(norm: &BatchNorm, params: &mut Params<f64>, batches: &[Array2<f64>]) {
    for batch in batches {
        let g = Graph::new();
        norm.forward(g.constant(batch), Mode::Train);
        step(params, &g);
    }
}

/// Running mean, running variance and count.
fn state(norm: &BatchNorm, params: &Params<f64>) -> (ArrayD<f64>, ArrayD<f64>, f64) {
    let RunningStatistics { mean, variance, batches, .. } = norm.running.as_ref().unwrap();
    let get = |param: &cotangent::Param| params.get(param.id()).unwrap().to_owned();
    (get(mean), get(variance), get(batches)[[]])
}

fn mean(batch: &Array2<f64>) -> Array1<f64> {
    batch.mean_axis(Axis(0)).unwrap()
}

fn variance(batch: &Array2<f64>, ddof: f64) -> Array1<f64> {
    batch.var_axis(Axis(0), ddof)
}

#[test]
fn a_training_batch_comes_out_with_mean_0_and_variance_1_in_every_channel() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(3).eps(0.0).build(&mut params.root(), "bn");
    for shape in [&[16, 3][..], &[4, 3, 5], &[2, 3, 4, 5]] {
        let g = Graph::new();
        let x = g.constant(sample(shape) * 7.0 + 100.0);
        let y = value(&params, norm.forward(x, Mode::Train));
        for channel in y.axis_iter(Axis(1)) {
            assert!(channel.mean().unwrap().abs() < 1e-12);
            assert_relative_eq!(channel.var(0.0), 1.0, max_relative = 1e-12);
        }
    }
}

#[test]
fn gamma_and_beta_scale_and_shift_and_epsilon_is_inside_the_root() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(1).eps(3.0).build(&mut params.root(), "bn");
    let (gamma, beta) = (norm.affine.weight.as_ref().unwrap(), norm.affine.bias.as_ref().unwrap());
    params.set(gamma.id(), array![10.0].into_dyn().view()).unwrap();
    params.set(beta.id(), array![100.0].into_dyn().view()).unwrap();
    let g = Graph::new();
    let x = g.constant(array![[4.0], [6.0]]); // mean 5, variance 1
    let y = value(&params, norm.forward(x, Mode::Train));
    assert_eq!(y, array![[95.0], [105.0]].into_dyn());
}

#[test]
fn evaluation_uses_the_running_statistics() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).build(&mut params.root(), "bn");
    train(&norm, &mut params, &batches());
    let (mean, variance, _) = state(&norm, &params);
    let g = Graph::new();
    let x = array![[1.0, 2.0]].into_dyn(); // one value per channel is enough here
    let y = value(&params, norm.forward(g.constant(&x), Mode::Eval));
    let expected = (x - mean) / (variance + 1e-5).mapv(f64::sqrt);
    assert_relative_eq!(y, expected, max_relative = 1e-14);
    assert!(g.updates().is_empty());
}

#[test]
fn pytorchs_momentum_weighs_the_new_value_and_the_unbiased_variance() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).build(&mut params.root(), "bn");
    train(&norm, &mut params, &batches()[..1]);
    let (mean, variance, count) = state(&norm, &params);
    assert_relative_eq!(mean, array![0.2, 2.0].into_dyn(), max_relative = 1e-15);
    assert_relative_eq!(variance, array![0.9 + 0.2, 0.9 + 20.0].into_dyn(), max_relative = 1e-15);
    assert_eq!(count, 1.0);
}

#[test]
fn the_lectures_beta_weighs_the_old_value_from_zero() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).running(Running::lecture()).build(&mut params.root(), "bn");
    assert_eq!(state(&norm, &params).1, array![0.0, 0.0].into_dyn());
    train(&norm, &mut params, &batches()[..1]);
    let (mean, variance, _) = state(&norm, &params);
    assert_relative_eq!(mean, array![0.2, 2.0].into_dyn(), max_relative = 1e-14);
    assert_relative_eq!(variance, array![0.1, 10.0].into_dyn(), max_relative = 1e-14);
}

#[test]
fn kerass_momentum_weighs_the_old_value_from_zero_and_one() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).running(Running::keras()).build(&mut params.root(), "bn");
    train(&norm, &mut params, &batches()[..1]);
    let (mean, variance, _) = state(&norm, &params);
    assert_relative_eq!(mean, array![0.02, 0.2].into_dyn(), max_relative = 1e-13);
    assert_relative_eq!(variance, array![1.0, 0.99 + 1.0].into_dyn(), max_relative = 1e-13);
}

#[test]
fn a_cumulative_average_is_the_mean_over_batches() {
    let running = Running::torch().average(Average::Cumulative);
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).running(running).build(&mut params.root(), "bn");
    train(&norm, &mut params, &batches());
    let [a, b, c] = &batches();
    let (running_mean, running_variance, count) = state(&norm, &params);
    let expected = (mean(a) + mean(b) + mean(c)) / 3.0;
    assert_relative_eq!(running_mean, expected.into_dyn(), max_relative = 1e-14);
    let expected = (variance(a, 1.0) + variance(b, 1.0) + variance(c, 1.0)) / 3.0;
    assert_relative_eq!(running_variance, expected.into_dyn(), max_relative = 1e-14);
    assert_eq!(count, 3.0);
}

#[test]
fn bias_correction_makes_a_weighted_mean_of_the_batches_alone() {
    let weights = [0.5 * 0.5 * 0.5, 0.5 * 0.5, 0.5].map(|weight| weight / (1.0 - 0.125));
    for start in [(0.0, 0.0), (3.0, 8.0)] {
        let running = Running::lecture()
            .average(Average::OldWeight(0.5))
            .start(start.0, start.1)
            .bias_correction(true);
        let mut params = Params::<f64>::with_seed(0);
        let norm = BatchNorm::new(2).running(running).build(&mut params.root(), "bn");
        train(&norm, &mut params, &batches());
        let weighted = |statistic: &dyn Fn(&Array2<f64>) -> Array1<f64>| {
            let terms = batches().into_iter().zip(weights);
            terms.fold(Array1::zeros(2), |sum, (batch, weight)| sum + statistic(&batch) * weight)
        };
        let (mean, variance) = (weighted(&mean), weighted(&|batch| variance(batch, 0.0)));
        let g = Graph::new();
        let x = array![[1.0, 2.0]];
        let y = value(&params, norm.forward(g.constant(&x), Mode::Eval));
        let expected = (x - mean) / (variance + 1e-5).mapv(f64::sqrt);
        assert_relative_eq!(y, expected.into_dyn(), max_relative = 1e-12);
    }
}

#[test]
fn before_the_first_batch_a_corrected_average_is_its_start() {
    let running = Running::torch().bias_correction(true);
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(1).eps(0.0).running(running).build(&mut params.root(), "bn");
    let g = Graph::new();
    let x = g.constant(array![[2.0], [-3.0]]);
    assert_eq!(value(&params, norm.forward(x, Mode::Eval)), array![[2.0], [-3.0]].into_dyn());
}

#[test]
fn two_uses_in_one_graph_chain() {
    let [first, second, _] = batches();
    let mut apart = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).build(&mut apart.root(), "bn");
    let mut together = apart.clone();
    train(&norm, &mut apart, &[first.clone(), second.clone()]);
    let g = Graph::new();
    norm.forward(g.constant(&first), Mode::Train);
    norm.forward(g.constant(&second), Mode::Train);
    step(&mut together, &g);
    assert_eq!(together.values(), apart.values());
}

#[test]
fn gradients_flow_through_batch_statistics_and_not_through_running_ones() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).build(&mut params.root(), "bn");
    let g = Graph::new();
    let x = g.constant(sample(&[4, 2]));
    // A constant shift of the batch changes nothing, so that the gradient sums to 0.
    let v = g.constant(sample(&[4, 2]).mapv(f64::exp));
    let trained = (norm.forward(x, Mode::Train) * v).sum();
    let sums = value(&params, trained.grad(x).sum_over(0));
    assert!(sums.iter().all(|sum| sum.abs() < 1e-14), "{sums}");
    // What follows in evaluation reads statistics that x has moved, and takes them as constant.
    let z = g.constant(array![[1.0, 2.0]]);
    let evaluated = norm.forward(z, Mode::Eval).sum();
    let no_path = Gradient::of(evaluated).with_respect_to(&[x]);
    assert!(matches!(no_path, Err(GradientError::NoPath { .. })));
}

#[test]
fn without_running_statistics_evaluation_uses_its_batch() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).without_running().build(&mut params.root(), "bn");
    assert_eq!(params.values().len(), 4);
    let g = Graph::new();
    let x = g.constant(sample(&[4, 2]));
    let trained = value(&params, norm.forward(x, Mode::Train));
    assert_eq!(value(&params, norm.forward(x, Mode::Eval)), trained);
    assert!(g.updates().is_empty());
}

#[test]
fn without_gamma_and_beta_there_is_nothing_to_train() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).affine(false).build(&mut params.root(), "bn");
    assert!(norm.affine.weight.is_none() && norm.affine.bias.is_none());
    assert_eq!(params.trainable_count(), 0);
}

#[test]
fn each_of_gamma_and_beta_stands_without_the_other() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let scaled = BatchNorm::new(2).bias(false).build(p, "scaled");
    let shifted = BatchNorm::new(2).weight(false).build(p, "shifted");
    let bare = BatchNorm::new(2).affine(false).build(p, "bare");
    let paths: Vec<&str> = params.trainable_entries().map(|param| param.path()).collect();
    assert_eq!(paths, ["scaled.weight", "shifted.bias"]);

    let per_channel = array![10.0, 20.0].into_dyn();
    for param in [scaled.affine.weight.as_ref(), shifted.affine.bias.as_ref()] {
        params.set(param.unwrap().id(), per_channel.view()).unwrap();
    }
    let g = Graph::new();
    for shape in [&[4, 2][..], &[2, 2, 3]] {
        let x = g.constant(sample(shape));
        let along_channels = [&[1, 2][..], &vec![1; shape.len() - 2]].concat();
        let expected = per_channel.to_shape(along_channels).unwrap();
        for mode in [Mode::Train, Mode::Eval] {
            let y = |norm: &BatchNorm| value(&params, norm.forward(x, mode));
            let normalized = y(&bare);
            assert_eq!(y(&scaled), &normalized * &expected);
            assert_eq!(y(&shifted), &normalized + &expected);
        }
    }
}

#[test]
fn paths_are_those_of_pytorch() {
    let mut params = Params::<f64>::with_seed(0);
    BatchNorm::new(2).build(&mut params.root(), "bn");
    let paths: Vec<&str> = params.entries().iter().map(|param| param.path()).collect();
    let expected =
        ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked"];
    assert_eq!(paths, expected);
}

#[test]
fn the_variance_to_average_can_be_chosen() {
    let running = Running::torch().variance(RunningVariance::Biased);
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).running(running).build(&mut params.root(), "bn");
    train(&norm, &mut params, &batches()[..1]);
    let expected = array![0.9 + 0.1, 0.9 + 10.0].into_dyn();
    assert_relative_eq!(state(&norm, &params).1, expected, max_relative = 1e-15);
}

#[test]
fn a_compiled_step_writes_the_running_statistics_back() {
    let mut plain = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(2).build(&mut plain.root(), "bn");
    let mut compiled = plain.clone();
    train(&norm, &mut plain, &batches());
    let mut step = Step::new(|g, [x]| norm.forward(x, Mode::Train).mse(g.full(x.shape(), 0.5)));
    for batch in &batches() {
        step.run(&mut compiled, (batch,)).unwrap();
    }
    for (ours, expected) in compiled.values().iter().zip(plain.values()) {
        assert_relative_eq!(ours, expected, max_relative = 1e-13);
    }
}
