//! Reverse-mode differentiation: the gradient is more graph.

mod obstacle;

use std::collections::HashMap;
use std::ops::Range;
use std::panic::Location;

use smallvec::SmallVec;

use crate::control::Part;
use crate::ops::{Embed, joined};
use crate::reading::NodeId;
use crate::rewriting::Line;
use crate::short::Short;
use crate::{Cotangents, GradientError, Graph, Kind, Type, Var, misfit};

/// Asks for the gradient of an output: what to differentiate, with which cotangent, with respect
/// to what.
///
/// For an output y = f(x) and a cotangent v of the shape of y (1 for a scalar), the gradient with
/// respect to x is the vector-Jacobian product vᵀ ∂f/∂x, in the shape of x. It is recorded into the
/// same graph with the same operations, so that it can be differentiated again.
///
/// ```
/// use cotangent::{Gradient, Graph};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let (x, w) = (g.constant(array![1.0, 2.0]), g.constant(array![3.0, 4.0]));
/// let y = x * w;
/// let v = g.constant(array![1.0, 10.0]);
/// let [dx, dw] = Gradient::of(y).cotangent(v).with_respect_to(&[x, w])?[..] else { panic!() };
/// assert_eq!(dx.eval()?, array![3.0, 40.0].into_dyn());
/// assert_eq!(dw.eval()?, array![1.0, 20.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Gradient<'g> {
    pub(crate) output: Var<'g>,
    pub(crate) cotangent: Option<Var<'g>>,
    pub(crate) zeros: bool,
    /// How many rows of a matrix are computed at a time; all by default.
    pub(crate) chunk: Option<usize>,
}

impl<'g> Gradient<'g> {
    /// The gradient of this output.
    pub fn of(output: Var<'g>) -> Self {
        Self { output, cotangent: None, zeros: false, chunk: None }
    }

    /// Weighs the elements of the output; a scalar output has 1 by default, and any other needs it.
    pub fn cotangent(self, v: Var<'g>) -> Self {
        Self { cotangent: Some(v), ..self }
    }

    /// Answers zeros for a variable that the output does not depend on, instead of an error.
    pub fn zeros_without_path(self) -> Self {
        Self { zeros: true, ..self }
    }

