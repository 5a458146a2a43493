//! The check of one problem: element by element or along directions, to any order.

use graph::{Gradient, RunError, Var};
use ndarray::ArrayD;

use crate::Check;
use crate::numeric::Line;
use crate::problem::{Draws, Problem, index, projected, scale};
use crate::properties;
use crate::report::{Property, Row};
use crate::verdict::{Scales, judge};

/// A problem, and how it is to be checked.
pub(crate) struct Examination<'a, 'g> {
    pub check: &'a Check,
    pub problem: &'a Problem<'g>,
}

/// A scalar with its gradients, and their values at the point.
pub(crate) struct Level<'g> {
    pub order: usize,
    pub scalar: Var<'g>,
    pub gradients: Vec<Var<'g>>,
    pub values: Vec<ArrayD<f64>>,
    /// What rounding does to each gradient.
    pub wobble: Vec<ArrayD<f64>>,
    /// The size of numbers that round as the scalar does.
    pub magnitude: f64,
}

/// Rounding moves a derivative by at most this many times what is seen in two samples.
const WOBBLES: f64 = 8.0;

impl<'g> Examination<'_, 'g> {
    /// The rows and properties of all orders.
    pub fn run(&self, output: Var<'g>) -> Result<(Vec<Row>, Vec<Property>), RunError> {
        let (mut rows, mut properties) = (Vec::new(), Vec::new());
        if self.problem.variables.is_empty() {
            return Ok((rows, properties));
        }
        let graph = output.graph();
        let mut scalar = projected(graph, &[output], &self.check.draws(0));
        for order in 1..=self.check.orders {
            let level = self.level(scalar, order)?;
            rows.extend(self.rows(&level));
            let draws = self.check.draws(order);
            properties.push(properties::taylor(self.problem, &level, &draws));
            scalar = projected(graph, &level.gradients, &draws);
            if order == 1 {
                properties.push(properties::adjoint(self.problem, output, &draws)?);
            }
            if order == 2 {
                let first = projected(graph, &[output], &self.check.draws(0));
                properties.push(properties::symmetry(self.problem, first, &draws)?);
            }
        }
        Ok((rows, properties))
    }

    fn level(&self, scalar: Var<'g>, order: usize) -> Result<Level<'g>, RunError> {
        let gradient = Gradient::of(scalar).zeros_without_path();
        let gradients = gradient.with_respect_to(&self.problem.vars())?;
        let values = self.problem.values(&gradients)?;
        let draws = self.check.draws(order);
        let wobble = self.problem.wobble(&gradients, &draws)?;
        let moved = self.problem.wobble(&[scalar], &draws)?[0][[]];
        let magnitude = self.problem.values(&[scalar])?[0][[]].abs();
        let magnitude = magnitude.max(moved / (4.0 * f64::EPSILON));
        Ok(Level { order, scalar, gradients, values, wobble, magnitude })
    }

    fn rows(&self, level: &Level<'g>) -> Vec<Row> {
        match self.check.directions {
            Some(count) => (0..count).map(|k| self.direction(level, k)).collect(),
            None => (0..level.values.len()).flat_map(|k| self.elements(level, k)).collect(),
        }
    }

    /// One row for each element of a variable.
    fn elements(&self, level: &Level<'g>, position: usize) -> Vec<Row> {
        let variable = &self.problem.variables[position];
        let analytic = &level.values[position];
        let largest = largest(analytic);
        let row = |(element, (&analytic, &wobble)): (usize, (&f64, &f64))| {
            let function = self.problem.along_element(level.scalar, position, element);
            let step = scale(&variable.value, element);
            let typical = largest.max(level.magnitude / step);
            let mut line = Line::new(function, step).rounding_like(level.magnitude);
            let scales = Scales { step, typical, wobble: WOBBLES * wobble };
            let judgement = judge(&mut line, analytic, scales);
            Row {
                order: level.order,
                input: variable.name.clone(),
                index: index(variable.value.shape(), element),
                analytic,
                numeric: judgement.numeric,
                bound: judgement.bound,
                verdict: judgement.verdict,
            }
        };
        analytic.iter().zip(&level.wobble[position]).enumerate().map(row).collect()
    }

    /// The row of a random direction.
    fn direction(&self, level: &Level<'g>, number: usize) -> Row {
        let draws: Draws = self.check.draws(level.order).split(10 + number as u64);
        let direction = self.problem.direction(&draws);
        let products = level.values.iter().zip(&direction);
        let terms: Vec<f64> = products.map(|(g, d)| (g * d).sum()).collect();
        let typical = terms.iter().fold(level.magnitude, |sum, term| sum + term.abs());
        let wobbles =
            level.wobble.iter().zip(&direction).map(|(w, d)| (w * d).mapv(f64::abs).sum());
        let wobble = WOBBLES * wobbles.sum::<f64>();
        let line = Line::new(self.problem.along_direction(level.scalar, direction), 1.0);
        let mut line = line.rounding_like(level.magnitude);
        let analytic = terms.iter().sum();
        let judgement = judge(&mut line, analytic, Scales { step: 1.0, typical, wobble });
        Row {
            order: level.order,
            input: format!("direction {number}"),
            index: Vec::new(),
            analytic,
            numeric: judgement.numeric,
            bound: judgement.bound,
            verdict: judgement.verdict,
        }
    }
}

fn largest(values: &ArrayD<f64>) -> f64 {
    values.iter().filter(|x| x.is_finite()).fold(0.0, |m, x| m.max(x.abs()))
}
