//! What each part does, by small numbers.

use cotangent::optim::{
    Accumulate, Adam, AdaptiveClip, ClipGlobalNorm, ClipNorm, ClipValue, Domain, Ema, Groups,
    Lookahead, Maximize, Muon, Nesterov, OptimError, Optimizer, Sam, Sgd, SkipNonFinite,
};
use cotangent::{GradientLayout, Gradients, Params};
use ndarray::array;

fn params() -> Params<f64> {
    let mut params = Params::with_seed(0);
    let mut root = params.root();
    root.parameter("weight", array![[0.0, 0.0], [3.0, 4.0]].into_dyn());
    root.parameter("bias", array![1.0].into_dyn());
    params
}

/// Steps with each of the gradients, and answers what the weights are after.
fn steps(
    optimizer: &mut impl Optimizer<f64>,
    params: &mut Params<f64>,
    gradients: &[[f64; 5]],
) -> Vec<f64> {
    let layout = GradientLayout::new(params.trainable_entries());
    for gradient in gradients {
        optimizer.step(params, Gradients::new(&layout, gradient)).unwrap();
    }
    params.trainable().to_vec()
}

/// What one step of gradient descent at rate 1 takes away: the gradient that arrived.
fn arrived(mut optimizer: impl Optimizer<f64>, gradient: [f64; 5]) -> Vec<f64> {
    let before = params();
    let after = steps(&mut optimizer, &mut params(), &[gradient]);
    before.trainable().iter().zip(after).map(|(before, after)| before - after).collect()
}

fn close(ours: &[f64], expected: &[f64]) {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
    assert!(ours.len() == expected.len() && ours.iter().zip(expected).all(near), "{ours:?}");
}

#[test]
fn clipping_by_value_and_norms() {
    let gradient = [3.0, 0.0, 0.0, -4.0, 12.0];
    close(&arrived(Sgd::new(1.0).with(ClipValue::new(3.5)), gradient), &[3., 0., 0., -3.5, 3.5]);
    close(&arrived(Sgd::new(1.0).with(ClipNorm::new(2.5)), gradient), &[1.5, 0., 0., -2., 2.5]);
    let global = ClipGlobalNorm::new(6.5).exact();
    close(&arrived(Sgd::new(1.0).with(global), gradient), &[1.5, 0., 0., -2., 6.]);
    let torch = arrived(Sgd::new(1.0).with(ClipGlobalNorm::new(6.5)), gradient);
    assert!((torch[4] - 12.0 * 6.5 / (13.0 + 1e-6)).abs() < 1e-12);
    let short = [0.1; 5];
    close(&arrived(Sgd::new(1.0).with(global), short), &short);
}

#[test]
fn adaptive_clipping_goes_by_the_weights_of_each_unit() {
    // Units: [0, 0] counts as ε long, [3, 4] is 5 long, and the bias 1.
    let gradient = [3.0, 4.0, 6.0, 8.0, 0.05];
    let clip = AdaptiveClip::new(0.1).epsilon(0.1);
    close(&arrived(Sgd::new(1.0).with(clip), gradient), &[0.006, 0.008, 0.3, 0.4, 0.05]);
    // Along the last axis: [0, 3] and [0, 4].
    let across = arrived(Sgd::new(1.0).with(clip.along_last_axis()), gradient);
    let (left, right) = (0.3 / 45.0_f64.sqrt(), 0.4 / 80.0_f64.sqrt());
    close(&across, &[3.0 * left, 4.0 * right, 6.0 * left, 8.0 * right, 0.05]);
}

#[test]
fn clipping_hands_on_what_is_no_number() {
    let mut sgd = Sgd::new(1.0).with(SkipNonFinite).with(ClipValue::new(0.5));
    let mut params = params();
    let before = params.trainable().to_vec();
    assert_eq!(steps(&mut sgd, &mut params, &[[f64::NAN, 1.0, 1.0, 1.0, 1.0]]), before);
    assert_eq!(sgd.inner().skipped(), 1);
}

