//! The claims of a recorded function, order by order.

use graph::{Gradient, RunError, Var, reading};
use ndarray::ArrayD;

use super::Check;
use super::adjoint;
use super::problem::{Problem, projected};
use crate::claim::Claim;
use crate::report::{Property, Row};

/// A problem, and how it is to be checked.
pub(super) struct Examination<'a, 'g> {
    pub check: &'a Check,
    pub problem: &'a Problem<'g>,
}

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
            let gradient = Gradient::of(scalar).zeros_without_path();
            let gradients = gradient.with_respect_to(&self.problem.vars)?;
            let (level, taylor) = self.level(order, scalar, &gradients)?;
            rows.extend(level);
            properties.push(taylor);
            let draws = self.check.draws(order);
            scalar = projected(graph, &gradients, &draws);
            if order == 1 {
                properties.push(adjoint::adjoint(self.problem, output, &draws)?);
            }
            if order == 2 && self.is_a_derivative(output) {
                let first = projected(graph, &[output], &self.check.draws(0));
                properties.push(adjoint::symmetry(self.problem, first, &draws)?);
            }
        }
        Ok((rows, properties))
    }

    /// What a scalar's gradients claim, against its differences.
    fn level(
        &self,
        order: usize,
        scalar: Var<'g>,
        gradients: &[Var<'g>],
    ) -> Result<(Vec<Row>, Property), RunError> {
        let draws = self.check.draws(order);
        let gradient = self.problem.rounded(gradients, &draws)?;
        let scalar = self.check.meant.at_their_word(self.problem, scalar)?;
        // A fault of the data met away from the point counts as a value that is not finite.
        let function = |values: &[ArrayD<f64>]| match self.problem.at(values, &[scalar]) {
            Ok(scalars) => scalars[0].sum(),
            Err(_) => f64::NAN,
        };
        let claim = Claim::new(order, &self.problem.variables, &function, gradient, &draws);
        Ok((claim.rows(self.check.manner), claim.taylor(&draws)))
    }

    /// Whether every rule claims to be the derivative of its operation, so that the Hessian is
    /// symmetric. One that is meant otherwise need not be the derivative of anything.
    fn is_a_derivative(&self, output: Var<'g>) -> bool {
        !self.check.meant.any(&reading::sources(&[output]))
    }
}
