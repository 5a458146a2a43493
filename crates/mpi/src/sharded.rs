//! An optimizer whose state is shared out among the ranks.

use std::ops::Range;

use cotangent::Params;
use cotangent::optim::{Ledger, OptimError, Optimizer, Selected};

use crate::{Precision, World, engine};

/// An optimizer of which each rank keeps the state of a part of the parameters, and updates these alone; then all gather the
/// weights. The memory for state is divided by the ranks, and the steps are the same, to the bit. (Rajbhandari, Rasley, Ruwase and
/// He, "ZeRO: memory optimizations toward training trillion parameter models", arXiv:1910.02054, stage 1.)
///
/// Each parameter belongs to one rank, neighbours to one where that divides the numbers evenly. What looks at all gradients, such
/// as clipping by their global norm, goes around it, where it sees them all:
///
/// ```
/// use cotangent::prelude::*;
/// use cotangent_mpi::{Distributed, Sharded, launch};
///
/// launch(|world| {
///     let mut params = Params::seeded(0);
///     let layer = Linear::new(2, 1).build(&mut params.root(), "layer");
///     let step = Step::new(|_, [x]| layer.forward(x).square().mean());
///     let adam = Sharded::new(world, Adam::new(1e-3)).with(ClipGlobalNorm::new(1.0));
///     let mut training = Distributed::new(world, step, adam);
///     training.train(&mut params, (&array![[1.0_f32, 2.0]],))?;
///     // All ranks take the checkpoint, for which state is gathered, and one saves it; any number can restore it.
///     let checkpoint = Checkpoint::of(&params, training.optimizer_mut())?;
///     if world.is_root() {
///         let folder = tempfile::tempdir()?;
///         checkpoint.save(folder.path().join("run.safetensors"))?;
///     }
///     Ok::<(), Box<dyn std::error::Error>>(())
/// });
/// ```
#[derive(Debug)]
pub struct Sharded<O> {
    world: World,
    inner: O,
    /// For each entry of the store, whether it is this rank's.
    mask: Vec<bool>,
    /// Where the weights of each rank lie.
    places: Vec<Range<usize>>,
    /// The structure of the store that both are for.
    structure: Option<u64>,
}

impl<O> Sharded<O> {
    /// The optimizer, shared out.
    pub fn new(world: World, inner: O) -> Self {
        Self { world, inner, mask: Vec::new(), places: Vec::new(), structure: None }
    }

    /// The optimizer of this rank's part.
    pub fn inner_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// Decides what is whose, if the store has changed.
    fn divide<T: Precision>(&mut self, params: &Params<T>) {
        if self.structure == Some(params.structure()) {
            return;
        }
        let (ranks, all) = (self.world.size(), params.trainable().len());
        self.mask = vec![false; params.entries().len()];
        self.places = vec![0..0; ranks];
        for param in params.trainable_entries() {
            let range = params.range(param.id());
            let middle = range.start + range.len() / 2;
            let rank = (middle * ranks / all.max(1)).min(ranks - 1);
            self.mask[param.id().index()] = rank == self.world.rank();
            let place = &mut self.places[rank];
            let start = if place.start == place.end { range.start } else { place.start };
            *place = start..range.end;
        }
        self.structure = Some(params.structure());
    }
}

impl<O: Optimizer<T>, T: Precision> Optimizer<T> for Sharded<O> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.divide(selected.params());
        // All refuse what one would refuse.
        selected.check_gradients(self.inner.steps(), self.inner.learning_rate())?;
        self.inner.prepare(selected.part(&self.mask))
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        self.inner.update(weights, gradients);
        let own = weights[self.places[self.world.rank()].clone()].to_vec();
        let counts: Vec<usize> = self.places.iter().map(Range::len).collect();
        engine::all_gather(&own, &counts, weights, "the weights of all");
    }

    fn begin(&mut self) {
        self.inner.begin();
    }

    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.divide(selected.params());
        self.inner.remember(selected.part(&self.mask))
    }

    fn steps(&self) -> u64 {
        self.inner.steps()
    }

    fn learning_rate(&self) -> f64 {
        self.inner.learning_rate()
    }

    fn observe(&mut self, metric: f64) {
        self.inner.observe(metric);
    }

    fn set_rate_factor(&mut self, factor: f64) {
        self.inner.set_rate_factor(factor);
    }

    fn transfer(&mut self, ledger: &mut Ledger<'_, T>) {
        let Self { world, inner, .. } = self;
        ledger.shared(|ledger| inner.transfer(ledger), |own| world.gather(&own));
    }
}
