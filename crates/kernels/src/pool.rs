//! A pool of threads for tasks of microseconds.
//!
//! A call hands out task numbers and returns when all are done. It allocates nothing: the closure is lent to the
//! workers by address, and what they share is a handful of atomics. Workers spin for a short while after a call, as
//! a training step makes the next one soon, and then sleep.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::scratch;

/// How long an idle worker spins before it sleeps.
const SPIN: Duration = Duration::from_micros(80);

thread_local! {
    /// Which of its pool's threads this one is: a worker's number from 1 on, 0 for a caller.
    static PLACE: Cell<usize> = const { Cell::new(0) };
}

/// A fixed set of worker threads that, with the calling thread, run the tasks of one call at a time.
///
/// Which thread runs which task is left to chance: a result must not depend on it.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held during a call; a second caller, or a task that calls again, runs its tasks alone.
    busy: AtomicBool,
}

/// A borrowed closure, so that one thin pointer leads to it.
type Task<'a> = &'a (dyn Fn(usize) + Sync);

#[derive(Debug, Default)]
struct Shared {
    /// The number of the call in the upper half, and how many of its tasks nobody has taken in the lower.
    ticket: AtomicU64,
    /// The call's task; valid while tasks of the ticket's call are left.
    task: AtomicPtr<()>,
    /// Tasks of the call that are not finished.
    unfinished: AtomicUsize,
    /// Workers that sleep or are about to.
    asleep: AtomicUsize,
    stop: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Pool {
    /// A pool that runs tasks on `threads` threads: the caller's and `threads − 1` workers. They have all
    /// begun when it returns, and allocate nothing from then on.
    ///
    /// # Panics
    ///
    /// When the operating system refuses a thread.
    pub fn new(threads: usize) -> Pool {
        let shared = Arc::new(Shared::default());
        let begun = Arc::new(Barrier::new(threads.max(1)));
        let worker = |index| {
            let (shared, begun) = (Arc::clone(&shared), Arc::clone(&begun));
            let named = thread::Builder::new().name(format!("cotangent-{index}"));
            let work = move || {
                PLACE.set(index);
                // What a thread keeps is allocated now, so that no later call does.
                scratch::prepare();
                begun.wait();
                shared.work();
            };
            named.spawn(work).expect("the operating system gives another thread")
        };
        let workers = (1..threads).map(worker).collect();
        begun.wait();
        Pool { shared, workers, busy: AtomicBool::new(false) }
    }

    /// The number of threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `task(0)` … `task(tasks − 1)`, each once, in any order, on any thread; returns when all are done.
    ///
    /// # Panics
    ///
    /// When a task panics, with its payload, after the others are done.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let alone = tasks <= 1 || self.workers.is_empty() || tasks > u32::MAX as usize;
        if alone || self.busy.swap(true, Ordering::Acquire) {
            return (0..tasks).for_each(task);
        }
        self.shared.publish(tasks, &task);
        self.wake(tasks - 1);
        while self.shared.take_one() {}
        self.shared.wait();
        let panic = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.busy.store(false, Ordering::Release);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// Shares tasks 0 … `tasks` − 1 among the threads, such that in one call after another a thread takes those of one
    /// place if it can: what they left in its cache, it finds there again.
    ///
    /// `work` is called once on each thread that takes part, with a number less than that of threads, which no two have
    /// at a time, and with the tasks that fall to it.
    ///
    /// # Panics
    ///
    /// When there are more than [`MAX_PLACES`](Self::MAX_PLACES) tasks, or a task panics.
    pub fn run_in_places(
        &self,
        tasks: usize,
        work: &(dyn Fn(usize, &mut dyn Iterator<Item = usize>) + Sync),
    ) {
        assert!(tasks <= Self::MAX_PLACES, "{tasks} tasks are more than {}", Self::MAX_PLACES);
        let threads = self.threads().min(tasks).max(1);
        let taken = AtomicU64::new(0);
        let free = |&i: &usize| taken.fetch_or(1 << i, Ordering::Relaxed) & (1 << i) == 0;
        self.run(threads, &|number| {
            let first = PLACE.get() % threads * tasks / threads;
            work(number, &mut (first..tasks).chain(0..first).filter(free));
        });
    }

    /// The most tasks that [`run_in_places`](Self::run_in_places) shares.
    pub const MAX_PLACES: usize = 64;

    /// Wakes as many workers as there are tasks for, if any sleep.
    fn wake(&self, tasks: usize) {
        if self.shared.asleep.load(Ordering::SeqCst) > 0 {
            self.workers.iter().take(tasks).for_each(|worker| worker.thread().unpark());
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches what its tasks throw, so that it cannot have panicked.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Opens a call. The caller holds `busy`, and of the call before no task is left.
    fn publish(&self, tasks: usize, task: &Task<'_>) {
        self.task.store(std::ptr::from_ref(task).cast::<()>().cast_mut(), Ordering::Relaxed);
        self.unfinished.store(tasks, Ordering::Relaxed);
        let call = (self.ticket.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        // Sequentially consistent, as is the worker's announcement of sleep: one of the two sees the other.
        self.ticket.store((call << 32) | tasks as u64, Ordering::SeqCst);
    }

    /// Takes a task of the present call and runs it; false when none is left.
    fn take_one(&self) -> bool {
        let mut ticket = self.ticket.load(Ordering::Acquire);
        loop {
            let left = ticket & u64::from(u32::MAX);
            if left == 0 {
                return false;
            }
            let task = self.task.load(Ordering::Relaxed);
            match self.ticket.compare_exchange_weak(
                ticket,
                ticket - 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    // SAFETY: the exchange succeeded, so that from the first load of the ticket until now the same call
                    // had tasks left; `task` was read in between and is that call's. The closure lives until `run`
                    // returns, which waits for the task that was just taken.
                    let task = unsafe { *task.cast::<Task<'_>>() };
                    self.finish(catch_unwind(AssertUnwindSafe(|| task(left as usize - 1))));
                    return true;
                }
                Err(now) => ticket = now,
            }
        }
    }

    /// Counts a task as done and keeps the first panic.
    fn finish(&self, outcome: thread::Result<()>) {
        if let Err(payload) = outcome {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
        self.unfinished.fetch_sub(1, Ordering::Release);
    }

    /// Waits for the tasks that workers have taken.
    fn wait(&self) {
        let mut spins = 0u32;
        while self.unfinished.load(Ordering::Acquire) > 0 {
            spins += 1;
            if spins < 10_000 {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }

    /// The life of a worker.
    fn work(&self) {
        while !self.stop.load(Ordering::Acquire) {
            if !self.take_one() && !self.spin() {
                self.sleep();
            }
        }
    }

    /// Whether a task appears within the spinning time.
    fn spin(&self) -> bool {
        let start = Instant::now();
        while start.elapsed() < SPIN {
            for _ in 0..50 {
                if self.has_task() {
                    return true;
                }
                std::hint::spin_loop();
            }
        }
        false
    }

    fn has_task(&self) -> bool {
        self.ticket.load(Ordering::SeqCst) & u64::from(u32::MAX) > 0
    }

    fn sleep(&self) {
        self.asleep.fetch_add(1, Ordering::SeqCst);
        // Looked at again after the announcement: a call opened before it would not have woken us.
        if !self.has_task() && !self.stop.load(Ordering::SeqCst) {
            thread::park();
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once() {
        for threads in [1, 2, 3, 5] {
            let pool = Pool::new(threads);
            assert_eq!(pool.threads(), threads);
            for tasks in [0, 1, 2, 7, 100] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..100 {
                    pool.run(tasks, &|i| {
                        counts[i].fetch_add(1, Ordering::Relaxed);
                    });
                }
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 100));
            }
        }
    }

    #[test]
    fn every_task_in_its_place_runs_once() {
        for threads in [1, 2, 3] {
            let pool = Pool::new(threads);
            for tasks in [0, 1, 2, 7, 64] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..100 {
                    pool.run_in_places(tasks, &|number, tasks| {
                        assert!(number < threads);
                        tasks.for_each(|i| _ = counts[i].fetch_add(1, Ordering::Relaxed));
                    });
                }
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 100));
            }
        }
    }

    #[test]
    fn sleeping_workers_wake() {
        let pool = Pool::new(2);
        let done = AtomicUsize::new(0);
        for _ in 0..20 {
            thread::sleep(SPIN * 3);
            pool.run(2, &|_| {
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(done.into_inner(), 40);
    }

    #[test]
    fn calls_may_nest_and_meet() {
        let pool = Pool::new(2);
        let done = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        pool.run(3, &|_| {
                            pool.run(2, &|_| _ = done.fetch_add(1, Ordering::Relaxed))
                        });
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 3 * 200 * 6);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        let payload =
            catch_unwind(AssertUnwindSafe(|| pool.run(4, &|i| assert!(i != 2, "task two"))))
                .unwrap_err();
        assert!(payload.downcast_ref::<&str>().is_some_and(|text| text.contains("task two")));
        let done = AtomicUsize::new(0);
        pool.run(4, &|_| _ = done.fetch_add(1, Ordering::Relaxed));
        assert_eq!(done.into_inner(), 4);
    }
}
