//! Whole training runs answer the same bits on any number of threads: forward, backward, running statistics and
//! updates, of a model that is large enough to be shared.
//!
//! One test, as the number of threads is set for the process.

mod models;

use cotangent::optim::{Groups, Optimizer, every_part, every_rule};
use cotangent::prelude::*;
use cotangent::{Feed, Precision, set_default_threads};
use models::Model;

const BATCH: usize = 120;

/// Makes an optimizer of a rate.
type Make<'m, T> = &'m dyn Fn(f64) -> Box<dyn Optimizer<T>>;

/// The bits of losses, gradients, parameters and statistics after each of three steps.
fn trained<T: Precision>(threads: usize, model: &Model, make: Make<'_, T>) -> Vec<u64> {
    set_default_threads(threads);
    let mut params = Params::<T>::with_seed(0);
    let forward = (model.build)(&mut params.root());
    let mut step = Step::new(|_, [x, labels]| forward(x).cross_entropy(labels));
    // Of matrices alone, as Muon has no formula for vectors.
    let mut optimizer = Groups::new(Adam::new(1e-2)).group("fc*.weight", make(1e-2));
    let x = models::numbers(&(model.inputs)(BATCH)).mapv(|x| T::from_f64(15.0 * x));
    let labels = Array1::from_shape_fn(BATCH, |i| (i % models::CLASSES) as i64);
    let mut bits = Vec::new();
    let mut note = |values: &[T]| bits.extend(values.iter().map(|&x| x.to_f64().to_bits()));
    for _ in 0..3 {
        let inputs = [Feed::Real(x.view()), Feed::from(&labels)];
        note(&[step.run(&mut params, inputs).unwrap()]);
        optimizer.step(&mut params, step.gradients()).unwrap();
        note(step.gradients().values());
        note(params.values());
    }
    let plan = step.program().explain().to_string();
    for mark in ["↑∥", "↓∥"] {
        assert!(plan.contains(mark), "not all is shared:\n{plan}");
    }
    bits
}

fn assert_same_on_any_number<T: Precision>(name: &str, model: &Model, make: Make<'_, T>) {
    let alone = trained(1, model, make);
    for threads in 2..=4 {
        let first = alone.iter().zip(trained(threads, model, make)).position(|(&a, b)| a != b);
        let of = model.name;
        assert_eq!(first, None, "{name}, {of}: the first that differs on {threads} threads");
    }
}

#[test]
fn training_answers_the_same_bits_on_any_number_of_threads() {
    let [dense, others @ ..] = models::all();
    for (rule, make) in every_rule::<f32>() {
        assert_same_on_any_number(rule, &dense, &make);
    }
    for (part, put_around) in every_part::<f32>() {
        let make = |rate| put_around(Box::new(Sgd::new(rate)));
        assert_same_on_any_number(part, &dense, &make);
    }
    for (rule, make) in every_rule::<f32>().into_iter().filter(|rule| rule.0 == "adam") {
        others.iter().for_each(|model| assert_same_on_any_number(rule, model, &make));
    }
    for (rule, make) in every_rule::<f64>().into_iter().filter(|rule| rule.0 == "adam") {
        models::all().iter().for_each(|model| assert_same_on_any_number(rule, model, &make));
    }
}
