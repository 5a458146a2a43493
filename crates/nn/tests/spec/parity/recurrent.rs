//! Answers and gradients against PyTorch's: `recurrent.json`, which `recurrent.py` writes.

use cotangent::nn::recurrent::{LstmState, Sequence};
use cotangent::nn::{Gru, Lstm, Mode, Rnn};
use cotangent::{Gradient, Graph, Params, Scope, Var};
use ndarray::{Array1, ArrayD};
use serde_json::Value as Json;

use super::{Table, array, cases, differences, given, set};

/// A layer of any kind, with its state as a list.
enum Layer {
    Rnn(Rnn),
    Gru(Gru),
    Lstm(Lstm),
}

/// What a layer answers: its output, then the arrays of its state.
fn listed<'g, S>(read: Sequence<'g, S>, arrays: impl Fn(S) -> Vec<Var<'g>>) -> Vec<Var<'g>> {
    [vec![read.output], arrays(read.state)].concat()
}

/// The arrays under these names.
fn arrays<'a>(json: &Json, names: impl IntoIterator<Item = &'a str>) -> Vec<ArrayD<f64>> {
    names.into_iter().map(|name| array(&json[name])).collect()
}

impl Layer {
    fn of(options: &Json, scope: &mut Scope<'_>) -> Self {
        let flag = |name: &str| options[name].as_bool().unwrap();
        let hidden = options["hidden"].as_u64().unwrap() as usize;
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
            "tanh" => Layer::Rnn(built!(Rnn::new(3, hidden))),
            "relu" => Layer::Rnn(built!(Rnn::new(3, hidden).relu())),
            "gru" => Layer::Gru(built!(Gru::new(3, hidden))),
            "lstm" => {
                let lstm = Lstm::new(3, hidden);
                Layer::Lstm(match options["proj_size"].as_u64() {
                    Some(features) => built!(lstm.proj_size(features as usize)),
                    None => built!(lstm),
                })
            }
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

/// How far a case's answers and gradients are from those expected.
fn errors_of(case: &Json) -> [f64; 2] {
    let mut params = Params::<f64>::with_seed(0);
    let layer = Layer::of(&case["options"], &mut params.root());
    let paths = set(&mut params, &case["parameters"]);

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

    let weights: Vec<Var<'_>> =
        paths.iter().map(|path| g.param(params.entry(params.id(path).unwrap()).unwrap())).collect();
    let with_respect_to = [&[x], &start[..], &weights].concat();
    let gradients = Gradient::of(total).with_respect_to(&with_respect_to).unwrap();
    let parameters = case["parameters"].as_object().unwrap();
    let of_start = names[..start.len()].iter().map(|name| format!("{name}_0"));
    let of: Vec<String> =
        ["x".to_owned()].into_iter().chain(of_start).chain(parameters.keys().cloned()).collect();

    let expected = [
        arrays(&case["expected"], all()),
        arrays(&case["expected"]["gradients"], of.iter().map(String::as_str)),
    ]
    .concat();
    differences(&params, [&answers, &gradients], &expected)
}

pub fn compare(table: &mut Table) {
    for case in &cases(include_str!("recurrent.json")) {
        let layer = match case["options"]["kind"].as_str().unwrap() {
            "gru" => "Gru",
            "lstm" => "Lstm",
            _ => "Rnn",
        };
        table.add(layer, &case["options"], errors_of(case));
    }
}
