//! Functions and their gradients against PyTorch's and SciPy's: `functions/functions.json`, which `generate.py` beside it writes.

mod algebra;
#[path = "../../crates/nn/tests/spec/parity/table.rs"]
mod table;

use cotangent::{Feed, Gradient, Graph, Params, Program, Seed, Var};
use ndarray::ArrayD;
use serde_json::Value as Json;

use table::{Table, array, larger, list};

/// The function of this name.
fn applied<'g>(name: &str, x: &[Var<'g>]) -> Var<'g> {
    macro_rules! functions {
        ($($method:ident),*) => {
            match name {
                $(stringify!($method) => x[0].$method(),)*
                _ => others(name, x),
            }
        };
    }
    functions!(
        floor,
        ceil,
        trunc,
        round,
        tan,
        sinh,
        cosh,
        asinh,
        atan,
        exp2,
        sinc,
        asin,
        acos,
        atanh,
        erfinv,
        acosh,
        log2,
        log10,
        lgamma,
        digamma,
        erfc,
        softsign,
        mish,
        hard_sigmoid,
        hard_swish,
        logit,
        cbrt
    )
}

fn others<'g>(name: &str, x: &[Var<'g>]) -> Var<'g> {
    match name {
        "trigamma" => x[0].polygamma(1),
        "tetragamma" => x[0].polygamma(2),
        "fmod" => x[0].fmod(x[1]),
        "remainder" => x[0].remainder(x[1]),
        "hypot" => x[0].hypot(x[1]),
        "xlogy" => x[0].xlogy(x[1]),
        "cumprod" => x[0].cumprod(1),
        "logcumsumexp" => x[0].logcumsumexp(1),
        "cummax" => x[0].cummax(1).0,
        "cummin" => x[0].cummin(1).0,
        "sort" => x[0].sort(1, false),
        "sort_down" => x[0].sort(0, true),
        "topk" => x[0].topk(2, 1, true).0,
        "median" => x[0].median(1),
        "quantile" => x[0].quantile(0.3, 1),
        "cov" => x[0].cov(1),
        "corrcoef" => x[0].corrcoef().index_axis(0, 0).slice_axis(0, 1..),
        "diff" => x[0].diff(0),
        "trapezoid" => x[0].trapezoid(x[1], 1),
        "roll" => x[0].roll(3, 1),
        "tile" => x[0].tile(&[2, 1, 2]),
        "repeat_interleave" => x[0].repeat_interleave(2, 1),
        other => algebra::applied(name, x).unwrap_or_else(|| panic!("{other} is no function")),
    }
}

/// The largest difference, as a share of the element itself, or of 10⁻³ of the largest of its array where that is larger.
fn difference(ours: &ArrayD<f64>, theirs: &ArrayD<f64>) -> f64 {
    assert_eq!(ours.shape(), theirs.shape());
    let largest = theirs.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
    let each = ours.iter().zip(theirs).filter(|(a, b)| a != b);
    each.map(|(a, b)| (a - b).abs() / b.abs().max(1e-3 * largest)).fold(0.0, larger)
}

/// The function with the gradients of a sum of its elements with the weights 1, 2, 3, …
fn answers<'g>(name: &str, inputs: &[Var<'g>]) -> Vec<Var<'g>> {
    let y = applied(name, inputs);
    let weights = y.graph().arange(y.shape().size()).to_real().reshape_to(y.shape()) + 1.0;
    let gradients = Gradient::of((y * weights).sum()).zeros_without_path();
    [y].into_iter().chain(gradients.with_respect_to(inputs).unwrap()).collect()
}

/// How far the values and the gradients of a case are from those expected, interpreted and compiled.
fn differences(case: &Json) -> [f64; 2] {
    let name = case["name"].as_str().unwrap();
    let arrays: Vec<ArrayD<f64>> = list(&case["inputs"]).iter().map(array).collect();
    let expected: Vec<ArrayD<f64>> =
        [&case["value"]].into_iter().chain(list(&case["gradients"])).map(array).collect();
    let g = Graph::new();
    let constants: Vec<Var<'_>> = arrays.iter().map(|x| g.constant(x.clone())).collect();
    let plain = answers(name, &constants).into_iter().map(|answer| answer.eval().unwrap());
    // Of constants, a program would hold the answers.
    let g = Graph::new();
    let inputs: Vec<Var<'_>> = arrays.iter().map(|x| g.input("x", x.shape())).collect();
    let params = Params::<f64>::with_seed(0);
    let mut program = Program::compile(&answers(name, &inputs), &params);
    let feeds: Vec<Feed<'_, f64>> = arrays.iter().map(Feed::from).collect();
    program.run(&params, &feeds, Seed::default()).unwrap();
    let compiled = (0..expected.len()).map(|i| program.output(i).to_owned());

    let mut largest = [0.0; 2];
    for (i, (ours, theirs)) in
        plain.chain(compiled).zip(expected.iter().chain(&expected)).enumerate()
    {
        let of = usize::from(i % expected.len() > 0);
        largest[of] = larger(largest[of], difference(&ours, theirs));
    }
    largest
}

/// Prints the second table of the guide with `--nocapture`.
#[test]
fn functions_and_gradients_are_those_of_pytorch_and_scipy_plain_and_compiled() {
    let json: Json = serde_json::from_str(include_str!("functions/functions.json")).unwrap();
    let mut table = Table::default();
    for case in list(&json["cases"]) {
        let name = case["name"].as_str().unwrap();
        let function = name.split(' ').next().unwrap_or(name);
        table.add(function, &case["name"], differences(case));
    }
    println!("{table}");
}
