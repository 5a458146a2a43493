//! A pool of threads for tasks of microseconds.
//!
//! A call hands out task numbers and returns when all are done. It allocates nothing: the closure is lent to the
//! workers by address, and what they share is a handful of atomics. Workers spin for a short while after a call, as
//! a training step makes the next one soon, and then sleep.
//!
//! A number that one core writes and another reads takes up to a microsecond on its way, as long as a short task. So a call
//! costs two such ways, in the lines of memory that the threads share: the caller writes one that all workers watch, and
//! each worker one that the caller waits for. Which tasks a thread has is settled beforehand; it takes them from a
//! [`Seat`] of its own, where others look only when theirs are done.

mod seat;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::scratch;
use seat::{Call, Line, Seat, Tasks};

/// How long an idle worker spins before it sleeps.
const SPIN: Duration = Duration::from_micros(80);

/// A fixed set of worker threads that, with the calling thread, run the tasks of one call at a time.
///
/// Which thread runs which task is left to chance in the end: a result must not depend on it.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held during a call; a second caller, or a task that calls again, runs its tasks alone.
    busy: AtomicBool,
}

/// What a thread does with the tasks that fall to it, given its number.
type Work<'a> = &'a (dyn Fn(usize, &mut dyn Iterator<Item = usize>) + Sync);

