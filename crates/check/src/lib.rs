//! The checker: proves derivatives right or wrong, with a bound on the error.
//!
//! [`check`] compares every element of a gradient with a numerical derivative whose error is bounded,
//! and concludes *right*, *wrong*, or *inconclusive* with the reason. [`Check`] has the options: higher
//! orders, random directions for large inputs, models with parameters.
//! [`assert_gradients!`](crate::assert_gradients) is a test in one line.
//!
//! Everything runs in double precision through the plain evaluator. A graph has no precision, so that
//! this checks graphs that are trained in single precision, too.
//!
//! ```
//! use check::check;
//! use ndarray::array;
//!
//! let report = check(|_, x| (x[0] * x[1]).sin(), &[array![0.5, 1.0].into(), array![2.0].into()])?;
//! assert!(report.is_right());
//! println!("{report}");
//! # Ok::<(), graph::RunError>(())
//! ```
//!
//! | module of the source | what is there |
//! |---|---|
//! | `numeric` | differences, extrapolated, with their bounds |
//! | `verdict` | the comparison; kinks, cancellation, what is not finite |
//! | `problem` | a scalar of a graph as a function of its variables |
//! | `examine` | every element, or random directions, to any order |
//! | `properties` | Taylor's remainder, the adjoint identity, the symmetry of the Hessian |
//! | `locate` | which operation's rule is wrong |
//! | `report` | the outcome and its table |

mod examine;
mod locate;
mod numeric;
mod problem;
mod properties;
mod report;
mod verdict;

pub use graph;
pub use report::{Property, Report, Row, Suspect};
pub use verdict::{Doubt, Verdict};

use examine::Examination;
use graph::{Evaluator, Graph, Params, RunError, Scalar, Seed, Type, Value, Var};
use problem::{Draws, Problem, Variable};

/// Checks the gradient of what `f` records with respect to every real input, at these values.
///
/// If `f` answers an array, a random projection of it is differentiated, which depends on every
/// element of the Jacobian. See [`Check`] for options.
///
/// # Errors
/// If the function cannot be evaluated at the inputs: an index is out of range, or it has inputs or
/// parameters of its own ([`Check::params`] gives it some).
pub fn check(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    inputs: &[Value<f64>],
) -> Result<Report, RunError> {
    Check::new().run(f, inputs)
}

/// A check with options.
///
/// ```
/// use check::Check;
/// use ndarray::array;
///
/// let report = Check::new().order(3).run(|_, x| x[0].tanh(), &[array![0.5, -1.0].into()])?;
/// assert!(report.is_right());
/// # Ok::<(), graph::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Check {
    orders: usize,
    directions: Option<usize>,
    seed: u64,
    params: Option<Params<f64>>,
}

impl Default for Check {
    fn default() -> Self {
        Self::new()
    }
}

impl Check {
    /// Every element, to first order, without parameters.
    pub fn new() -> Self {
        Self { orders: 1, directions: None, seed: 0, params: None }
    }

    /// Checks derivatives up to this order. From the second on, each order differentiates a random
    /// projection of the derivatives of the one before, which depends on all of them.
    pub fn order(self, orders: usize) -> Self {
        Self { orders, ..self }
    }

    /// Checks the derivatives along this many random directions, in which all inputs move together,
    /// instead of every element: a wrong rule shows in a single one almost surely, and the cost does
    /// not grow with the inputs.
    pub fn directions(self, count: usize) -> Self {
        Self { directions: Some(count), ..self }
    }

    /// The seed of projections and directions, and of random operations.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Checks the derivatives with respect to the trainable parameters, too, at the values they have
    /// in this store.
    pub fn params<T: Scalar>(self, params: &Params<T>) -> Self {
        Self { params: Some(params.cast()), ..self }
    }

