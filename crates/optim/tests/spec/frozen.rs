//! Steps in which not all parameters take part: some are frozen, or have no gradients.

use std::collections::HashMap;

use cotangent::optim::{
    Accumulate, Adagrad, Adam, Asgd, Checkpoint, ClipGlobalNorm, Ema, Groups, Lookahead, MakeRule,
    NAdam, Optimizer, RmsProp, Sam, Sgd, State, every_rule,
};
use cotangent::{GradientLayout, Gradients, Param, Params};
use ndarray::{Array, array};

type Boxed = Box<dyn Optimizer<f64>>;

/// Conventions that remember more than their rules do by default, or count their steps otherwise.
const CONVENTIONS: [(&str, MakeRule<f64>); 6] = [
    ("momentum", |rate| Box::new(Sgd::new(rate).momentum(0.9).dampening(0.1).weight_decay(0.01))),
    ("averaged", |rate| Box::new(Sgd::new(rate).averaged_momentum(0.9).bias_corrected())),
    ("adamw", |rate| Box::new(Adam::adamw(rate))),
    ("falling adagrad", |rate| Box::new(Adagrad::new(rate).learning_rate_decay(0.01))),
    ("centred rmsprop", |rate| Box::new(RmsProp::new(rate).centred().momentum(0.5))),
    ("early asgd", |rate| Box::new(Asgd::new(rate).start(3))),
];

/// Every rule, and the conventions.
fn rules() -> impl Iterator<Item = (&'static str, MakeRule<f64>)> {
    every_rule().into_iter().chain(CONVENTIONS)
}

/// A store of matrices of these names.
fn store(names: &[&str]) -> Params<f64> {
    let mut params = Params::with_seed(0);
    for name in names {
        let start = Array::from_shape_fn((3, 4), |(i, j)| (i as f64 - 1.1) * (j as f64 - 1.7));
        params.root().parameter(name, start.into_dyn());
    }
    params
}

fn values<'p>(params: &'p Params<f64>, name: &str) -> &'p [f64] {
    &params.values()[params.range(params.id(name).unwrap())]
}

/// A run whose gradients of a parameter depend on how many steps were made with it, and not on the
/// others.
struct Run {
    params: Params<f64>,
    optimizer: Boxed,
    steps: HashMap<String, usize>,
}

impl Run {
    fn new(names: &[&str], optimizer: Boxed) -> Self {
        Self { params: store(names), optimizer, steps: HashMap::new() }
    }

    /// Steps with gradients of all that is not frozen, as a training step answers them.
    fn train(&mut self, steps: usize) {
        let unfrozen: Vec<Param> = self.params.unfrozen_entries().cloned().collect();
        for _ in 0..steps {
            self.step(&unfrozen);
        }
    }

    fn step(&mut self, of: &[Param]) {
        let layout = GradientLayout::new(of);
        let mut gradients = Vec::new();
        for param in of {
            let step = self.steps.entry(param.path().to_owned()).or_default();
            gradients.extend((0..param.shape().size()).map(|i| ((*step * 7 + i) as f64).sin()));
            *step += 1;
        }
        self.optimizer.step(&mut self.params, Gradients::new(&layout, &gradients)).unwrap();
    }
}

#[test]
fn a_frozen_parameter_stays_and_then_goes_on_as_if_nothing_had_been() {
    for (name, make) in rules() {
        let [mut whole, mut first, mut second] =
            [&["first", "second"][..], &["first"], &["second"]]
                .map(|names| Run::new(names, make(0.01)));
        whole.train(4);
        whole.params.freeze("second").unwrap();
        let before = values(&whole.params, "second").to_vec();
        whole.train(3);
        assert_eq!(values(&whole.params, "second"), before, "{name}");
        whole.params.unfreeze("second").unwrap();
        whole.train(5);
        first.train(12);
        second.train(9);
        for (alone, part) in [(&first, "first"), (&second, "second")] {
            assert_eq!(values(&whole.params, part), values(&alone.params, part), "{name}: {part}");
        }
    }
}

