//! The point at which derivatives are checked: variables with their values, directions from there, and
//! what rounding does to functions of them.

use ndarray::{ArrayD, Dimension, IxDyn};

use crate::draws::Draws;

/// A variable that derivatives are taken with respect to, with its value.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub name: String,
    pub value: ArrayD<f64>,
}

impl Variable {
    pub fn new(name: impl Into<String>, value: ArrayD<f64>) -> Self {
        Self { name: name.into(), value: value.as_standard_layout().into_owned() }
    }

    /// The distance over which a function of this element is expected to change: the element's own
    /// size, or a part of that of its neighbours where it is small beside them; 1 among zeros.
    pub fn scale(&self, element: usize) -> f64 {
        let values = self.elements();
        let square = values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
        match values[element].abs().max(0.1 * square.sqrt()) {
            scale if scale.is_normal() => scale,
            _ => 1.0,
        }
    }

    /// The index of an element in row-major order.
    pub fn index(&self, element: usize) -> Vec<usize> {
        let indices = ndarray::indices(IxDyn(self.value.shape())).into_iter();
        indices.into_iter().nth(element).map_or_else(Vec::new, |place| place.slice().to_vec())
    }

    fn elements(&self) -> &[f64] {
        self.value.as_slice().expect("a variable's value is in row-major order")
    }
}

/// The values of all variables.
pub(crate) fn values(variables: &[Variable]) -> Vec<ArrayD<f64>> {
    variables.iter().map(|variable| variable.value.clone()).collect()
}

/// A random direction in which each element moves in proportion to its size.
pub(crate) fn direction(variables: &[Variable], draws: &Draws) -> Vec<ArrayD<f64>> {
    let scaled = |(variable, stream): (&Variable, u64)| {
        let mut direction = draws.array(stream, variable.value.shape());
        for (element, step) in direction.iter_mut().enumerate() {
            *step *= variable.scale(element);
        }
        direction
    };
    variables.iter().zip(0..).map(scaled).collect()
}

/// A sum of products, and the sum of their magnitudes, against which its rounding is measured.
pub(crate) fn inner(a: &[ArrayD<f64>], b: &[ArrayD<f64>]) -> (f64, f64) {
    let products = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b));
    products.fold((0.0, 0.0), |(sum, size), product| (sum + product, size + product.abs()))
}

/// Functions of the variables at the point.
#[derive(Clone, Debug)]
pub(crate) struct Rounded {
    pub values: Vec<ArrayD<f64>>,
    /// How far each moves when every variable is moved by a few units in the last place: what
    /// rounding does to it, by the standards of backward error.
    pub wobble: Vec<ArrayD<f64>>,
}

/// How far variables are moved to see what rounding does, relative to their size.
pub(crate) const NEARBY: f64 = 4.0 * f64::EPSILON;

/// How often.
pub(crate) const SAMPLES: u64 = 2;

/// The values of all variables, each moved by so much of its size, at random.
pub(crate) fn nearby(
    variables: &[Variable],
    distance: f64,
    draws: &Draws,
    sample: u64,
) -> Vec<ArrayD<f64>> {
    let draws = draws.split(5 + sample);
    let moved = |(variable, stream): (&Variable, u64)| {
        let steps = distance * draws.array(stream, variable.value.shape());
        &variable.value * &(1.0 + steps)
    };
    variables.iter().zip(0..).map(moved).collect()
}

impl Rounded {
    /// What `evaluate` answers at the point.
    pub fn of<E>(
        variables: &[Variable],
        draws: &Draws,
        evaluate: impl Fn(&[ArrayD<f64>]) -> Result<Vec<ArrayD<f64>>, E>,
    ) -> Result<Self, E> {
        let exact = evaluate(&values(variables))?;
        let mut wobble: Vec<ArrayD<f64>> =
            exact.iter().map(|value| ArrayD::zeros(value.raw_dim())).collect();
        for sample in 0..SAMPLES {
            let nearby = evaluate(&nearby(variables, NEARBY, draws, sample))?;
            for ((wobble, value), moved) in wobble.iter_mut().zip(&exact).zip(nearby) {
                let distance = (moved - value).mapv(f64::abs);
                // What is not finite is judged as such, and has no distance.
                let finite = distance.mapv(|d| if d.is_finite() { d } else { 0.0 });
                wobble.zip_mut_with(&finite, |most, &d| *most = most.max(d));
            }
        }
        Ok(Self { values: exact, wobble })
    }
}
