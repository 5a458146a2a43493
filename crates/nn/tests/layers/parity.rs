//! Answers, gradients and running statistics against PyTorch's: `layers.json`, which `generate.py` writes.

use std::collections::BTreeMap;

use cotangent::nn::Mode;
use cotangent::{Evaluator, Gradient, Graph, ParamId, Params, Program, Seed, Var};
use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;

use crate::build::Options;

/// No element may differ by more than this share of the largest of its array.
const TOLERANCE: f64 = 1e-9;

fn array(json: &Json) -> ArrayD<f64> {
    let list = |json: &Json| json.as_array().expect("a list").clone();
    let shape: Vec<usize> =
        list(&json["shape"]).iter().map(|e| e.as_u64().unwrap() as usize).collect();
    let data = list(&json["data"]).iter().map(|x| x.as_f64().unwrap()).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), data).expect("the data fill the shape")
}

/// The weights of the sum: those of `weights` in `generate.py`.
fn weights(shape: &[usize]) -> ArrayD<f64> {
    let numbers = (0..shape.iter().product()).map(|i: usize| (2.399 * i as f64 + 0.7).sin());
    ArrayD::from_shape_vec(IxDyn(shape), numbers.collect()).unwrap()
}

/// The largest difference as a share of the largest number of their array.
fn error(ours: &ArrayD<f64>, theirs: &ArrayD<f64>) -> f64 {
    assert_eq!(ours.shape(), theirs.shape());
    let largest =
        |array: &ArrayD<f64>| array.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    largest(&(ours - theirs)) / largest(theirs).max(f64::MIN_POSITIVE)
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

/// What a layer is given, as a parameter: of constants a program would be an answer, and no test of what is compiled.
fn given<'g>(g: &'g Graph, params: &mut Params<f64>, values: ArrayD<f64>) -> Var<'g> {
    let name = format!("given{}", params.entries().len());
    g.param(&params.root().parameter(&name, values))
}

/// The largest errors of what a layer computes (its answer and its running statistics) and of the gradients,
/// interpreted and compiled.
fn errors_of(case: &Json) -> (f64, f64) {
    let mut params = Params::<f64>::with_seed(0);
    let of = case["of"].as_str().unwrap();
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
    let values = outputs.len();
    let mut with_respect_to = Vec::new();
    for (name, gradient) in expected["gradients"].as_object().unwrap() {
        with_respect_to.push(match name.strip_prefix('x') {
            Some(position) => x[position.parse::<usize>().unwrap()],
            None => g.param(params.entry(ids[name]).unwrap()),
        });
        theirs.push(array(gradient));
    }
    outputs.extend(Gradient::of(total).with_respect_to(&with_respect_to).unwrap());

    let interpreted = Evaluator::new(&g).params(&params).run(&outputs).unwrap().into_iter();
    let mut program = Program::compile(&outputs, &params);
    program.run(&params, &[], Seed::default()).unwrap();
    let compiled = (0..outputs.len()).map(|i| program.output(i).to_owned());
    let ours = interpreted.map(|value| value.into_real()).chain(compiled);
    let mut errors = (0.0_f64, 0.0_f64);
    for (i, (ours, theirs)) in ours.zip(theirs.iter().chain(&theirs)).enumerate() {
        let error = error(&ours, theirs);
        let of_values = i % outputs.len() < values;
        let largest = if of_values { &mut errors.0 } else { &mut errors.1 };
        *largest = largest.max(error);
    }
    errors
}

#[test]
fn answers_and_gradients_are_pytorchs() {
    let json: Json = serde_json::from_str(include_str!("layers.json")).unwrap();
    let mut table: BTreeMap<&str, (usize, f64, f64)> = BTreeMap::new();
    for case in json["cases"].as_array().unwrap() {
        let (value, gradient) = errors_of(case);
        let of = case["of"].as_str().unwrap();
        let told = format!("{of} {}: value {value:e}, gradient {gradient:e}", case["options"]);
        assert!(value < TOLERANCE && gradient < TOLERANCE, "{told}");
        let row = table.entry(of).or_default();
        *row = (row.0 + 1, row.1.max(value), row.2.max(gradient));
    }
    println!("{:20} {:>5} {:>9} {:>9}", "layer", "cases", "value", "gradient");
    for (of, (cases, value, gradient)) in table {
        println!("{of:20} {cases:>5} {value:>9.1e} {gradient:>9.1e}");
    }
}
