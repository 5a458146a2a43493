//! Why a step of all ranks was not made.

use cotangent::RunError;
use cotangent::optim::OptimError;

/// Why a step by [`Distributed::train`](crate::Distributed::train) was not made.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DistributedError {
    /// The loss or its gradients could not be computed on this rank.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The optimizer refused the update, on all ranks alike.
    #[error(transparent)]
    Update(#[from] OptimError),
    /// Something that must be the same on all ranks is not.
    #[error("{what} of rank {rank} {differs} from that of rank 0", differs = "differs")]
    Differs {
        /// What is not the same.
        what: &'static str,
        /// The first rank where it is another.
        rank: usize,
    },
    /// An input that has not as many rows as the first.
    #[error(
        "input {input} has {given} rows and the first {rows}: along the first axis lies the batch"
    )]
    Rows {
        /// Which input, from 0.
        input: usize,
        /// How many rows it has.
        given: usize,
        /// How many the first has.
        rows: usize,
    },
    /// A rank without a row of the batch, where each needs one.
    #[error("a batch of {rows} rows has none for some of {ranks} ranks, and {why}")]
    WithoutRows {
        /// Of all ranks together.
        rows: usize,
        /// How many ranks there are.
        ranks: usize,
        /// Why that cannot be.
        why: &'static str,
    },
    /// A number of virtual shards that the ranks cannot share.
    #[error(
        "{shards} virtual shards on {ranks} ranks: both are powers of two, and no rank is without a shard"
    )]
    Shards {
        /// How many shards.
        shards: usize,
        /// How many ranks.
        ranks: usize,
    },
    /// Rows that are not this rank's of the batch.
    #[error(
        "rank {rank} was given {given} of {rows} rows, and its part is {part}: take batches by `part(rank, size)`"
    )]
    OtherPart {
        /// This rank.
        rank: usize,
        /// How many rows it was given.
        given: usize,
        /// How many all were given together.
        rows: usize,
        /// How many are its own.
        part: usize,
    },
}

cotangent::debug_as_display!(DistributedError);
