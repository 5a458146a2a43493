//! Answers, gradients and running statistics against PyTorch's: `layers.json`, which `layers.py` writes.

use std::collections::BTreeMap;

use cotangent::nn::Mode;
use cotangent::{Gradient, Graph, ParamId, Params, Var};
use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;

use super::build::Options;
use super::{Table, array, cases, differences, given};

/// The weights of the sum: those of `weights` in `layers.py`.
fn weights(shape: &[usize]) -> ArrayD<f64> {
    let numbers = (0..shape.iter().product()).map(|i: usize| (2.399 * i as f64 + 0.7).sin());
    ArrayD::from_shape_vec(IxDyn(shape), numbers.collect()).unwrap()
}

/// Our parameters and buffers of these names get these values; the trainable ones are all there are.
fn fill(params: &mut Params<f64>, case: &Json) -> Vec<(String, ParamId)> {
    let mut filled = Vec::new();
    for kind in ["parameters", "buffers"] {
        for (name, values) in case[kind].as_object().unwrap() {
            let id = params.id(&format!("layer.{name}")).unwrap_or_else(|| panic!("no {name}"));
            params.set(id, array(values).view()).expect("PyTorch's shape");
            filled.push((name.clone(), id));
        }
    }
    assert_eq!(params.trainable_entries().count(), case["parameters"].as_object().unwrap().len());
    filled
}

/// The largest errors of what a layer computes (its answer and its running statistics) and of the gradients,
/// interpreted and compiled.
fn errors_of(case: &Json) -> [f64; 2] {
    let mut params = Params::<f64>::with_seed(0);
    let of = case["kind"].as_str().unwrap();
    let layer = Options(&case["options"]).build(of, &mut params.root());
    let ids: BTreeMap<String, ParamId> = fill(&mut params, case).into_iter().collect();

    let g = Graph::new();
    let x = case["x"].as_array().unwrap().iter();
    let x: Vec<Var<'_>> = x.map(|x| given(&g, &mut params, array(x))).collect();
    let mode = if case["evaluate"].as_bool().unwrap() { Mode::Eval } else { Mode::Train };
    let y = layer.forward(&x, mode);
    let total = (y * g.constant(weights(&y.shape()))).sum();

    let expected = &case["expected"];
    let mut outputs = vec![y];
    let mut theirs = vec![array(&expected["y"])];
    let updates: BTreeMap<ParamId, Var<'_>> = g.updates().into_iter().collect();
    for (name, values) in expected["buffers"].as_object().unwrap() {
        let id = ids[name];
        let param = params.entry(id).unwrap();
        outputs.push(updates.get(&id).copied().unwrap_or_else(|| g.current(param)));
        theirs.push(array(values));
    }
    let mut with_respect_to = Vec::new();
    for (name, gradient) in expected["gradients"].as_object().unwrap() {
        with_respect_to.push(match name.strip_prefix('x') {
            Some(position) => x[position.parse::<usize>().unwrap()],
            None => g.param(params.entry(ids[name]).unwrap()),
        });
        theirs.push(array(gradient));
    }
    let gradients = Gradient::of(total).with_respect_to(&with_respect_to).unwrap();
    differences(&params, [&outputs, &gradients], &theirs)
}

pub fn compare(table: &mut Table) {
    for case in &cases(include_str!("layers.json")) {
        table.add(case["kind"].as_str().unwrap(), &case["options"], errors_of(case));
    }
}
