//! Which operation's rule is wrong: each is checked by itself, at the values it saw.

use std::collections::HashMap;
use std::panic::Location;

use super::Check;
use super::examine::Examination;
use super::problem::Problem;
use super::report::{Row, Suspect};
use super::verdict::Verdict;
use crate::graph::NodeId;
use crate::transform::CustomVjp;
use crate::{Graph, RunError, Value, Var};

/// Operations with more numbers than this are checked along directions.
const ELEMENTS: usize = 48;

/// The operations between the variables and the output whose rules are wrong up to this order.
pub(super) fn suspects<'g>(
    check: &Check,
    problem: &Problem<'g>,
    output: Var<'g>,
    order: usize,
) -> Result<Vec<Suspect>, RunError> {
    let graph = output.graph();
    let path = path(problem, output);
    let needed: Vec<NodeId> = needed(graph, &path);
    let vars: Vec<Var<'g>> = needed.iter().map(|&id| Var::new(graph, id)).collect();
    let seen: HashMap<NodeId, Value<f64>> =
        needed.into_iter().zip(problem.evaluator.run(&vars)?).collect();
    let mut suspects: Vec<(f64, Suspect)> = Vec::new();
    for id in path {
        let (operation, location) =
            graph.node(id, |node| (node.op.name().to_owned(), node.location));
        let known = |(_, s): &(f64, Suspect)| s.operation == operation && s.location == location;
        if suspects.iter().any(known) {
            continue;
        }
        if let Some(row) = by_itself(check, graph, id, &seen, order)? {
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

/// The nodes between the variables and the output, in recording order.
fn path(problem: &Problem<'_>, output: Var<'_>) -> Vec<NodeId> {
    let graph = output.graph();
    let above = graph.ancestors(&[output.id()]);
    let mut below = vec![false; above.len()];
    for variable in &problem.variables {
        below[variable.var.id().index()] = true;
    }
    let mut path = Vec::new();
    for id in (0..=output.id().index()).map(NodeId::new) {
        let inputs = graph.node_inputs(id);
        if inputs.iter().any(|input| below[input.index()]) {
            below[id.index()] = true;
            if above[id.index()] && graph.node(id, |node| node.is_real()) {
                path.push(id);
            }
        }
    }
    path
}

/// The nodes whose values the checks by themselves start from: everything the path is computed from.
fn needed(graph: &Graph, path: &[NodeId]) -> Vec<NodeId> {
    let above = graph.ancestors(path);
    (0..above.len()).filter(|&index| above[index]).map(NodeId::new).collect()
}

/// The row in which the rule of a node by itself is off the most, if it is wrong.
fn by_itself(
    check: &Check,
    graph: &Graph,
    id: NodeId,
    seen: &HashMap<NodeId, Value<f64>>,
    order: usize,
) -> Result<Option<Row>, RunError> {
    let alone = Graph::new();
    let Alone { inputs, frozen, output } = isolated(graph, id, &alone, seen);
    // At higher orders the cotangent must depend on the inputs, as it did on the path.
    let output = if order > 1 { output + 0.5 * output.square() } else { output };
    let size: usize = inputs.iter().map(|(var, _)| var.shape().size()).sum();
    let directions = (size > ELEMENTS).then_some(3);
    let options = Check { orders: order, params: None, directions, ..check.clone() };
    let mut problem = options.problem(&alone, inputs.into_iter());
    for (var, value) in frozen {
        problem.freeze(var, value);
    }
    let examination = Examination { check: &options, problem: &problem };
    let (rows, _) = examination.run(output)?;
    let wrong = rows.into_iter().filter(|row| row.verdict == Verdict::Wrong);
    Ok(wrong.max_by(|a, b| excess(a).total_cmp(&excess(b))))
}

/// A node in a graph of its own.
struct Alone<'n> {
    inputs: Vec<(Var<'n>, Value<f64>)>,
    /// What the inputs do not determine, with the values it saw.
    frozen: Vec<(Var<'n>, Value<f64>)>,
    output: Var<'n>,
}

/// Records a node by itself, on inputs with the values it saw; of a node under a rule of its own,
/// with everything that the rule stands for.
fn isolated<'n>(
    graph: &Graph,
    id: NodeId,
    alone: &'n Graph,
    seen: &HashMap<NodeId, Value<f64>>,
) -> Alone<'n> {
    let nodes = graph.node_inputs(id);
    let op = graph.node(id, |node| node.op.clone());
    let leaf = |id: NodeId, name: &str| {
        let ty = graph.node(id, |node| node.ty.clone());
        (alone.typed_input(name, ty), seen[&id].clone())
    };
    let is_custom = op.downcast::<CustomVjp>().is_some();
    let cut = if is_custom { &nodes[1..] } else { &nodes[..] };
    let named = |(i, &node): (usize, &NodeId)| leaf(node, &format!("input {i}"));
    let inputs: Vec<_> = cut.iter().enumerate().map(named).collect();
    let mut vars: Vec<Var<'n>> = inputs.iter().map(|&(var, _)| var).collect();
    let mut frozen = Vec::new();
    if is_custom {
        let mut known = cut.iter().copied().zip(vars.iter().copied()).collect();
        copy(graph, nodes[0], alone, &mut known, |id| {
            frozen.push(leaf(id, "frozen"));
            frozen[frozen.len() - 1].0
        });
        vars.insert(0, known[&nodes[0]]);
    }
    let output = alone.record_op(op, &vars).expect("recorded before with these types");
    Alone { inputs, frozen, output }
}

/// Records what lies between the nodes that are known and `output` anew; leaves on the way stand for
/// what `leaf` says.
fn copy<'n>(
    graph: &Graph,
    output: NodeId,
    alone: &'n Graph,
    known: &mut HashMap<NodeId, Var<'n>>,
    mut leaf: impl FnMut(NodeId) -> Var<'n>,
) {
    let above = graph.ancestors(&[output]);
    for id in (0..above.len()).filter(|&index| above[index]).map(NodeId::new) {
        if known.contains_key(&id) {
            continue;
        }
        let inputs: Vec<Var<'n>> = graph.node_inputs(id).iter().map(|input| known[input]).collect();
        let op = graph.node(id, |node| node.op.clone());
        let var = match inputs.is_empty() {
            true => leaf(id),
            false => alone.record_op(op, &inputs).expect("recorded before with these types"),
        };
        known.insert(id, var);
    }
}
