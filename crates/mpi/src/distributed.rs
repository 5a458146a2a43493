//! Training steps of all ranks together.

use std::fmt;

use cotangent::data::part_of;
use cotangent::optim::{Optimizer, TrainError};
use cotangent::{Feed, Feeds, Gradients, Params, Step};

use crate::exchange::Exchange;
use crate::launch::fail;
use crate::meeting::{meet, verify};
use crate::tally::{Before, rows, rows_of};
use crate::{DistributedError, Precision, World, all_reduce, engine, fixed};

/// The most bytes of a bucket, unless another number is asked for: see `Distributed::bucket_bytes`.
const BUCKET: usize = 1 << 20;

/// A training step of all ranks: each computes the gradients of its part of a batch, and all make the update by those of the
/// whole batch.
///
/// The loss must be a mean over rows, which lie along the first axis of every input (scalars are the same for all). Then a rank
/// with n of N rows has the weight n/N in the mean of gradients, also where its part is smaller than another's, and the step is
/// that of one process on the whole batch, up to rounding:
///
/// > g = Σᵣ (nᵣ/N)·gᵣ
///
/// At the first step all ranks [agree](DistributedError::Differs) in parameters, inputs, program and optimizer, and take the
/// parameters of rank 0. Clipping, accumulation, schedules and all other parts of the optimizer see the mean of gradients, which
/// is the same on all ranks, and so do the same. Gradients leave in buckets while the backward pass still runs
/// ([`bucket_bytes`](Self::bucket_bytes)). Running statistics become the mean of those of the ranks; for those of the whole
/// batch, see [`SyncBatchNorm`](crate::SyncBatchNorm). Random operations draw otherwise on each rank.
///
/// A result that is not finite on one rank is an error there, which ends all ranks, as every other error of one rank does
/// ([`launch`](crate::launch)); with [`Step::allow_non_finite`] and `SkipNonFinite`, all ranks skip the step.
///
/// ```
/// use cotangent::prelude::*;
/// use cotangent_mpi::{Distributed, launch};
///
/// launch(|world| {
///     let mut params = Params::<f64>::with_seed(0);
///     let w = params.root().parameter("w", array![[1.0], [2.0]].into_dyn());
///     let step = Step::new(|g, [x, y]| (x.matmul(g.param(&w)) - y).square().mean());
///     let mut training = Distributed::new(world, step, Sgd::new(0.1));
///     // Four rows, whatever the number of ranks that share them.
///     let x = array![[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]];
///     let y = Array2::<f64>::zeros((4, 1));
///     let mine = world.part(4);
///     let rows = cotangent::ndarray::s![mine, ..];
///     let loss = training.train(&mut params, (x.slice(&rows), y.slice(&rows)))?;
///     assert_eq!(loss, 1.25);
///     assert_eq!(params.trainable(), [0.95, 1.9]);
///     Ok::<(), cotangent_mpi::DistributedError>(())
/// });
/// ```
pub struct Distributed<'m, T: Precision, O, const N: usize> {
    world: World,
    step: Step<'m, T, N>,
    optimizer: O,
    shards: Option<usize>,
    exchange: Exchange<T>,
    /// The structure of the store at the last step, and how many gradients there were.
    known: Option<(u64, usize)>,
    /// How many sums over all ranks there are within the program.
    sums: usize,
}

impl<'m, T: Precision, O: Optimizer<T>, const N: usize> Distributed<'m, T, O, N> {
    /// The steps of an optimizer by the gradients of a step, on all ranks.
    pub fn new(world: World, step: Step<'m, T, N>, optimizer: O) -> Self {
        let exchange = Exchange::new(BUCKET);
        Self { world, step, optimizer, shards: None, exchange, known: None, sums: 0 }
    }

    /// Lets gradients leave in buckets of at most so many bytes, 1 MiB by default: small ones leave early, and cost a latency
    /// each. The example `overlap` measures sizes: at 1 MiB, the latencies cost nothing that could be seen.
    #[must_use]
    pub fn bucket_bytes(mut self, bytes: usize) -> Self {
        self.exchange.bucket = bytes;
        self
    }

    /// Whether buckets leave while the backward pass still runs, as they do unless this is `false`: then they leave when it has
    /// ended, which tells what leaving early gains. The steps are the same.
    #[must_use]
    pub fn overlap(mut self, overlap: bool) -> Self {
        self.exchange.overlap = overlap;
        self
    }

