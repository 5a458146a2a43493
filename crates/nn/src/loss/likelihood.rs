//! Negative logarithms of the likelihood of numbers.

use std::f64::consts::TAU;

use graph::{Var, misfit};

use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::{accept, not_negative};

/// e^x − t·x for predicted logarithms x of rates and counts t of a Poisson distribution, without the term ln t! of
/// the target alone; reduced to the mean by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::PoissonNll;
///
/// let g = Graph::new();
/// let loss = PoissonNll::new().of(g.constant(array![0.0]), g.constant(array![3.0]));
/// assert_eq!(loss.eval()?[[]], 1.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonNll {
    log_input: bool,
    full: bool,
    eps: f64,
    reduction: Reduction,
}

/// ½·(ln v + (x − t)²/v) for predicted means x and variances v of a normal distribution and targets t, without the
/// constant ½·ln 2π; reduced to the mean by default. A variance below ε = 10⁻⁶ counts as ε, and has no gradient. (PyTorch
/// lets it have that of ε.)
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::GaussianNll;
///
/// let g = Graph::new();
/// let [x, t, v] = [1.0, 3.0, 1.0].map(|number| g.constant(array![number]));
/// assert_eq!(GaussianNll::new().of(x, t, v).eval()?[[]], 2.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNll {
    full: bool,
    eps: f64,
    reduction: Reduction,
}

impl Default for PoissonNll {
    fn default() -> Self {
        Self { log_input: true, full: false, eps: 1e-8, reduction: Reduction::Mean }
    }
}

impl Default for GaussianNll {
    fn default() -> Self {
        Self { full: false, eps: 1e-6, reduction: Reduction::Mean }
    }
}

impl PoissonNll {
    /// Of logarithms of rates, without the term of the target alone, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the prediction is the logarithm of a rate, or the rate x itself, with loss x − t·ln(x + ε).
    pub fn log_input(self, log_input: bool) -> Self {
        Self { log_input, ..self }
    }

    /// Whether ln t! is counted where t > 1, by Stirling's t·ln t − t + ½·ln 2πt.
    pub fn full(self, full: bool) -> Self {
        Self { full, ..self }
    }

    /// ε, added to rates in their logarithm; 10⁻⁸ by default.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless ε is finite and not negative.
    pub fn check(self) -> Result<(), HyperparameterError> {
        not_negative("PoissonNll", "ε", self.eps)
    }

    /// The loss of a prediction, of any shape, for counts of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses ε.
    #[track_caller]
    pub fn of<'g>(self, prediction: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("poisson_nll", prediction, target);
        let mut losses = match self.log_input {
            true => prediction.exp() - target * prediction,
            false => prediction - target * (prediction + self.eps).ln(),
        };
        if self.full {
            let large = target.gt(1.0);
            let t = large.select(target, 1.0);
            losses = losses + large.select(t * t.ln() - t + 0.5 * (TAU * t).ln(), 0.0);
        }
        self.reduction.of(losses)
    }
}

impl GaussianNll {
    /// Without the constant, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the constant ½·ln 2π is counted.
    pub fn full(self, full: bool) -> Self {
        Self { full, ..self }
    }

    /// ε, the least variance; 10⁻⁶ by default.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless ε is positive and finite.
    pub fn check(self) -> Result<(), HyperparameterError> {
        let holds = self.eps > 0.0 && self.eps.is_finite();
        HyperparameterError::unless(holds, "GaussianNll", "ε", "positive and finite", self.eps)
    }

    /// The loss of predicted means, of any shape, for targets of the same shape, with variances of a shape that broadcasts
    /// to it.
    ///
    /// # Panics
    /// If the shapes do not fit, or [`check`](Self::check) refuses ε.
    #[track_caller]
    pub fn of<'g>(self, mean: Var<'g>, target: Var<'g>, variance: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("gaussian_nll", mean, target);
        if !variance.shape().broadcasts_to(&mean.shape()) {
            let rule = "the variances must broadcast to the shape of the means";
            misfit("gaussian_nll", rule, &[mean, variance]);
        }
        let variance = variance.gt(self.eps).select(variance, self.eps);
        let losses = 0.5 * (variance.ln() + (mean - target).square() / variance);
        self.reduction.of(if self.full { losses + 0.5 * TAU.ln() } else { losses })
    }
}
