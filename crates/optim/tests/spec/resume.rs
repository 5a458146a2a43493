//! Saving and restoring: 50 steps, a file and 50 more are, to the bit, 100 steps.

use std::iter::successors;

use cotangent::optim::{
    Accumulate, Adagrad, Adam, Asgd, ClipGlobalNorm, Constant, Cosine, CosineRestarts, Curve,
    Cyclic, Difference, Ema, Exponential, Geometric, Groups, InverseSqrt, InverseTime, Lookahead,
    MultiStep, Muon, OneCycle, Optimizer, Piecewise, Polynomial, Ramp, ReduceOnPlateau, RmsProp,
    Sam, Schedule, Sgd, State, StateError, StepDecay, every_part, every_rule,
};
use cotangent::{GradientLayout, Gradients, Params};
use ndarray::{Array, array};

type Boxed = Box<dyn Optimizer<f32>>;
type Make = fn() -> Boxed;

fn params() -> Params<f32> {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let mut fc = root.child("fc");
    let weight = Array::from_shape_fn((3, 4), |(i, j)| (i as f64 - 1.1) * (j as f64 - 1.7));
    fc.parameter("weight", weight.into_dyn());
    fc.parameter("bias", array![0.3, -0.2, 0.1].into_dyn());
    params
}

/// A gradient that is different at each step: of a quadratic, with noise.
fn gradient(params: &Params<f32>, step: u64) -> Vec<f32> {
    let noisy =
        |(i, &w): (usize, &f32)| w * (1.0 + i as f32) + ((step * 7 + i as u64) as f32).sin();
    params.trainable().iter().enumerate().map(noisy).collect()
}

fn train(optimizer: &mut Boxed, params: &mut Params<f32>, steps: std::ops::Range<u64>) {
    let layout = GradientLayout::new(params.trainable_entries());
    for step in steps {
        let gradient = gradient(params, step);
        optimizer.step(params, Gradients::new(&layout, &gradient)).unwrap();
        optimizer.observe(1.0 / (1.0 + (step / 8) as f64));
    }
}

/// Whether a run that was interrupted after an odd number of steps ends as one that was not.
fn check_resumes(name: &str, make: impl Fn() -> Boxed) {
    let (mut whole, mut expected) = (make(), params());
    train(&mut whole, &mut expected, 0..100);

    let (mut first, mut half) = (make(), params());
    train(&mut first, &mut half, 0..51);
    let bytes = first.state(&half).unwrap().to_bytes();
    let mut second = make();
    second.restore(&half, &State::from_bytes(&bytes).unwrap()).unwrap();
    train(&mut second, &mut half, 51..100);

    let bits =
        |params: &Params<f32>| params.values().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(expected.values().iter().all(|x| x.is_finite()), "{name}: {:?}", expected.values());
    assert_ne!(bits(&expected), bits(&params()), "{name}: nothing was trained");
    assert_eq!(bits(&half), bits(&expected), "{name}");
    let states = (second.state(&half).unwrap(), whole.state(&expected).unwrap());
    assert!(states.0 == states.1, "{name}: the states differ");
}

/// Rules with the options that change what is remembered.
const OPTIONS: &[(&str, Make)] = &[
    ("momentum", || Box::new(Sgd::new(0.01).momentum(0.9).dampening(0.1).weight_decay(0.01))),
    ("averaged", || Box::new(Sgd::new(0.1).averaged_momentum(0.9).bias_corrected())),
    ("nesterov's momentum", || Box::new(Sgd::new(0.01).momentum(0.9).nesterov())),
    ("the lecture's adam", || Box::new(Adam::new(0.01).lecture())),
    ("adamw", || Box::new(Adam::adamw(0.01).no_decay("*.bias"))),
    ("adagrad", || Box::new(Adagrad::new(0.1).learning_rate_decay(0.01))),
    ("rmsprop", || Box::new(RmsProp::new(0.01).centred().momentum(0.5))),
    ("asgd", || Box::new(Asgd::new(0.01).start(20))),
];