    /// Records the gradient with respect to each of `variables`, in their order and shapes.
    ///
    /// # Errors
    /// If the output is not a real scalar and has no cotangent, the cotangent is not of the
    /// output's type, or a variable has no differentiable path to the output.
    #[track_caller]
    pub fn with_respect_to(self, variables: &[Var<'g>]) -> Result<Vec<Var<'g>>, GradientError> {
        let location = Location::caller();
        let seed = self.seed(location)?;
        self.pull_back(seed, variables, location)
    }

    /// The gradient for this cotangent of the output, on behalf of a line.
    pub(crate) fn pull_back(
        &self,
        cotangent: Var<'g>,
        variables: &[Var<'g>],
        location: &'static Location<'static>,
    ) -> Result<Vec<Var<'g>>, GradientError> {
        let cotangents = backpropagate(&[(self.output, cotangent)], variables);
        if !self.zeros && cotangents.iter().any(Option::is_none) {
            let missing = variables.iter().zip(&cotangents).filter(|(_, found)| found.is_none());
            let unreached = |(&variable, _)| obstacle::unreached(variable, self.output, cotangent);
            let variables = missing.map(unreached).collect();
            return Err(GradientError::NoPath { variables, location });
        }
        let gradient = |(variable, cotangent): (&Var<'g>, Option<Var<'g>>)| {
            cotangent.unwrap_or_else(|| zeros(*variable))
        };
        Ok(variables.iter().zip(cotangents).map(gradient).collect())
    }

    /// The cotangent of the output.
    fn seed(&self, location: &'static Location<'static>) -> Result<Var<'g>, GradientError> {
        let ty = self.output.ty();
        match self.cotangent {
            Some(v) if v.ty() == ty && ty.kind == Kind::Real => Ok(v),
            Some(v) => Err(GradientError::Cotangent {
                cotangent: v.ty().to_string(),
                output: ty.to_string(),
                location,
            }),
            None if ty.kind == Kind::Real && ty.shape.size() == 1 => {
                let line = (self.output.location(), true);
                let graph = self.output.graph();
                Ok(graph.on_behalf(line, || graph.full(ty.shape, 1.0)))
            }
            None => Err(GradientError::NotScalar {
                output: ty.to_string(),
                recorded: self.output.location(),
                location,
            }),
        }
    }
}

/// Zeros of the shape of a variable.
pub(crate) fn zeros(variable: Var<'_>) -> Var<'_> {
    let graph = variable.graph();
    graph.on_behalf((variable.location(), true), || graph.full(variable.shape(), 0.0))
}

/// The cotangent of each of `variables`, if it has a path to an output, by one sweep from the last
/// of the outputs back; each output comes with its own cotangent.
///
/// A node's inputs precede it, so that in descending order a node has received the cotangents of
/// all its uses before its own rule runs.
pub(crate) fn backpropagate<'g>(
    outputs: &[(Var<'g>, Var<'g>)],
    variables: &[Var<'g>],
) -> Vec<Option<Var<'g>>> {
    let Some(last) = outputs.iter().map(|(output, _)| output.id().index()).max() else {
        return vec![None; variables.len()];
    };
    sweep(0..last + 1, outputs, variables)
}

/// The reverse rule of a function that is composed of others: the cotangents of its inputs, given
/// the cotangent `v` of its output, by the rules of what `function` records. For the
/// [reverse rule](crate::Operation::vjp) of an operation that needs none of its own.
///
/// Where one variable stands at several positions, the first gets the cotangent of them all.
///
/// ```
/// use cotangent::{Graph, composed};
///
/// let g = Graph::new();
/// let (x, v) = (g.constant(3.0), g.constant(10.0));
/// let cotangents = composed(&[x], v, |inputs| inputs[0].square());
/// assert_eq!(cotangents[0].unwrap().eval()?[[]], 60.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// If the function answers another type than that of `v`.
#[track_caller]
pub fn composed<'g>(
    inputs: &[Var<'g>],
    v: Var<'g>,
    function: impl FnOnce(&[Var<'g>]) -> Var<'g>,
) -> Cotangents<'g> {
    let first = node_count(v.graph());
    let output = function(inputs);
    back(first, output, inputs, v)
}

/// The cotangents of the inputs of a function that was recorded from node `first` on: not generic, and so compiled once.
#[track_caller]
fn back<'g>(first: usize, output: Var<'g>, inputs: &[Var<'g>], v: Var<'g>) -> Cotangents<'g> {
    if output.ty() != v.ty() {
        let rule = format!("the function answers {}, and its cotangent is {}", output.ty(), v.ty());
        misfit("composed", rule, inputs);
    }
    // What the inputs were computed from is not the function's: one may depend on another.
    let function = first..node_count(v.graph());
    let totals = sweep(function, &[(output, v)], inputs).into_iter().enumerate();
    let stood_before = |i: usize| inputs[..i].iter().any(|input| input.id() == inputs[i].id());
    totals.map(|(i, total)| total.filter(|_| !stood_before(i))).short()
}

fn node_count(graph: &Graph) -> usize {
    graph.dag(|dag| dag.node_count())
}

/// Takes the cotangents of `outputs` back through the nodes in a range, and answers what reaches
/// `variables`.
pub(crate) fn sweep<'g>(
    nodes: Range<usize>,
    outputs: &[(Var<'g>, Var<'g>)],
    variables: &[Var<'g>],
) -> Vec<Option<Var<'g>>> {
    let graph = outputs[0].0.graph();
    let active = descendants(graph, variables);
    let mut cotangents: Vec<Contributions<'g>> = vec![Contributions::new(); active.len()];
    for &(output, seed) in outputs {
        cotangents[output.id().index()].push(seed);
    }
    let mut of_parts: HashMap<NodeId, Vec<(usize, Var<'g>)>> = HashMap::new();
    for id in nodes.rev().map(NodeId::new) {
        let parts = of_parts.remove(&id);
        if (cotangents[id.index()].is_empty() && parts.is_none()) || !active[id.index()] {
            continue;
        }
        let (op, line) = graph.node(id, |node| (node.op.clone(), (node.location, true)));
        let inputs: SmallVec<[Var<'g>; 3]> =
            graph.node_inputs(id).into_iter().map(|input| Var::new(graph, input)).short();
        if let Some(part) = op.downcast::<Part>() {
            let cotangent = graph.on_behalf(line, || total(&mut cotangents[id.index()]));
            collect(of_parts.entry(inputs[0].id()).or_default(), part.number, cotangent, line);
            continue;
        }
        graph.on_behalf(line, || {
            let output = Var::new(graph, id);
            let contributions = match &parts {
                Some(parts) => op.vjp_of_parts(&inputs, output, parts),
                None => op.vjp(&inputs, output, total(&mut cotangents[id.index()])),
            };
            let rule = Rule { operation: op.name(), location: line.0 };
            rule.check_count(inputs.len(), contributions.len());
            for (i, (input, contribution)) in inputs.iter().zip(contributions).enumerate() {
                let Some(contribution) = contribution.filter(|_| active[input.id().index()]) else {
                    continue;
                };
                rule.check_type(i, input.ty(), contribution.ty());
                cotangents[input.id().index()].push(contribution);
            }
        });
    }
    let received = |variable: &Var<'g>| {
        let contributions = &mut cotangents[variable.id().index()];
        let reached = !contributions.is_empty() && active[variable.id().index()];
        let line = (variable.location(), true);
        reached.then(|| graph.on_behalf(line, || total(contributions)))
    };
    variables.iter().map(received).collect()
}

/// Adds what flows into a part to what flowed into it before.
fn collect<'g>(parts: &mut Vec<(usize, Var<'g>)>, number: usize, cotangent: Var<'g>, line: Line) {
    match parts.iter_mut().find(|part| part.0 == number) {
        Some(part) => part.1 = cotangent.graph().on_behalf(line, || part.1 + cotangent),
        None => parts.push((number, cotangent)),
    }
}

