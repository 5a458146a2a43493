//! Random numbers of a fixed seed.

use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};

/// Random numbers of a fixed seed.
pub fn rng(seed: u64) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed)
}

/// A nearly normal number of mean 0 and variance 1: the sum of twelve uniform ones, less 6.
pub fn normal(rng: &mut ChaCha12Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}
