//! Sparse Jacobians and Hessians: as many products as there are colours, and not as there are columns.
//!
//! A Jacobian of n columns of which each row touches a few is recovered from products with sums of columns that no row has
//! in common (Curtis, Powell and Reid, 1974); a Hessian, being symmetric, from fewer still (Coleman and Moré, 1984). For the
//! survey see Gebremedhin, Manne and Pothen, *What color is your Jacobian?*, SIAM Review, 2005.
//!
//! Which entries there can be is not asked of the user, nor of numbers at some point: the products v ↦ vᵀJ and v ↦ H·v are
//! recorded anyway, by the reverse rules of the operations, and are linear in v; what of their results depends on what of v
//! is the pattern.
//!
//! | file | what is there |
//! |---|---|
//! | `pattern`, `matrix` | what comes out |
//! | `dependence`, `rules`, `plain`, `sets` | the pattern of a recorded linear map |
//! | `colouring`, `star` | which rows or columns are summed |

mod colouring;
mod dependence;
mod matrix;
mod pattern;
mod plain;
mod rules;
mod sets;
mod star;
#[cfg(test)]
mod tests;

pub use matrix::Sparse;
pub use pattern::SparsePattern;

use std::panic::Location;

use colouring::{Side, fewest};
use dependence::pattern;
use star::Star;

use super::forward::Linearization;
use super::linear::Linear;
use super::product::pull_through;
use crate::{Gradient, GradientError, Var};