/// What flows into a node, along each of its uses.
type Contributions<'g> = SmallVec<[Var<'g>; 1]>;

/// The sum of what flows in, which then is all that flowed in.
///
/// The cotangents of parts of an array, each in its place among zeros, are put into one array: n
/// slices cost what the array costs, and not n times as much.
fn total<'g>(contributions: &mut Contributions<'g>) -> Var<'g> {
    if let [only] = contributions[..] {
        return only;
    }
    let graph = contributions[0].graph();
    let is_part =
        |var: &Var<'g>| graph.node(var.id(), |node| node.op.downcast::<Embed>().is_some());
    let parts: Vec<Var<'g>> = contributions.iter().copied().filter(is_part).collect();
    if parts.len() > 1 {
        let first = contributions.iter().position(is_part).expect("there are several");
        contributions[first] = joined(graph, &parts);
        let mut position = 0;
        contributions.retain(|var| {
            position += 1;
            position - 1 == first || !is_part(var)
        });
    }
    let sum = contributions[1..].iter().fold(contributions[0], |sum, &next| sum + next);
    *contributions = smallvec::smallvec![sum];
    sum
}

/// For every node, whether it is one of `variables` or depends on one through real values.
fn descendants(graph: &Graph, variables: &[Var<'_>]) -> Vec<bool> {
    graph.dag(|dag| {
        let mut active = vec![false; dag.node_count()];
        for variable in variables {
            active[variable.id().index()] = dag[variable.id()].is_real();
        }
        for id in dag.node_indices() {
            let from_inputs = || dag.neighbors_directed(id, petgraph::Incoming);
            if dag[id].is_real() && from_inputs().any(|input| active[input.index()]) {
                active[id.index()] = true;
            }
        }
        active
    })
}

/// The reverse rule of a node. What it must not answer is a defect of the operation, or of a rule of
/// the user's own, and no matter of data.
struct Rule {
    operation: &'static str,
    /// The line that recorded the node.
    location: &'static Location<'static>,
}

impl Rule {
    /// There is a cotangent for each input, or none at all.
    fn check_count(&self, inputs: usize, answered: usize) {
        if answered != inputs && answered != 0 {
            self.broken(format!("{answered} cotangents for {inputs} inputs"));
        }
    }

    /// A cotangent has the type of its input.
    fn check_type(&self, position: usize, input: Type, cotangent: Type) {
        if cotangent != input {
            self.broken(format!("cotangent {cotangent} for input {position}, which is {input}"));
        }
    }

    fn broken(&self, answered: String) -> ! {
        let Self { operation, location } = self;
        panic!("the reverse rule of {operation} answered {answered}\n  at {location}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composed_rule_ends_at_its_inputs() {
        let g = Graph::new();
        let (x, v) = (g.constant(3.0), g.constant(1.0));
        // The second input depends on the first; that is not the function's part of the derivative.
        let cotangents = composed(&[x, x.square()], v, |inputs| inputs[0] * inputs[1]);
        let values: Vec<f64> = cotangents.iter().map(|c| c.unwrap().eval().unwrap()[[]]).collect();
        assert_eq!(values, [9.0, 3.0]);
    }

    #[test]
    fn a_repeated_input_of_a_composed_rule_gets_its_cotangent_once() {
        let g = Graph::new();
        let (x, v) = (g.constant(3.0), g.constant(1.0));
        let cotangents = composed(&[x, x], v, |inputs| inputs[0] * inputs[1]);
        assert_eq!(cotangents[0].unwrap().eval().unwrap()[[]], 6.0);
        assert!(cotangents[1].is_none());
    }

    #[test]
    fn a_composed_rule_knows_what_has_no_path_and_what_is_the_output() {
        let g = Graph::new();
        let (x, y, v) = (g.constant(3.0), g.constant(4.0), g.constant(5.0));
        let cotangents = composed(&[x, y], v, |inputs| inputs[1]);
        assert!(cotangents[0].is_none());
        assert_eq!(cotangents[1].unwrap().eval().unwrap()[[]], 5.0);
    }

    #[test]
    #[should_panic(expected = "the function answers [], and its cotangent is [2]")]
    fn a_composed_function_answers_the_type_of_its_cotangent() {
        let g = Graph::new();
        composed(&[g.constant(3.0)], g.full([2], 1.0), |inputs| inputs[0]);
    }
}
