//! Layers and losses against PyTorch: answers and gradients, interpreted and compiled.

#[path = "parity/attention.rs"]
mod attention;
#[path = "parity/embedding.rs"]
mod embedding;
#[path = "parity/losses.rs"]
mod losses;

use std::collections::BTreeMap;

use cotangent::{Evaluator, Gradient, Graph, Params, Program, Seed, Var};
use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;

/// No element may differ by more than this share of the largest of its array.
const TOLERANCE: f64 = 1e-9;

fn list(json: &Json) -> Vec<Json> {
    json.as_array().cloned().unwrap_or_default()
}

fn array(json: &Json) -> ArrayD<f64> {
    let shape: Vec<usize> =
        list(&json["shape"]).iter().map(|extent| extent.as_u64().unwrap() as usize).collect();
    let data = list(&json["data"]).iter().map(|x| x.as_f64().unwrap()).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), data).expect("the data fill the shape")
}

/// The largest differences of a kind's answers and of its gradients.
#[derive(Default)]
struct Table(BTreeMap<String, [f64; 2]>);

impl Table {
    fn add(&mut self, case: &Json, errors: [f64; 2]) {
        let about = format!("{} with {}", case["kind"], case["options"]);
        assert!(errors.iter().all(|error| *error < TOLERANCE), "{about}: {errors:?}");
        let kind = case["kind"].as_str().unwrap().to_owned();
        let row = self.0.entry(kind).or_default();
        *row = [row[0].max(errors[0]), row[1].max(errors[1])];
    }

    fn print(&self) {
        println!("{:<24}{:>10}{:>10}", "largest difference of", "value", "gradient");
        for (kind, [value, gradient]) in &self.0 {
            println!("{kind:<24}{value:>10.1e}{gradient:>10.1e}");
        }
    }
}

/// Sets parameters by their names within "layer"; answers their paths, by name. There must be no others.
fn set(params: &mut Params<f64>, theirs: &Json) -> Vec<String> {
    let theirs = theirs.as_object().expect("parameters by name");
    let mut paths: Vec<String> = theirs.keys().map(|name| format!("layer.{name}")).collect();
    paths.sort();
    let mut ours: Vec<String> = params.entries().iter().map(|p| p.path().to_owned()).collect();
    ours.sort();
    assert_eq!(ours, paths);
    for (name, values) in theirs {
        let id = params.id(&format!("layer.{name}")).unwrap();
        params.set(id, array(values).view()).expect("PyTorch's shape");
    }
    paths
}

/// How far the answer, and the gradients of its sum weighted by "v", are from those expected.
fn errors<'g>(
    case: &Json,
    params: &Params<f64>,
    answer: Var<'g>,
    with_respect_to: &[Var<'g>],
) -> [f64; 2] {
    let total = (answer * answer.graph().constant(array(&case["v"]))).sum();
    let gradients = match with_respect_to {
        [] => Vec::new(),
        of => Gradient::of(total).zeros_without_path().with_respect_to(of).unwrap(),
    };
    let outputs = [vec![answer], gradients].concat();
    let values = Evaluator::new(answer.graph()).params(params).run(&outputs).unwrap();
    let interpreted: Vec<ArrayD<f64>> = values.into_iter().map(|value| value.into_real()).collect();
    let mut program = Program::compile(&outputs, params);
    program.run(params, &[], Seed::default()).unwrap();
    let compiled: Vec<ArrayD<f64>> =
        (0..outputs.len()).map(|i| program.output(i).to_owned()).collect();

    let theirs = list(&case["expected"]["gradients"]);
    assert_eq!(theirs.len(), with_respect_to.len());
    let of = |ours: &[ArrayD<f64>]| {
        let gradients = ours[1..].iter().zip(&theirs).map(|(ours, theirs)| error(ours, theirs));
        [error(&ours[0], &case["expected"]["output"]), gradients.fold(0.0, f64::max)]
    };
    let [a, b] = [of(&interpreted), of(&compiled)];
    [a[0].max(b[0]), a[1].max(b[1])]
}

fn error(ours: &ArrayD<f64>, theirs: &Json) -> f64 {
    let theirs = array(theirs);
    assert_eq!(ours.shape(), theirs.shape());
    let largest =
        |array: &ArrayD<f64>| array.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    // Of an array that is 0 in exact arithmetic, round-off is compared with 1.
    let scale = largest(&theirs);
    largest(&(ours - &theirs)) / if scale < 1e-12 { 1.0 } else { scale }
}

/// What a layer is given, as a parameter: of constants a program would be an answer, and no test of what is compiled.
fn given<'g>(g: &'g Graph, params: &mut Params<f64>, values: ArrayD<f64>) -> Var<'g> {
    let name = format!("given{}", params.entries().len());
    g.param(&params.root().parameter(&name, values))
}

/// The inputs of a case.
fn inputs<'g>(g: &'g Graph, params: &mut Params<f64>, case: &Json) -> Vec<Var<'g>> {
    list(&case["inputs"]).iter().map(|x| given(g, params, array(x))).collect()
}