    /// Checks what `f` records, at these values. Indices among the inputs stay as they are.
    ///
    /// # Errors
    /// If the function cannot be evaluated at the inputs.
    pub fn run(
        &self,
        f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
        inputs: &[Value<f64>],
    ) -> Result<Report, RunError> {
        let graph = Graph::new();
        let input = |(value, i): (&Value<f64>, usize)| {
            Input::new(&graph, format!("x{i}"), value.view().ty(), value.clone())
        };
        let inputs: Vec<Input<'_>> = inputs.iter().zip(0..).map(input).collect();
        let vars: Vec<Var<'_>> = inputs.iter().map(|input| input.var).collect();
        let output = f(&graph, &vars);
        let problem = self.problem(&graph, inputs);
        let examination = Examination { check: self, problem: &problem };
        let (rows, properties) = examination.run(output)?;
        let wrong = rows.iter().filter(|row| row.verdict == Verdict::Wrong).map(|row| row.order);
        let broken = properties.iter().any(|property| property.holds == Some(false));
        // The properties compare derivatives of derivatives.
        let suspects = match wrong.min().or(broken.then_some(2)) {
            Some(order) => locate::suspects(self, &problem, output, order)?,
            None => Vec::new(),
        };
        Ok(Report { rows, properties, suspects })
    }

    /// The inputs and the trainable parameters as variables, and everything bound.
    fn problem<'g>(&self, graph: &'g Graph, inputs: Vec<Input<'g>>) -> Problem<'g> {
        let mut problem = Problem { variables: Vec::new(), evaluator: self.evaluator(graph) };
        for input in inputs {
            problem.bind(input);
        }
        for param in self.params.iter().flat_map(Params::entries) {
            let params = self.params.as_ref().expect("it has entries");
            let value = params.get(param.id()).expect("an entry has a value").to_owned();
            let var = graph.param(param);
            match params.trainable_entries().any(|other| other.id() == param.id()) {
                true => {
                    let name = param.path().to_owned();
                    problem.bind(Input { var, name, value: Value::Real(value) });
                }
                false => problem.freeze(var, Value::Real(value)),
            }
        }
        problem
    }

    fn evaluator<'g>(&self, graph: &'g Graph) -> Evaluator<'g, 'static, f64> {
        Evaluator::new(graph).seed(Seed { seed: self.seed, run: 0 })
    }

    fn draws(&self, order: usize) -> Draws {
        Draws { seed: Seed { seed: self.seed, run: 1 + order as u64 } }
    }
}

/// An input of a graph, with its value.
struct Input<'g> {
    var: Var<'g>,
    name: String,
    value: Value<f64>,
}

impl<'g> Input<'g> {
    /// Records an input of this type, for this value. Truth values are values as reals are.
    fn new(graph: &'g Graph, name: String, ty: Type, value: Value<f64>) -> Self {
        let var = graph.typed_input(&name, ty);
        Self { var, name, value }
    }
}

impl<'g> Problem<'g> {
    /// Gives a variable its value; a real one is differentiated with respect to.
    fn bind(&mut self, input: Input<'g>) {
        let Input { var, name, value } = input;
        if let (true, Value::Real(value)) = (var.is_real(), &value) {
            self.variables.push(Variable { var, name, value: value.clone() });
        }
        self.freeze(var, value);
    }

    /// Gives a variable its value, which stays.
    fn freeze(&mut self, var: Var<'g>, value: Value<f64>) {
        self.evaluator = self.evaluator.clone().bind(var, value);
    }
}

/// Asserts that the gradient of a closure is right at these inputs: [`check`] in one line. Prints the
/// report if it is not.
///
/// ```
/// use check::assert_gradients;
/// use ndarray::array;
///
/// assert_gradients!(|_, x| (x[0].matmul(x[1])).tanh(), array![[0.1, 0.2]], array![0.3, -0.4]);
/// ```
#[macro_export]
macro_rules! assert_gradients {
    ($f:expr, $($input:expr),+ $(,)?) => {
        match $crate::check($f, &[$($crate::graph::Value::<f64>::from($input)),+]) {
            Ok(report) => assert!(report.is_right(), "wrong gradients\n{report}"),
            Err(error) => panic!("the function cannot be checked: {error}"),
        }
    };
}

#[cfg(test)]
mod tests;