/// Sparse matrices of derivatives.
///
/// Their patterns hold for every value of variables and inputs. They are those of the recorded products vᵀJ and H·v, exact
/// but for what cancels, is multiplied by a constant 0, or is chosen by a condition; and have more entries than needed where
/// nothing is known of what stands in between:
/// - indices that are computed from inputs may point anywhere along their axis;
/// - an operation without [`lower`](crate::Operation::lower) and [`expand`](crate::Operation::expand), where a reverse rule
///   applies it to the cotangent, makes each element depend on all. (Rules apply most operations to values alone.)
///
/// Loops are followed step by step.
impl<'g> Gradient<'g> {
    /// Records the Jacobian of the output y with respect to several variables as a sparse matrix: laid out as
    /// [`jacobian_matrix`](Self::jacobian_matrix), of which it has the entries that can differ from 0. The cotangent is not
    /// used.
    ///
    /// Costs one sweep over arrays of [all colours](Self::chunk) at once, back over sums of rows or forward over sums of
    /// columns, whichever need fewer colours (Curtis, Powell and Reid, 1974). A tridiagonal Jacobian needs 3, whatever its
    /// size; no Jacobian fewer than the shorter of its longest row and its longest column.
    ///
    /// ```
    /// use cotangent::{Gradient, Graph};
    /// use cotangent::ndarray::Array1;
    ///
    /// let g = Graph::new();
    /// let u = g.constant(Array1::linspace(0.0, 1.0, 1000));
    /// // The residuals of u″ = u³ at the inner points of a grid.
    /// let [left, mid, right] = [(0, 998), (1, 999), (2, 1000)].map(|(a, b)| u.slice_axis(0, a..b));
    /// let residuals = left - 2.0 * mid + right - 1e-6 * mid * mid.square();
    /// let jacobian = Gradient::of(residuals).sparse_jacobian(&[u])?;
    /// assert_eq!((jacobian.sweeps, jacobian.pattern.len()), (3, 3 * 998));
    ///
    /// let values = jacobian.values.eval()?;
    /// let (row, column, value) = jacobian.pattern.triplets(&values).nth(1).unwrap();
    /// assert_eq!((row, column), (0, 1));
    /// assert!((value + 2.0).abs() < 1e-5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a variable has no differentiable path to the output.
    ///
    /// # Panics
    /// If no variable is given, or there are 2³² rows or columns.
    #[track_caller]
    pub fn sparse_jacobian(self, variables: &[Var<'g>]) -> Result<Sparse<'g>, GradientError> {
        some("sparse_jacobian", variables);
        let linearization = Linearization::new(self, variables, Location::caller())?;
        let transposed = linearization.transposed();
        let pattern = pattern(&transposed).transposed();
        if pattern.is_empty() {
            return Ok(Sparse::zero(self.output.graph(), pattern));
        }
        let (side, colouring) = fewest(&pattern);
        let (colours, count) = (&colouring.colours, colouring.count);
        let is_of = |colour: usize, line: usize| colours[line] == colour;
        let (rows, columns) = (pattern.rows(), pattern.columns());
        let (products, numbers): (Var<'g>, Vec<usize>) = match side {
            Side::Rows => {
                let number = |(row, column): (usize, usize)| colours[row] * columns + column;
                let numbers = pattern.positions().map(number).collect();
                (transposed.products(count, self.chunk, &is_of), numbers)
            }
            Side::Columns => {
                let forward = Linear::of(variables, &|t| Ok(vec![linearization.push(t)]))?;
                let number = |(row, column): (usize, usize)| colours[column] * rows + row;
                let numbers = pattern.positions().map(number).collect();
                (forward.products(count, self.chunk, &is_of), numbers)
            }
        };
        Ok(Sparse::of(pattern, count, products, &numbers))
    }

    /// The pattern of the Jacobian alone: see [`sparse_jacobian`](Self::sparse_jacobian), and [`SparsePattern`] for an
    /// example. A product vᵀJ is recorded, which nothing else reads.
    ///
    /// # Errors
    /// If a variable has no differentiable path to the output.
    ///
    /// # Panics
    /// If no variable is given, or there are 2³² rows or columns.
    #[track_caller]
    pub fn jacobian_pattern(self, variables: &[Var<'g>]) -> Result<SparsePattern, GradientError> {
        some("jacobian_pattern", variables);
        let linearization = Linearization::new(self, variables, Location::caller())?;
        Ok(pattern(&linearization.transposed()).transposed())
    }

    /// Records the Hessian of the scalar output with respect to several variables together as a sparse matrix: laid out as
    /// [`hessian_matrix`](Self::hessian_matrix), of which it has the entries that can differ from 0, on both sides of the
    /// diagonal.
    ///
    /// Costs a gradient, and one sweep over arrays of [all colours](Self::chunk) of a star colouring at once, from which the
    /// entries are read (Coleman and Moré, 1984). It relies on the symmetry: of a gradient by
    /// [a rule of one's own](Var::with_vjp) that is not the gradient of anything, it is not the Jacobian.
    ///
    /// ```
    /// use cotangent::{Gradient, Graph};
    /// use cotangent::ndarray::Array1;
    ///
    /// let g = Graph::new();
    /// let (x, scale) = (g.constant(Array1::linspace(-1.0, 1.0, 500)), g.constant(2.0));
    /// // Each element meets the scale, and no other element.
    /// let loss = (scale * x.square()).sum();
    /// let hessian = Gradient::of(loss).sparse_hessian(&[x, scale])?;
    /// assert_eq!((hessian.sweeps, hessian.pattern.len()), (2, 500 + 2 * 500));
    /// # Ok::<(), cotangent::GradientError>(())
    /// ```
    ///
    /// # Errors
    /// If the gradient with respect to them cannot be taken.
    ///
    /// # Panics
    /// If no variable is given, or there are 2³² rows or columns.
    #[track_caller]
    pub fn sparse_hessian(self, variables: &[Var<'g>]) -> Result<Sparse<'g>, GradientError> {
        some("sparse_hessian", variables);
        let linear = self.curvature(variables)?;
        let pattern = pattern(&linear).symmetrized();
        if pattern.is_empty() {
            return Ok(Sparse::zero(self.output.graph(), pattern));
        }
        let star = Star::of(&pattern);
        let (colours, count) = (&star.colouring.colours, star.colouring.count);
        let products = linear.products(count, self.chunk, &|colour, i| colours[i] == colour);
        let number = |(row, column): (usize, usize)| {
            let (colour, at) = star.entry(row, column);
            colour * pattern.rows() + at
        };
        let numbers: Vec<usize> = pattern.positions().map(number).collect();
        Ok(Sparse::of(pattern, count, products, &numbers))
    }

    /// The pattern of the Hessian alone: see [`sparse_hessian`](Self::sparse_hessian). A product H·v is recorded, which
    /// nothing else reads.
    ///
    /// # Errors
    /// If the gradient with respect to the variables cannot be taken.
    ///
    /// # Panics
    /// If no variable is given, or there are 2³² rows or columns.
    #[track_caller]
    pub fn hessian_pattern(self, variables: &[Var<'g>]) -> Result<SparsePattern, GradientError> {
        some("hessian_pattern", variables);
        Ok(pattern(&self.curvature(variables)?).symmetrized())
    }

    /// v ↦ H·v.
    #[track_caller]
    fn curvature(self, variables: &[Var<'g>]) -> Result<Linear<'g>, GradientError> {
        let gradients = self.with_respect_to(variables)?;
        Linear::of(variables, &|v| Ok(pull_through(&gradients, v, variables)))
    }
}

/// The rule that there are variables.
#[track_caller]
fn some(asked: &str, variables: &[Var<'_>]) {
    assert!(
        !variables.is_empty(),
        "{asked}: a matrix is of at least one variable, and none is given"
    );
}

impl<'g> Var<'g> {
    /// The Jacobian of this y with respect to `x` as a sparse matrix, with a row for each element of y and a column for each
    /// of x, in row-major order. For several variables, and an example, see [`Gradient::sparse_jacobian`].
    ///
    /// # Panics
    /// If this variable does not depend differentiably on `x`.
    #[track_caller]
    pub fn sparse_jacobian(self, x: Var<'g>) -> Sparse<'g> {
        match Gradient::of(self).sparse_jacobian(&[x]) {
            Ok(jacobian) => jacobian,
            Err(error) => panic!("{error}"),
        }
    }

    /// The Hessian of this scalar with respect to `x` as a sparse matrix. For several variables, and an example, see
    /// [`Gradient::sparse_hessian`].
    ///
    /// # Panics
    /// If this is not a real scalar, or does not depend differentiably on `x`.
    #[track_caller]
    pub fn sparse_hessian(self, x: Var<'g>) -> Sparse<'g> {
        match Gradient::of(self).sparse_hessian(&[x]) {
            Ok(hessian) => hessian,
            Err(error) => panic!("{error}"),
        }
    }
}
