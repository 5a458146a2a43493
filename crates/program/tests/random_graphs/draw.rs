//! Random choices that a seed and a number repeat.

use cotangent::{Seed, Shape, Span};

/// Draws for one graph.
pub struct Draw {
    seed: Seed,
    count: u64,
}

impl Draw {
    /// The draws for graph `number` of a seed.
    pub fn new(seed: u64, number: u64) -> Self {
        Self { seed: Seed { seed, run: number }, count: 0 }
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.count += 1;
        (self.seed.bits(0, self.count) % n as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub fn of<X: Copy>(&mut self, from: &[X]) -> X {
        from[self.below(from.len())]
    }

    /// Some of the axes, in order.
    pub fn axes(&mut self, rank: usize) -> Vec<isize> {
        let all = self.once_in(4);
        (0..rank as isize).filter(|_| all || self.once_in(2)).collect()
    }

    /// The axes in some order.
    pub fn order(&mut self, rank: usize) -> Vec<isize> {
        let mut order: Vec<isize> = (0..rank as isize).collect();
        for i in (1..rank).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }

    /// A part of an axis: forwards or backwards, every position or some.
    pub fn span(&mut self, extent: usize) -> Span {
        let mut bound = || (!self.once_in(2)).then(|| self.below(extent + 2) as isize - 1);
        let (start, stop) = (bound(), bound());
        Span { start, stop, step: self.of(&[1, 1, 1, 2, 3, -1, -1, -2]) }
    }

    /// Another shape of at most five axes with as many elements.
    pub fn refactored(&mut self, shape: &Shape) -> Shape {
        let mut factors = Vec::new();
        for mut extent in shape.iter().copied() {
            for prime in [2, 3, 5, 7] {
                while extent > prime && extent.is_multiple_of(prime) && factors.len() < 12 {
                    factors.push(prime);
                    extent /= prime;
                }
            }
            factors.push(extent);
        }
        let mut extents = vec![1; 1 + self.below(5)];
        let mut axis = 0;
        for factor in factors {
            // In order for the most part, so that axes merge and split; sometimes anywhere.
            axis = if self.once_in(4) { self.below(extents.len()) } else { axis };
            extents[axis] *= factor;
            axis = (axis + self.below(2)).min(extents.len() - 1);
        }
        extents.into()
    }
}