#[derive(Debug)]
struct Shared {
    board: Line<Board>,
    /// The caller's, and one for each worker.
    seats: Box<[Seat]>,
    /// Workers that sleep or are about to.
    asleep: Line<AtomicUsize>,
    stop: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// What workers watch.
#[derive(Debug, Default)]
struct Board {
    call: AtomicU64,
    /// Where the call's closure is; valid while tasks of it are left.
    closure: AtomicPtr<()>,
}

impl Pool {
    /// A pool that runs tasks on `threads` threads: the caller's and `threads − 1` workers. They have all
    /// begun when it returns, and allocate nothing from then on.
    ///
    /// # Panics
    ///
    /// When the operating system refuses a thread.
    pub fn new(threads: usize) -> Pool {
        let shared = Arc::new(Shared::of(threads.max(1)));
        let begun = Arc::new(Barrier::new(threads.max(1)));
        let worker = |index| {
            let (shared, begun) = (Arc::clone(&shared), Arc::clone(&begun));
            let named = thread::Builder::new().name(format!("cotangent-{index}"));
            let work = move || {
                // What a thread keeps is allocated now, so that no later call does.
                scratch::prepare();
                begun.wait();
                shared.serve(index);
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
    /// When a task panics, with its payload, after the others are done; a call that has no other thread ends with it.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        self.run_in_places(tasks, &|_, tasks| tasks.for_each(task));
    }

    /// Shares tasks 0 … `tasks` − 1 among the threads, such that in one call after another a thread takes those of one
    /// place if it can: what they left in its cache, it finds there again.
    ///
    /// `work` is called on each thread that takes part, once for its own tasks and again for what it takes of others', with
    /// a number less than that of threads, which no two have at a time, and with these tasks, all of which it is to do.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn run_in_places(
        &self,
        tasks: usize,
        work: &(dyn Fn(usize, &mut dyn Iterator<Item = usize>) + Sync),
    ) {
        let alone = tasks <= 1 || self.workers.is_empty() || tasks > Call::MAX_TASKS;
        if alone || self.busy.swap(true, Ordering::Acquire) {
            return work(0, &mut (0..tasks));
        }
        let closure = std::ptr::from_ref(&work).cast::<()>();
        let call = Call::of(self.shared.board.call.load(Ordering::Relaxed)).next(tasks);
        let mut own = self.shared.tasks(call, 0);
        // Before others know of them: to take one from them would wait until the call has gone to all.
        own.begin();
        self.shared.publish(call, closure);
        self.wake(tasks - 1);
        self.shared.take_part(call, 0, own, closure);
        self.shared.wait(call);
        let panic = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.busy.store(false, Ordering::Release);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// Wakes as many workers as there are tasks for, if any sleep. One that is about to may be missed: then others do its
    /// tasks, which is less than to wait, in each call, until all see that there is one.
    fn wake(&self, tasks: usize) {
        if self.shared.asleep.load(Ordering::Relaxed) > 0 {
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
    fn of(threads: usize) -> Self {
        Shared {
            board: Line::default(),
            seats: (0..threads).map(|_| Seat::default()).collect(),
            asleep: Line::default(),
            stop: AtomicBool::new(false),
            panic: Mutex::default(),
        }
    }

    /// Opens a call. The caller holds `busy`, and of the call before no task is left.
    fn publish(&self, call: Call, closure: *const ()) {
        self.board.closure.store(closure.cast_mut(), Ordering::Relaxed);
        self.board.call.store(call.bits(), Ordering::Release);
    }

    /// The tasks of one of the threads in a call.
    fn tasks(&self, call: Call, thread: usize) -> Tasks<'_> {
        Tasks::of(&self.seats[thread], call, call.places(thread, call.threads(self.seats.len())))
    }

    /// Does a thread's own tasks, and then those that others have not begun. `closure` is where the call's was while some of
    /// its tasks were left.
    fn take_part(&self, call: Call, thread: usize, own: Tasks<'_>, closure: *const ()) {
        let threads = call.threads(self.seats.len());
        let others = (thread + 1..threads).chain(0..thread).map(|other| self.tasks(call, other));
        let mut done = 0;
        for mut tasks in std::iter::once(own).chain(others) {
            // More than once if one panics.
            while tasks.hold() {
                let before = tasks.handed_out;
                // SAFETY: a task of the call was taken, so that the call had tasks left until now, and the closure is its.
                // It lives until `run_in_places` returns, which waits for what was taken to be done.
                let work = unsafe { *closure.cast::<Work<'_>>() };
                self.catch(|| work(thread, &mut tasks));
                if tasks.handed_out == before {
                    // Whoever should have asked for it has panicked.
                    tasks.next();
                }
                self.seats[thread].tell_done(call, done + tasks.handed_out);
            }
            done += tasks.handed_out;
        }
    }

    /// Does some work, and keeps what it panics with for the caller, if it is the first of the call to do so.
    fn catch(&self, work: impl FnOnce()) {
        let Err(payload) = catch_unwind(AssertUnwindSafe(work)) else { return };
        let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
        match *first {
            None => *first = Some(payload),
            // To drop it may panic, too, and a thread that leaves a call before all is done takes the closure from others.
            Some(_) => std::mem::forget(payload),
        }
    }

    /// Waits until all tasks are done.
    fn wait(&self, call: Call) {
        let seats = &self.seats[..call.threads(self.seats.len())];
        let mut spins = 0u32;
        while seats.iter().map(|seat| seat.done(call)).sum::<usize>() < call.tasks() {
            spins += 1;
            if spins < 10_000 {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }

    /// The life of a worker.
    fn serve(&self, index: usize) {
        let mut seen = Call::default();
        while !self.stop.load(Ordering::Acquire) {
            let call = Call::of(self.board.call.load(Ordering::Acquire));
            if call == seen {
                if !self.spin(seen) {
                    self.sleep(seen);
                }
            } else {
                if index < call.threads(self.seats.len()) {
                    let closure = self.board.closure.load(Ordering::Relaxed);
                    self.take_part(call, index, self.tasks(call, index), closure);
                }
                seen = call;
            }
        }
    }

    /// Whether another call appears within the spinning time.
    fn spin(&self, seen: Call) -> bool {
        let start = Instant::now();
        while start.elapsed() < SPIN {
            for _ in 0..50 {
                if self.is_over(seen) {
                    return true;
                }
                std::hint::spin_loop();
            }
        }
        false
    }

    /// Whether there is another call since.
    fn is_over(&self, seen: Call) -> bool {
        Call::of(self.board.call.load(Ordering::Relaxed)) != seen
    }

    fn sleep(&self, seen: Call) {
        self.asleep.fetch_add(1, Ordering::SeqCst);
        if !self.is_over(seen) && !self.stop.load(Ordering::SeqCst) {
            thread::park();
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Rng;

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
            for tasks in [0, 1, 2, 7, 64, 300] {
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
    fn a_thread_has_the_tasks_of_its_place_and_takes_others_when_they_are_done() {
        let pool = Pool::new(2);
        let by: Vec<AtomicUsize> = (0..8).map(|_| AtomicUsize::new(0)).collect();
        let done = AtomicUsize::new(0);
        pool.run_in_places(8, &|number, tasks| {
            for i in tasks {
                by[i].store(number, Ordering::Relaxed);
                done.fetch_add(1, Ordering::Relaxed);
                // The caller is late with its first task, and the other does not wait.
                let start = Instant::now();
                while i == 0 && done.load(Ordering::Relaxed) < 8 {
                    assert!(start.elapsed() < Duration::from_secs(60), "the worker is asleep");
                    thread::yield_now();
                }
            }
        });
        let by: Vec<usize> = by.into_iter().map(AtomicUsize::into_inner).collect();
        assert_eq!(by, [0, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn who_is_late_for_a_call_takes_nothing_of_the_next() {
        for threads in [2, 3, 7] {
            let pool = Pool::new(threads);
            for call in 0..20_000 {
                let tasks = 2 + call % 9;
                let done = AtomicUsize::new(0);
                pool.run(tasks, &|i| _ = done.fetch_add(1 << (6 * i), Ordering::Relaxed));
                let once = (0..tasks).map(|i| 1 << (6 * i)).sum::<usize>();
                assert_eq!(done.into_inner(), once, "call {call} of {tasks} tasks");
            }
        }
    }

    #[test]
    fn who_panics_before_asking_for_a_task_does_not_keep_the_call() {
        let pool = Pool::new(2);
        let called = AtomicUsize::new(0);
        let work = || {
            pool.run_in_places(5, &|_, _| {
                called.fetch_add(1, Ordering::Relaxed);
                panic!("at once");
            });
        };
        let payload = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"at once"));
        assert_eq!(called.into_inner(), 5);
    }

    /// What panics again when it is dropped.
    struct Grudge;

    impl Drop for Grudge {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn what_tasks_panic_with_is_not_dropped_in_the_call() {
        let pool = Pool::new(2);
        let begun = AtomicUsize::new(0);
        let work = || {
            pool.run(8, &|_| {
                begun.fetch_add(1, Ordering::Relaxed);
                resume_unwind(Box::new(Grudge));
            });
        };
        let payload = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
        assert!(payload.is::<Grudge>(), "the first panic");
        std::mem::forget(payload);
        assert_eq!(begun.into_inner(), 8);
        assert!(!pool.busy.load(Ordering::Relaxed), "the call is over");
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

    /// What a task of the stress test does beside counting.
    fn some_trouble(pool: &Pool, rng: &mut Rng, of: &str) {
        match rng.below(40) {
            0 => resume_unwind(Box::new(of.to_owned())), // a panic that prints nothing
            1 => thread::yield_now(),
            2 => thread::sleep(Duration::from_micros(rng.below(100) as u64)),
            3 => {
                let inner = AtomicUsize::new(0);
                pool.run(3, &|_| _ = inner.fetch_add(1, Ordering::Relaxed));
                assert_eq!(inner.into_inner(), 3);
            }
            _ => {}
        }
    }

    /// Calls one caller makes, of tasks some of which panic, sleep, or call again.
    fn troubled_calls(pool: &Pool, caller: u64) {
        let mut rng = Rng::new(caller);
        for call in 0..200 {
            let (tasks, of) = (rng.below(70), format!("call {call} of {caller}"));
            let seeds: Vec<u64> = (0..tasks).map(|_| rng.bits()).collect();
            let done: Vec<AtomicUsize> = seeds.iter().map(|_| AtomicUsize::new(0)).collect();
            let shared = catch_unwind(AssertUnwindSafe(|| {
                pool.run(tasks, &|i| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                    some_trouble(pool, &mut Rng::new(seeds[i]), &of);
                });
            }));
            let done = done.into_iter().map(AtomicUsize::into_inner);
            match shared {
                Ok(()) => assert!(done.into_iter().all(|done| done == 1), "{of}"),
                // A call that had no other thread ends at the first panic.
                Err(payload) => {
                    assert_eq!(payload.downcast_ref::<String>(), Some(&of), "a panic of its own");
                    assert!(done.into_iter().all(|done| done <= 1), "{of}");
                }
            }
            if rng.below(20) == 0 {
                thread::sleep(SPIN + Duration::from_micros(rng.below(100) as u64));
            }
        }
    }

    #[test]
    fn calls_that_meet_panic_sleep_and_call_again_keep_apart() {
        for threads in [2, 3, 6] {
            let pool = Pool::new(threads);
            thread::scope(|scope| {
                let pool = &pool;
                (0..3).for_each(|caller| _ = scope.spawn(move || troubled_calls(pool, caller)));
            });
        }
    }

    #[test]
    fn a_pool_ends_whatever_its_workers_are_about_to_do() {
        let mut rng = Rng::new(1);
        for _ in 0..300 {
            let pool = Pool::new(3);
            let done = AtomicUsize::new(0);
            for _ in 0..rng.below(3) {
                pool.run(3, &|_| _ = done.fetch_add(1, Ordering::Relaxed));
            }
            // Spinning, about to sleep, or asleep.
            if rng.below(2) == 0 {
                thread::sleep(SPIN.mul_f64(rng.below(200) as f64 / 100.0));
            }
        }
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
