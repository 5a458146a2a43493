//! What a step refuses, leaving the parameters as they were.

use cotangent::optim::{
    Accumulate, Adam, At, ClipGlobalNorm, Constant, Curve, Domain, Groups, Optim, OptimError,
    Optimizer, Ramp, Rule, Sam, Sgd, SkipNonFinite, StepDecay, Updated, hyperparameters,
};
use cotangent::{GradientLayout, Gradients, GradientsError, Params};
use ndarray::array;

fn params() -> Params<f64> {
    let mut params = Params::with_seed(0);
    let mut root = params.root();
    root.parameter("weight", array![1.0, -2.0].into_dyn());
    root.parameter("bias", array![0.5].into_dyn());
    params
}

/// The error of a step, after it has shown that nothing changed.
fn refusal(mut optimizer: impl Optimizer<f64>, params: &mut Params<f64>) -> OptimError {
    let layout = GradientLayout::new(params.trainable_entries());
    refusal_of(&mut optimizer, params, &layout)
}

fn refusal_of(
    optimizer: &mut impl Optimizer<f64>,
    params: &mut Params<f64>,
    layout: &GradientLayout,
) -> OptimError {
    let before = (params.values().to_vec(), optimizer.steps());
    let values = vec![1.0; layout.size()];
    let error = optimizer.step(params, Gradients::new(layout, &values)).unwrap_err();
    assert_eq!((params.values().to_vec(), optimizer.steps()), before);
    error
}

#[test]
fn hyperparameters_outside_of_their_domains() {
    let seen = |optimizer: Adam<f64>| match refusal(optimizer, &mut params()) {
        OptimError::Hyperparameter { of, name, domain, step: 0, .. } => (of, name, domain),
        other => panic!("{other}"),
    };
    for rate in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(seen(Adam::new(rate)), ("adam", "learning_rate", Domain::NonNegative));
    }
    assert_eq!(seen(Adam::new(0.1).betas(1.0, 0.9)), ("adam", "beta1", Domain::Decay));
    assert_eq!(seen(Adam::new(0.1).betas(0.9, -0.1)), ("adam", "beta2", Domain::Decay));
    assert_eq!(seen(Adam::new(0.1).weight_decay(f64::NAN)).1, "weight_decay");
    let error = Sgd::<f64>::new(-0.1).validate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "sgd: learning_rate must be finite and at least 0, and is -0.1 at step 0"
    );
}

#[test]
fn a_schedule_that_leaves_the_domain_stops_where_it_does() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let values = [1.0; 3];
    let mut sgd = Sgd::new(0.1).momentum(0.5).vary("momentum", Ramp::new(0.5, 1.5, 4));
    for _ in 0..2 {
        sgd.step(&mut params, Gradients::new(&layout, &values)).unwrap();
    }
    let error = refusal_of(&mut sgd, &mut params, &layout);
    assert_eq!(
        error.to_string(),
        "sgd: momentum must be at least 0 and below 1, and is 1 at step 2"
    );
    let refused = refusal(Sgd::new(0.1).schedule(StepDecay::new(0.5, 0)), &mut params);
    assert!(refused.to_string().contains("is NaN"), "{refused}");
}

#[test]
fn a_schedule_of_what_the_rule_does_not_have() {
    let error = refusal(Sgd::new(0.1).vary("momentum", Constant::new(0.9)), &mut params());
    let message = error.to_string();
    assert!(message.contains("sgd has no hyperparameter \"momentum\""), "{message}");
    assert!(message.contains("it has learning_rate, weight_decay"), "{message}");
}

#[test]
fn gradients_that_are_not_the_parameters() {
    let mut params = params();
    let entries: Vec<_> = params.trainable_entries().cloned().collect();
    let mut adam = Adam::new(0.1);
    let reversed = GradientLayout::new(entries.iter().rev());
    assert_eq!(
        refusal_of(&mut adam, &mut params, &reversed),
        GradientsError::Order { path: "weight".into() }.into()
    );
    let foreign = self::params();
    let unknown = GradientLayout::new(foreign.trainable_entries());
    let error = refusal_of(&mut adam, &mut params, &unknown);
    assert!(matches!(error, OptimError::Gradients(GradientsError::Unknown { .. })), "{error}");
    let built = foreign.trainable_entries().next().unwrap().location();
    let said =
        format!("\"weight\", built at {built}, which is no trainable parameter of this store");
    assert!(error.to_string().contains(&said), "{error}");
}

#[test]
fn an_optimizer_of_another_store() {
    let (mut ours, mut theirs) = (params(), Params::with_seed(0));
    let line = line!() + 2;
    let mut root = theirs.root();
    root.parameter("weight", array![1.0, -2.0].into_dyn());
    root.parameter("bias", array![0.5].into_dyn());
    let mut adam = Adam::new(0.1);
    let layout = GradientLayout::new(ours.trainable_entries());
    adam.step(&mut ours, Gradients::new(&layout, &[1.0; 3])).unwrap();
    let error = refusal(adam, &mut theirs).to_string();
    let built = ours.trainable_entries().next().unwrap().location();
    assert!(error.contains(&format!("its \"weight\" was built at {built}")), "{error}");
    assert!(error.contains(&format!("that of this store at {}:{line}:", file!())), "{error}");
}

/// Everything that a step could change, in writing.
fn everything(optimizer: &mut impl Optimizer<f64>, params: &Params<f64>) -> (Vec<f64>, String) {
    (params.values().to_vec(), format!("{:?}", optimizer.state(params).unwrap()))
}

