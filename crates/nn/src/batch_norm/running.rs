//! Running statistics: averages over batches of their means and variances.

use graph::{Graph, Param, Scope, Var};
use ndarray::{ArrayD, IxDyn, arr0};

use crate::HyperparameterError;
use crate::error::not_negative;

/// How much a running average r moves at a batch's statistic b.
///
/// The two exponential averages are the same family, told apart by whose weight the number is: what
/// PyTorch calls momentum 0.1, Keras and the lecture call 0.9. For an example see [`Running`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Average {
    /// r ← (1 − m)·r + m·b: the number is the weight of the new value (PyTorch's `momentum`).
    NewWeight(f64),
    /// r ← β·r + (1 − β)·b: the number is the weight of the old value (the lecture's β, Keras's
    /// `momentum`).
    OldWeight(f64),
    /// r ← r + (b − r)/n at the n-th batch: the plain mean of all batches (PyTorch's `momentum =
    /// None`).
    Cumulative,
}

/// Which variance of a batch of n values per channel is averaged. (Training always normalises with
/// the biased one.)
///
/// ```
/// use cotangent::nn::batch_norm::{Running, RunningVariance};
/// let biased = Running::torch().variance(RunningVariance::Biased);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningVariance {
    /// Divided by n.
    Biased,
    /// Divided by n − 1.
    Unbiased,
}

/// The convention by which running statistics follow those of the batches.
///
/// | | [`torch`](Running::torch) | [`keras`](Running::keras) | [`lecture`](Running::lecture) |
/// |---|---|---|---|
/// | weight of the old value | 1 − 0.1 | 0.99 | 0.9 |
/// | variance | unbiased | biased | biased |
/// | start of mean, variance | 0, 1 | 0, 1 | 0, 0 |
///
/// ```
/// use cotangent::nn::batch_norm::{Average, Running, RunningVariance};
///
/// let flax = Running::keras().average(Average::OldWeight(0.8));
/// let cumulative = Running::torch().average(Average::Cumulative);
/// let lecture = Running::lecture().bias_correction(true);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    average: Average,
    variance: RunningVariance,
    start: (f64, f64),
    bias_correction: bool,
}

impl Running {
    /// PyTorch's: [`Average::NewWeight`] 0.1 of the unbiased variance, from 0 and 1.
    pub fn torch() -> Self {
        Self {
            average: Average::NewWeight(0.1),
            variance: RunningVariance::Unbiased,
            start: (0.0, 1.0),
            bias_correction: false,
        }
    }

    /// Keras's (and Flax's): [`Average::OldWeight`] 0.99 of the biased variance, from 0 and 1.
    /// (Keras's ε is 10⁻³.)
    pub fn keras() -> Self {
        Self {
            average: Average::OldWeight(0.99),
            variance: RunningVariance::Biased,
            ..Self::torch()
        }
    }

    /// The lecture's ("Batch normalization at test time": μ = 0, then μ = β·μ + (1 − β)·batch
    /// mean): [`Average::OldWeight`] 0.9 of the biased variance, both from 0.
    pub fn lecture() -> Self {
        Self { average: Average::OldWeight(0.9), start: (0.0, 0.0), ..Self::keras() }
    }

    /// How much the averages move at each batch.
    pub fn average(self, average: Average) -> Self {
        Self { average, ..self }
    }

    /// Which variance is averaged.
    pub fn variance(self, variance: RunningVariance) -> Self {
        Self { variance, ..self }
    }

    /// The mean and the variance before the first batch.
    pub fn start(self, mean: f64, variance: f64) -> Self {
        Self { start: (mean, variance), ..self }
    }

    /// Whether evaluation removes what is left of the start s from an exponential average: after t
    /// batches it uses (r − βᵗ·s)/(1 − βᵗ), a weighted mean of the batches alone. The buffers hold
    /// r itself. A cumulative average has forgotten its start at the first batch.
    pub fn bias_correction(self, bias_correction: bool) -> Self {
        Self { bias_correction, ..self }
    }

    pub(crate) fn check(self) -> Result<(), HyperparameterError> {
        let (name, weight) = match self.average {
            Average::NewWeight(weight) => ("the weight of the new value", weight),
            Average::OldWeight(weight) => ("the weight of the old value", weight),
            Average::Cumulative => ("the weight", 0.0),
        };
        let holds = (0.0..=1.0).contains(&weight);
        HyperparameterError::unless(holds, "BatchNorm", name, "in [0, 1]", weight)?;
        let moves = self.old_weight() != Some(1.0);
        let rule = "such that the average moves, for a bias correction to exist";
        let holds = moves || !self.bias_correction;
        HyperparameterError::unless(holds, "BatchNorm", name, rule, weight)?;
        let finite = self.start.0.is_finite();
        let (name, rule) = ("the start of the running mean", "finite");
        HyperparameterError::unless(finite, "BatchNorm", name, rule, self.start.0)?;
        not_negative("BatchNorm", "the start of the running variance", self.start.1)
    }

