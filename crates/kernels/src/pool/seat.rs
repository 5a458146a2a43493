//! Which tasks of a call are whose, and which are taken and done.

use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicU64, Ordering};

/// What has its lines of memory to itself: to write it takes nothing from who reads something else. (Processors fetch lines
/// of 64 bytes in pairs.)
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Line<T>(pub T);

impl<T> Deref for Line<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A call in one word: its number, modulo 2⁴⁰, and how many tasks it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Call(u64);

/// Bits of a word for a count of tasks.
const COUNT: u32 = 24;

impl Call {
    /// The most tasks of a call.
    pub const MAX_TASKS: usize = (1 << COUNT) - 1;

    pub fn of(bits: u64) -> Self {
        Call(bits)
    }

    pub fn bits(self) -> u64 {
        self.0
    }

    /// The call after this one.
    pub fn next(self, tasks: usize) -> Self {
        debug_assert!(tasks <= Self::MAX_TASKS);
        self.with(0).later(1).with(tasks)
    }

    pub fn tasks(self) -> usize {
        (self.0 & Self::MAX_TASKS as u64) as usize
    }

    /// How many of so many threads take part.
    pub fn threads(self, most: usize) -> usize {
        most.min(self.tasks())
    }

    /// The tasks of one of so many threads.
    pub fn places(self, thread: usize, threads: usize) -> Range<usize> {
        let start = |thread: usize| (thread as u64 * self.tasks() as u64 / threads as u64) as usize;
        start(thread)..start(thread + 1)
    }

    /// The number of this call beside another count.
    fn with(self, count: usize) -> Self {
        Call(self.0 & !(Self::MAX_TASKS as u64) | count as u64)
    }

    fn later(self, calls: u64) -> Self {
        Call(self.0.wrapping_add(calls << COUNT))
    }

    /// Whether a call is of the same number.
    fn is(self, other: Self) -> bool {
        self.with(0) == other.with(0)
    }

    /// Whether this call came after another. Numbers come round after 2⁴⁰ calls, and no thread stands still for half of them.
    fn is_after(self, other: Self) -> bool {
        !self.is(other) && self.with(0).0.wrapping_sub(other.with(0).0) < 1 << 63
    }
}

/// Where the tasks of one thread are taken from, and where it tells how many it has done.
#[derive(Debug, Default)]
pub(super) struct Seat {
    /// The last call of which one of these tasks was taken, and how many were. Mostly its own thread's alone.
    taken: Line<AtomicU64>,
    /// A call, and how many of its tasks the thread has done. The caller waits for it.
    done: Line<AtomicU64>,
}

impl Seat {
    /// Takes some of the `len` tasks that fall to this seat in a call: their positions among them. When this succeeds, the
    /// call is not over; it is over for good when all seats have said no.
    fn take(&self, call: Call, len: usize) -> Option<Range<usize>> {
        let mut last = self.taken.load(Ordering::Acquire);
        loop {
            let of = Call::of(last);
            if of.is_after(call) {
                return None;
            }
            let taken = if of.is(call) { of.tasks() } else { 0 };
            if taken >= len {
                return None;
            }
            let end = len.min(taken + at_once(len));
            let next = call.with(end).bits();
            // What was read of the call was read before this, and what the task reads comes after.
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match self.taken.compare_exchange_weak(last, next, order.0, order.1) {
                Ok(_) => return Some(taken..end),
                Err(now) => last = now,
            }
        }
    }

    /// Tells the caller how many tasks of a call this thread has done.
    pub fn tell_done(&self, call: Call, tasks: usize) {
        self.done.store(call.with(tasks).bits(), Ordering::Release);
    }

    /// How many tasks of a call this thread has told to be done.
    pub fn done(&self, call: Call) -> usize {
        let done = Call::of(self.done.load(Ordering::Acquire));
        if done.is(call) { done.tasks() } else { 0 }
    }
}

/// How many of so many tasks are taken at a time: neighbours together where there are many.
fn at_once(len: usize) -> usize {
    (len / 32).max(1)
}

/// The tasks of a seat that are left, taken in order.
pub(super) struct Tasks<'a> {
    seat: &'a Seat,
    call: Call,
    all: Range<usize>,
    /// Those that were taken, and come next.
    held: Range<usize>,
    /// How many have been asked for.
    pub handed_out: usize,
}

impl<'a> Tasks<'a> {
    pub fn of(seat: &'a Seat, call: Call, all: Range<usize>) -> Self {
        Tasks { seat, call, all, held: 0..0, handed_out: 0 }
    }

    /// Takes the first of a call that nobody else knows of.
    pub fn begin(&mut self) {
        let end = at_once(self.all.len());
        self.seat.taken.store(self.call.with(end).bits(), Ordering::Relaxed);
        self.hold_positions(0..end);
    }

    /// Whether there is one, which is held then.
    pub fn hold(&mut self) -> bool {
        if self.held.is_empty()
            && let Some(positions) = self.seat.take(self.call, self.all.len())
        {
            self.hold_positions(positions);
        }
        !self.held.is_empty()
    }

    fn hold_positions(&mut self, positions: Range<usize>) {
        self.held = self.all.start + positions.start..self.all.start + positions.end;
    }
}

impl Iterator for Tasks<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.hold();
        let task = self.held.next()?;
        self.handed_out += 1;
        Some(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_dealt_out_by_place() {
        let call = Call::default().next(10);
        let places: Vec<_> = (0..4).map(|thread| call.places(thread, 4)).collect();
        assert_eq!(places, [0..2, 2..5, 5..7, 7..10]);
        assert_eq!((call.threads(4), Call::default().next(3).threads(4)), (4, 3));
    }

    #[test]
    fn of_many_tasks_some_are_taken_at_a_time() {
        let (seat, call) = (Seat::default(), Call::default().next(100));
        let mut tasks = Tasks::of(&seat, call, 10..110);
        tasks.begin();
        assert_eq!(
            (tasks.by_ref().take(4).collect::<Vec<_>>(), tasks.handed_out),
            (vec![10, 11, 12, 13], 4)
        );
        assert_eq!(seat.take(call, 100), Some(6..9));
        assert_eq!((tasks.next(), tasks.next(), tasks.next()), (Some(14), Some(15), Some(19)));
        assert_eq!((tasks.count(), seat.take(call, 100)), (90, None));
    }

    #[test]
    fn what_belongs_to_another_call_is_not_taken() {
        let (seat, first) = (Seat::default(), Call::default().next(5));
        let second = first.next(2);
        assert_eq!(
            (seat.take(first, 2), seat.take(first, 2), seat.take(first, 2)),
            (Some(0..1), Some(1..2), None)
        );
        assert_eq!((seat.take(second, 2), seat.take(first, 5)), (Some(0..1), None));
        seat.tell_done(first, 3);
        assert_eq!((seat.done(first), seat.done(second)), (3, 0));
    }

    #[test]
    fn numbers_of_calls_come_round() {
        let last = Call::of(u64::MAX).with(7);
        let next = last.next(3);
        assert_eq!((next.tasks(), next.bits() >> COUNT), (3, 0));
        assert!(next.is_after(last) && !last.is_after(next) && !next.is_after(next));
    }
}
