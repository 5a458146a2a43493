//! What a step refuses, leaving the parameters as they were.

use graph::{GradientLayout, Gradients, GradientsError, Params};
use ndarray::{Array, array};
use optim::{Adam, Constant, Curve, Domain, OptimError, Optimizer, Ramp, Sgd, StepDecay};

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
    let missing = GradientLayout::new(&entries[..1]);
    assert_eq!(
        refusal_of(&mut adam, &mut params, &missing),
        GradientsError::Missing { path: "bias".into() }.into()
    );
    let mut other_shape = GradientLayout::new(&entries[..1]);
    other_shape.push(entries[1].id(), [4].into());
    let error = refusal_of(&mut adam, &mut params, &other_shape);
    assert!(matches!(error, OptimError::Gradients(GradientsError::Shape { .. })), "{error}");
    let foreign = self::params();
    let unknown = GradientLayout::new(foreign.trainable_entries());
    let error = refusal_of(&mut adam, &mut params, &unknown);
    assert!(matches!(error, OptimError::Gradients(GradientsError::Unknown { .. })), "{error}");
}

#[test]
fn parameters_that_changed_since_the_first_step() {
    let mut params = params();
    let layout = GradientLayout::new(params.trainable_entries());
    let mut adam = Adam::new(0.1);
    adam.step(&mut params, Gradients::new(&layout, &[1.0; 3])).unwrap();
    params.root().parameter("late", Array::zeros(2).into_dyn());
    let layout = GradientLayout::new(params.trainable_entries());
    let error = refusal_of(&mut adam, &mut params, &layout);
    assert!(matches!(error, OptimError::ParametersChanged { .. }), "{error}");
}

#[test]
fn a_pattern_that_matches_nothing() {
    let error = refusal(Adam::adamw(0.1).no_decay("*.baias"), &mut params());
    assert_eq!(error.to_string(), "no trainable parameter matches \"*.baias\"");
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
