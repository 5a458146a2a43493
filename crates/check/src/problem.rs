//! What is checked: a scalar of a recorded graph, as a function of some of its variables.

use graph::{Evaluator, Graph, RunError, Seed, Value, Var};
use ndarray::{ArrayD, Dimension, IxDyn};

/// A variable that derivatives are taken with respect to, with its value.
#[derive(Clone, Debug)]
pub(crate) struct Variable<'g> {
    pub var: Var<'g>,
    pub name: String,
    pub value: ArrayD<f64>,
}

/// Variables of a graph at a point, where everything else they take part in is bound.
#[derive(Clone, Debug)]
pub(crate) struct Problem<'g> {
    pub variables: Vec<Variable<'g>>,
    /// Bound with all values, those of the variables too.
    pub evaluator: Evaluator<'g, 'static, f64>,
}

impl<'g> Problem<'g> {
    /// The variables alone, in the form that gradients are asked for.
    pub fn vars(&self) -> Vec<Var<'g>> {
        self.variables.iter().map(|variable| variable.var).collect()
    }

    /// The values of these outputs at the point.
    pub fn values(&self, outputs: &[Var<'g>]) -> Result<Vec<ArrayD<f64>>, RunError> {
        Ok(self.evaluator.run(outputs)?.into_iter().map(Value::into_real).collect())
    }

    /// How far these outputs move when every variable is moved by a few units in the last place: what
    /// rounding does to them, by the standards of backward error.
    pub fn wobble(&self, outputs: &[Var<'g>], draws: &Draws) -> Result<Vec<ArrayD<f64>>, RunError> {
        let exact = self.values(outputs)?;
        let mut wobble: Vec<ArrayD<f64>> =
            exact.iter().map(|value| ArrayD::zeros(value.raw_dim())).collect();
        for sample in 0..2 {
            let draws = draws.split(5 + sample);
            let mut nearby = self.evaluator.clone();
            for (Variable { var, value, .. }, stream) in self.variables.iter().zip(0..) {
                let ulps = 4.0 * f64::EPSILON * draws.array(stream, value.shape());
                nearby = nearby.bind(*var, Value::Real(value * &(1.0 + ulps)));
            }
            for ((wobble, value), moved) in wobble.iter_mut().zip(&exact).zip(nearby.run(outputs)?)
            {
                let distance = (moved.into_real() - value).mapv(f64::abs);
                // What is not finite is judged as such, and has no distance.
                let finite = distance.mapv(|d| if d.is_finite() { d } else { 0.0 });
                wobble.zip_mut_with(&finite, |most, &d| *most = most.max(d));
            }
        }
        Ok(wobble)
    }

    /// A scalar as a function of one element of a variable, by its displacement.
    pub fn along_element(
        &self,
        scalar: Var<'g>,
        variable: usize,
        element: usize,
    ) -> impl FnMut(f64) -> f64 {
        let Variable { var, value, .. } = self.variables[variable].clone();
        let evaluator = self.evaluator.clone();
        move |t| {
            let mut moved = value.clone();
            let slot = moved.iter_mut().nth(element).expect("an element of the variable");
            *slot += t;
            value_of(&evaluator.clone().bind(var, Value::Real(moved)), scalar)
        }
    }

    /// A scalar as a function of the distance along a direction, one array for each variable.
    pub fn along_direction(
        &self,
        scalar: Var<'g>,
        direction: Vec<ArrayD<f64>>,
    ) -> impl FnMut(f64) -> f64 {
        let variables = self.variables.clone();
        let evaluator = self.evaluator.clone();
        move |t| {
            let mut evaluator = evaluator.clone();
            for (Variable { var, value, .. }, direction) in variables.iter().zip(&direction) {
                evaluator = evaluator.bind(*var, Value::Real(value + &(direction * t)));
            }
            value_of(&evaluator, scalar)
        }
    }

    /// A random direction in which each element moves in proportion to its size.
    pub fn direction(&self, draws: &Draws) -> Vec<ArrayD<f64>> {
        let scaled = |(variable, stream): (&Variable<'g>, u64)| {
            let unit = draws.array(stream, variable.value.shape());
            let scales = ArrayD::from_shape_vec(
                IxDyn(variable.value.shape()),
                (0..variable.value.len()).map(|i| scale(&variable.value, i)).collect(),
            );
            unit * scales.expect("as many as the shape holds")
        };
        self.variables.iter().zip(0..).map(scaled).collect()
    }
}

/// A fault of the data met away from the point counts as a value that is not finite.
fn value_of<'g>(evaluator: &Evaluator<'g, 'static, f64>, scalar: Var<'g>) -> f64 {
    match evaluator.run(&[scalar]) {
        Ok(mut values) => values.remove(0).into_real()[[]],
        Err(_) => f64::NAN,
    }
}

/// The distance over which a function of this element is expected to change: the element's own
/// size, or a part of that of its neighbours where it is small beside them; 1 among zeros.
pub(crate) fn scale(value: &ArrayD<f64>, element: usize) -> f64 {
    let square = value.iter().map(|x| x * x).sum::<f64>() / value.len() as f64;
    let own = value.iter().nth(element).map_or(0.0, |x| x.abs());
    match own.max(0.1 * square.sqrt()) {
        scale if scale.is_normal() => scale,
        _ => 1.0,
    }
}

/// Repeatable random numbers of a check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    pub seed: Seed,
}

impl Draws {
    /// Numbers in ±[0.5, 1.5]: none is negligible, and no two are alike.
    pub fn array(&self, stream: u64, shape: &[usize]) -> ArrayD<f64> {
        let mut position = 0;
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            position += 1;
            let number = 2.0 * self.seed.uniform(stream, position) - 1.0;
            number + 0.5 * number.signum()
        })
    }

    /// The draws for a purpose of their own.
    pub fn split(&self, purpose: u64) -> Self {
        Self { seed: Seed { seed: self.seed.seed, run: 1000 * self.seed.run + purpose } }
    }
}

/// Σ wᵢ·yᵢ over all elements of several arrays with random weights: a scalar whose gradient depends
/// on all of theirs.
pub(crate) fn projected<'g>(graph: &'g Graph, arrays: &[Var<'g>], draws: &Draws) -> Var<'g> {
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

/// The index of an element in row-major order.
pub(crate) fn index(shape: &[usize], element: usize) -> Vec<usize> {
    let indices = ndarray::indices(IxDyn(shape)).into_iter();
    indices.into_iter().nth(element).map_or_else(Vec::new, |place| place.slice().to_vec())
}
