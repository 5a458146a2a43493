//! Repeatable random numbers of a check.

use graph::Seed;
use ndarray::{ArrayD, IxDyn};

/// A source of random arrays, each of which depends on the seed, the purpose and the stream alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    seed: Seed,
}

impl Draws {
    /// The draws for the derivatives of an order under a seed of the user's.
    pub fn new(seed: u64, order: usize) -> Self {
        Self { seed: Seed { seed, run: 1 + order as u64 } }
    }

    /// Numbers in ±[0.5, 1.5]: none is negligible, and no two are alike.
    pub fn array(&self, stream: u64, shape: &[usize]) -> ArrayD<f64> {
        let mut position = 0;
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            position += 1;
            let number = 2.0 * self.seed.uniform(stream, position) - 1.0;
            number + 0.5 * number.signum()
        })
    }

    /// The draws for a purpose of their own.
    pub fn split(&self, purpose: u64) -> Self {
        Self { seed: Seed { seed: self.seed.seed, run: 1000 * self.seed.run + purpose } }
    }
}
