//! Batch normalisation by the statistics of all ranks.

use cotangent::nn::batch_norm::BatchStatistics;
use cotangent::nn::{BatchNorm, Mode, Module};
use cotangent::{Graph, Var, keep};

use crate::all_reduce;

/// Batch normalisation whose mean and variance in training are those over the batches of all ranks: what one process does with the
/// whole batch. It is the layer itself, with its parameters, running statistics and conventions.
///
/// Two sums over all ranks are taken on the way forward, and the sums that belong to them backward; the variance is that of
/// differences from the mean of all, so that nothing cancels. Gradients are right where [`Distributed`](crate::Distributed) takes
/// their mean; to any order.
///
/// ```
/// use cotangent::prelude::*;
/// use cotangent_mpi::{Distributed, SyncBatchNorm, launch};
///
/// launch(|world| {
///     let mut params = Params::seeded(0);
///     let mut root = params.root();
///     let layer = Linear::new(2, 3).build(&mut root, "layer");
///     let norm = SyncBatchNorm::from(BatchNorm::new(3).build(&mut root, "norm"));
///     let step = Step::new(|_, [x]| norm.forward(layer.forward(x), Mode::Train).tanh().square().mean());
///     let mut training = Distributed::new(world, step, Sgd::new(0.1));
///     training.train(&mut params, (&array![[1.0_f32, 2.0], [0.5, -1.0]],))?;
///     Ok::<(), cotangent_mpi::DistributedError>(())
/// });
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SyncBatchNorm {
    /// The layer.
    pub norm: BatchNorm,
}

impl From<BatchNorm> for SyncBatchNorm {
    fn from(norm: BatchNorm) -> Self {
        Self { norm }
    }
}

impl SyncBatchNorm {
    /// x normalised: of shape `[N, C]` or `[N, C, ..]`, as x is, of which N may be another on each rank.
    ///
    /// # Panics
    /// If axis 1 of x does not have the layer's extent, or x has no rows.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        match (mode, &self.norm.running) {
            (Mode::Eval, Some(_)) => self.norm.forward(x, mode),
            _ => self.norm.forward_by(x, mode, of_all(x)),
        }
    }
}

impl Module for SyncBatchNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }
}

/// The statistics of each channel over all ranks.
#[track_caller]
fn of_all(x: Var<'_>) -> BatchStatistics<'_> {
    let (graph, shape): (&Graph, _) = (x.graph(), x.shape());
    let (rows, channels) = (shape[0], shape[1]);
    let axes: Vec<isize> = (0..x.rank() as isize).filter(|&axis| axis != 1).collect();
    let kept = x.sum_over(keep(&axes[..])).shape();
    // In one array with the sums, the count is no constant: it changes when another rank has another batch.
    let count = graph.full([1], (shape.size() / channels) as f64);
    let sums = graph.concat(&[x.sum_over(&axes[..]), count], 0);
    let sums = all_reduce(sums, rows);
    let channels = channels as isize;
    let count = sums.slice_axis(0, channels..).reshape_to([]);
    let mean = (sums.slice_axis(0, ..channels) / count).reshape_to(kept.clone());
    let squares = all_reduce((x - mean).square().sum_over(&axes[..]), rows);
    let variance = (squares / count).reshape_to(kept);
    BatchStatistics { mean, variance, correction: count / (count - 1.0) }
}
