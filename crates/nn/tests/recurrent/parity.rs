//! Answers and gradients against PyTorch's: `recurrent.json`, which `generate.py` writes.

use cotangent::nn::recurrent::LstmState;
use cotangent::nn::{Gru, Lstm, Mode, Rnn};
use cotangent::{Gradient, Graph, Params, Program, Scope, Seed, Var};
use ndarray::{Array1, ArrayD, IxDyn};
use serde_json::Value as Json;

use crate::{Layer, listed, values};

/// No element may differ by more than this share of the largest of its array.
const TOLERANCE: f64 = 1e-9;

fn array(json: &Json) -> ArrayD<f64> {
    let list = |json: &Json| json.as_array().expect("a list").clone();
    let shape: Vec<usize> =
        list(&json["shape"]).iter().map(|e| e.as_u64().unwrap() as usize).collect();
    let data = list(&json["data"]).iter().map(|x| x.as_f64().unwrap()).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), data).expect("the data fill the shape")
}

/// The arrays under these names.
fn arrays<'a>(json: &Json, names: impl IntoIterator<Item = &'a str>) -> Vec<ArrayD<f64>> {
    names.into_iter().map(|name| array(&json[name])).collect()
}

impl Layer {
    fn of(options: &Json, scope: &mut Scope<'_>) -> Self {
        let flag = |name: &str| options[name].as_bool().unwrap();
        macro_rules! built {
            ($builder:expr) => {{
                let builder = $builder.layers(options["layers"].as_u64().unwrap() as usize);
                let builder = builder.bias(flag("bias"));
                let builder = if flag("bidirectional") { builder.bidirectional() } else { builder };
                let builder = if flag("batch_first") { builder.batch_first() } else { builder };
                builder.build(scope, "layer")
            }};
        }
        match options["kind"].as_str().unwrap() {
            "tanh" => Layer::Rnn(built!(Rnn::new(3, 2))),
            "relu" => Layer::Rnn(built!(Rnn::new(3, 2).relu())),
            "gru" => Layer::Gru(built!(Gru::new(3, 2))),
            "lstm" => Layer::Lstm(built!(Lstm::new(3, 2))),
            other => panic!("{other} is no kind of layer"),
        }
    }

    /// The names of the arrays of its state.
    fn names(&self) -> &'static [&'static str] {
        if matches!(self, Layer::Lstm(_)) { &["h", "c"] } else { &["h"] }
    }

    /// Its output and state, from the state of which these are the arrays, if there are any.
    fn forward<'g>(&self, x: Var<'g>, start: &[Var<'g>], lengths: Option<Var<'g>>) -> Vec<Var<'g>> {
        macro_rules! forward {
            ($layer:expr, $start:expr) => {
                match (start.is_empty(), lengths) {
                    (true, None) => $layer.forward(x, Mode::Train),
                    (false, None) => $layer.forward_from(x, $start, Mode::Train),
                    (true, Some(lengths)) => $layer.forward_lengths(x, lengths, Mode::Train),
                    (false, Some(lengths)) => {
                        $layer.forward_lengths_from(x, lengths, $start, Mode::Train)
                    }
                }
            };
        }
        match self {
            Layer::Rnn(rnn) => listed(forward!(rnn, start[0]), |h| vec![h]),
            Layer::Gru(gru) => listed(forward!(gru, start[0]), |h| vec![h]),
            Layer::Lstm(lstm) => {
                let state = |start: &[Var<'g>]| LstmState { h: start[0], c: start[1] };
                listed(forward!(lstm, state(start)), |state| vec![state.h, state.c])
            }
        }
    }
}

/// What a layer is given, as a parameter: of constants a program would be an answer, and no test of what is compiled.
fn given<'g>(g: &'g Graph, params: &mut Params<f64>, values: ArrayD<f64>) -> Var<'g> {
    let name = format!("given{}", params.entries().len());
    g.param(&params.root().parameter(&name, values))
}

/// The largest difference between what a case expects and what we answer, as a share of the largest
/// number of its array; interpreted and compiled.
fn error_of(case: &Json) -> f64 {
    let mut params = Params::<f64>::with_seed(0);
    let layer = Layer::of(&case["options"], &mut params.root());
    let theirs = case["parameters"].as_object().unwrap();
    let path = |name: &String| format!("layer.{name}");
    let mut paths: Vec<String> = params.entries().iter().map(|p| p.path().to_owned()).collect();
    paths.sort();
    assert!(paths.iter().eq(&theirs.keys().map(path).collect::<Vec<_>>()), "{paths:?}");
    for (name, values) in theirs {
        let id = params.id(&path(name)).unwrap();
        params.set(id, array(values).view()).expect("PyTorch's shape");
    }

    let g = Graph::new();
    let names = layer.names();
    let x = given(&g, &mut params, array(&case["x"]));
    let state = case["state"].as_object().unwrap();
    let start = names.iter().filter_map(|&name| state.get(name));
    let start: Vec<Var<'_>> = start.map(|json| given(&g, &mut params, array(json))).collect();
    let lengths = case["lengths"].as_array();
    let lengths: Option<Array1<i64>> =
        lengths.map(|lengths| lengths.iter().map(|length| length.as_i64().unwrap()).collect());
    let answers = layer.forward(x, &start, lengths.map(|lengths| g.constant(lengths)));
    let all = || ["output"].into_iter().chain(names.iter().copied());
    let weighted = answers.iter().zip(arrays(&case["v"], all()));
    let total = weighted.map(|(&answer, v)| (answer * g.constant(v)).sum());
    let total = total.reduce(|a, b| a + b).unwrap();

    let weights: Vec<Var<'_>> = theirs
        .keys()
        .map(|name| g.param(params.entry(params.id(&path(name)).unwrap()).unwrap()))
        .collect();
    let with_respect_to = [&[x], &start[..], &weights].concat();
    let gradients = Gradient::of(total).with_respect_to(&with_respect_to).unwrap();
    let of_start = names[..start.len()].iter().map(|name| format!("{name}_0"));
    let of: Vec<String> =
        ["x".to_owned()].into_iter().chain(of_start).chain(theirs.keys().cloned()).collect();

    let expected = [
        arrays(&case["expected"], all()),
        arrays(&case["expected"]["gradients"], of.iter().map(String::as_str)),
    ]
    .concat();
    let outputs = [answers, gradients].concat();
    let interpreted = values(&params, &outputs);
    let mut program = Program::compile(&outputs, &params);
    program.run(&params, &[], Seed::default()).unwrap();
    let compiled = (0..outputs.len()).map(|i| program.output(i).to_owned());
    let ours = interpreted.into_iter().chain(compiled);
    ours.zip(expected.iter().chain(&expected))
        .map(|(ours, theirs)| error(&ours, theirs))
        .fold(0.0, f64::max)
}

fn error(ours: &ArrayD<f64>, theirs: &ArrayD<f64>) -> f64 {
    assert_eq!(ours.shape(), theirs.shape());
    let largest =
        |array: &ArrayD<f64>| array.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    // An array of zeros alone must be one.
    largest(&(ours - theirs)) / largest(theirs).max(f64::MIN_POSITIVE)
}

#[test]
fn answers_and_gradients_are_pytorchs() {
    let json: Json = serde_json::from_str(include_str!("recurrent.json")).unwrap();
    let cases = json["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 43);
    let mut largest = 0.0_f64;
    for case in cases {
        let error = error_of(case);
        assert!(error < TOLERANCE, "{} with lengths {}: {error}", case["options"], case["lengths"]);
        largest = largest.max(error);
    }
    println!("largest difference: {largest:e}");
}
