//! A claim about a gradient, and its examination: element by element or along directions.

use ndarray::ArrayD;

use crate::draws::Draws;
use crate::numeric::Line;
use crate::point::{self, NEARBY, Rounded, SAMPLES, Variable, inner};
use crate::report::Row;
use crate::verdict::{Judgement, Scales, judge};

/// How derivatives are examined.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Along so many random directions; element by element if not said.
    pub directions: Option<usize>,
    pub seed: u64,
}

impl Manner {
    pub fn draws(&self, order: usize) -> Draws {
        Draws::new(self.seed, order)
    }
}

/// A scalar function of variables at a point, with the gradient that it is said to have.
pub(crate) struct Claim<'a> {
    pub order: usize,
    pub variables: &'a [Variable],
    /// The function's value at values of the variables; NaN where it has none.
    pub function: &'a dyn Fn(&[ArrayD<f64>]) -> f64,
    /// The claimed derivatives at the point.
    pub gradient: Vec<ArrayD<f64>>,
    /// What rounding does to each.
    pub wobble: Vec<ArrayD<f64>>,
    /// The size of numbers that round as the function does.
    pub magnitude: f64,
}

/// Rounding moves a derivative by at most this many times what is seen in two samples.
const WOBBLES: f64 = 8.0;

impl<'a> Claim<'a> {
    /// The claim that a function has this gradient.
    pub fn new(
        order: usize,
        variables: &'a [Variable],
        function: &'a dyn Fn(&[ArrayD<f64>]) -> f64,
        gradient: Rounded,
        draws: &Draws,
    ) -> Self {
        let Rounded { values: gradient, wobble } = gradient;
        let magnitude = magnitude(variables, function, draws);
        Self { order, variables, function, gradient, wobble, magnitude }
    }

    /// The verdicts on the claimed derivatives.
    pub fn rows(&self, manner: Manner) -> Vec<Row> {
        match manner.directions {
            Some(count) => {
                let draws = manner.draws(self.order);
                (0..count).map(|k| self.direction(k, &draws.split(10 + k as u64))).collect()
            }
            None => (0..self.variables.len()).flat_map(|k| self.elements(k)).collect(),
        }
    }

    /// One row for each element of a variable.
    fn elements(&self, position: usize) -> Vec<Row> {
        let variable = &self.variables[position];
        let gradient = &self.gradient[position];
        let largest = largest(gradient);
        let derivatives = gradient.iter().zip(&self.wobble[position]);
        let row = |(element, (&x, (&analytic, &wobble))): (usize, (&f64, (&f64, &f64)))| {
            let step = variable.scale(x);
            let typical = largest.max(self.magnitude / step);
            let line = Line::new(self.along_element(position, element), step);
            let scales = Scales { step, typical, wobble: WOBBLES * wobble };
            let judgement = judge(&mut line.rounding_like(self.magnitude), analytic, scales);
            self.row(variable.name.clone(), variable.index(element), analytic, judgement)
        };
        variable.value.iter().zip(derivatives).enumerate().map(row).collect()
    }

    /// The row of a random direction.
    fn direction(&self, number: usize, draws: &Draws) -> Row {
        let direction = point::direction(self.variables, draws);
        let products = self.gradient.iter().zip(&direction);
        let terms: Vec<f64> = products.map(|(g, d)| (g * d).sum()).collect();
        let typical = terms.iter().fold(self.magnitude, |sum, term| sum + term.abs());
        let (_, wobble) = inner(&self.wobble, &direction);
        let scales = Scales { step: 1.0, typical, wobble: WOBBLES * wobble };
        let analytic = terms.iter().sum();
        let line = Line::new(self.along_direction(direction), 1.0);
        let judgement = judge(&mut line.rounding_like(self.magnitude), analytic, scales);
        self.row(format!("direction {number}"), Vec::new(), analytic, judgement)
    }

    fn row(&self, input: String, index: Vec<usize>, analytic: f64, judgement: Judgement) -> Row {
        let Judgement { numeric, bound, verdict } = judgement;
        Row { order: self.order, input, index, analytic, numeric, bound, verdict }
    }

    /// The function of one element of a variable, by its displacement.
    fn along_element(&self, position: usize, element: usize) -> impl FnMut(f64) -> f64 {
        let mut values = point::values(self.variables);
        let origin = self.variables[position].value.as_slice().expect("row-major")[element];
        move |t| {
            values[position].as_slice_mut().expect("row-major")[element] = origin + t;
            (self.function)(&values)
        }
    }

    /// The function of the distance along a direction.
    pub fn along_direction(&self, direction: Vec<ArrayD<f64>>) -> impl FnMut(f64) -> f64 {
        move |t| {
            let moved = self.variables.iter().zip(&direction);
            let moved: Vec<ArrayD<f64>> = moved.map(|(x, d)| &x.value + &(d * t)).collect();
            (self.function)(&moved)
        }
    }
}

/// The size of numbers that round as a function's values do: that of the value itself, or what makes it
/// move as far as it does when the variables move by a few units in the last place.
fn magnitude(
    variables: &[Variable],
    function: &dyn Fn(&[ArrayD<f64>]) -> f64,
    draws: &Draws,
) -> f64 {
    let value = function(&point::values(variables));
    let at = |distance: f64, sample| function(&point::nearby(variables, distance, draws, sample));
    let distances = (0..SAMPLES).map(|sample| (at(NEARBY, sample) - value).abs());
    let moved = distances.filter(|distance| distance.is_finite()).fold(0.0, f64::max);
    let jumps = |sample| {
        let side = |sign: f64| (1..6).map(move |k| at(sign * 4f64.powi(k) * NEARBY, sample));
        are_apart(side(-1.0).collect(), side(1.0).collect())
    };
    // A function that jumps moves as far, and does not round.
    let suspicious = moved > 1e3 * NEARBY * value.abs();
    if suspicious && (0..SAMPLES).any(jumps) {
        value.abs()
    } else {
        value.abs().max(moved / NEARBY)
    }
}

/// Whether the numbers of two groups differ by far less than the groups.
fn are_apart(a: Vec<f64>, b: Vec<f64>) -> bool {
    let range = |numbers: &[f64]| {
        numbers.iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)))
    };
    let ((a, b), (c, d)) = (range(&a), range(&b));
    (c - b).max(a - d) > 8.0 * (b - a).max(d - c)
}

fn largest(values: &ArrayD<f64>) -> f64 {
    values.iter().filter(|x| x.is_finite()).fold(0.0, |m, x| m.max(x.abs()))
}
