//! From images to vectors.

use graph::{Var, misfit};

use crate::module::forward_at;
use crate::{Mode, Module};

/// All axes but the first made one: `[N, C, H, W]` becomes `[N, C·H·W]`, in row-major order.
///
/// ```
/// let g = cotangent::Graph::new();
/// assert_eq!(cotangent::nn::Flatten.forward(g.input("x", [8, 3, 4, 5])).shape(), [8, 60].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatten;

impl Flatten {
    /// All axes of x but the first made one: of shape `[N, ..]`, the result has shape `[N, M]`.
    ///
    /// # Panics
    /// If x is a scalar.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        match &*x.shape() {
            [] => misfit("flatten", "the input must have an axis of samples", &[x]),
            [samples, rest @ ..] => x.reshape_to([*samples, rest.iter().product()]),
        }
    }
}

impl Module for Flatten {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}