    /// Whether the number of batches goes into the averages, or into what evaluation makes of them.
    fn needs_count(self) -> bool {
        self.average == Average::Cumulative || self.bias_correction
    }

    /// The weight of the old value in an exponential average.
    fn old_weight(self) -> Option<f64> {
        match self.average {
            Average::NewWeight(new) => Some(1.0 - new),
            Average::OldWeight(old) => Some(old),
            Average::Cumulative => None,
        }
    }
}

/// Which layers count their batches: PyTorch's `BatchNorm` does, and its `InstanceNorm` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Always,
    /// Where the convention of the running statistics needs the number.
    WhereNeeded,
}

/// What a batch is normalised by, and its running statistics follow: see
/// [`BatchNorm::forward_by`](super::BatchNorm::forward_by).
#[derive(Clone, Copy, Debug)]
pub struct BatchStatistics<'g> {
    /// The mean of each channel.
    pub mean: Var<'g>,
    /// The biased variance of each.
    pub variance: Var<'g>,
    /// n/(n − 1), for n values per channel: what makes the variance unbiased.
    pub correction: Var<'g>,
}

/// The running statistics of a layer: buffers that a training step writes back.
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::BatchNorm;
///
/// let mut params = Params::seeded(0);
/// let norm = BatchNorm::new(2).build(&mut params.root(), "bn1");
/// let mean = norm.running.unwrap().mean;
/// assert_eq!(mean.path(), "bn1.running_mean");
/// assert_eq!(params.get(mean.id()).unwrap(), cotangent::ndarray::array![0.0, 0.0].into_dyn());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RunningStatistics {
    /// The running mean, one per channel.
    pub mean: Param,
    /// The running variance, one per channel.
    pub variance: Param,
    /// The number of batches so far, a scalar. An [`InstanceNorm`](crate::InstanceNorm) counts only where its convention
    /// needs the number, and else it stays 0.
    pub batches: Param,
    convention: Running,
}

impl RunningStatistics {
    #[track_caller]
    pub(crate) fn build(convention: Running, scope: &mut Scope<'_>, features: usize) -> Self {
        let start = |value| ArrayD::from_elem(IxDyn(&[features]), value);
        Self {
            mean: scope.buffer("running_mean", start(convention.start.0)),
            variance: scope.buffer("running_var", start(convention.start.1)),
            batches: scope.buffer("num_batches_tracked", arr0(0.0).into_dyn()),
            convention,
        }
    }

    /// Brings the running statistics up to date with a batch's, without letting gradients into what
    /// later reads them.
    #[track_caller]
    pub(crate) fn record<'g>(&self, statistics: BatchStatistics<'g>, counted: Counted) {
        let BatchStatistics { mean, variance, correction } = statistics;
        let graph = mean.graph();
        let batches = graph.current(&self.batches) + 1.0;
        if counted == Counted::Always || self.convention.needs_count() {
            graph.update(&self.batches, batches);
        }
        let variance = match self.convention.variance {
            RunningVariance::Biased => variance,
            RunningVariance::Unbiased => variance * correction,
        };
        for (buffer, statistic) in [(&self.mean, mean), (&self.variance, variance)] {
            let old = graph.current(buffer);
            let batch = statistic.reshape_to(buffer.shape()).stop_gradient();
            let new = match self.convention.average {
                Average::NewWeight(weight) => (1.0 - weight) * old + weight * batch,
                Average::OldWeight(weight) => weight * old + (1.0 - weight) * batch,
                Average::Cumulative => old + (batch - old) / batches,
            };
            graph.update(buffer, new);
        }
    }

    /// The mean and the variance that evaluation normalises with.
    #[track_caller]
    pub(crate) fn estimates<'g>(&self, graph: &'g Graph) -> (Var<'g>, Var<'g>) {
        let (mean, variance) = (graph.current(&self.mean), graph.current(&self.variance));
        match self.convention.old_weight().filter(|_| self.convention.bias_correction) {
            None => (mean, variance),
            Some(weight) => {
                let batches = graph.current(&self.batches);
                let (mean_start, variance_start) = self.convention.start;
                (
                    corrected(mean, mean_start, weight, batches),
                    corrected(variance, variance_start, weight, batches),
                )
            }
        }
    }
}

/// (r − βᵗ·s)/(1 − βᵗ), and r where no batch has come yet.
#[track_caller]
fn corrected<'g>(average: Var<'g>, start: f64, weight: f64, batches: Var<'g>) -> Var<'g> {
    let some = batches.gt(0.0);
    let log_left = some.select(batches, 1.0) * weight.ln(); // ln βᵗ
    let corrected = (average - start * log_left.exp()) / -log_left.expm1();
    some.select(corrected, average)
}
