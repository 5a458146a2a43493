//! Positions as waves.

use graph::Var;
use ndarray::Array2;

use super::rotary::even;
use super::{among_positions, angles, expect_features};
use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, Mode, Module};

/// x plus the waves of its positions (Vaswani et al., "Attention is all you need", 2017): at position t,
/// feature 2i is sin(t/10000^(2i/width)), and feature 2i + 1 the cosine of the same.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::attention::SinusoidalPositions;
///
/// let g = Graph::new();
/// let y = SinusoidalPositions::new(4).forward(g.full([2, 3, 4], 0.0)).eval()?;
/// assert_eq!(y[[1, 2, 0]], 2f64.sin());
/// assert_eq!(y[[1, 2, 3]], 0.02f64.cos());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SinusoidalPositions {
    width: usize,
}

layer!([] SinusoidalPositions, "SinusoidalPositions", |layer| layer.width.to_string());

impl SinusoidalPositions {
    /// For vectors of this extent, which must be even.
    ///
    /// # Panics
    /// If the extent is 0 or odd.
    #[track_caller]
    pub fn new(width: usize) -> Self {
        accept(Self::try_new(width))
    }

    /// [`new`](Self::new), for an extent that comes from data.
    ///
    /// # Errors
    /// If the extent is 0 or odd.
    pub fn try_new(width: usize) -> Result<Self, HyperparameterError> {
        even("SinusoidalPositions", width)?;
        Ok(Self { width })
    }

    /// The waves at positions 0 to `rows` − 1, of shape `[rows, width]`.
    pub fn table(&self, rows: usize) -> Array2<f64> {
        let [sin, cos] = [f64::sin, f64::cos].map(|f| angles(rows, self.width, 10_000.0, f));
        Array2::from_shape_fn((rows, self.width), |(position, feature)| {
            let table = if feature % 2 == 0 { &sin } else { &cos };
            table[[position, feature / 2]]
        })
    }

    /// x of shape `[.., T, width]` plus the waves of positions 0 to T − 1; in the shape of x.
    ///
    /// # Panics
    /// If x is not of such a shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        expect_features("sinusoidal_positions", x, self.width);
        x + x.graph().constant(self.table(x.shape()[x.rank() - 2]))
    }

    /// x of shape `[.., T, width]` plus the waves of these positions, indices of shape `[T]` below `length`;
    /// in the shape of x.
    ///
    /// # Panics
    /// If x or the positions are not of such a shape. A position out of range is an error of the run.
    #[track_caller]
    pub fn forward_at<'g>(&self, x: Var<'g>, positions: Var<'g>, length: usize) -> Var<'g> {
        expect_features("sinusoidal_positions", x, self.width);
        let positions = among_positions("sinusoidal_positions", x, positions, length);
        x + x.graph().constant(self.table(length)).take(0, positions)
    }
}

impl Module for SinusoidalPositions {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}