const COMPOSITIONS: &[(&str, Make)] = &[
    ("plateau", || {
        let plateau = ReduceOnPlateau::new(0.5).patience(2).cooldown(3);
        Box::new(Adam::new(0.05).reduce_on_plateau(plateau))
    }),
    ("momentum inside", || Box::new(Sgd::new(0.01).momentum(0.9).with(Sam::new(0.05)))),
    ("boxed inside", || {
        let inside: Boxed = Box::new(Adam::new(0.01));
        Box::new(inside.with(Lookahead::new(3, 0.5)))
    }),
    ("groups", || {
        let groups = Groups::new(Adam::new(0.01)).group("*.weight", Muon::new(0.02));
        Box::new(groups.with(ClipGlobalNorm::new(1.0)).with(Accumulate::new(2)).with(Ema::new(0.9)))
    }),
];

#[test]
fn every_rule_resumes() {
    for (name, make) in every_rule() {
        // Of matrices alone, as Muon has no formula for vectors.
        let of_matrices = || Groups::new(Adam::new(0.01)).group("*.weight", make(0.01));
        check_resumes(name, || Box::new(of_matrices()));
    }
    OPTIONS.iter().for_each(|(name, make)| check_resumes(name, make));
}

#[test]
fn every_part_resumes() {
    for (name, around) in every_part() {
        check_resumes(name, || around(Box::new(Adam::new(0.01))));
    }
    COMPOSITIONS.iter().for_each(|(name, make)| check_resumes(name, make));
}

/// The schedule after another: one that is added does not compile before it has its place here.
fn next(schedule: &Schedule) -> Option<Schedule> {
    let halved = || StepDecay::halve_every(10);
    Some(match schedule {
        Schedule::Constant(_) => StepDecay::halve_every(30).into(),
        Schedule::StepDecay(_) => MultiStep::new(0.5, [20, 60]).into(),
        Schedule::MultiStep(_) => Exponential::new(0.01).into(),
        Schedule::Exponential(_) => Geometric::new(0.99).into(),
        Schedule::Geometric(_) => InverseTime::new(0.1).into(),
        Schedule::InverseTime(_) => InverseSqrt::new(10).into(),
        Schedule::InverseSqrt(_) => Ramp::warmup(70).into(),
        Schedule::Ramp(_) => Polynomial::new(1.0, 0.1, 2.0, 80).into(),
        Schedule::Polynomial(_) => Cosine::new(1.0, 0.0, 100).into(),
        Schedule::Cosine(_) => CosineRestarts::new(1.0, 0.1, 10).growing(2).into(),
        Schedule::CosineRestarts(_) => OneCycle::new(100).into(),
        Schedule::OneCycle(_) => Cyclic::new(0.1, 1.0, 7, 9).halving().into(),
        Schedule::Cyclic(_) => Piecewise::new(1.0).to(20, 0.5).to(70, 0.2).cosine().into(),
        Schedule::Piecewise(_) => Ramp::warmup(10).then_at(10, halved()),
        Schedule::Sequence(_) => halved().times(0.3),
        Schedule::Product(_) => halved().per(3),
        Schedule::Per(_) => halved().at_least(0.1),
        Schedule::Bounded(_) => return None,
    })
}

#[test]
fn every_schedule_resumes() {
    let options: [Schedule; 3] = [
        OneCycle::new(100).three_phase().into(),
        Cyclic::new(0.1, 1.0, 7, 9).decaying(0.99).into(),
        Ramp::warmup(10).then_at(10, StepDecay::halve_every(10).per(3)).times(0.3).at_least(0.1),
    ];
    for schedule in successors(Some(Constant::new(0.5).into()), next).chain(options) {
        let name = schedule.to_string();
        check_resumes(&name, || {
            let adam = Adam::new(0.01).schedule(schedule.clone());
            Box::new(adam.vary("beta1", schedule.clone().times(0.9).at_most(0.95)))
        });
        let text = serde_json::to_string(&schedule).unwrap();
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
    }
}