#[test]
fn adaptive_clipping_in_single_precision_squares_no_large_numbers() {
    let mut params = Params::<f32>::seeded(0);
    params.root().parameter("w", array![[3.0, 4.0], [0.0, 2.0]].into_dyn());
    let layout = GradientLayout::new(params.trainable_entries());
    let mut sgd = Sgd::new(1.0).with(AdaptiveClip::new(0.1));
    sgd.step(&mut params, Gradients::new(&layout, &[3e30, 4e30, 0.0, 1e-30])).unwrap();
    let near = |(a, b): (&f32, f32)| (a - b).abs() < 1e-6;
    assert!(params.trainable().iter().zip([2.7, 3.6, 0.0, 2.0]).all(near));
}

#[test]
fn accumulation_makes_one_update_of_the_mean() {
    let mut sgd = Sgd::new(1.0).with(Accumulate::new(2));
    let mut params = params();
    close(&steps(&mut sgd, &mut params, &[[1.0; 5]]), &[0., 0., 3., 4., 1.]);
    close(&steps(&mut sgd, &mut params, &[[3.0; 5]]), &[-2., -2., 1., 2., -1.]);
    assert_eq!(sgd.steps(), 1);
    close(&steps(&mut sgd, &mut params, &[[1.0; 5], [1.0; 5]]), &[-3., -3., 0., 1., -2.]);
}

#[test]
fn gradients_that_are_no_numbers_are_skipped_and_counted() {
    let mut adam = Adam::new(0.1).with(SkipNonFinite);
    let mut params = params();
    let before = params.trainable().to_vec();
    let bad = [[0.0, f64::NAN, 0.0, 0.0, 0.0], [0.0, 0.0, f64::INFINITY, 0.0, 0.0]];
    assert_eq!(steps(&mut adam, &mut params, &bad), before);
    assert_eq!((adam.skipped(), adam.steps()), (2, 0));
    assert_ne!(steps(&mut adam, &mut params, &[[1.0; 5]]), before);
    assert_eq!((adam.skipped(), adam.steps()), (2, 1));
}

#[test]
fn averages_of_parameters() {
    let mut params = params();
    let mut corrected = Sgd::new(1.0).with(Ema::new(0.5)).with(Accumulate::new(1));
    steps(&mut corrected, &mut params, &[[0.0, 0.0, 0.0, 0.0, -2.0], [0.0, 0.0, 0.0, 0.0, -2.0]]);
    // The bias was 3, then 5.
    let average = corrected.inner().averaged(&params);
    close(&average.trainable()[4..], &[(0.25 * 3.0 + 0.5 * 5.0) / 0.75]);
    let mut params = self::params();
    let mut plain = Sgd::new(1.0).with(Ema::new(0.5).without_bias_correction());
    steps(&mut plain, &mut params, &[[0.0, 0.0, 0.0, 0.0, -2.0]]);
    close(&plain.averaged(&params).trainable()[4..], &[2.0]);
}

#[test]
fn lookahead_goes_back_half_of_the_way() {
    let mut sgd = Sgd::new(1.0).with(Lookahead::new(2, 0.5));
    let mut params = params();
    close(&steps(&mut sgd, &mut params, &[[1.0; 5]]), &[-1., -1., 2., 3., 0.]);
    close(&steps(&mut sgd, &mut params, &[[1.0; 5]]), &[-1., -1., 2., 3., 0.]);
    close(&steps(&mut sgd, &mut params, &[[1.0; 5]]), &[-2., -2., 1., 2., -1.]);
}

#[test]
fn sharpness_awareness_takes_the_gradient_at_the_worst_point_nearby() {
    let mut sgd = Sgd::new(1.0).with(Sam::new(0.5));
    let mut params = params();
    let worst = steps(&mut sgd, &mut params, &[[3.0, 4.0, 0.0, 0.0, 0.0]]);
    close(&worst, &[0.3, 0.4, 3., 4., 1.]);
    assert!(sgd.is_ahead());
    close(&steps(&mut sgd, &mut params, &[[1.0; 5]]), &[-1., -1., 2., 3., 0.]);
    assert!(!sgd.is_ahead());
    assert_eq!(sgd.steps(), 1);
}