    /// Makes the same steps, to the bit, on any number of ranks up to this: each batch is cut into so many shards, of each of
    /// which gradients are computed by themselves, and these are added by one tree, whoever computes them. Both numbers are
    /// powers of two. It costs what smaller runs cost, memory for the gradients of a rank's shards, and what leaves while the
    /// backward pass runs: nothing.
    ///
    /// Batch statistics are those of a shard, and running statistics the mean of theirs.
    #[must_use]
    pub fn virtual_shards(mut self, shards: usize) -> Self {
        self.shards = Some(shards);
        self
    }

    /// The step: for its reports, which are of this rank's rows, or its program.
    pub fn step(&self) -> &Step<'m, T, N> {
        &self.step
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// The optimizer, to be saved, or restored before the first step. What is changed is changed on all ranks.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// Fails unless the parameters of all ranks are the same, to the bit. They stay so by themselves; it is a look, before a
    /// checkpoint say.
    ///
    /// # Errors
    /// [`DistributedError::Differs`] with the first rank that has others than rank 0.
    pub fn verify(&self, params: &Params<T>) -> Result<(), DistributedError> {
        verify(self.world, params)
    }

    /// Makes a step on this rank's part of a batch, and answers the mean loss of the whole. All ranks call it equally often.
    ///
    /// # Errors
    /// If the ranks do not agree, the inputs are not this rank's rows, and as [`Step::run`] and [`Optimizer::step`]. Parameters
    /// and statistics are then as they were.
    ///
    /// # Panics
    /// As [`Step::run`], and in another thread than the one that launched the program.
    pub fn train<'a>(
        &mut self,
        params: &mut Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<T, DistributedError>
    where
        T: 'a,
    {
        let inputs = inputs.feeds();
        let rows = rows_of(&inputs)?;
        if self.known.is_none() {
            self.check_shards()?;
            self.sums =
                meet(self.world, (&mut self.step, &mut self.optimizer), params, (&inputs, rows))?;
        }
        self.check_rows(rows)?;
        let before = Before::of(params);
        let summed = match self.shards {
            None if self.world.size() == 1 => return self.alone(params, inputs),
            None => self.summed(params, &inputs, rows, &before),
            Some(shards) => self.summed_by_shards(params, &inputs, (rows, shards), &before),
        };
        let updated = summed.and_then(|tally| self.update(params, &tally, &before));
        if updated.is_err() {
            before.put_back(params);
        }
        updated
    }

    /// One process on the whole batch.
    fn alone<'a>(
        &mut self,
        params: &mut Params<T>,
        inputs: [Feed<'a, T>; N],
    ) -> Result<T, DistributedError>
    where
        T: 'a,
    {
        let loss =
            self.optimizer.train(&mut self.step, params, inputs).map_err(|error| match error {
                TrainError::Run(error) => DistributedError::Run(error),
                TrainError::Update(error) => DistributedError::Update(error),
                other => unreachable!("a step is not made for another reason: {other}"),
            })?;
        self.known = Some((params.structure(), 0));
        Ok(loss)
    }

