//! How parameters start.
//!
//! Initial values are drawn in double precision from ChaCha12, keyed by the seed of the
//! [`Params`](graph::Params) and the position of the parameter in it: one seed gives one model, in
//! every precision, on every machine and number of threads.
//!
//! | start | [`Init`] |
//! |---|---|
//! | a fixed number | [`Init::constant`], [`Init::zeros`], [`Init::ones`] |
//! | a fixed spread | [`Init::uniform`], [`Init::normal`], [`Init::truncated_normal`] |
//! | a spread for the fan | [`Xavier`] for tanh and sigmoid, [`Kaiming`] for relu |
//! | orthonormal rows or columns | [`Orthogonal`] |

mod orthogonal;
mod scaling;
mod truncated;

pub use orthogonal::Orthogonal;
pub use scaling::{Fan, Kaiming, Nonlinearity, Spread, VarianceScaling, Xavier};

use graph::{Param, Scope, Shape};
use ndarray::{ArrayD, IxDyn};
use rand::distr::{Distribution, Uniform};
use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};
use rand_distr::Normal;

use crate::HyperparameterError;
use crate::error::accept;
use truncated::TruncatedNormal;

/// How a parameter starts.
///
/// Layers take it in their builders; a custom layer builds its parameters with it:
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::init::{Init, Kaiming, Nonlinearity};
///
/// let mut params = Params::seeded(0);
/// let mut scope = params.root();
/// let init = Kaiming::normal().nonlinearity(Nonlinearity::LeakyRelu(0.1));
/// let weight = Init::from(init).build(&mut scope, "weight", [64, 32]);
/// let scale = Init::ones().build(&mut scope, "scale", [64]);
/// assert_eq!((weight.path(), scale.path()), ("weight", "scale"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Every element is this number.
    Constant(f64),
    /// Uniform on [low, high).
    Uniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// Normal, conditioned on lying in [low, high].
    TruncatedNormal {
        /// The mean of the normal distribution before it is cut.
        mean: f64,
        /// Its standard deviation before it is cut.
        std: f64,
        /// The lower cut.
        low: f64,
        /// The upper cut.
        high: f64,
    },
    /// A variance that follows from the shape.
    VarianceScaling(VarianceScaling),
    /// Orthonormal rows or columns, scaled.
    Orthogonal(Orthogonal),
}

impl Init {
    /// Every element is `value`.
    pub fn constant(value: f64) -> Self {
        Init::Constant(value)
    }

    /// Every element is 0.
    pub fn zeros() -> Self {
        Init::Constant(0.0)
    }

    /// Every element is 1.
    pub fn ones() -> Self {
        Init::Constant(1.0)
    }

    /// Uniform on [`low`, `high`).
    pub fn uniform(low: f64, high: f64) -> Self {
        Init::Uniform { low, high }
    }

    /// Normal with this mean and standard deviation.
    pub fn normal(mean: f64, std: f64) -> Self {
        Init::Normal { mean, std }
    }

    /// Normal, conditioned on lying within two standard deviations of the mean: `mean` and `std`
    /// are those of the distribution before it is cut, which leaves a deviation of 0.88·`std`.
    ///
    /// PyTorch's `trunc_normal_` cuts at the numbers −2 and 2 whatever the deviation; that is
    /// [`truncated_normal_between`](Self::truncated_normal_between) −2 and 2.
    pub fn truncated_normal(mean: f64, std: f64) -> Self {
        Self::truncated_normal_between(mean, std, mean - 2.0 * std, mean + 2.0 * std)
    }

    /// Normal, conditioned on lying in [`low`, `high`]. The interval must come within two standard
    /// deviations of the mean.
    pub fn truncated_normal_between(mean: f64, std: f64, low: f64, high: f64) -> Self {
        Init::TruncatedNormal { mean, std, low, high }
    }

    /// Builds a trainable parameter that starts so, under `name` in `scope`.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the shape, or the name is taken.
    #[track_caller]
    pub fn build(&self, scope: &mut Scope<'_>, name: &str, shape: impl Into<Shape>) -> Param {
        let values = self.values(scope, &shape.into());
        scope.parameter(name, values)
    }

    /// What the next parameter of a scope starts as.
    #[track_caller]
    pub(crate) fn values(&self, scope: &Scope<'_>, shape: &Shape) -> ArrayD<f64> {
        accept(self.check(shape));
        self.draw(shape, &mut generator(scope))
    }

    /// Whether this start is defined, and for this shape.
    ///
    /// # Errors
    /// The first hyperparameter that is not finite or breaks its rule; a fan of 0.
    pub fn check(&self, shape: &Shape) -> Result<(), HyperparameterError> {
        match *self {
            Init::Constant(value) => finite("Constant", "the number", value),
            Init::Uniform { low, high } => {
                finite("Uniform", "the lower bound", low)?;
                finite("Uniform", "the upper bound", high)?;
                let (name, rule) = ("the width", "positive and finite");
                let width = high - low;
                let holds = width > 0.0 && width.is_finite();
                HyperparameterError::unless(holds, "Uniform", name, rule, width)
            }
            Init::Normal { mean, std } => {
                finite("Normal", "the mean", mean)?;
                crate::error::not_negative("Normal", "the standard deviation", std)
            }
            Init::TruncatedNormal { mean, std, low, high } => {
                TruncatedNormal { mean, std, low, high }.check()
            }
            Init::VarianceScaling(scaling) => scaling.check(shape),
            Init::Orthogonal(orthogonal) => orthogonal.check(shape),
        }
    }

    /// Draws an array; the start and the shape have been checked.
    fn draw(&self, shape: &Shape, rng: &mut impl Rng) -> ArrayD<f64> {
        match *self {
            Init::Constant(value) => ArrayD::from_elem(IxDyn(shape), value),
            Init::Uniform { low, high } => {
                let uniform = Uniform::new(low, high).expect("the bounds were checked");
                fill(shape, || uniform.sample(rng))
            }
            Init::Normal { mean, std } => {
                let normal = Normal::new(mean, std).expect("the deviation was checked");
                fill(shape, || normal.sample(rng))
            }
            Init::TruncatedNormal { mean, std, low, high } => {
                let truncated = TruncatedNormal { mean, std, low, high };
                fill(shape, || truncated.sample(rng))
            }
            Init::VarianceScaling(scaling) => scaling.distribution(shape).draw(shape, rng),
            Init::Orthogonal(orthogonal) => orthogonal.draw(shape, rng),
        }
    }
}

/// The generator for the next parameter of a scope.
fn generator(scope: &Scope<'_>) -> ChaCha12Rng {
    let (seed, stream) = scope.initial_seed();
    let mut key = [0; 32];
    for (position, word) in key.chunks_exact_mut(8).enumerate() {
        word.copy_from_slice(&seed.bits(stream, position as u64).to_le_bytes());
    }
    ChaCha12Rng::from_seed(key)
}

/// An array of independent draws, in row-major order.
fn fill(shape: &Shape, draw: impl FnMut() -> f64) -> ArrayD<f64> {
    ArrayD::from_shape_simple_fn(IxDyn(shape), draw)
}

pub(crate) fn finite(
    owner: &'static str,
    name: &'static str,
    value: f64,
) -> Result<(), HyperparameterError> {
    HyperparameterError::unless(value.is_finite(), owner, name, "finite", value)
}
