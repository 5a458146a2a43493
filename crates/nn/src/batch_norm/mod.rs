//! Batch normalisation, with the conventions of running statistics named.

mod running;

pub use running::{Average, Running, RunningStatistics, RunningVariance};

use graph::{Param, Scope, Var, keep};

use crate::error::{accept, misfit, not_negative, positive};
use crate::init::Init;
use crate::{HyperparameterError, Mode, Module};

/// Batch normalisation (Ioffe and Szegedy, 2015) over features or channels: with μ and σ² the mean
/// and the biased variance of each channel over the batch and all positions,
///
/// y = γ·(x − μ)/√(σ² + ε) + β.
///
/// Channels lie on axis 1: x has shape `[N, C]` or `[N, C, ..]`. In training μ and σ² are those of
/// the batch, gradients flow through them, and the running statistics are brought up to date when
/// the step ends ([`graph::Graph::update`]). In evaluation they are the running statistics, which
/// are constants to differentiation. Used twice in one training graph, the second use continues
/// from the first.
///
/// Defaults are PyTorch's: ε = 10⁻⁵; γ (`weight`, starting at 1) and β (`bias`, starting at 0);
/// running statistics by [`Running::torch`].
///
/// ```
/// use graph::{Evaluator, Graph, Params};
/// use nn::{BatchNorm, Mode};
/// use ndarray::array;
///
/// let mut params = Params::<f64>::with_seed(0);
/// let norm = BatchNorm::new(2).build(&mut params.root(), "bn1");
/// let g = Graph::new();
/// let x = g.constant(array![[0.0, 1.0], [2.0, 5.0]]);
/// let y = norm.forward(x, Mode::Train);
/// let values = Evaluator::new(&g).params(&params).run(&[y])?;
/// let expected = array![[-1.0, -1.0], [1.0, 1.0]].into_dyn();
/// assert!((values[0].clone().into_real() - expected).iter().all(|error| error.abs() < 1e-5));
/// # Ok::<(), graph::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// γ, unless built without.
    pub weight: Option<Param>,
    /// β, unless built without.
    pub bias: Option<Param>,
    /// The running statistics, unless built without.
    pub running: Option<RunningStatistics>,
    features: usize,
    eps: f64,
    path: String,
}

/// The options of a [`BatchNorm`] to be built.
#[derive(Clone, Debug)]
pub struct BatchNormBuilder {
    features: usize,
    eps: f64,
    affine: bool,
    running: Option<Running>,
}

impl BatchNorm {
    /// Normalises each of this many features or channels.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(features: usize) -> BatchNormBuilder {
        BatchNormBuilder { features, eps: 1e-5, affine: true, running: Some(Running::torch()) }
    }

    /// x normalised, in its shape.
    ///
    /// # Panics
    /// If axis 1 of x does not have the layer's extent, or batch statistics are wanted of one value
    /// per channel, which has no variance.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        if x.shape().get(1) != Some(&self.features) {
            let rule = format!("axis 1 of the input must have {} channels", self.features);
            misfit(&format!("batch_norm {:?}", self.path), rule, &[x]);
        }
        let (mean, variance) = match (mode, &self.running) {
            (Mode::Eval, Some(running)) => {
                let (mean, variance) = running.estimates(x.graph());
                (along_channels(mean, x), along_channels(variance, x))
            }
            _ => self.batch_statistics(x, mode),
        };
        let normalized = (x - mean) * (variance + self.eps).rsqrt();
        match (&self.weight, &self.bias) {
            (Some(weight), Some(bias)) => {
                let gamma = along_channels(x.graph().param(weight), x);
                let beta = along_channels(x.graph().param(bias), x);
                normalized * gamma + beta
            }
            _ => normalized,
        }
    }

    /// The mean and the biased variance of each channel of x, which training also averages.
    #[track_caller]
    fn batch_statistics<'g>(&self, x: Var<'g>, mode: Mode) -> (Var<'g>, Var<'g>) {
        let shape = x.shape();
        let count = shape.size() / self.features;
        if count < 2 {
            let rule = format!(
                "batch statistics take more than one value per channel, and there are {count}"
            );
            misfit(&format!("batch_norm {:?}", self.path), rule, &[x]);
        }
        let axes: Vec<isize> = (0..shape.rank() as isize).filter(|&axis| axis != 1).collect();
        let mean = x.mean_over(keep(&axes[..]));
        let variance = x.variance_over(keep(&axes[..]), 0);
        if let (Mode::Train, Some(running)) = (mode, &self.running) {
            running.record(mean, variance, count);
        }
        (mean, variance)
    }
}

/// A vector with one element per channel, so shaped that it broadcasts along axis 1 of x.
#[track_caller]
fn along_channels<'g>(vector: Var<'g>, x: Var<'g>) -> Var<'g> {
    let mut shape = vec![1; x.rank() - 1];
    shape[0] = vector.shape().size();
    if shape.len() == 1 { vector } else { vector.reshape_to(shape) }
}

impl Module for BatchNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }
}

impl BatchNormBuilder {
    /// ε, added to the variance inside the root.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// With or without γ and β.
    pub fn affine(self, affine: bool) -> Self {
        Self { affine, ..self }
    }

    /// How the running statistics follow those of the batches.
    pub fn running(self, running: Running) -> Self {
        Self { running: Some(running), ..self }
    }

    /// Without running statistics: evaluation uses those of its batch, as training does.
    pub fn without_running(self) -> Self {
        Self { running: None, ..self }
    }

    /// Builds the parameters `name.weight` and `name.bias` and the buffers `name.running_mean`,
    /// `name.running_var` and `name.num_batches_tracked`.
    ///
    /// # Panics
    /// If an option is outside its values, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> BatchNorm {
        accept(self.check());
        let mut scope = scope.child(name);
        let (weight, bias) = match self.affine {
            true => (
                Some(Init::ones().build(&mut scope, "weight", [self.features])),
                Some(Init::zeros().build(&mut scope, "bias", [self.features])),
            ),
            false => (None, None),
        };
        let mut running = None; // not `map`: a closure would be the line that panics
        if let Some(convention) = self.running {
            running = Some(RunningStatistics::build(convention, &mut scope, self.features));
        }
        let path = scope.path().to_owned();
        BatchNorm { weight, bias, running, features: self.features, eps: self.eps, path }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If there are no features, ε is negative, infinite or NaN, or the convention of the running
    /// statistics is not defined; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<BatchNorm, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("BatchNorm", "the number of features", self.features)?;
        not_negative("BatchNorm", "ε", self.eps)?;
        self.running.map_or(Ok(()), Running::check)
    }
}
