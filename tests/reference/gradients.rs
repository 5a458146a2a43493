//! Programs of operations: values, gradients and Hessian-vector products, by the plain evaluator
//! and by compiled programs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::{Evaluator, Gradient, Graph, Params, RunError, Seed, Type, Value, Var};
use cotangent::{Feed, Program};
use ndarray::ArrayD;
use serde_json::Value as Json;

use crate::Verdict;
use crate::format::{array, compare, input, largest, number};
use crate::operations::{Unknown, record};

pub fn run(json: &Json) -> Vec<(String, Verdict)> {
    // A panic of a case is a failure of it, reported as such.
    std::panic::set_hook(Box::new(|_| {}));
    let cases = json["cases"].as_array().expect("cases");
    let verdicts = cases.iter().map(|case| {
        let id = case["id"].as_str().expect("an id").to_owned();
        let verdict = catch_unwind(AssertUnwindSafe(|| check(case))).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            Verdict::Failed(format!("panicked: {message}"))
        });
        (id, verdict)
    });
    let verdicts = verdicts.collect();
    let _ = std::panic::take_hook();
    verdicts
}

/// A case recorded: its inputs with their values, and its outputs with what they are.
struct Recorded<'g> {
    inputs: Vec<(Var<'g>, Value<f64>)>,
    outputs: Vec<Var<'g>>,
    expected: Vec<(Kind, String, ArrayD<f64>)>,
}

impl Recorded<'_> {
    /// The largest expected gradient: a second derivative that is 0 is a sum of such terms.
    fn gradients(&self) -> f64 {
        let of_gradients = self.expected.iter().filter(|expected| expected.0 == Kind::Gradient);
        of_gradients.map(|expected| largest(&expected.2)).fold(0.0, f64::max)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Output,
    Gradient,
    HessianVectorProduct,
}

fn check(case: &Json) -> Verdict {
    let graph = Graph::new();
    let recorded = match record_case(&graph, case) {
        Ok(recorded) => recorded,
        Err(Unknown(name)) => return Verdict::Unsupported(name),
    };
    let tolerance = case.get("rtol").map_or(1e-9, number);
    for (by, evaluate) in [("evaluator", evaluated as Evaluate), ("program", compiled)] {
        let values = match evaluate(&graph, &recorded) {
            Ok(values) => values,
            Err(error) => return Verdict::Failed(format!("{by}: {error}")),
        };
        for (kind, what) in [
            (Kind::Output, "output"),
            (Kind::Gradient, "gradient"),
            (Kind::HessianVectorProduct, "Hessian-vector product"),
        ] {
            let pairs: Vec<_> = recorded
                .expected
                .iter()
                .zip(&values)
                .filter(|(expected, _)| expected.0 == kind)
                .map(|((_, name, expected), ours)| (name.clone(), ours.clone(), expected.clone()))
                .collect();
            let scale = if kind == Kind::HessianVectorProduct { recorded.gradients() } else { 0.0 };
            if let Some(difference) = compare(&format!("{by}: {what}"), &pairs, tolerance, scale) {
                return Verdict::Failed(difference);
            }
        }
    }
    Verdict::Passed
}

/// What a case is compared with. Where frameworks differ by convention, that is PyTorch's answer.
fn answer(case: &Json) -> &Json {
    let torch = case["alt"].get("torch").filter(|_| case["kind"] == "convention");
    torch.unwrap_or(case)
}

