//! Layers and losses against PyTorch: answers and gradients, interpreted and compiled. The table of the guide:
//!
//! `cargo test -p cotangent-nn --test spec parity:: -- --nocapture`

mod attention;
mod build;
mod embedding;
mod layers;
mod losses;
mod recurrent;
mod table;

use cotangent::nn::every_part;
use cotangent::{Evaluator, Gradient, Graph, Params, Program, Seed, Var};
use ndarray::ArrayD;
use serde_json::Value as Json;

use table::{Table, array, larger, list};

#[test]
fn answers_and_gradients_are_pytorchs() {
    let mut table = Table::default();
    for compare in [
        attention::compare,
        embedding::compare,
        layers::compare,
        losses::compare,
        recurrent::compare,
    ] {
        compare(&mut table);
    }
    println!("{table}");
    let compared = |name: &&str| {
        table.0.contains_key(*name) || BY_ITS_PARTS.iter().any(|(part, _)| part == name)
    };
    let rest: Vec<&str> = every_part().into_iter().filter(|name| !compared(name)).collect();
    assert_eq!(rest, NOT_COMPARED, "the guide says which are not");
}

/// What is compared under other names.
const BY_ITS_PARTS: [(&str, &str); 1] = [("scaled_dot_product_attention", "DotProductAttention")];

/// What is not compared, as `docs/guide/src/parity.md` says: it draws, records no arithmetic, or is none of PyTorch's.
const NOT_COMPARED: [&str; 13] = [
    "SinusoidalPositions",
    "AlphaDropout",
    "ChannelDropout",
    "Dropout",
    "Flatten",
    "Identity",
    "Unflatten",
    "SwiGlu",
    "Sequential",
    "gumbel_softmax",
    "standardized",
    "l1_penalty",
    "l2_penalty",
];

/// The cases of a file.
fn cases(text: &str) -> Vec<Json> {
    list(&serde_json::from_str::<Json>(text).unwrap()["cases"]).to_vec()
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
    let expected = &case["expected"];
    let theirs = list(&expected["gradients"]);
    let theirs: Vec<_> = [&expected["output"]].into_iter().chain(theirs).map(array).collect();
    differences(params, [&[answer], &gradients], &theirs)
}

/// How far answers and gradients are from theirs, interpreted and compiled.
fn differences<'g>(
    params: &Params<f64>,
    [answers, gradients]: [&[Var<'g>]; 2],
    theirs: &[ArrayD<f64>],
) -> [f64; 2] {
    let outputs = [answers, gradients].concat();
    assert_eq!(outputs.len(), theirs.len());
    let interpreted = Evaluator::new(outputs[0].graph()).params(params).run(&outputs).unwrap();
    let mut program = Program::compile(&outputs, params);
    program.run(params, &[], Seed::default()).unwrap();
    let compiled = (0..outputs.len()).map(|i| program.output(i).to_owned());
    let ours: Vec<_> =
        interpreted.into_iter().map(|value| value.into_real()).chain(compiled).collect();

    let mut largest = [0.0_f64; 2];
    for (i, (ours, theirs)) in ours.iter().zip(theirs.iter().chain(theirs)).enumerate() {
        let of = usize::from(i % outputs.len() >= answers.len());
        largest[of] = larger(largest[of], difference(ours, theirs));
    }
    largest
}

/// The largest difference, as a share of the largest number of their array.
fn difference(ours: &ArrayD<f64>, theirs: &ArrayD<f64>) -> f64 {
    assert_eq!(ours.shape(), theirs.shape());
    let largest = |array: &ArrayD<f64>| array.iter().map(|x| x.abs()).fold(0.0, larger);
    // Of an array that is 0 in exact arithmetic, round-off is compared with 1.
    let scale = largest(theirs);
    largest(&(ours - theirs)) / if scale < 1e-12 { 1.0 } else { scale }
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