#[test]
fn groups_have_their_own_rules() {
    let mut groups =
        Groups::new(Sgd::new(1.0)).group("bias", Sgd::new(0.1)).with(ClipNorm::new(2.0));
    close(&steps(&mut groups, &mut params(), &[[1.0; 5]]), &[-1., -1., 2., 3., 0.9]);
}

#[test]
fn a_group_that_cannot_step_stops_all() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let before = params.trainable().to_vec();
    let mut groups = Groups::new(Muon::new(0.1)).group("weight", Sgd::new(1.0));
    let error = groups.step(&mut params, Gradients::new(&layout, &[1.0; 5])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "muon does not update \"bias\" of shape [1]: it updates matrices, of two axes, only"
    );
    assert_eq!(params.trainable(), before);
    let mut misspelt = Groups::new(Sgd::new(1.0)).group("wieght", Sgd::new(1.0));
    let error = misspelt.step(&mut params, Gradients::new(&layout, &[1.0; 5])).unwrap_err();
    let known = r#""weight", "bias""#.to_owned();
    assert_eq!(error, OptimError::UnmatchedPattern { pattern: "wieght".into(), known });
}

#[test]
fn a_part_refuses_its_hyperparameters() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let mut refused = |mut optimizer: Box<dyn Optimizer<f64>>| match optimizer
        .step(&mut params, Gradients::new(&layout, &[1.0; 5]))
        .unwrap_err()
    {
        OptimError::Hyperparameter { of, name, domain, .. } => (of, name, domain),
        other => panic!("{other}"),
    };
    let sgd = || Sgd::new(0.1);
    assert_eq!(refused(Box::new(sgd().with(Ema::new(1.0)))), ("ema", "decay", Domain::Decay));
    let nan = refused(Box::new(sgd().with(ClipNorm::new(f64::NAN))));
    assert_eq!(nan, ("clip_norm", "limit", Domain::NonNegative));
    let never = refused(Box::new(sgd().with(Accumulate::new(0))));
    assert_eq!(never, ("accumulate", "steps", Domain::AtLeastOne));
}

#[test]
fn to_maximise_is_to_minimise_the_opposite() {
    type Make = fn() -> Box<dyn Optimizer<f64>>;
    let optimizers: [Make; 4] = [
        || Box::new(Sgd::new(0.1).momentum(0.9).weight_decay(0.1)),
        || Box::new(Adam::adamw(0.01)),
        || Box::new(Groups::new(Adam::new(0.01)).group("weight", Muon::new(0.02))),
        || Box::new(Adam::new(0.01).with(Accumulate::new(2)).with(ClipNorm::new(1.0))),
    ];
    let gradients = [[1.0, -2.0, 0.5, 0.0, 3.0], [0.3, 0.0, -1.0, 2.0, -1.0], [1.0; 5]];
    for make in optimizers {
        let ascent = steps(&mut make().with(Maximize), &mut params(), &gradients);
        let opposite = gradients.map(|gradient| gradient.map(|g| -g));
        assert_eq!(ascent, steps(&mut make(), &mut params(), &opposite));
    }
}

/// The lecture's change of variables: the look-ahead form goes where the other does.
#[test]
fn both_forms_of_nesterovs_momentum_are_one() {
    let (mut ahead, mut changed) = (params(), params());
    let mut look_ahead = Nesterov::new(0.01, 0.9);
    let mut change_of_variables = Sgd::new(0.01).momentum(0.9).nesterov();
    let gradient = |params: &Params<f64>| -> [f64; 5] {
        let w = params.trainable();
        std::array::from_fn(|i| (1.0 + i as f64) * w[i] - (3.0 * w[(i + 1) % 5]).sin())
    };
    for _ in 0..60 {
        let (g, h) = (gradient(&ahead), gradient(&changed));
        steps(&mut look_ahead, &mut ahead, &[g]);
        steps(&mut change_of_variables, &mut changed, &[h]);
        close(ahead.trainable(), changed.trainable());
    }
    let (x, y) = (look_ahead.settled(&ahead), ahead);
    assert_ne!(x.trainable(), y.trainable(), "the model to evaluate is not where the gradient is");
}
