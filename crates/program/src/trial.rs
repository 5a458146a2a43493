//! Whether the runs of a program take less time on all threads or on one.
//!
//! To share a run of some 100 µs pays where threads hear of each other within a microsecond. There are times when they do not, as
//! if the cores of a virtual machine lay apart for a while. No sizes tell, so it is tried, now and then.

use std::time::Duration;

/// A usual run that takes longer is shared whatever others do: what threads say to each other is little of it.
const LONG: Duration = Duration::from_millis(1);
/// How many runs of a trial go each of the two ways. The shortest counts, as anything may come in between, and as the first
/// finds its data in the cache of another core, or threads asleep.
const TRIES: u32 = 4;
/// What the other way has to take less, in hundredths, to become the usual one.
const GAIN: u32 = 5;
/// Between trials lies as much time as this many trials would cost, if the other way were no better,
const COST: u32 = 100;
/// and at least so much.
const REST: Duration = Duration::from_millis(10);
/// Runs before the first trial, in which memory is touched for the first time.
const FIRST: u32 = 8;

/// Where a run is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Threads {
    All,
    One,
}

impl Threads {
    fn other(self) -> Self {
        match self {
            Threads::All => Threads::One,
            Threads::One => Threads::All,
        }
    }
}

/// The trials of a program: which way its next run goes.
#[derive(Clone, Debug)]
pub(crate) struct Trials {
    usual: Threads,
    /// Runs until the next trial; then none.
    rest: u32,
    /// Runs of the trial that are done.
    done: u32,
    /// The shortest of them, the usual way and the other.
    shortest: [Duration; 2],
}

impl Default for Trials {
    fn default() -> Self {
        Trials { usual: Threads::All, rest: FIRST, done: 0, shortest: [Duration::MAX; 2] }
    }
}

impl Trials {
    /// Where the next run is to be computed, and whether [`took`](Self::took) is to be told how long that took.
    pub fn next(&mut self) -> (Threads, bool) {
        if self.rest > 0 {
            self.rest -= 1;
            return (self.usual, false);
        }
        let threads = if self.done < TRIES { self.usual } else { self.usual.other() };
        (threads, true)
    }

    /// Takes note of a run of the trial.
    pub fn took(&mut self, time: Duration) {
        let shortest = &mut self.shortest[(self.done / TRIES) as usize];
        *shortest = time.min(*shortest);
        self.done += 1;
        let [usual, other] = self.shortest;
        if self.done == TRIES && self.usual == Threads::All && usual > LONG {
            self.end(usual, Duration::ZERO);
        } else if self.done == 2 * TRIES {
            let better = other < usual * (100 - GAIN) / 100;
            if better {
                self.usual = self.usual.other();
            }
            self.end(usual.min(other), usual.abs_diff(other));
        }
    }

    /// Ends a trial: a run takes so long the usual way, and the other is slower by so much.
    fn end(&mut self, run: Duration, loss: Duration) {
        let rest = REST.max(loss * TRIES * COST);
        let runs = rest.as_nanos() / run.as_nanos().max(1);
        *self =
            Trials { usual: self.usual, rest: runs.min(u32::MAX.into()) as u32, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program for a while, of which a run takes `all` or `one` µs; the time that it takes, and how the last went.
    fn run(trials: &mut Trials, runs: u32, all: f64, one: f64) -> (f64, Threads) {
        let mut total = 0.0;
        for _ in 0..runs {
            let (threads, told) = trials.next();
            let time = if threads == Threads::All { all } else { one };
            total += time;
            if told {
                trials.took(Duration::from_secs_f64(time * 1e-6));
            }
        }
        (total, trials.usual)
    }

    #[test]
    fn the_faster_way_becomes_the_usual_one_for_a_hundredth_of_the_time() {
        for (all, one) in
            [(73.0, 95.0), (157.0, 95.0), (4.0, 4.0), (900.0, 1800.0), (600.0, 150.0), (0.0, 0.0)]
        {
            let mut trials = Trials::default();
            run(&mut trials, 20, all, one);
            let runs = 100_000;
            let (total, usual) = run(&mut trials, runs, all, one);
            assert_eq!(usual, if one < all { Threads::One } else { Threads::All });
            let best = f64::from(runs) * all.min(one);
            assert!(total <= 1.011 * best, "{all} or {one} µs: {total} for {best}");
        }
    }

    #[test]
    fn when_the_times_change_so_does_the_way() {
        let mut trials = Trials::default();
        for _ in 0..3 {
            assert_eq!(run(&mut trials, 1000, 157.0, 95.0).1, Threads::One);
            assert_eq!(run(&mut trials, 1000, 73.0, 95.0).1, Threads::All);
        }
    }

    #[test]
    fn a_little_less_is_no_reason_and_one_disturbed_run_is_none() {
        let mut trials = Trials::default();
        assert_eq!(run(&mut trials, 1000, 100.0, 96.0).1, Threads::All);
        for disturbed in 0..2 * TRIES {
            let mut trials = Trials { rest: 0, ..Trials::default() };
            for run in 0..2 * TRIES {
                let (threads, told) = trials.next();
                assert!(told);
                let usual = if threads == Threads::All { 73 } else { 95 };
                trials.took(Duration::from_micros(if run == disturbed { 5000 } else { usual }));
            }
            assert_eq!(trials.usual, Threads::All);
        }
    }

    #[test]
    fn long_runs_are_shared_without_a_try() {
        let mut trials = Trials::default();
        for _ in 0..1000 {
            let (threads, told) = trials.next();
            assert_eq!(threads, Threads::All);
            if told {
                trials.took(LONG + Duration::from_nanos(1));
            }
        }
    }
}
