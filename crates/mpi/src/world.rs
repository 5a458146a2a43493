//! The processes that train together.

use std::ops::Range;
use std::time::Duration;

use cotangent::data::part_of;

use crate::engine;

/// All processes that train together, and which of them this one is: what [`launch`](crate::launch) hands to a program.
///
/// What is asked of all is asked by all, in the same order. It is done in the thread that launched the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    rank: usize,
    size: usize,
}

impl World {
    pub(crate) fn new(rank: usize, size: usize) -> Self {
        Self { rank, size }
    }

    /// Which process this is, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether it is rank 0, which prints, draws bars and saves for all.
    ///
    /// ```
    /// # cotangent_mpi::launch(|world| {
    /// if world.is_root() {
    ///     println!("epoch 1: …");
    /// }
    /// # Ok::<(), String>(()) });
    /// ```
    pub fn is_root(&self) -> bool {
        self.rank == 0
    }

    /// Replaces each number by its sum over all ranks: sums and counts of a metric, which each rank takes of its
    /// [part](Self::part) of the data.
    ///
    /// ```
    /// use cotangent::data::digits;
    /// # cotangent_mpi::launch(|world| {
    /// let test = digits();
    /// let mine = Vec::from_iter(world.part(test.len()));
    /// let labels = test.select(&mine).unwrap();
    /// let mut tally = [labels.labels().iter().filter(|&&label| label == 3).count() as f64, mine.len() as f64];
    /// world.sum(&mut tally);
    /// assert_eq!(tally, [183.0, 1797.0]); // whatever the number of ranks
    /// # Ok::<(), String>(()) });
    /// ```
    ///
    /// # Panics
    /// In another thread than the one that launched the program.
    pub fn sum(&self, values: &mut [f64]) {
        if self.size > 1 {
            engine::sum(values, "a sum");
        }
    }

    /// Lets this rank wait so long for what another has to send, ten minutes by default, before it says for what it waits and ends
    /// all: longer than what one rank does alone while the others wait, such as an evaluation. It is set for all that this process
    /// does from now on. Who has ended with success waits for the others as long as they take.
    ///
    /// ```
    /// use std::time::Duration;
    /// # cotangent_mpi::launch(|world| {
    /// world.set_timeout(Duration::from_secs(3600));
    /// # Ok::<(), String>(()) });
    /// ```
    pub fn set_timeout(&self, timeout: Duration) {
        engine::set_timeout(timeout);
    }

    /// Which of so many rows are this rank's: see [`part_of`].
    pub fn part(&self, rows: usize) -> Range<usize> {
        part_of(rows, self.rank, self.size)
    }

    /// The bytes of each rank, in their order.
    pub(crate) fn gather(&self, own: &[u8]) -> Vec<Vec<u8>> {
        let mut lengths = vec![0; self.size];
        engine::all_gather(&[own.len() as u64], &vec![1; self.size], &mut lengths, "bytes of all");
        let counts: Vec<usize> = lengths.iter().map(|&length| length as usize).collect();
        let mut all = vec![0; counts.iter().sum()];
        engine::all_gather(own, &counts, &mut all, "bytes of all");
        let mut rest = &all[..];
        let of = |&count: &usize| {
            let (first, behind) = rest.split_at(count);
            rest = behind;
            first.to_vec()
        };
        counts.iter().map(of).collect()
    }
}
