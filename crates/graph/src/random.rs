//! Counter-based random numbers: each is a pure function of a seed, a run, a stream and a position,
//! so that it does not depend on the order of evaluation or the number of threads.

/// Selects the numbers that the random nodes of a graph draw in one run.
///
/// The same graph evaluated with the same seed draws the same numbers. A training step uses the
/// seed of its [`Params`](crate::Params) and counts `run` up at every step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seed {
    /// The seed the user chose.
    pub seed: u64,
    /// The count of runs before this one.
    pub run: u64,
}

impl Seed {
    /// 64 random bits for a position of a stream.
    pub fn bits(self, stream: u64, position: u64) -> u64 {
        let key = mix(self.seed ^ mix(self.run ^ mix(stream)));
        mix(key ^ position.wrapping_mul(WEYL))
    }

    /// A number uniform on [0, 1) with 53 random bits, for a position of a stream.
    pub fn uniform(self, stream: u64, position: u64) -> f64 {
        (self.bits(stream, position) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A standard normal number (Box and Muller, 1958), for a position of a stream.
    pub fn normal(self, stream: u64, position: u64) -> f64 {
        // 1 − u lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform(stream, 2 * position)).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform(stream, 2 * position + 1)).cos()
    }
}

/// The golden-ratio increment of SplitMix64: odd, so that multiplication by it is a bijection.
const WEYL: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014): a bijection of 64-bit words in
/// which every input bit affects every output bit.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(WEYL);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draws: impl Iterator<Item = f64>) -> (f64, f64) {
        let draws: Vec<f64> = draws.collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        (mean, variance)
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let seed = Seed { seed: 1, run: 2 };
        let (mean, variance) = moments((0..100_000).map(|i| seed.uniform(3, i)));
        assert!((mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.002);
        let (mean, variance) = moments((0..100_000).map(|i| seed.normal(3, i)));
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02);
    }

    /// What a seed means, for ever. The numbers are from another implementation, in Python.
    #[test]
    fn golden_draws() {
        let seed = Seed { seed: 1, run: 2 };
        assert_eq!(Seed::default().bits(0, 0), 0x2130_748a_aac8_0268);
        assert_eq!(seed.bits(3, 4), 0xd5f9_dc44_4970_e887);
        let last = Seed { seed: u64::MAX, run: 1 << 40 };
        assert_eq!(last.bits(7, u64::MAX), 0x0913_fc5a_11a9_27be);
        let uniform = [0.7621877655888365, 0.21657916008777278, 0.5413477623964088];
        assert_eq!([0, 1, 2].map(|position| seed.uniform(3, position)), uniform);
        // Logarithms and cosines differ by a unit in the last place between systems.
        assert!((seed.normal(3, 4) - 0.8186032799915344).abs() < 1e-15);
    }

    #[test]
    fn every_coordinate_of_the_counter_matters() {
        let seed = Seed { seed: 1, run: 2 };
        let base = seed.bits(3, 4);
        assert_ne!(base, seed.bits(3, 5));
        assert_ne!(base, seed.bits(4, 4));
        assert_ne!(base, Seed { seed: 1, run: 3 }.bits(3, 4));
        assert_ne!(base, Seed { seed: 2, run: 2 }.bits(3, 4));
    }
}
