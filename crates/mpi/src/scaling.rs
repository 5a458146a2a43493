//! What a step would take on more machines than there are: the α–β model of communication.

/// A network by two numbers: a message of m bytes takes α + β·m. (Hockney, "The communication challenge for MPP", Parallel
/// Computing 20, 1994.)
///
/// ```
/// use cotangent_mpi::scaling::Network;
/// let ethernet = Network::NAMED.iter().find(|network| network.name == "10 Gbit/s Ethernet").unwrap();
/// assert!(ethernet.message(1e6) > 1e6 * 8.0 / 10e9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// What it is called.
    pub name: &'static str,
    /// α, the latency of a message, in seconds.
    pub latency: f64,
    /// 1/β, in bytes a second.
    pub bandwidth: f64,
}

impl Network {
    /// Networks of clusters, by round numbers of their kind: the line rate less a tenth, and the latency between two programs.
    pub const NAMED: [Self; 4] = [
        Self { name: "1 Gbit/s Ethernet", latency: 50e-6, bandwidth: 0.9 * 1e9 / 8.0 },
        Self { name: "10 Gbit/s Ethernet", latency: 25e-6, bandwidth: 0.9 * 10e9 / 8.0 },
        Self { name: "100 Gbit/s Ethernet", latency: 5e-6, bandwidth: 0.9 * 100e9 / 8.0 },
        Self { name: "200 Gbit/s InfiniBand", latency: 1.5e-6, bandwidth: 0.9 * 200e9 / 8.0 },
    ];

    /// The network through which an all-reduce of few bytes and one of many took these seconds on so many ranks, by a
    /// [ring](Algorithm::Ring).
    ///
    /// ```
    /// use cotangent_mpi::scaling::{Algorithm, Network};
    /// let network = Network { name: "measured", latency: 1e-6, bandwidth: 1e9 };
    /// let times = [1e3, 1e7].map(|bytes| (bytes, Algorithm::Ring.all_reduce(&network, 4, bytes)));
    /// let fitted = Network::fitted("measured", 4, times[0], times[1]);
    /// assert!((fitted.latency / 1e-6 - 1.0).abs() < 1e-6 && (fitted.bandwidth / 1e9 - 1.0).abs() < 1e-6);
    /// ```
    pub fn fitted(name: &'static str, ranks: usize, few: (f64, f64), many: (f64, f64)) -> Self {
        let messages = 2.0 * (ranks as f64 - 1.0);
        let slope = (many.1 - few.1) / (many.0 - few.0);
        let per_byte = slope * ranks as f64 / messages;
        let latency = ((few.1 - slope * few.0) / messages).max(0.0);
        Self { name, latency, bandwidth: 1.0 / per_byte }
    }

    /// How long a message of so many bytes takes, in seconds.
    pub fn message(&self, bytes: f64) -> f64 {
        self.latency + bytes / self.bandwidth
    }
}

/// How the sum over all ranks is taken. With p ranks, m bytes, and additions for nothing. (Thakur, Rabenseifner and Gropp,
/// "Optimization of collective communication operations in MPICH", IJHPCA 19, 2005.)
///
/// The example of [`Network::fitted`] asks the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Parts go round a ring twice: 2·(p − 1) messages of m/p bytes.
    Ring,
    /// All of it, to the root of a binary tree and back: 2·⌈log₂ p⌉ messages of m bytes.
    Tree,
    /// Halves of halves are exchanged and summed, and then gathered (Rabenseifner): 2·⌈log₂ p⌉·α + 2·(p − 1)/p·m·β.
    Rabenseifner,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ring, Self::Tree, Self::Rabenseifner];

    /// How long an all-reduce of so many bytes takes on so many ranks, in seconds.
    pub fn all_reduce(self, network: &Network, ranks: usize, bytes: f64) -> f64 {
        let p = ranks.max(1) as f64;
        let rounds = 2.0 * p.log2().ceil();
        let Network { latency, bandwidth, .. } = network;
        match self {
            Self::Ring => 2.0 * (p - 1.0) * network.message(bytes / p),
            Self::Tree => rounds * network.message(bytes),
            Self::Rabenseifner => rounds * latency + 2.0 * (p - 1.0) / p * bytes / bandwidth,
        }
    }

    /// The shortest of all.
    pub fn best(network: &Network, ranks: usize, bytes: f64) -> f64 {
        let times = Self::ALL.map(|algorithm| algorithm.all_reduce(network, ranks, bytes));
        times.into_iter().fold(f64::INFINITY, f64::min)
    }
}

