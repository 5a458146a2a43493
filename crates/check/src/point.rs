//! The point at which derivatives are checked: variables with their values, directions from there, and
//! what rounding does to functions of them.

use ndarray::ArrayD;

use crate::draws::Draws;

/// A variable that derivatives are taken with respect to, with its value.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub name: String,
    /// In row-major order.
    pub value: ArrayD<f64>,
    /// The root of the mean square of the elements.
    typical: f64,
}

impl Variable {
    pub fn new(name: impl Into<String>, value: ArrayD<f64>) -> Self {
        let square = value.iter().map(|x| x * x).sum::<f64>() / value.len() as f64;
        let value = value.as_standard_layout().into_owned();
        Self { name: name.into(), value, typical: square.sqrt() }
    }

    /// The distance over which a function of an element of this value is expected to change: its own
    /// size, or a part of that of its neighbours where it is small beside them; 1 among zeros.
    pub fn scale(&self, element: f64) -> f64 {
        match element.abs().max(0.1 * self.typical) {
            scale if scale.is_normal() => scale,
            _ => 1.0,
        }
    }

    /// The index of an element, from its number in row-major order.
    pub fn index(&self, element: usize) -> Vec<usize> {
        let mut rest = element;
        let mut index: Vec<usize> = self.value.shape().to_vec();
        for place in index.iter_mut().rev() {
            let extent = *place;
            *place = rest % extent;
            rest /= extent;
        }
        index
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
        direction.zip_mut_with(&variable.value, |step, &x| *step *= variable.scale(x));
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