#[test]
fn a_parameter_frozen_at_first_starts_afresh_when_it_is_not() {
    for (name, make) in rules() {
        let mut late = Run::new(&["first", "second"], make(0.01));
        late.params.freeze("first").unwrap();
        late.train(6);
        late.params.unfreeze("*").unwrap();
        late.train(3);
        let mut alone = Run::new(&["first"], make(0.01));
        alone.train(3);
        assert_eq!(values(&late.params, "first"), values(&alone.params, "first"), "{name}");
    }
}

#[test]
fn gradients_of_what_was_frozen_since_are_not_followed() {
    let mut run = Run::new(
        &["first", "second"],
        Box::new(Sgd::new(0.1).momentum(0.9).weight_decay(0.1).with(ClipGlobalNorm::new(1.0))),
    );
    run.train(2);
    let entries = run.params.entries().to_vec();
    run.params.freeze("first").unwrap();
    let before = run.params.values().to_vec();
    run.step(&entries);
    assert_eq!(values(&run.params, "first"), &before[..12]);
    assert_ne!(values(&run.params, "second"), &before[12..]);
}

#[test]
fn an_interrupted_run_goes_on_with_what_was_frozen() {
    let make: fn() -> Boxed = || {
        let groups = Groups::new(Adam::adamw(0.01)).group("second", NAdam::new(0.02));
        Box::new(groups.with(Lookahead::new(3, 0.5)).with(Ema::new(0.9)))
    };
    let mut whole = Run::new(&["first", "second", "third"], make());
    whole.params.freeze("third").unwrap();
    whole.train(4);
    whole.params.freeze("second").unwrap();
    whole.train(3);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run");
    Checkpoint::of(&whole.params, &mut whole.optimizer).unwrap().save(&file).unwrap();
    let mut resumed = Run::new(&["first", "second", "third"], make());
    let checkpoint = Checkpoint::load(&file).unwrap();
    checkpoint.restore(&mut resumed.params, &mut resumed.optimizer).unwrap();
    resumed.steps = whole.steps.clone();
    for run in [&mut whole, &mut resumed] {
        assert!(run.params.unfrozen_entries().map(Param::path).eq(["first"]));
        run.train(2);
        run.params.unfreeze("*").unwrap();
        run.train(4);
    }
    assert_eq!(resumed.params.values(), whole.params.values());
    let [a, b] = [&mut whole, &mut resumed].map(|run| run.optimizer.state(&run.params).unwrap());
    assert!(a == b);
}

#[test]
fn an_earlier_state_is_taken_up_after_more_parameters_took_part() {
    let mut run = Run::new(&["first", "second"], Box::new(Adam::new(0.01).with(Ema::new(0.9))));
    run.params.freeze("second").unwrap();
    run.train(3);
    let early = run.optimizer.state(&run.params).unwrap();
    run.params.unfreeze("second").unwrap();
    run.train(2);
    run.optimizer.restore(&run.params, &early).unwrap();
    assert!(run.optimizer.state(&run.params).unwrap() == early);
    let bytes = early.to_bytes();
    assert!(State::<f64>::from_bytes(&bytes).unwrap() == early);
}

#[test]
fn two_optimizers_take_turns_and_each_remembers_its_own() {
    let mut run = Run::new(&["critic", "generator"], Box::new(Adam::adamw(0.01)));
    let entries = run.params.entries().to_vec();
    let mut other: Boxed = Box::new(Adam::adamw(0.05));
    for turn in 0..6 {
        let (moved, stays) = if turn % 2 == 0 { (0, 1) } else { (1, 0) };
        let before = run.params.clone();
        run.step(&entries[moved..=moved]);
        let (moved, stays) = (entries[moved].path(), entries[stays].path());
        assert_ne!(values(&run.params, moved), values(&before, moved));
        assert_eq!(values(&run.params, stays), values(&before, stays));
        std::mem::swap(&mut run.optimizer, &mut other);
    }
    let critics = format!("{:?}", run.optimizer.state(&run.params).unwrap());
    let generators = format!("{:?}", other.state(&run.params).unwrap());
    assert!(critics.contains("adam/mean/critic") && !critics.contains("generator"), "{critics}");
    assert!(generators.contains("adam/mean/generator") && !generators.contains("critic"));
}