#[test]
fn a_state_before_the_first_step_can_be_restored() {
    let mut adam = Adam::new(0.1);
    let state = adam.state(&params()).unwrap();
    let mut other = Adam::<f32>::new(0.1);
    other.restore(&params(), &state).unwrap();
    assert_eq!(other.steps(), 0);
}

/// All differences of restoring a state into another optimizer, which is left as it was.
fn differences(state: &State<f32>, into: &mut Boxed) -> Vec<Difference> {
    let mut params = params();
    train(into, &mut params, 0..5);
    let before = into.state(&params).unwrap();
    let StateError::Mismatch { differences } = into.restore(&params, state).unwrap_err() else {
        panic!("another error");
    };
    assert!(into.state(&params).unwrap() == before, "it was changed");
    differences
}

/// The state of an optimizer after three steps.
fn state_of(mut optimizer: Boxed) -> State<f32> {
    let mut params = params();
    train(&mut optimizer, &mut params, 0..3);
    optimizer.state(&params).unwrap()
}

#[test]
fn the_state_of_another_optimizer_is_described_whole() {
    let state = state_of(Box::new(Sgd::new(0.1).momentum(0.9)));
    let mut adam: Boxed = Box::new(Adam::new(0.1));
    let found = differences(&state, &mut adam);
    assert!(found.contains(&Difference::Missing("adam/mean/fc.weight".into())), "{found:?}");
    assert!(found.contains(&Difference::Unexpected("sgd/velocity/fc.bias".into())), "{found:?}");
}

#[test]
fn other_settings_are_refused_unless_they_are_meant() {
    let adam = |rate| -> Boxed { Box::new(Adam::new(rate).schedule(StepDecay::halve_every(10))) };
    let state = state_of(adam(0.1));
    let found = differences(&state, &mut adam(0.2));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "another setting: adam/learning_rate is 0.2 here and 0.1 in the state"
    );
    let mut resumed = adam(0.2);
    resumed.restore(&params(), &state.without_settings()).unwrap();
    assert_eq!((resumed.steps(), resumed.learning_rate()), (3, 0.2));
}

#[test]
fn other_parameters_are_described() {
    let state = state_of(Box::new(Adam::new(0.1)));
    let mut other: Params<f32> = Params::seeded(0);
    other.root().child("fc").parameter("weight", Array::zeros((3, 5)).into_dyn());
    let message = Adam::new(0.1).restore(&other, &state).unwrap_err().to_string();
    assert!(
        message.contains("adam/mean/fc.weight is [3, 5] here and [3, 4] in the state"),
        "{message}"
    );
    assert!(message.contains("unknown here: adam/square/fc.bias"), "{message}");
}

#[test]
fn broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("adam.safetensors");
    let whole = state_of(Box::new(Adam::new(0.1)));
    whole.save(&file).unwrap();
    assert!(State::load(&file).unwrap() == whole);
    let bytes = std::fs::read(&file).unwrap();
    params().save(&file).unwrap();
    let of_a_model = std::fs::read(&file).unwrap();
    for broken in [&bytes[..0], &bytes[..bytes.len() - 1], b"PNG", &of_a_model] {
        std::fs::write(&file, broken).unwrap();
        let error = State::<f32>::load(&file).unwrap_err();
        assert!(matches!(error, StateError::Format { .. }), "{error}");
    }
    let missing = State::<f32>::load(folder.path().join("none"));
    assert!(matches!(missing, Err(StateError::Read { .. })));
}

#[test]
fn what_is_not_finite_is_saved_too() {
    let plateau = ReduceOnPlateau::new(0.5);
    let mut adam = Adam::<f32>::new(0.1).reduce_on_plateau(plateau);
    adam.observe(f64::NEG_INFINITY);
    let state = adam.state(&params()).unwrap();
    assert!(State::from_bytes(&state.to_bytes()).unwrap() == state);
}
