//! From images to vectors, and back.

use graph::{Shape, Var, misfit};

use crate::module::{forward_at, layer};
use crate::{Mode, Module};

/// All axes but the first made one: `[N, C, H, W]` becomes `[N, C·H·W]`, in row-major order.
///
/// ```
/// let g = cotangent::Graph::new();
/// assert_eq!(cotangent::nn::Flatten.forward(g.input("x", [8, 3, 4, 5])).shape(), [8, 60].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatten;

layer!([] Flatten, "Flatten", |_| "");

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

/// The last axis taken apart: `[.., M]` becomes `[.., s₁, .., sₖ]`, with M = s₁·…·sₖ, in row-major order.
///
/// ```
/// let g = cotangent::Graph::new();
/// let y = cotangent::nn::Unflatten::new([3, 4, 5]).forward(g.input("x", [8, 60]));
/// assert_eq!(y.shape(), [8, 3, 4, 5].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unflatten {
    shape: Shape,
}

layer!([] Unflatten, "Unflatten", |layer| layer.shape.to_string());

impl Unflatten {
    /// Into axes of this shape.
    pub fn new(shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into() }
    }

    /// `[.., s₁, .., sₖ]`, for x of shape `[.., M]`.
    ///
    /// # Panics
    /// If the last axis of x does not have as many elements as the shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        match x.shape().split_last() {
            Some((&last, batch)) if last == self.shape.size() => {
                x.reshape_to([batch, &self.shape].concat())
            }
            _ => {
                let rule = format!("the last axis of the input must hold {}", self.shape);
                misfit("unflatten", rule, &[x])
            }
        }
    }
}

impl Module for Unflatten {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

/// x: where a layer is left out.
///
/// ```
/// let g = cotangent::Graph::new();
/// let x = g.input("x", [8, 60]);
/// assert_eq!(cotangent::nn::Identity.forward(x).id(), x.id());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity;

layer!([] Identity, "Identity", |_| "");

impl Identity {
    /// x itself, in its shape.
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x
    }
}

impl Module for Identity {
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        x
    }

    forward_at!();
}
