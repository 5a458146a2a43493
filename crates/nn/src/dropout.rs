//! Dropout.

use graph::Var;

use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, Mode, Module};

/// In training, zeroes each element with probability p, independently and anew at every run, and
/// scales the others by 1/(1 − p), so that the expectation stays x; in evaluation, x itself
/// (inverted dropout; Srivastava et al., 2014).
///
/// A zeroed element contributes exactly 0 to value and gradient, whatever it was. The draws are
/// a function of the run's seed ([`graph::Seed`]).
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::{Dropout, Mode};
///
/// let g = Graph::new();
/// let x = g.full([1000], 1.0);
/// let y = Dropout::new(0.2).forward(x, Mode::Train).eval()?;
/// assert!(y.iter().all(|&y| y == 0.0 || y == 1.0 / 0.8));
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    probability: f64,
}

layer!([] Dropout, "Dropout", |layer| layer.probability.to_string());

impl Dropout {
    /// Zeroes with this probability. With 0 nothing is changed; with 1 everything is zeroed.
    ///
    /// # Panics
    /// Unless the probability is in [0, 1].
    #[track_caller]
    pub fn new(probability: f64) -> Self {
        accept(Self::try_new(probability))
    }

    /// [`new`](Self::new), for a probability that comes from data.
    ///
    /// # Errors
    /// Unless the probability is in [0, 1].
    pub fn try_new(probability: f64) -> Result<Self, HyperparameterError> {
        let holds = (0.0..=1.0).contains(&probability);
        let (name, rule) = ("the probability", "in [0, 1]");
        HyperparameterError::unless(holds, "Dropout", name, rule, probability)?;
        Ok(Self { probability })
    }

    /// The probability of zeroing.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// x with elements zeroed in training, x itself in evaluation; in the shape of x.
    ///
    /// # Panics
    /// If x does not hold reals.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.masked(x, x.shape(), mode)
    }
}

impl Module for Dropout {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    forward_at!();
}
