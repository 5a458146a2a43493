//! Normalisation by neighbouring channels.

use graph::ops::Window;
use graph::{Var, misfit};

use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, Mode, Module};

/// x/(k + α·s/n)^β, with s the sum of the squares of the n channels around each, at its position (A.
/// Krizhevsky, I. Sutskever and G. Hinton, "ImageNet classification with deep convolutional neural networks",
/// 2012). Beyond the first and the last channel are zeros; for an even n, one channel more is seen before.
/// Defaults are PyTorch's: α = 10⁻⁴, β = ¾, k = 1.
///
/// ```
/// let g = cotangent::Graph::new();
/// let y = cotangent::nn::LocalResponseNorm::new(5).forward(g.input("x", [8, 16, 5, 5]));
/// assert_eq!(y.shape(), [8, 16, 5, 5].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalResponseNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
}

layer!([] LocalResponseNorm, "LocalResponseNorm", |layer| layer.size.to_string());

impl LocalResponseNorm {
    /// By so many channels.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn new(size: usize) -> Self {
        accept(Self::try_new(size))
    }

    /// [`new`](Self::new), for a number that comes from data.
    ///
    /// # Errors
    /// If there are no channels.
    pub fn try_new(size: usize) -> Result<Self, HyperparameterError> {
        crate::error::positive("LocalResponseNorm", "the number of channels", size)?;
        Ok(Self { size, alpha: 1e-4, beta: 0.75, k: 1.0 })
    }

    /// The weight of the mean of squares.
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// The power.
    pub fn beta(self, beta: f64) -> Self {
        Self { beta, ..self }
    }

    /// What is added.
    pub fn k(self, k: f64) -> Self {
        Self { k, ..self }
    }

    /// x normalised: of shape `[N, C, ..]`, as x is.
    ///
    /// # Panics
    /// If x has no axis of channels.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let shape = x.shape();
        let &[samples, channels, ref positions @ ..] = &shape[..] else {
            misfit("local_response_norm", "the input must have axes of samples and channels", &[x])
        };
        let squares = x.square().reshape_to([samples, channels, positions.iter().product()]);
        let around = [(0, 0), (self.size / 2, (self.size - 1) / 2), (0, 0)];
        let window = Window::new([self.size, 1]).stride(1);
        let sums = squares.pad(around, 0.0).unfold2d(window).sum_over([-4, -3]).reshape_to(shape);
        x / (self.k + sums * (self.alpha / self.size as f64)).powf(self.beta)
    }
}

impl Module for LocalResponseNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}
