//! Which operation's rule is wrong: each is checked by itself, at the values it saw.

use std::collections::{HashMap, HashSet};
use std::panic::Location;

use graph::reading::{self, NodeId};
use graph::{Graph, RunError, Value, Var};

use crate::examine::Examination;
use crate::problem::Problem;
use crate::report::{Row, Suspect};
use crate::verdict::Verdict;
use crate::{Check, Input};

/// Operations with more numbers than this are checked along directions.
const ELEMENTS: usize = 48;

/// The operations between the variables and the output whose rules are wrong up to this order.
pub(crate) fn suspects<'g>(
    check: &Check,
    problem: &Problem<'g>,
    output: Var<'g>,
    order: usize,
) -> Result<Vec<Suspect>, RunError> {
    let path = path(problem, output);
    // The checks by themselves start from the values of everything that the path is computed from.
    let needed = reading::sources(&path);
    let values = problem.evaluator.run(&needed)?;
    let seen: Values = needed.into_iter().map(Var::id).zip(values).collect();
    let mut suspects: Vec<(f64, Suspect)> = Vec::new();
    for var in path {
        let (operation, location) = (reading::operation(var).name().to_owned(), var.location());
        let known = |(_, s): &(f64, Suspect)| s.operation == operation && s.location == location;
        if suspects.iter().any(known) {
            continue;
        }
        if let Some(row) = by_itself(check, var, &seen, order)? {
            suspects.push((excess(&row), Suspect::new(operation, location, row)));
        }
    }
    suspects.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(suspects.into_iter().map(|(_, suspect)| suspect).collect())
}

/// How far a row is off, in relation to its size.
fn excess(row: &Row) -> f64 {
    let difference = (row.analytic - row.numeric).abs() / row.numeric.abs().max(row.analytic.abs());
    if difference.is_finite() { difference } else { f64::INFINITY }
}

impl Suspect {
    fn new(operation: String, location: &'static Location<'static>, row: Row) -> Self {
        let index = if row.index.is_empty() { String::new() } else { format!("{:?}", row.index) };
        let input = format!("{}{index}", row.input);
        Self { operation, location, input, analytic: row.analytic, numeric: row.numeric }
    }
}

/// What lies between the variables and the output, in recording order.
fn path<'g>(problem: &Problem<'g>, output: Var<'g>) -> Vec<Var<'g>> {
    let variables = problem.variables.iter().map(|variable| variable.var.id());
    let mut below: HashSet<NodeId> = variables.collect();
    let mut path = Vec::new();
    for var in reading::sources(&[output]) {
        let inputs = reading::inputs(var);
        if inputs.iter().any(|&input| below.contains(&input.id())) {
            below.insert(var.id());
            path.extend(Some(var).filter(|var| var.is_real()));
        }
    }
    path
}

/// The values of variables of a graph, by their places.
type Values = HashMap<NodeId, Value<f64>>;

/// The row in which the rule of an operation by itself is off the most, if it is wrong.
fn by_itself(
    check: &Check,
    var: Var<'_>,
    seen: &Values,
    order: usize,
) -> Result<Option<Row>, RunError> {
    let graph = Graph::new();
    let Alone { inputs, frozen, output } = isolated(var, &graph, seen);
    // At higher orders the cotangent must depend on the inputs, as it did on the path.
    let output = if order > 1 { output + 0.5 * output.square() } else { output };
    let size: usize = inputs.iter().map(|input| input.var.shape().size()).sum();
    let directions = (size > ELEMENTS).then_some(3);
    let options = Check { orders: order, params: None, directions, ..check.clone() };
    let mut problem = options.problem(&graph, inputs);
    for Input { var, value, .. } in frozen {
        problem.freeze(var, value);
    }
    let examination = Examination { check: &options, problem: &problem };
    let (rows, _) = examination.run(output)?;
    let wrong = rows.into_iter().filter(|row| row.verdict == Verdict::Wrong);
    Ok(wrong.max_by(|a, b| excess(a).total_cmp(&excess(b))))
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

/// Records what lies between the variables that are known, by their places, and `output` anew; leaves
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
        let again = match inputs.is_empty() {
            true => leaf(var),
            false => reading::record(alone, reading::operation(var), &inputs).expect(RECORDED),
        };
        known.insert(var.id(), again);
    }
}