/// A training step of one rank, as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The seconds before the first gradient is final.
    pub before: f64,
    /// Those in which gradients become final, one after the other.
    pub backward: f64,
    /// Those after the last: the update.
    pub after: f64,
    /// The bytes of all gradients.
    pub bytes: f64,
}

impl Measured {
    /// What a step takes on so many ranks, in seconds, each with as many rows as were measured: buckets of so many bytes leave in
    /// order when their last gradient is final and the one before has arrived, or all at the end of the backward pass.
    ///
    /// ```
    /// use cotangent_mpi::scaling::{Measured, Network};
    /// let step = Measured { before: 4e-3, backward: 8e-3, after: 1e-3, bytes: 25e6 };
    /// let network = &Network::NAMED[2];
    /// let [hidden, open] = [true, false].map(|overlap| step.on(network, 64, 1e6, overlap));
    /// assert!(step.on(network, 1, 1e6, true) < hidden && hidden < open);
    /// ```
    pub fn on(&self, network: &Network, ranks: usize, bucket: f64, overlap: bool) -> f64 {
        let Self { before, backward, after, bytes } = *self;
        let count = (bytes / bucket).ceil().max(1.0);
        let each = bytes / count;
        let message = if ranks > 1 { Algorithm::best(network, ranks, each) } else { 0.0 };
        let end = before + backward;
        let final_at = |bucket: f64| if overlap { before + backward * bucket / count } else { end };
        let arrived =
            (1..=count as usize).fold(0.0, |last: f64, i| last.max(final_at(i as f64)) + message);
        arrived.max(end) + after
    }

    /// The share of time in which as much is computed as on one rank: 1 if communication is for nothing.
    ///
    /// ```
    /// # use cotangent_mpi::scaling::{Measured, Network};
    /// let step = Measured { before: 4e-3, backward: 8e-3, after: 1e-3, bytes: 25e6 };
    /// assert_eq!(step.efficiency(&Network::NAMED[0], 1, 1e6, true), 1.0);
    /// ```
    pub fn efficiency(&self, network: &Network, ranks: usize, bucket: f64, overlap: bool) -> f64 {
        (self.before + self.backward + self.after) / self.on(network, ranks, bucket, overlap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: Network = Network { name: "test", latency: 1.0, bandwidth: 1.0 };

    #[test]
    fn algorithms_take_what_their_messages_take() {
        let of = |ranks, bytes| Algorithm::ALL.map(|a| a.all_reduce(&NETWORK, ranks, bytes));
        assert_eq!(of(1, 8.0), [0.0; 3]);
        // Six messages of two numbers; four of eight; four latencies and two times six numbers.
        assert_eq!(of(4, 8.0), [18.0, 36.0, 16.0]);
        assert_eq!(Algorithm::best(&NETWORK, 4, 8.0), 16.0);
    }

    #[test]
    fn what_leaves_early_is_hidden_but_for_the_last_bucket() {
        let step = Measured { before: 10.0, backward: 100.0, after: 5.0, bytes: 8.0 };
        // On two ranks a bucket of four bytes takes 2 + 4 seconds.
        assert_eq!(step.on(&NETWORK, 2, 4.0, true), 10.0 + 100.0 + 6.0 + 5.0);
        assert_eq!(step.on(&NETWORK, 2, 4.0, false), 10.0 + 100.0 + 12.0 + 5.0);
        assert_eq!(step.on(&NETWORK, 1, 4.0, false), 115.0);
    }
}
