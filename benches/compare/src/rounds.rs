//! The timing: rounds in which every framework, and the floor, has its slice of time.
//!
//! A machine's speed drifts; so frameworks are not timed one after the other but in turns, some 150 ms each, the
//! order moving on by one every round. A framework's figure is the median over the rounds of the median of a
//! round's steps. Each slice begins with steps that are not counted.

use crate::Failure;
use crate::floor::Floor;
use crate::stats::median;
use crate::worker::Worker;

/// How long a framework runs in one round, in microseconds.
const SLICE: f64 = 150_000.0;
/// How long a framework runs before the first round, in microseconds.
const WARM_UP: f64 = 300_000.0;
/// A slice has at least so many counted steps, however slow, and at most so many, however fast.
const STEPS: (f64, f64) = (5.0, 20_000.0);

/// The medians of the rounds, for each worker in microseconds (an inner error for one that failed on the way).
pub fn time(
    workers: &mut [&mut Worker],
    step: &str,
    rounds: usize,
    floor: &mut Floor,
) -> Result<Vec<Result<f64, Failure>>, Failure> {
    let mut counts: Vec<Result<usize, Failure>> =
        workers.iter_mut().map(|worker| warm_up(worker, step)).collect();
    let mut medians = vec![Vec::with_capacity(rounds); workers.len()];
    for round in 0..rounds {
        floor.round()?;
        for turn in 0..workers.len() {
            let i = (turn + round) % workers.len();
            let Ok(count) = counts[i] else { continue };
            match workers[i].time(step, 1 + count / 10, count) {
                Ok(times) => medians[i].push(median(&times)),
                Err(failure) => counts[i] = Err(failure),
            }
        }
    }
    let of = |(count, medians): (Result<usize, Failure>, Vec<f64>)| count.map(|_| median(&medians));
    Ok(counts.into_iter().zip(medians).map(of).collect())
}

/// Runs a framework until it has settled; returns how many of its steps fill a slice.
fn warm_up(worker: &mut Worker, step: &str) -> Result<usize, Failure> {
    let first = median(&worker.time(step, 2, 3)?);
    let fill = |us: f64, typical: f64| (us / typical).clamp(STEPS.0, STEPS.1) as usize;
    let settled = median(&worker.time(step, 0, fill(WARM_UP, first))?);
    Ok(fill(SLICE, settled))
}
