//! Batch normalisation, with the conventions of running statistics named.

mod running;

pub(crate) use running::Counted;
pub use running::{Average, BatchStatistics, Running, RunningStatistics, RunningVariance};

use graph::{Scope, Shape, Var};

use crate::error::{accept, not_negative, positive};
use crate::module::{forward_at, layer};
use crate::normalize::{Affine, AffineParts, affine_options, along, moments, standardized_by};
use crate::{HyperparameterError, Mode, Module, channels};

/// The axis of the channels.
const CHANNELS: usize = 1;

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
/// use cotangent::{Evaluator, Graph, Params};
/// use cotangent::nn::{BatchNorm, Mode};
/// use cotangent::ndarray::array;
///
/// let mut params = Params::<f64>::with_seed(0);
/// let norm = BatchNorm::new(2).build(&mut params.root(), "bn1");
/// let g = Graph::new();
/// let x = g.constant(array![[0.0, 1.0], [2.0, 5.0]]);
/// let y = norm.forward(x, Mode::Train);
/// let values = Evaluator::new(&g).params(&params).run(&[y])?;
/// let expected = array![[-1.0, -1.0], [1.0, 1.0]].into_dyn();
/// assert!((values[0].clone().into_real() - expected).iter().all(|error| error.abs() < 1e-5));
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// γ and β.
    pub affine: Affine,
    /// The running statistics, unless built without.
    pub running: Option<RunningStatistics>,
    features: usize,
    eps: f64,
    path: String,
}

layer!([] BatchNorm, "BatchNorm", |layer| layer.features.to_string(); weight = layer.affine.weight, bias = layer.affine.bias, running_mean = layer.running.as_ref().map(|running| &running.mean),
    running_var = layer.running.as_ref().map(|running| &running.variance),
    num_batches_tracked = layer.running.as_ref().map(|running| &running.batches));

/// The options of a [`BatchNorm`] to be built.
#[derive(Clone, Debug)]
pub struct BatchNormBuilder {
    features: usize,
    eps: f64,
    parts: AffineParts,
    running: Option<Running>,
}

impl BatchNorm {
    /// Normalises each of this many features or channels.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(features: usize) -> BatchNormBuilder {
        let (parts, running) = (AffineParts::BOTH, Some(Running::torch()));
        BatchNormBuilder { features, eps: 1e-5, parts, running }
    }

    /// x normalised: of shape `[N, C]` or `[N, C, ..]`, as x is.
    ///
    /// One value per channel has no variance. As that is a matter of the batch, a run that needs
    /// batch statistics of it is a [`graph::RunError::Refused`], which names the layer.
    ///
    /// # Panics
    /// If axis 1 of x does not have the layer's extent.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.check_channels(x);
        match (mode, &self.running) {
            (Mode::Eval, Some(running)) => {
                let (mean, variance) = running.estimates(x.graph());
                self.normalised(x, along(mean, CHANNELS, x), along(variance, CHANNELS, x))
            }
            _ => self.forward_by(x, mode, self.batch_statistics(x, mode)),
        }
    }

    /// x normalised by statistics of the batch that somebody else takes: of more samples than are here, or of fewer. They
    /// broadcast against x, and in training the running statistics follow them.
    ///
    /// ```
    /// use cotangent::{Graph, Params, keep};
    /// use cotangent::nn::{BatchNorm, Mode, batch_norm::BatchStatistics};
    ///
    /// let mut params = Params::<f64>::with_seed(0);
    /// let norm = BatchNorm::new(3).build(&mut params.root(), "norm");
    /// let g = Graph::new();
    /// let x = g.input("x", [8, 3]);
    /// // The statistics of the first four samples, for all.
    /// let first = x.slice_axis(0, ..4);
    /// let (mean, variance) = (first.mean_over(keep(0)), first.variance_over(keep(0), 0));
    /// let correction = g.full([], 4.0 / 3.0);
    /// let y = norm.forward_by(x, Mode::Train, BatchStatistics { mean, variance, correction });
    /// assert_eq!(y.shape(), x.shape());
    /// ```
    ///
    /// # Panics
    /// If axis 1 of x does not have the layer's extent.
    #[track_caller]
    pub fn forward_by<'g>(
        &self,
        x: Var<'g>,
        mode: Mode,
        statistics: BatchStatistics<'g>,
    ) -> Var<'g> {
        self.check_channels(x);
        if let (Mode::Train, Some(running)) = (mode, &self.running) {
            running.record(statistics, Counted::Always);
        }
        self.normalised(x, statistics.mean, statistics.variance)
    }

    #[track_caller]
    fn check_channels(&self, x: Var<'_>) {
        channels::expect("batch_norm", &self.path, x, self.features);
    }

    #[track_caller]
    fn normalised<'g>(&self, x: Var<'g>, mean: Var<'g>, variance: Var<'g>) -> Var<'g> {
        self.affine.forward(standardized_by(x, mean, variance, self.eps), CHANNELS)
    }

    /// The mean and the biased variance of each channel of x.
    #[track_caller]
    fn batch_statistics<'g>(&self, x: Var<'g>, mode: Mode) -> BatchStatistics<'g> {
        let count = x.shape().size() / self.features;
        let x = if count < 2 { self.too_few(x, mode, count) } else { x };
        let axes: Vec<isize> =
            (0..x.rank() as isize).filter(|&axis| axis != CHANNELS as isize).collect();
        let (mean, variance) = moments(x, &axes[..]);
        let n = count as f64;
        let correction = x.graph().full([], n / (n - 1.0));
        BatchStatistics { mean, variance, correction }
    }
}

impl BatchNorm {
    /// x as statistics that do not exist see it: the size of a batch comes from data.
    #[track_caller]
    fn too_few<'g>(&self, x: Var<'g>, mode: Mode, count: usize) -> Var<'g> {
        let evaluation = match mode {
            Mode::Train => "normalise by the running statistics (`Mode::Eval`)",
            Mode::Eval => "build the layer with running statistics",
        };
        let rule = format!(
            "batch statistics take more than one value per channel, and there are {count}: leave \
             out an incomplete batch (`drop_last()`), make batches larger, or {evaluation}"
        );
        x.graph().refused(&format!("batch_norm {:?}", self.path), rule, x.ty(), &[x])
    }
}

impl Module for BatchNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    forward_at!();
}

impl BatchNormBuilder {
    /// ε, added to the variance inside the root.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    affine_options!();

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
        let affine = self.parts.build(&mut scope, &Shape::from([self.features]));
        let mut running = None; // not `map`: a closure would be the line that panics
        if let Some(convention) = self.running {
            running = Some(RunningStatistics::build(convention, &mut scope, self.features));
        }
        let path = scope.path().to_owned();
        BatchNorm { affine, running, features: self.features, eps: self.eps, path }
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