fn record_case<'g>(graph: &'g Graph, case: &Json) -> Result<Recorded<'g>, Unknown> {
    let mut inputs = Vec::new();
    let mut known: Vec<(String, Var<'g>)> = Vec::new();
    let mut differentiated = Vec::new();
    for (name, json) in case["inputs"].as_object().expect("inputs") {
        let value = input(json);
        let ty = match (&value, json["dtype"].as_str()) {
            (Value::Index(array), _) => Type::index(array.shape()),
            (Value::Real(array), Some("bool")) => Type::boolean(array.shape()),
            (Value::Real(array), _) => Type::real(array.shape()),
        };
        let var = graph.typed_input(name, ty);
        inputs.push((var, value));
        known.push((name.clone(), var));
        if json["grad"] == true {
            differentiated.push((name.clone(), var));
        }
    }
    for node in case["program"]["nodes"].as_array().expect("nodes") {
        let find =
            |name: &str| known.iter().rev().find(|(other, _)| other == name).expect("known").1;
        let args: Vec<Var<'g>> = node["args"]
            .as_array()
            .expect("args")
            .iter()
            .map(|name| find(name.as_str().expect("a name")))
            .collect();
        let out = record(graph, node["op"].as_str().expect("an op"), &args, &node["attrs"])?;
        known.push((node["out"].as_str().expect("a name").to_owned(), out));
    }
    let result = case["program"]["result"].as_str().expect("a result");
    let y = known.iter().rev().find(|(name, _)| name == result).expect("known").1;
    let mut recorded = Recorded { inputs, outputs: vec![y], expected: Vec::new() };
    recorded.expected.push((Kind::Output, "y".to_owned(), array(&answer(case)["output"])));
    record_derivatives(case, y, &differentiated, &mut recorded);
    Ok(recorded)
}

fn record_derivatives<'g>(
    case: &Json,
    y: Var<'g>,
    inputs: &[(String, Var<'g>)],
    recorded: &mut Recorded<'g>,
) {
    if inputs.is_empty() {
        return;
    }
    let (graph, answer) = (y.graph(), answer(case));
    let variables: Vec<Var<'g>> = inputs.iter().map(|input| input.1).collect();
    let v = graph.constant(array(&case["v"]));
    let gradients = Gradient::of(y).cotangent(v).zeros_without_path().with_respect_to(&variables);
    let gradients = gradients.expect("the cotangent has the output's shape");
    for ((name, _), &gradient) in inputs.iter().zip(&gradients) {
        recorded.outputs.push(gradient);
        recorded.expected.push((Kind::Gradient, name.clone(), array(&answer["grads"][name])));
    }
    let (Some(u), Some(hvp)) = (case.get("u"), answer.get("hvp")) else { return };
    let directional = inputs
        .iter()
        .zip(&gradients)
        .map(|((name, _), &gradient)| (gradient * graph.constant(array(&u[name]))).sum())
        .reduce(|a, b| a + b)
        .expect("something is differentiated");
    let second = Gradient::of(directional).zeros_without_path().with_respect_to(&variables);
    for ((name, _), second) in inputs.iter().zip(second.expect("a scalar")) {
        recorded.outputs.push(second);
        recorded.expected.push((Kind::HessianVectorProduct, name.clone(), array(&hvp[name])));
    }
}

type Evaluate = for<'g> fn(&'g Graph, &Recorded<'g>) -> Result<Vec<ArrayD<f64>>, RunError>;

fn evaluated<'g>(graph: &'g Graph, recorded: &Recorded<'g>) -> Result<Vec<ArrayD<f64>>, RunError> {
    let mut evaluator = Evaluator::<f64>::new(graph);
    for (var, value) in &recorded.inputs {
        evaluator = evaluator.bind(*var, value.clone());
    }
    Ok(evaluator.run(&recorded.outputs)?.into_iter().map(Value::into_real).collect())
}

fn compiled<'g>(_: &'g Graph, recorded: &Recorded<'g>) -> Result<Vec<ArrayD<f64>>, RunError> {
    let params = Params::with_seed(0);
    let mut program = Program::compile(&recorded.outputs, &params);
    let views: Vec<Feed<'_, f64>> = recorded.inputs.iter().map(|(_, value)| value.into()).collect();
    program.run(&params, &views, Seed::default())?;
    Ok((0..recorded.outputs.len()).map(|i| program.output(i).to_owned()).collect())
}
