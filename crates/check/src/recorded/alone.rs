//! An operation by itself, on the values it saw.

use std::collections::HashMap;

use graph::reading::{self, NodeId};
use graph::{Graph, Kind, RunError, Value, Var};

use super::Check;
use super::levels::Examination;
use super::problem::Input;
use crate::report::Row;

/// Operations with more numbers than this are checked along directions.
const ELEMENTS: usize = 48;

/// The values of variables of a graph, by their ids.
pub(super) type Values = HashMap<NodeId, Value<f64>>;

/// The check of an operation by itself.
pub(super) fn examined(
    check: &Check,
    var: Var<'_>,
    seen: &Values,
    order: usize,
) -> Result<Vec<Row>, RunError> {
    let graph = Graph::new();
    let Alone { inputs, frozen, output } = isolated(var, &graph, seen);
    // What is a truth value jumps where it changes.
    let output = if output.kind() == Kind::Boolean { output.to_real() } else { output };
    // At higher orders the cotangent must depend on the inputs, as it did on the path.
    let output = if order > 1 { output + 0.5 * output.square() } else { output };
    let size: usize = inputs.iter().map(|input| input.var.shape().size()).sum();
    let mut options = Check { orders: order, params: None, ..check.clone() };
    options.manner.directions = (size > ELEMENTS).then_some(3);
    let mut problem = options.problem(&graph, inputs);
    for Input { var, value, .. } in frozen {
        problem.freeze(var, value);
    }
    let (rows, _) = Examination { check: &options, problem: &problem }.run(output)?;
    Ok(rows)
}

/// An operation in a graph of its own.
struct Alone<'n> {
    inputs: Vec<Input<'n>>,
    /// What the inputs do not determine, with the values it saw.
    frozen: Vec<Input<'n>>,
    output: Var<'n>,
}

/// Records an operation by itself, on inputs with the values it saw; one under a rule of its own,
/// with everything that the rule stands for.
fn isolated<'n>(var: Var<'_>, alone: &'n Graph, seen: &Values) -> Alone<'n> {
    let inputs = reading::inputs(var);
    let leaf =
        |var: Var<'_>, name: String| Input::new(alone, name, var.ty(), seen[&var.id()].clone());
    let stands_for = reading::stands_for(var);
    let cut = &inputs[stands_for.iter().len()..];
    let named = |(i, &input): (usize, &Var<'_>)| leaf(input, format!("input {i}"));
    let leaves: Vec<Input<'n>> = cut.iter().enumerate().map(named).collect();
    let mut vars: Vec<Var<'n>> = leaves.iter().map(|leaf| leaf.var).collect();
    let mut frozen = Vec::new();
    if let Some(value) = stands_for {
        let places = cut.iter().map(|&input| input.id());
        let mut known = places.zip(vars.iter().copied()).collect();
        copy(value, alone, &mut known, |var| {
            frozen.push(leaf(var, "frozen".to_owned()));
            frozen[frozen.len() - 1].var
        });
        vars.insert(0, known[&value.id()]);
    }
    let output = reading::record(alone, reading::operation(var), &vars);
    Alone { inputs: leaves, frozen, output: output.expect(RECORDED) }
}

const RECORDED: &str = "it was recorded before with these types";

/// Records what lies between the variables that are known, by their ids, and `output` anew; leaves
/// on the way stand for what `leaf` says.
fn copy<'n>(
    output: Var<'_>,
    alone: &'n Graph,
    known: &mut HashMap<NodeId, Var<'n>>,
    mut leaf: impl FnMut(Var<'_>) -> Var<'n>,
) {
    for var in reading::sources(&[output]) {
        if known.contains_key(&var.id()) {
            continue;
        }
        let inputs: Vec<Var<'n>> =
            reading::inputs(var).iter().map(|&input| known[&input.id()]).collect();
        let again = if inputs.is_empty() {
            leaf(var)
        } else {
            reading::record(alone, reading::operation(var), &inputs).expect(RECORDED)
        };
        known.insert(var.id(), again);
    }
}
