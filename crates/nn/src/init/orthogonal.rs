//! Random orthogonal matrices.

use graph::Shape;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayD, ArrayViewMut2, Axis, IxDyn};
use rand::Rng;
use rand::distr::Distribution;
use rand_distr::StandardNormal;

use super::{Init, finite};
use crate::HyperparameterError;

/// A random matrix with orthonormal rows or columns, whichever are fewer, times a gain (Saxe,
/// McClelland and Ganguli, 2014): it keeps the length of every vector of the smaller side.
///
/// Drawn uniformly (from the Haar measure), as the Q of a normal matrix's QR decomposition whose R
/// has a positive diagonal. A weight of shape `[out, in, k₁, …]` is taken as the matrix
/// `[out, in·k₁·…]`, as in PyTorch.
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::{Linear, init::Orthogonal};
///
/// let mut params = Params::<f64>::with_seed(0);
/// let fc = Linear::new(3, 3).init(Orthogonal::new()).build(&mut params.root(), "fc");
/// let w = params.get(fc.weight.id()).unwrap().into_dimensionality::<cotangent::ndarray::Ix2>()?;
/// let error = w.dot(&w.t()) - cotangent::ndarray::Array2::<f64>::eye(3);
/// assert!(error.iter().all(|error| error.abs() < 1e-14));
/// # Ok::<(), cotangent::ndarray::ShapeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orthogonal {
    gain: f64,
}

impl Default for Orthogonal {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Orthogonal {
    /// With gain 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// The factor by which lengths grow.
    pub fn gain(self, gain: f64) -> Self {
        Self { gain }
    }

    pub(super) fn check(self, shape: &Shape) -> Result<(), HyperparameterError> {
        let owner = "Orthogonal";
        finite(owner, "the gain", self.gain)?;
        let rank = shape.rank();
        let (name, rule) = ("the number of axes", "at least 2");
        HyperparameterError::unless(rank >= 2, owner, name, rule, rank as f64)?;
        crate::error::positive(owner, "the number of elements", shape.size())
    }

    pub(super) fn draw(self, shape: &Shape, rng: &mut impl Rng) -> ArrayD<f64> {
        let (rows, columns) = (shape[0], shape.size() / shape[0]);
        let (long, short) = (rows.max(columns), rows.min(columns));
        let mut q = Array2::from_shape_simple_fn((long, short), || StandardNormal.sample(rng));
        // Once leaves an error that grows with the condition of the matrix; the result is well
        // conditioned, so that twice is enough.
        orthonormalize(q.view_mut());
        orthonormalize(q.view_mut());
        q *= self.gain;
        let matrix = if rows < columns { q.reversed_axes() } else { q };
        let elements = matrix.iter().copied().collect();
        ArrayD::from_shape_vec(IxDyn(shape), elements).expect("as many elements as the shape")
    }
}

/// Makes the columns orthonormal by Gram and Schmidt's method, halving the columns so that matrix
/// products do the work: first the left half, then the right half without its part along the left.
fn orthonormalize(mut columns: ArrayViewMut2<'_, f64>) {
    let count = columns.ncols();
    if count == 1 {
        let norm = columns.iter().map(|x| x * x).sum::<f64>().sqrt();
        columns /= norm;
        return;
    }
    let (mut left, mut right) = columns.split_at(Axis(1), count / 2);
    orthonormalize(left.view_mut());
    let along = left.t().dot(&right);
    general_mat_mul(-1.0, &left, &along, 1.0, &mut right);
    orthonormalize(right);
}

impl From<Orthogonal> for Init {
    fn from(orthogonal: Orthogonal) -> Self {
        Init::Orthogonal(orthogonal)
    }
}
