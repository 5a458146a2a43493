//! Normalisation of each channel of each sample.

use graph::{Scope, Shape, Var, misfit};

use crate::batch_norm::{BatchStatistics, Counted, Running, RunningStatistics};
use crate::error::{accept, not_negative, positive};
use crate::module::{forward_at, layer};
use crate::normalize::{Affine, AffineParts, affine_options, along, moments, standardized_by};
use crate::{HyperparameterError, Mode, Module, channels};

/// Instance normalisation (Ulyanov, Vedaldi and Lempitsky, 2016): with μ and σ² the mean and the biased
/// variance of each channel of each sample over its positions,
///
/// y = γ·(x − μ)/√(σ² + ε) + β.
///
/// Defaults are PyTorch's `InstanceNorm1d` to `3d`: ε = 10⁻⁵, neither γ and β nor running statistics. With
/// [`running`](InstanceNormBuilder::running) statistics, which average those of all samples, evaluation
/// normalises by them, as [`BatchNorm`](crate::BatchNorm) does. The buffer `num_batches_tracked` stays 0, as in
/// PyTorch, unless the convention needs the number: by [`Average::Cumulative`](crate::batch_norm::Average::Cumulative)
/// statistics are the mean of all batches, where PyTorch's `InstanceNorm` with `momentum = None` never moves them.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{InstanceNorm, Mode};
///
/// let mut params = Params::seeded(0);
/// let norm = InstanceNorm::new(3).affine(true).build(&mut params.root(), "norm");
/// let g = Graph::new();
/// let y = norm.forward(g.input("x", [8, 3, 5, 5]), Mode::Train);
/// assert_eq!(y.shape(), [8, 3, 5, 5].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceNorm {
    /// γ and β.
    pub affine: Affine,
    /// The running statistics, if built with them.
    pub running: Option<RunningStatistics>,
    channels: usize,
    eps: f64,
    path: String,
}

layer!([] InstanceNorm, "InstanceNorm", |layer| layer.channels.to_string(); weight = layer.affine.weight, bias = layer.affine.bias, running_mean = layer.running.as_ref().map(|running| &running.mean),
    running_var = layer.running.as_ref().map(|running| &running.variance),
    num_batches_tracked = layer.running.as_ref().map(|running| &running.batches));

/// The options of an [`InstanceNorm`] to be built.
#[derive(Clone, Debug)]
pub struct InstanceNormBuilder {
    channels: usize,
    eps: f64,
    parts: AffineParts,
    running: Option<Running>,
}

impl InstanceNorm {
    /// Normalises each of this many channels.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(channels: usize) -> InstanceNormBuilder {
        InstanceNormBuilder { channels, eps: 1e-5, parts: AffineParts::NONE, running: None }
    }

    /// x normalised: of shape `[N, channels, ..]`, as x is.
    ///
    /// # Panics
    /// If axis 1 of x does not have the layer's channels, or there are fewer than two positions, which have
    /// no variance, and it is not by running statistics that x is normalised.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let shape = x.shape();
        let positions = shape.get(2..).map_or(0, |positions| positions.iter().product());
        channels::expect("instance_norm", &self.path, x, self.channels);
        let (mean, variance) = match (mode, &self.running) {
            (Mode::Eval, Some(running)) => {
                let (mean, variance) = running.estimates(x.graph());
                (along(mean, 1, x), along(variance, 1, x))
            }
            (_, running) => {
                self.expect_positions(x, positions);
                let axes: Vec<isize> = (2..x.rank() as isize).collect();
                let (mean, variance) = moments(x, &axes[..]);
                if let (Mode::Train, Some(running)) = (mode, running) {
                    let n = positions as f64;
                    let statistics = BatchStatistics {
                        mean: mean.mean_over(0),
                        variance: variance.mean_over(0),
                        correction: x.graph().full([], n / (n - 1.0)),
                    };
                    running.record(statistics, Counted::WhereNeeded);
                }
                (mean, variance)
            }
        };
        self.affine.forward(standardized_by(x, mean, variance, self.eps), 1)
    }

    /// Refuses images of less than two positions, of which no variance is taken.
    #[track_caller]
    fn expect_positions(&self, x: Var<'_>, positions: usize) {
        if positions < 2 {
            let rule = format!(
                "the input must have at least 2 positions behind its channels, and has {positions}; only by running \
                 statistics (`Mode::Eval`) is one normalised"
            );
            misfit(&format!("instance_norm {:?}", self.path), rule, &[x]);
        }
    }
}

impl Module for InstanceNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    forward_at!();
}

impl InstanceNormBuilder {
    /// ε, added to the variance inside the root.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    affine_options!();

    /// With running statistics that follow those of the samples so (PyTorch's `track_running_stats`).
    pub fn running(self, running: Running) -> Self {
        Self { running: Some(running), ..self }
    }

    /// Builds the parameters `name.weight` and `name.bias` and the buffers `name.running_mean`,
    /// `name.running_var` and `name.num_batches_tracked`, each if it is wanted.
    ///
    /// # Panics
    /// If an option is outside its values, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> InstanceNorm {
        accept(self.check());
        let mut scope = scope.child(name);
        let affine = self.parts.build(&mut scope, &Shape::from([self.channels]));
        let mut running = None; // not `map`: a closure would be the line that panics
        if let Some(convention) = self.running {
            running = Some(RunningStatistics::build(convention, &mut scope, self.channels));
        }
        let path = scope.path().to_owned();
        InstanceNorm { affine, running, channels: self.channels, eps: self.eps, path }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If there are no channels, ε is negative, infinite or NaN, or the convention of the running statistics
    /// is not defined; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<InstanceNorm, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("InstanceNorm", "the number of channels", self.channels)?;
        not_negative("InstanceNorm", "ε", self.eps)?;
        self.running.map_or(Ok(()), Running::check)
    }
}
