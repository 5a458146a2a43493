//! The sum of gradients over all ranks, in buckets that leave while the backward pass runs.

use std::ops::Range;

use crate::Precision;
use crate::engine::{Flight, in_flight};

/// The gradients of this rank, and their sum.
///
/// Buckets are cut from the end of the gradients, which are final first: those of the last layers. They leave in this order on
/// all ranks, whatever the order in which they are filled.
pub(crate) struct Exchange<T> {
    /// The most bytes of a bucket.
    pub bucket: usize,
    /// Whether they leave before all are full.
    pub overlap: bool,
    send: Vec<T>,
    /// The sums.
    pub received: Vec<T>,
}

/// How far the buckets of a step are.
struct Buckets {
    length: usize,
    /// How many elements a bucket has; the last, which begins with the first element, perhaps fewer.
    each: usize,
    /// How many elements of each are not there yet.
    missing: Vec<usize>,
    /// How many have left.
    left: usize,
}

impl<T: Precision> Exchange<T> {
    pub fn new(bucket: usize) -> Self {
        Self { bucket, overlap: true, send: Vec::new(), received: Vec::new() }
    }

    /// Lets `run` compute so many gradients, of so many rows, while those that are final leave. When it succeeds, all have left
    /// and arrived; who fails after some have left cannot go on, and is ended by `lost`.
    pub fn during<R, E>(
        &mut self,
        (length, rows): (usize, usize),
        run: impl FnOnce(&mut dyn FnMut(&[T], &[Range<usize>])) -> Result<R, E>,
        lost: impl FnOnce(&E),
    ) -> Result<R, E> {
        self.send.resize(length, T::zero());
        self.received.resize(length, T::zero());
        let weight = T::from_f64(rows as f64);
        let mut buckets = Buckets::new(length, self.bucket / size_of::<T>());
        let overlap = self.overlap;
        in_flight(&mut self.send, &mut self.received, |flight| {
            let done = run(&mut |gradients, finals| {
                for range in finals {
                    let from = &gradients[range.clone()];
                    let to = flight.send[range.clone()].iter_mut();
                    to.zip(from).for_each(|(to, &gradient)| *to = gradient * weight);
                    buckets.fill(range);
                }
                if overlap {
                    buckets.leave(flight);
                    flight.progress();
                }
            });
            match &done {
                Err(error) if buckets.left > 0 => lost(error),
                Err(_) => {}
                Ok(_) => {
                    buckets.leave(flight);
                    flight.finish();
                }
            }
            done
        })
    }
}

impl Buckets {
    fn new(length: usize, each: usize) -> Self {
        let each = each.max(1);
        let of = |bucket: usize| each.min(length - bucket * each);
        Self { length, each, missing: (0..length.div_ceil(each)).map(of).collect(), left: 0 }
    }

    /// Takes note of gradients that are final.
    fn fill(&mut self, range: &Range<usize>) {
        let mut end = range.end;
        while end > range.start {
            let bucket = (self.length - end) / self.each;
            let start = self.start(bucket).max(range.start);
            self.missing[bucket] -= end - start;
            end = start;
        }
    }

    /// Lets those leave whose turn it is.
    fn leave<T: Precision>(&mut self, flight: &mut Flight<'_, '_, T>) {
        while self.missing.get(self.left) == Some(&0) {
            flight.start(self.start(self.left));
            self.left += 1;
        }
    }

    fn start(&self, bucket: usize) -> usize {
        self.length.saturating_sub((bucket + 1) * self.each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cut_from_the_end_and_leave_in_order() {
        let mut buckets = Buckets::new(10, 4);
        assert_eq!(buckets.missing, [4, 4, 2]);
        assert_eq!([0, 1, 2].map(|bucket| buckets.start(bucket)), [6, 2, 0]);
        buckets.fill(&(0..3));
        assert_eq!(buckets.missing, [4, 3, 0]);
        buckets.fill(&(3..10));
        assert_eq!(buckets.missing, [0, 0, 0]);
    }

    /// With MPI, who communicates was launched: the tests on ranks do.
    #[cfg(not(feature = "mpi"))]
    #[test]
    fn what_is_final_is_multiplied_by_the_rows() {
        use std::slice::from_ref;

        let mut exchange = Exchange::<f64>::new(16);
        let run = |watch: &mut dyn FnMut(&[f64], &[Range<usize>])| {
            watch(&[0.0, 0.0, 5.0], from_ref(&(2..3)));
            watch(&[1.0, 2.0, 7.0], from_ref(&(0..2)));
            Ok::<(), ()>(())
        };
        exchange.during((3, 2), run, |_| unreachable!("nothing fails")).unwrap();
        assert_eq!(exchange.received, [2.0, 4.0, 10.0]);
    }
}
