//! Losses between real numbers.

use graph::Var;

use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::accept;

/// (x − t)², reduced to the mean by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{Mse, Reduction};
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![1.0, 4.0]), g.constant(array![1.0, 1.0]));
/// assert_eq!(Mse::new().reduction(Reduction::Sum).of(x, t).eval()?[[]], 9.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mse {
    reduction: Reduction,
}

/// |x − t|, reduced to the mean by default; its derivative where x = t is 0.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{L1, Reduction};
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![1.0, 4.0]), g.constant(array![1.0, 1.0]));
/// assert_eq!(L1::new().reduction(Reduction::None).of(x, t).eval()?, array![0.0, 3.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct L1 {
    reduction: Reduction,
}

/// (x − t)²/2 where |x − t| ≤ δ, else δ·(|x − t| − δ/2), reduced to the mean by default (Huber,
/// 1964): quadratic near the target, linear far from it, with a continuous derivative.
///
/// This is PyTorch's `huber_loss`; its `smooth_l1_loss` is this divided by δ.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{Huber, Reduction};
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![1.0, 4.0]), g.constant(array![1.0, 1.0]));
/// assert_eq!(Huber::new(2.0).reduction(Reduction::Sum).of(x, t).eval()?[[]], 4.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    delta: f64,
    reduction: Reduction,
}

impl Mse {
    /// Reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction }
    }

    /// The loss of a prediction, of any shape, for a target of the same shape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn of<'g>(self, prediction: Var<'g>, target: Var<'g>) -> Var<'g> {
        expect_same_shape("mse", prediction, target);
        self.reduction.of((prediction - target).square())
    }
}

impl L1 {
    /// Reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction }
    }

    /// The loss of a prediction, of any shape, for a target of the same shape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn of<'g>(self, prediction: Var<'g>, target: Var<'g>) -> Var<'g> {
        expect_same_shape("l1", prediction, target);
        self.reduction.of((prediction - target).abs())
    }
}

impl Huber {
    /// Linear from δ = `delta` on (PyTorch's default is 1), reduced to the mean.
    pub fn new(delta: f64) -> Self {
        Self { delta, reduction: Reduction::Mean }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless δ is positive and finite.
    pub fn check(self) -> Result<(), HyperparameterError> {
        let holds = self.delta > 0.0 && self.delta.is_finite();
        HyperparameterError::unless(holds, "Huber", "δ", "positive and finite", self.delta)
    }

    /// The loss of a prediction, of any shape, for a target of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses δ.
    #[track_caller]
    pub fn of<'g>(self, prediction: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("huber", prediction, target);
        let error = prediction - target;
        let distance = error.abs();
        let near = 0.5 * error.square();
        let far = self.delta * (distance - 0.5 * self.delta);
        self.reduction.of(distance.le(self.delta).select(near, far))
    }
}
