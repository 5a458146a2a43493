//! Whole training runs answer the same bits on any number of threads: forward, backward, running statistics and
//! updates, of a model that is large enough to be shared.
//!
//! One test, as the number of threads is set for the process.

use cotangent::optim::{Groups, MakeRule, every_rule};
use cotangent::prelude::*;
use cotangent::{Feed, Precision, set_default_threads};

/// Products, a normalisation, functions, sums, softmax and labels.
struct Model {
    fc1: Linear,
    norm: BatchNorm,
    fc2: Linear,
}

impl Model {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            fc1: Linear::new(INPUTS, HIDDEN).build(scope, "fc1"),
            norm: BatchNorm::new(HIDDEN).build(scope, "norm"),
            fc2: Linear::new(HIDDEN, CLASSES).build(scope, "fc2"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        self.fc2.forward(self.norm.forward(self.fc1.forward(x), Mode::Train).tanh())
    }
}

const BATCH: usize = 120;
const INPUTS: usize = 150;
/// So that the first layer's weights alone are more than what one thread updates.
const HIDDEN: usize = 500;
const CLASSES: usize = 30;

/// The bits of losses, gradients, parameters and statistics after each of three steps.
fn trained<T: Precision>(threads: usize, make: MakeRule<T>) -> Vec<u64> {
    set_default_threads(threads);
    let mut params = Params::<T>::with_seed(0);
    let model = Model::new(&mut params.root());
    let mut step = Step::new(|_, [x, labels]| model.forward(x).cross_entropy(labels));
    // Of matrices alone, as Muon has no formula for vectors.
    let mut optimizer = Groups::new(Adam::new(1e-2)).group("fc*.weight", make(1e-2));
    let number = |place: &[usize]| ((place[0] * 7 + place[1] * 3) % 11) as f64 / 3.0 - 1.5;
    let x = Array2::from_shape_fn((BATCH, INPUTS), |(i, j)| T::from_f64(number(&[i, j])));
    let labels = Array1::from_shape_fn(BATCH, |i| (i % CLASSES) as i64);
    let mut bits = Vec::new();
    let mut note = |values: &[T]| bits.extend(values.iter().map(|&x| x.to_f64().to_bits()));
    for _ in 0..3 {
        let inputs = [Feed::Real(x.view().into_dyn()), Feed::from(&labels)];
        note(&[step.run(&mut params, inputs).unwrap()]);
        optimizer.step(&mut params, step.gradients()).unwrap();
        note(step.gradients().values());
        note(params.values());
    }
    let plan = step.program().explain().to_string();
    for mark in ["↑∥", "↓∥"] {
        let shared = plan.lines().filter(|line| line.contains(mark));
        let (products, loops): (Vec<_>, Vec<_>) = shared.partition(|line| line.contains("matmul"));
        assert!(!products.is_empty() && !loops.is_empty(), "not all is shared:\n{plan}");
    }
    bits
}

fn assert_same_on_any_number<T: Precision>(rule: &str, make: MakeRule<T>) {
    let alone = trained(1, make);
    for threads in 2..=4 {
        let first = alone.iter().zip(trained(threads, make)).position(|(&a, b)| a != b);
        assert_eq!(first, None, "{rule}: the first number that differs on {threads} threads");
    }
}

#[test]
fn training_answers_the_same_bits_on_any_number_of_threads() {
    for (rule, make) in every_rule::<f32>() {
        assert_same_on_any_number(rule, make);
    }
    for (rule, make) in every_rule::<f64>().into_iter().filter(|rule| rule.0 == "adam") {
        assert_same_on_any_number(rule, make);
    }
}
