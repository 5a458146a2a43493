//! Rules that differ from the derivative and are meant to: taken at their word.

use std::collections::HashMap;

use graph::reading::{self, NodeId};
use graph::{Gradient, Kind, RunError, Value, Var};
use ndarray::ArrayD;

use super::problem::Problem;

/// The names of operations and variables whose rules are meant as they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Meant {
    names: Vec<String>,
}

impl Extend<String> for Meant {
    fn extend<I: IntoIterator<Item = String>>(&mut self, names: I) {
        self.names.extend(names);
    }
}

impl Meant {
    /// Whether the rule of a variable's operation is meant as it is. Leaves have none, and neither have
    /// indices and truth values.
    pub fn is(&self, var: Var<'_>) -> bool {
        self.names.iter().any(|name| has_rule(var, name))
    }

    /// Whether any of these variables is meant as it is.
    pub fn any(&self, vars: &[Var<'_>]) -> bool {
        vars.iter().any(|&var| self.is(var))
    }

    /// The names for which none of these variables has a rule.
    pub fn unmet(&self, vars: &[Var<'_>]) -> Vec<String> {
        let is_unmet = |name: &&String| !vars.iter().any(|&var| has_rule(var, name));
        self.names.iter().filter(is_unmet).cloned().collect()
    }

    /// A scalar that has, near the point, the derivatives that the rules say: the same mathematics,
    /// but y₀ + J·(x − x₀) in the place of every operation y(x) whose rule is meant.
    pub fn at_their_word<'g>(
        &self,
        problem: &Problem<'g>,
        scalar: Var<'g>,
    ) -> Result<Var<'g>, RunError> {
        let sources = reading::sources(&[scalar]);
        if !self.any(&sources) {
            return Ok(scalar);
        }
        let values = problem.evaluator.run(&sources)?;
        let point: HashMap<NodeId, Value<f64>> =
            sources.iter().map(|var| var.id()).zip(values).collect();
        let mut replaced: HashMap<NodeId, Var<'g>> = HashMap::new();
        for var in sources {
            let inputs = reading::inputs(var);
            let now = |input: &Var<'g>| *replaced.get(&input.id()).unwrap_or(input);
            let moved: Vec<Var<'g>> = inputs.iter().map(now).collect();
            let is_moved = inputs.iter().any(|&x| replaced.contains_key(&x.id()));
            let again = match (self.is(var), is_moved) {
                (true, _) => linear(var, &moved, &point),
                (false, true) => {
                    let again = reading::record(var.graph(), reading::operation(var), &moved);
                    again.expect("the inputs have the types they had")
                }
                (false, false) => continue,
            };
            replaced.insert(var.id(), again);
        }
        Ok(*replaced.get(&scalar.id()).unwrap_or(&scalar))
    }
}

/// Whether a variable has a reverse rule, under this name.
fn has_rule(var: Var<'_>, name: &str) -> bool {
    let has_name = || {
        reading::operation(var).name() == name || reading::name(var).is_some_and(|own| own == name)
    };
    var.is_real() && !reading::inputs(var).is_empty() && has_name()
}

/// y₀ + J·(x − x₀), where the operation's own rule says J.
fn linear<'g>(var: Var<'g>, moved: &[Var<'g>], point: &HashMap<NodeId, Value<f64>>) -> Var<'g> {
    let graph = var.graph();
    let fixed = |var: &Var<'g>| {
        let value = graph.constant(point[&var.id()].clone());
        if var.kind() == Kind::Boolean { value.ne(0.0) } else { value }
    };
    let (output, inputs) = (fixed(&var), reading::inputs(var));
    let inputs: Vec<Var<'g>> = inputs.iter().map(fixed).collect();
    // The rule is linear in its cotangent v, so that J·d is the gradient of ⟨Jᵀ·v, d⟩ with respect to v.
    let v = graph.constant(Value::<f64>::Real(ArrayD::ones(&*var.shape())));
    let cotangents = reading::operation(var).vjp(&inputs, output, v);
    let terms = cotangents.into_iter().zip(inputs.iter().zip(moved));
    let terms = terms.filter_map(|(cotangent, (&x0, &x))| Some((cotangent? * (x - x0)).sum()));
    let Some(product) = terms.reduce(|a, b| a + b) else {
        return output;
    };
    let gradient = Gradient::of(product).zeros_without_path().with_respect_to(&[v]);
    output + gradient.expect("a sum is a real scalar")[0]
}