    /// The sum of gradients, each row counted once, and of all else.
    fn summed(
        &mut self,
        params: &mut Params<T>,
        inputs: &[Feed<'_, T>; N],
        rows: usize,
        before: &Before<T>,
    ) -> Result<Vec<f64>, DistributedError> {
        let (world, step) = (self.world, &mut self.step);
        params.set_seed(before.drawn(world.rank(), world.size()));
        let lost = |error: &DistributedError| fail(&error.to_string());
        let structure = params.structure();
        let mut loss = T::zero();
        match self.known.filter(|known| known.0 == structure) {
            Some((_, length)) if rows > 0 => {
                let run = |watch: &mut dyn FnMut(&[T], &[_])| {
                    Ok(step.run_watched(params, inputs.clone(), watch)?)
                };
                loss = self.exchange.during((length, rows), run, lost)?;
            }
            // How many gradients there are is known once they are computed; none are where there is no row.
            known => {
                if rows > 0 {
                    loss = step.run(params, inputs.clone())?;
                }
                let gradients = step.gradients().values();
                let length = known.map_or(gradients.len(), |known| known.1);
                let run = |watch: &mut dyn FnMut(&[T], &[_])| {
                    watch(gradients, std::slice::from_ref(&(0..length)));
                    Ok(())
                };
                self.exchange.during((length, rows), run, lost)?;
            }
        }
        let gradients = self.step.gradients();
        self.known = Some((structure, gradients.values().len()));
        let mut tally = vec![0.0; before.tally_len()];
        if rows > 0 {
            before.tally(params, (rows, loss, gradients.is_known_finite()), &mut tally);
        }
        engine::sum(&mut tally, "the losses of all");
        Ok(tally)
    }

    /// The same, in an order that does not depend on the ranks.
    fn summed_by_shards(
        &mut self,
        params: &mut Params<T>,
        inputs: &[Feed<'_, T>; N],
        (rows, shards): (usize, usize),
        before: &Before<T>,
    ) -> Result<Vec<f64>, DistributedError> {
        let (world, each) = (self.world, shards / self.world.size());
        let all = self.check_part(rows)?;
        let start = world.part(all).start;
        let tally_len = before.tally_len();
        let mut tallies = vec![0.0; each * tally_len];
        let sums = &mut self.exchange.received;
        sums.clear();
        for (own, shard) in (world.rank() * each..).take(each).enumerate() {
            let part = part_of(all, shard, shards);
            if part.is_empty() {
                continue;
            }
            before.put_back(params);
            params.set_seed(before.drawn(shard, shards));
            let loss = self.step.run(
                params,
                inputs.each_ref().map(|input| input.rows(part.start - start..part.end - start)),
            )?;
            let gradients = self.step.gradients();
            let length = gradients.values().len();
            self.known = Some((params.structure(), length));
            sums.resize(each * length, T::zero());
            let weight = T::from_f64(part.len() as f64);
            let to = sums[own * length..].iter_mut();
            to.zip(gradients.values()).for_each(|(to, &gradient)| *to = gradient * weight);
            let result = (part.len(), loss, gradients.is_known_finite());
            before.tally(params, result, &mut tallies[own * tally_len..][..tally_len]);
        }
        let length = self.known.map_or(0, |known| known.1);
        sums.resize(each * length, T::zero());
        fixed::tree(sums, length);
        sums.truncate(length);
        fixed::sum(world, sums);
        fixed::tree(&mut tallies, tally_len);
        tallies.truncate(tally_len);
        fixed::sum(world, &mut tallies);
        Ok(tallies)
    }

    /// Makes the update by the sums of all.
    fn update(
        &mut self,
        params: &mut Params<T>,
        tally: &[f64],
        before: &Before<T>,
    ) -> Result<T, DistributedError> {
        let sums = &mut self.exchange.received;
        let rows = T::from_f64(rows(tally));
        sums.iter_mut().for_each(|sum| *sum /= rows);
        let gradients = Gradients::new(self.step.gradients().layout(), sums);
        self.optimizer.step(params, gradients)?;
        Ok(before.conclude(params, tally))
    }

    fn check_shards(&self) -> Result<(), DistributedError> {
        let (shards, ranks) = (self.shards.unwrap_or(1), self.world.size());
        let shared = shards.is_power_of_two() && ranks.is_power_of_two() && shards >= ranks;
        if self.shards.is_none() || shared {
            Ok(())
        } else {
            Err(DistributedError::Shards { shards, ranks })
        }
    }

    /// Fails where a rank that has no rows would not take part in what the programs of the others sum.
    fn check_rows(&self, rows: usize) -> Result<(), DistributedError> {
        let alone = "a result is not finite on this rank, and a run that asks all cannot be repeated by one";
        all_reduce::allow(self.sums, alone);
        if self.sums == 0 {
            return Ok(());
        }
        if self.shards.is_some_and(|shards| shards > self.world.size()) {
            all_reduce::allow(
                0,
                "virtual shards are more than ranks, and cannot wait for each other",
            );
        }
        let mut tally = [rows as f64, f64::from(u8::from(rows == 0))];
        self.world.sum(&mut tally);
        let (rows, ranks) = (tally[0] as usize, self.world.size());
        let why = "the program takes sums over all ranks";
        if tally[1] == 0.0 {
            Ok(())
        } else {
            Err(DistributedError::WithoutRows { rows, ranks, why })
        }
    }

    /// How many rows there are in all, of which this rank has its part.
    fn check_part(&self, given: usize) -> Result<usize, DistributedError> {
        let mut rows = [given as f64];
        self.world.sum(&mut rows);
        let (rows, rank) = (rows[0] as usize, self.world.rank());
        let part = self.world.part(rows).len();
        if part == given {
            Ok(rows)
        } else {
            Err(DistributedError::OtherPart { rank, given, rows, part })
        }
    }
}

impl<T: Precision, O: fmt::Debug, const N: usize> fmt::Debug for Distributed<'_, T, O, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, step, optimizer, .. } = self;
        write!(f, "Distributed {{ world: {world:?}, step: {step:?}, optimizer: {optimizer:?} }}")
    }
}