#[test]
fn a_parameter_added_later_is_taken_up() {
    let mut run = Run::new(&["first"], Box::new(Adam::new(0.01)));
    run.train(5);
    run.params.root().parameter("late", array![1.0].into_dyn());
    // The sine of 7, where that of 0 would be no gradient.
    run.steps.insert("late".to_owned(), 1);
    run.train(1);
    // With a mean and a mean square of one gradient, Adam's step is as long as its rate.
    close(values(&run.params, "late"), &[0.99], 1e-9);
    assert_eq!(run.optimizer.steps(), 6);
}

fn close(ours: &[f64], expected: &[f64], bound: f64) {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() < bound;
    assert!(ours.len() == expected.len() && ours.iter().zip(expected).all(near), "{ours:?}");
}

/// One step of a store of numbers, with gradients of some of them.
fn step(optimizer: &mut dyn Optimizer<f64>, params: &mut Params<f64>, of: &[(&str, f64)]) {
    let entries = of.iter().map(|(name, _)| params.entry(params.id(name).unwrap()).unwrap());
    let layout = GradientLayout::new(entries);
    let values: Vec<f64> = of.iter().map(|(_, gradient)| *gradient).collect();
    optimizer.step(params, Gradients::new(&layout, &values)).unwrap();
}

fn numbers() -> Params<f64> {
    let mut params = Params::with_seed(0);
    for name in ["a", "b"] {
        params.root().parameter(name, array![0.0].into_dyn());
    }
    params
}

#[test]
fn the_average_of_a_frozen_parameter_goes_to_where_it_stands() {
    let (mut params, mut sgd) = (numbers(), Sgd::new(1.0).with(Ema::new(0.5)));
    step(&mut sgd, &mut params, &[("a", -4.0), ("b", -8.0)]);
    step(&mut sgd, &mut params, &[("b", -8.0)]);
    // Of 4 and 4, and of 8 and 16.
    let expected = [4.0, (0.25 * 8.0 + 0.5 * 16.0) / 0.75];
    close(sgd.averaged(&params).values(), &expected, 1e-12);
    // What no update was made with is as it is.
    let (mut params, mut sgd) = (numbers(), Sgd::new(1.0).with(Ema::new(0.5)));
    params.values_mut()[0] = 7.0;
    step(&mut sgd, &mut params, &[("b", -8.0)]);
    assert_eq!(sgd.averaged(&params).values(), [7.0, 8.0]);
    step(&mut sgd, &mut params, &[("a", -1.0), ("b", -8.0)]);
    assert_eq!(sgd.averaged(&params).values()[0], 8.0, "an average of one");
}

#[test]
fn what_is_frozen_while_sharpness_awareness_is_ahead_comes_back() {
    let (mut params, mut sgd) = (numbers(), Sgd::new(1.0).with(Sam::new(5.0)));
    step(&mut sgd, &mut params, &[("a", 3.0), ("b", 4.0)]);
    assert_eq!(params.values(), [3.0, 4.0]);
    params.freeze("a").unwrap();
    step(&mut sgd, &mut params, &[("b", 1.0)]);
    assert_eq!(params.values(), [0.0, -1.0]);
    step(&mut sgd, &mut params, &[("b", 1.0)]);
    step(&mut sgd, &mut params, &[("b", 1.0)]);
    assert_eq!(params.values(), [0.0, -2.0]);
}

#[test]
fn parts_hand_on_the_gradients_of_a_part_of_the_model() {
    let mut params = numbers();
    let mut sgd = Sgd::new(1.0).with(ClipGlobalNorm::new(1.0).exact()).with(Accumulate::new(2));
    for _ in 0..2 {
        step(&mut sgd, &mut params, &[("b", 8.0)]);
    }
    assert_eq!(params.values(), [0.0, -1.0]);
    for _ in 0..2 {
        step(&mut sgd, &mut params, &[("a", 3.0), ("b", 4.0)]);
    }
    close(params.values(), &[-0.6, -1.8], 1e-12);
}
