//! Sequences of training batches through a BatchNorm layer, with an evaluation after each.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::nn::Mode;
use cotangent::nn::batch_norm::{Average, BatchNorm, Running, RunningVariance};
use cotangent::{Evaluator, Gradient, Graph, Params, Role, Value, Var};
use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;

use crate::Verdict;
use crate::format::{array, compare, number, shape};

pub fn run(json: &Json) -> Vec<(String, Verdict)> {
    let sequences = json["sequences"].as_array().expect("sequences");
    let verdict = |case: &Json| match case.get("error") {
        Some(_) => refused(case),
        None => sequence(case).map_or_else(Verdict::Failed, |()| Verdict::Passed),
    };
    sequences
        .iter()
        .map(|case| (case["id"].as_str().expect("an id").to_owned(), verdict(case)))
        .collect()
}

/// An input that a layer must refuse in training.
fn refused(case: &Json) -> Verdict {
    let shape = shape(&case["input_shape"]);
    let mut params = Params::<f64>::with_seed(0);
    let layer = BatchNorm::new(shape[1]).build(&mut params.root(), "bn");
    std::panic::set_hook(Box::new(|_| {}));
    // What the model can never take is refused when recorded, and what a batch must not be, when run.
    let accepted = catch_unwind(AssertUnwindSafe(|| {
        let graph = Graph::new();
        let x = graph.input("x", shape.clone());
        let y = layer.forward(x, Mode::Train);
        let evaluator = Evaluator::new(&graph).params(&params);
        evaluator.bind(x, ArrayD::<f64>::zeros(shape.clone())).run(&[y]).is_ok()
    }));
    let _ = std::panic::take_hook();
    match accepted {
        Err(_) | Ok(false) => Verdict::Passed,
        Ok(true) => Verdict::Failed(format!("an input of shape {shape:?} was accepted")),
    }
}

fn layer(case: &Json, params: &mut Params<f64>) -> BatchNorm {
    let config = &case["config"];
    let builder =
        BatchNorm::new(number(&config["num_features"]) as usize).eps(number(&config["eps"]));
    let of_torch = case["id"].as_str().expect("an id").starts_with("torch");
    let builder = match of_torch {
        true if config["track_running_stats"] == false => builder.without_running(),
        true => builder.running(Running::torch().average(match &config["momentum"] {
            Json::Null => Average::Cumulative,
            momentum => Average::NewWeight(number(momentum)),
        })),
        false => builder.running(
            Running::torch()
                .average(Average::OldWeight(number(&config["momentum"])))
                .variance(RunningVariance::Biased)
                .start(number(&config["initial_mean"]), number(&config["initial_var"])),
        ),
    };
    let affine = config["affine"] != false;
    let layer = builder.affine(affine).build(&mut params.root(), "bn");
    for (name, path) in [("gamma", "bn.weight"), ("beta", "bn.bias")] {
        if affine {
            let id = params.id(path).expect("an affine layer has it");
            params.set(id, array(&case[name]).view()).expect("one value for each feature");
        }
    }
    layer
}

fn sequence(case: &Json) -> Result<(), String> {
    let mut params = Params::<f64>::with_seed(0);
    let layer = layer(case, &mut params);
    for (number, step) in case["steps"].as_array().expect("steps").iter().enumerate() {
        pass(&layer, &mut params, Mode::Train, &step["x"], given(step, "v"), &step["train"])
            .and_then(|()| state(&params, step))
            .and_then(|()| {
                // Without running statistics, the evaluation is given once.
                if given(&step["eval"], "output").is_none() {
                    return Ok(());
                }
                let v = given(case, "eval_v");
                pass(&layer, &mut params, Mode::Eval, &case["eval_x"], v, &step["eval"])
            })
            .map_err(|why| format!("step {number}: {why}"))?;
    }
    Ok(())
}

/// A field that is there and not null.
fn given<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    json.get(name).filter(|field| !field.is_null())
}

/// One pass through the layer: output, gradients and, in training, the new running statistics.
fn pass(
    layer: &BatchNorm,
    params: &mut Params<f64>,
    mode: Mode,
    x: &Json,
    v: Option<&Json>,
    expected: &Json,
) -> Result<(), String> {
    let graph = Graph::new();
    let value = array(x);
    let x = graph.input("x", value.shape());
    let y = layer.forward(x, mode);
    let mut variables = vec![("grad_x", x)];
    for param in params.entries().iter().filter(|param| param.role() == Role::Trainable) {
        let name = if param.path() == "bn.weight" { "grad_gamma" } else { "grad_beta" };
        variables.push((name, graph.param(param)));
    }
    variables.retain(|(name, _)| given(expected, name).is_some());
    let gradients = match v {
        Some(v) => Gradient::of(y)
            .cotangent(graph.constant(array(v)))
            .with_respect_to(&variables.iter().map(|variable| variable.1).collect::<Vec<_>>())
            .map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    let updates = graph.updates();
    let all: Vec<Var<'_>> =
        [y].into_iter().chain(gradients).chain(updates.iter().map(|u| u.1)).collect();
    let values = Evaluator::new(&graph)
        .params(params)
        .bind(x, value)
        .run(&all)
        .map_err(|error| error.to_string())?;
    let mut values = values.into_iter().map(Value::into_real);
    let output = values.next().expect("the output");
    let pairs = [("y".to_owned(), output, array(&expected["output"]))];
    compare(&format!("{mode:?} output"), &pairs, 1e-9, 0.0).map_or(Ok(()), Err)?;
    let named = variables.iter().take(if v.is_some() { variables.len() } else { 0 });
    let pairs: Vec<(String, ArrayD<f64>, ArrayD<f64>)> = named
        .map(|(name, _)| {
            let ours = values.next().expect("a gradient for each variable");
            ((*name).to_owned(), ours, array(&expected[name]))
        })
        .collect();
    compare(&format!("{mode:?} gradient"), &pairs, 1e-9, 0.0).map_or(Ok(()), Err)?;
    for ((id, _), value) in updates.iter().zip(values) {
        params.set(*id, value.view()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The running statistics after a step.
fn state(params: &Params<f64>, step: &Json) -> Result<(), String> {
    for name in ["running_mean", "running_var", "num_batches_tracked"] {
        let Some(expected) = given(step, name) else { continue };
        let expected = match expected {
            Json::Number(_) => ArrayD::from_elem(IxDyn(&[]), number(expected)),
            _ => array(expected),
        };
        let id = params.id(&format!("bn.{name}")).ok_or_else(|| format!("there is no {name}"))?;
        let ours = params.get(id).expect("an id of this store").to_owned();
        compare("buffer", &[(name.to_owned(), ours, expected)], 1e-9, 0.0).map_or(Ok(()), Err)?;
    }
    Ok(())
}
