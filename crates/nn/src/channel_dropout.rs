//! Dropout of whole channels, and dropout that keeps mean and variance.

use graph::{Shape, Var, misfit};

use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{Dropout, HyperparameterError, Mode, Module};

/// [`Dropout`] of whole channels: of `[N, C, ..]`, all positions of a channel of a sample are zeroed, or none
/// (J. Tompson et al., "Efficient object localization using convolutional networks", 2015). PyTorch's
/// `Dropout1d`, `Dropout2d` and `Dropout3d` are this, for one, two and three axes of positions.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::{Dropout2d, Mode};
///
/// let g = Graph::new();
/// let y = Dropout2d::new(0.2).forward(g.full([8, 16, 5, 5], 1.0), Mode::Train);
/// let means = y.mean_over([2, 3]).eval()?;
/// assert!(means.iter().all(|&y| y == 0.0 || (y - 1.25).abs() < 1e-12));
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelDropout(Dropout);

layer!([] ChannelDropout, "ChannelDropout", |layer| layer.0.probability().to_string());

/// Dropout of the channels of `[N, C, L]`: see [`ChannelDropout`].
pub type Dropout1d = ChannelDropout;

/// Dropout of the channels of `[N, C, H, W]`: see [`ChannelDropout`].
pub type Dropout2d = ChannelDropout;

/// Dropout of the channels of `[N, C, D, H, W]`: see [`ChannelDropout`].
pub type Dropout3d = ChannelDropout;

impl ChannelDropout {
    /// Zeroes channels with this probability.
    ///
    /// # Panics
    /// Unless the probability is in [0, 1].
    #[track_caller]
    pub fn new(probability: f64) -> Self {
        Self(Dropout::new(probability))
    }

    /// [`new`](Self::new), for a probability that comes from data.
    ///
    /// # Errors
    /// Unless the probability is in [0, 1].
    pub fn try_new(probability: f64) -> Result<Self, HyperparameterError> {
        Dropout::try_new(probability).map(Self)
    }

    /// x with channels zeroed in training, x itself in evaluation; in the shape of x, `[N, C, ..]`.
    ///
    /// # Panics
    /// If x has no axis of channels, or does not hold reals.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        if x.rank() < 2 {
            misfit("channel_dropout", "the input must have axes of samples and channels", &[x]);
        }
        let each = |(axis, &extent): (usize, &usize)| if axis < 2 { extent } else { 1 };
        self.0.masked(x, x.shape().iter().enumerate().map(each).collect(), mode)
    }
}

/// Dropout for networks of [`selu`](https://arxiv.org/abs/1706.02515) that normalise themselves (Klambauer
/// et al., 2017): in training each element becomes α' = −λα with probability p, and a·x + b is taken of all,
/// so that values of mean 0 and variance 1 keep both; in evaluation, x itself.
///
/// With λα = 1.7580993408473766 and q = 1 − p, a = (q + α'²·q·p)^(−½) and b = −a·α'·p.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::{AlphaDropout, Mode};
///
/// let g = Graph::new();
/// let x = g.full([1000], 0.5);
/// let values = AlphaDropout::new(0.2).forward(x, Mode::Train).eval()?;
/// let dropped = values.iter().filter(|&&y| y < 0.0).count();
/// assert!((100..300).contains(&dropped));
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlphaDropout {
    probability: f64,
}

layer!([] AlphaDropout, "AlphaDropout", |layer| layer.probability.to_string());

/// −λα of selu: what it tends to towards −∞.
const SATURATED: f64 = -1.758_099_340_847_376_6;

impl AlphaDropout {
    /// Drops with this probability.
    ///
    /// # Panics
    /// Unless the probability is in [0, 1).
    #[track_caller]
    pub fn new(probability: f64) -> Self {
        accept(Self::try_new(probability))
    }

    /// [`new`](Self::new), for a probability that comes from data.
    ///
    /// # Errors
    /// Unless the probability is in [0, 1): of what is dropped altogether, nothing has a variance.
    pub fn try_new(probability: f64) -> Result<Self, HyperparameterError> {
        let (name, rule) = ("the probability", "in [0, 1)");
        let holds = (0.0..1.0).contains(&probability);
        HyperparameterError::unless(holds, "AlphaDropout", name, rule, probability)?;
        Ok(Self { probability })
    }

    /// x with elements dropped in training, x itself in evaluation; in the shape of x.
    ///
    /// # Panics
    /// If x does not hold reals.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        if mode == Mode::Eval || self.probability == 0.0 {
            return x;
        }
        let (p, q) = (self.probability, 1.0 - self.probability);
        let a = (q + SATURATED * SATURATED * q * p).powf(-0.5);
        let b = -a * SATURATED * p;
        let kept = x.graph().bernoulli(x.shape(), q).gt(0.5);
        a * kept.select(x, SATURATED) + b
    }
}

/// Both as modules.
macro_rules! modules {
    ($($Layer:ident),*) => {$(
        impl Module for $Layer {
            #[track_caller]
            fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
                self.forward(x, mode)
            }

            forward_at!();
        }
    )*};
}
modules!(ChannelDropout, AlphaDropout);

impl Dropout {
    /// x in evaluation; in training scaled where draws of this shape, which broadcasts against x, keep it.
    #[track_caller]
    pub(crate) fn masked<'g>(&self, x: Var<'g>, draws: Shape, mode: Mode) -> Var<'g> {
        if mode == Mode::Eval || self.probability() == 0.0 {
            return x;
        }
        let kept = 1.0 - self.probability();
        let scale = if kept > 0.0 { 1.0 / kept } else { 0.0 };
        (x.graph().bernoulli(draws, kept) * scale).mul_no_nan(x)
    }
}