#[test]
fn gradients_that_are_not_finite_change_nothing() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let mut optimizer = Groups::new(Adam::new(0.1)).group("weight", Sgd::new(0.1).momentum(0.9));
    let at = [("weight", 1, vec![1]), ("bias", 2, vec![0])];
    for (step, told) in
        [(0, "at step 0, before any update"), (1, "at step 1: the learning rate, 0.1")]
    {
        let before = everything(&mut optimizer, &params);
        for ((path, place, position), wild) in at.iter().zip([f64::NAN, f64::NEG_INFINITY]) {
            let mut values = [1.0; 3];
            values[*place] = wild;
            let error = optimizer.step(&mut params, Gradients::new(&layout, &values)).unwrap_err();
            let said = format!("the gradient of {path:?} is {wild} at {position:?}, {told}");
            assert!(error.to_string().starts_with(&said), "{error}");
            assert!(error.to_string().contains("SkipNonFinite"), "{error}");
            assert_eq!(everything(&mut optimizer, &params), before);
        }
        assert_eq!(optimizer.steps(), step);
        optimizer.step(&mut params, Gradients::new(&layout, &[1.0; 3])).unwrap();
    }
}

#[test]
fn a_part_that_skips_them_is_handed_gradients_that_are_not_finite() {
    let skips = |rate| Sgd::new(rate).with(SkipNonFinite);
    for (mut optimizer, name) in [
        (Box::new(skips(1.0)) as Box<dyn Optimizer<f64>>, "alone"),
        (Box::new(skips(1.0).with(ClipGlobalNorm::new(1.0))), "inside of a clip"),
        (Box::new(skips(1.0).with(Accumulate::new(1))), "inside of an accumulation"),
        (Box::new(skips(1.0).with(Sam::new(0.1))), "inside of sharpness awareness"),
        (Box::new(Groups::new(skips(1.0)).group("bias", Sgd::new(0.0))), "in a group"),
    ] {
        let mut params = params();
        let before = params.values().to_vec();
        let layout = GradientLayout::new(params.trainable_entries());
        for wild in [f64::NAN, f64::INFINITY] {
            let gradients = [1.0, wild, 1.0];
            optimizer.step(&mut params, Gradients::new(&layout, &gradients)).unwrap();
            assert_eq!((params.values(), optimizer.steps()), (&before[..], 0), "{name}");
        }
    }
    // A group without the part refuses them.
    let mut mixed = Groups::new(skips(1.0)).group("bias", Sgd::new(1.0));
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    mixed.step(&mut params, Gradients::new(&layout, &[f64::NAN, 1.0, 1.0])).unwrap();
    let refused = mixed.step(&mut params, Gradients::new(&layout, &[1.0, 1.0, f64::NAN]));
    assert!(matches!(refused, Err(OptimError::NonFiniteGradient { .. })), "{refused:?}");
}

#[test]
fn accumulated_gradients_are_finite_where_their_sum_is_not() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let mut sgd = Sgd::new(1.0).with(Accumulate::new(4));
    for _ in 0..4 {
        sgd.step(&mut params, Gradients::new(&layout, &[f64::MAX; 3])).unwrap();
    }
    assert_eq!(params.values(), [-f64::MAX; 3]);
}

#[test]
fn a_pattern_that_matches_nothing() {
    let error = refusal(Adam::adamw(0.1).no_decay("*.baias"), &mut params());
    assert_eq!(
        error.to_string(),
        r#"no trainable parameter matches "*.baias"; there is "weight", "bias""#
    );
}

#[test]
fn schedules_multiply_and_count_steps_or_epochs() {
    let sgd = Sgd::<f64>::new(0.4)
        .schedule(StepDecay::halve_every(1).per(3))
        .schedule(Constant::new(0.5));
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let mut sgd = sgd;
    let mut rates = Vec::new();
    for _ in 0..5 {
        rates.push(sgd.learning_rate());
        sgd.step(&mut params, Gradients::new(&layout, &[1.0; 3])).unwrap();
    }
    assert_eq!(rates, [0.2, 0.2, 0.2, 0.1, 0.1]);
    assert!((params.values()[0] - (1.0 - 0.8)).abs() < 1e-15);
}

#[test]
fn decay_spares_what_is_masked() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let mut adam = Adam::adamw(0.1).decoupled_weight_decay(0.5).no_decay("bias");
    adam.step(&mut params, Gradients::new(&layout, &[0.0; 3])).unwrap();
    assert_eq!(params.values(), [0.95, -1.9, 0.5]);
}

hyperparameters! {
    /// θ ← θ − α·g, but for α of the first step.
    #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
    struct Stale {
        /// α.
        learning_rate in NonNegative: f64,
    }
}

impl Rule for Stale {
    const NAME: &'static str = "stale";

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, []) = at.arguments();
        // Not `at.rate(…)`, which would follow a schedule.
        Updated::new(w - self.learning_rate * g, [])
    }
}

#[test]
fn a_hyperparameter_taken_for_a_constant_does_not_go_unnoticed() {
    let mut params = Params::<f32>::seeded(0);
    params.root().parameter("w", array![1.0].into_dyn());
    let layout = GradientLayout::new(params.trainable_entries());
    let mut optimizer = Optim::new_rule(Stale::new(0.5));
    optimizer.step(&mut params, Gradients::new(&layout, &[2.0])).unwrap();
    assert_eq!(params.trainable(), [f32::NEG_INFINITY]);
}
