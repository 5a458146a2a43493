//! The random orders of a data set, each from ChaCha12 by name: a seed means the same order for ever,
//! whatever generator `rand` recommends for new programs.

use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// The generator of a split.
pub(crate) fn of_split(seed: u64) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed)
}

/// The generator of an epoch's order: seed and epoch are its key, so that no two share one.
fn of_epoch(seed: u64, epoch: u64) -> ChaCha12Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&epoch.to_le_bytes());
    ChaCha12Rng::from_seed(key)
}

/// What puts rows in a random order; each order is equally likely.
///
/// | given         | the order is                                                              |
/// |---------------|---------------------------------------------------------------------------|
/// | `seed`        | that of the first epoch of [`Epochs::shuffled`](crate::Epochs::shuffled)  |
/// | `(seed, n)`   | that of its epoch `n`, counting from 0                                    |
/// | `&mut rng`    | drawn from a generator of one's own                                       |
///
/// Sealed: nothing else implements it.
pub trait Shuffle: sealed::Sealed {}

impl<S: sealed::Sealed> Shuffle for S {}

mod sealed {
    pub trait Sealed {
        fn shuffle(self, rows: &mut [usize]);
    }
}
pub(crate) use sealed::Sealed as ShuffleRows;

impl ShuffleRows for u64 {
    fn shuffle(self, rows: &mut [usize]) {
        (self, 0).shuffle(rows);
    }
}

impl ShuffleRows for (u64, u64) {
    fn shuffle(self, rows: &mut [usize]) {
        rows.shuffle(&mut of_epoch(self.0, self.1));
    }
}

impl<R: Rng + ?Sized> ShuffleRows for &mut R {
    fn shuffle(self, rows: &mut [usize]) {
        rows.shuffle(self);
    }
}
