//! What is checked: a recorded graph at the values of its variables, and scalars of it.

use graph::{Evaluator, Graph, Params, RunError, Seed, Type, Value, Var};
use ndarray::ArrayD;

use super::Check;
use crate::draws::Draws;
use crate::point::{Rounded, Variable};

/// An input of a graph, with its value.
pub(super) struct Input<'g> {
    pub var: Var<'g>,
    pub name: String,
    pub value: Value<f64>,
}

impl<'g> Input<'g> {
    /// Records an input of this type, for this value. Truth values are values as reals are.
    pub fn new(graph: &'g Graph, name: String, ty: Type, value: Value<f64>) -> Self {
        let var = graph.typed_input(&name, ty);
        Self { var, name, value }
    }
}

/// Variables of a graph at a point, where everything else they take part in is bound.
#[derive(Clone, Debug)]
pub(super) struct Problem<'g> {
    pub variables: Vec<Variable>,
    /// The same in the graph.
    pub vars: Vec<Var<'g>>,
    /// Bound with all values, those of the variables too.
    pub evaluator: Evaluator<'g, 'static, f64>,
}

impl Check {
    /// The inputs and the trainable parameters as variables, and everything bound.
    pub(super) fn problem<'g>(&self, graph: &'g Graph, inputs: Vec<Input<'g>>) -> Problem<'g> {
        let evaluator = Evaluator::new(graph).seed(Seed { seed: self.manner.seed, run: 0 });
        let mut problem = Problem { variables: Vec::new(), vars: Vec::new(), evaluator };
        for input in inputs {
            problem.bind(input);
        }
        for param in self.params.iter().flat_map(Params::entries) {
            let params = self.params.as_ref().expect("it has entries");
            let value = params.get(param.id()).expect("an entry has a value").to_owned();
            let (var, value) = (graph.param(param), Value::Real(value));
            if params.trainable_entries().any(|other| other.id() == param.id()) {
                problem.bind(Input { var, name: param.path().to_owned(), value })
            } else {
                problem.freeze(var, value)
            }
        }
        problem
    }
}

impl<'g> Problem<'g> {
    /// Gives a variable its value; a real one is differentiated with respect to.
    fn bind(&mut self, input: Input<'g>) {
        let Input { var, name, value } = input;
        if let (true, Value::Real(value)) = (var.is_real(), &value) {
            self.variables.push(Variable::new(name, value.clone()));
            self.vars.push(var);
        }
        self.freeze(var, value);
    }

    /// Gives a variable its value, which stays.
    pub fn freeze(&mut self, var: Var<'g>, value: Value<f64>) {
        self.evaluator = self.evaluator.clone().bind(var, value);
    }

    /// The values of these outputs where the variables have these.
    pub fn at(
        &self,
        variables: &[ArrayD<f64>],
        outputs: &[Var<'g>],
    ) -> Result<Vec<ArrayD<f64>>, RunError> {
        let mut evaluator = self.evaluator.clone();
        for (&var, value) in self.vars.iter().zip(variables) {
            evaluator = evaluator.bind(var, Value::Real(value.clone()));
        }
        Ok(evaluator.run(outputs)?.into_iter().map(Value::into_real).collect())
    }

    /// The values of these outputs at the point, and what rounding does to them.
    pub fn rounded(&self, outputs: &[Var<'g>], draws: &Draws) -> Result<Rounded, RunError> {
        Rounded::of(&self.variables, draws, |values| self.at(values, outputs))
    }
}

/// Σ wᵢ·yᵢ over all elements of several arrays with random weights: a scalar whose gradient depends
/// on all of theirs.
pub(super) fn projected<'g>(graph: &'g Graph, arrays: &[Var<'g>], draws: &Draws) -> Var<'g> {
    let term = |(y, stream): (&Var<'g>, u64)| match y.shape().size() {
        1 if arrays.len() == 1 => y.reshape_to([]),
        _ => {
            let weights = Value::<f64>::Real(draws.array(stream, &y.shape()));
            (*y * graph.constant(weights)).sum()
        }
    };
    let terms = arrays.iter().zip(0..).map(term);
    terms.reduce(|a, b| a + b).unwrap_or_else(|| graph.full([], 0.0))
}
