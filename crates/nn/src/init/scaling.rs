//! A variance that keeps activations or gradients at one scale through the layers.

use graph::Shape;

use super::{Init, finite};
use crate::HyperparameterError;

/// Which distribution a variance is given to: [`Xavier`] and [`Kaiming`] have a constructor for each.
///
/// Both stand in the examples of [`Init`] and [`Fan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Uniform on ±√3·σ.
    Uniform,
    /// Normal with deviation σ.
    Normal,
}

/// Which number of connections the variance is divided by.
///
/// A weight of shape `[out, in, k₁, k₂, …]` connects each output to in·k₁·k₂·… inputs (the fan in)
/// and each input to out·k₁·k₂·… outputs (the fan out), as in PyTorch. For an
/// example see [`VarianceScaling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fan {
    /// The fan in: keeps the scale of activations.
    In,
    /// The fan out: keeps the scale of gradients.
    Out,
    /// The mean of both.
    Average,
}

impl Fan {
    /// The fan of a weight of this shape; `None` for fewer than two axes, which have no fan.
    pub fn of(self, shape: &Shape) -> Option<f64> {
        let [outputs, inputs, receptive @ ..] = &**shape else { return None };
        let receptive = receptive.iter().product::<usize>() as f64;
        Some(match self {
            Fan::In => *inputs as f64 * receptive,
            Fan::Out => *outputs as f64 * receptive,
            Fan::Average => (inputs + outputs) as f64 * receptive / 2.0,
        })
    }
}

/// What follows the weight, and by which gain its variance makes up for it (the numbers of
/// PyTorch's `calculate_gain`). For an example see [`VarianceScaling`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// Nothing: 1.
    Linear,
    /// The logistic sigmoid: 1.
    Sigmoid,
    /// tanh: 5/3.
    Tanh,
    /// relu, which lets half of the variance pass: √2.
    Relu,
    /// Leaky relu with slope s: √(2/(1 + s²)).
    LeakyRelu(f64),
    /// selu: 3/4.
    Selu,
}

impl Nonlinearity {
    /// The gain.
    pub fn gain(self) -> f64 {
        match self {
            Nonlinearity::Linear | Nonlinearity::Sigmoid => 1.0,
            Nonlinearity::Tanh => 5.0 / 3.0,
            Nonlinearity::Relu => 2f64.sqrt(),
            Nonlinearity::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
            Nonlinearity::Selu => 0.75,
        }
    }
}

/// Xavier initialisation (Glorot and Bengio, 2010): σ² = gain²·2/(fan in + fan out), gain 1. For
/// an example see [`VarianceScaling`].
#[derive(Clone, Copy, Debug)]
pub struct Xavier;

/// Kaiming initialisation (He et al., 2015): σ² = gain²/fan in, gain √2 for relu. For an example
/// see [`VarianceScaling`].
#[derive(Clone, Copy, Debug)]
pub struct Kaiming;

impl Xavier {
    /// Uniform on ±gain·√(6/(fan in + fan out)).
    pub fn uniform() -> VarianceScaling {
        VarianceScaling { spread: Spread::Uniform, gain: 1.0, fan: Fan::Average }
    }

    /// Normal with deviation gain·√(2/(fan in + fan out)).
    pub fn normal() -> VarianceScaling {
        VarianceScaling { spread: Spread::Normal, ..Self::uniform() }
    }
}

impl Kaiming {
    /// Uniform on ±gain·√(3/fan in).
    pub fn uniform() -> VarianceScaling {
        let gain = Nonlinearity::Relu.gain();
        VarianceScaling { spread: Spread::Uniform, gain, fan: Fan::In }
    }

    /// Normal with deviation gain/√(fan in).
    pub fn normal() -> VarianceScaling {
        VarianceScaling { spread: Spread::Normal, ..Self::uniform() }
    }
}

/// Mean 0 and variance σ² = gain²/fan; made by [`Xavier`] and [`Kaiming`].
///
/// ```
/// use cotangent::nn::init::{Fan, Kaiming, Nonlinearity, Xavier};
///
/// let shape = cotangent::Shape::from([16, 8, 3, 3]); // of a convolution: [out, in, height, width]
/// assert_eq!(Fan::In.of(&shape), Some(72.0));
/// assert_eq!(Xavier::normal().std(&shape), Some((1.0_f64 / 108.0).sqrt()));
/// let kaiming = Kaiming::uniform().fan(Fan::Out).nonlinearity(Nonlinearity::Linear);
/// assert_eq!(kaiming.std(&shape), Some(1.0 / 12.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceScaling {
    spread: Spread,
    gain: f64,
    fan: Fan,
}

impl VarianceScaling {
    /// The factor by which the standard deviation is larger.
    pub fn gain(self, gain: f64) -> Self {
        Self { gain, ..self }
    }

    /// The gain that makes up for what follows the weight.
    pub fn nonlinearity(self, nonlinearity: Nonlinearity) -> Self {
        self.gain(nonlinearity.gain())
    }

    /// The fan by which the variance is divided.
    pub fn fan(self, fan: Fan) -> Self {
        Self { fan, ..self }
    }

    /// The standard deviation σ = gain/√fan for a shape; `None` for fewer than two axes.
    pub fn std(self, shape: &Shape) -> Option<f64> {
        Some(self.gain / self.fan.of(shape)?.sqrt())
    }

    pub(super) fn check(self, shape: &Shape) -> Result<(), HyperparameterError> {
        let owner = "VarianceScaling";
        finite(owner, "the gain", self.gain)?;
        HyperparameterError::unless(self.gain > 0.0, owner, "the gain", "positive", self.gain)?;
        let (rank, rule) = (shape.rank(), "at least 2, as one axis has no fan,");
        HyperparameterError::unless(rank >= 2, owner, "the number of axes", rule, rank as f64)?;
        let fan = self.fan.of(shape).unwrap_or(0.0);
        HyperparameterError::unless(fan > 0.0, owner, "the fan", "positive", fan)
    }

    /// The distribution for a shape, which has been checked.
    pub(super) fn distribution(self, shape: &Shape) -> Init {
        let std = self.std(shape).expect("the shape was checked");
        match self.spread {
            Spread::Uniform => Init::uniform(-(3f64.sqrt() * std), 3f64.sqrt() * std),
            Spread::Normal => Init::normal(0.0, std),
        }
    }
}

impl From<VarianceScaling> for Init {
    fn from(scaling: VarianceScaling) -> Self {
        Init::VarianceScaling(scaling)
    }
}
