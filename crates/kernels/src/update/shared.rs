//! Slices of one length shared among threads.

use std::slice;

use crate::pool::Pool;
use crate::scalar::Scalar;

/// From this many numbers on a second thread pays: some 40 µs of work on one.
const WORTH_SHARING: usize = 1 << 16;

/// Parts begin at a multiple of this many numbers, a cache line at least, so that no line has two writers.
const GRAIN: usize = 16;

/// Calls `update` on parts of slices that have one length, or none at all, at the same positions of each.
pub(crate) fn in_parts<T: Scalar, const N: usize>(
    pool: &Pool,
    read: &[T],
    written: [&mut [T]; N],
    update: impl Fn(&[T], [&mut [T]; N]) + Sync,
) {
    let len = read.len();
    let parts = pool.threads().min(Pool::MAX_PLACES);
    if len < WORTH_SHARING || parts == 1 {
        return update(read, written);
    }
    let part = len.div_ceil(parts).next_multiple_of(GRAIN);
    let written = written.map(|slice| Written { start: slice.as_mut_ptr(), len: slice.len() });
    pool.run_in_places(len.div_ceil(part), &|_, places| {
        for place in places {
            let (start, end) = (place * part, len.min((place + 1) * part));
            // SAFETY: each place is taken once, and no two places meet.
            update(&read[start..end], written.each_ref().map(|to| unsafe { to.part(start, end) }));
        }
    });
}

/// A slice that threads write parts of.
struct Written<T> {
    start: *mut T,
    len: usize,
}

// SAFETY: threads touch parts that do not meet; see `in_parts`.
unsafe impl<T: Send> Sync for Written<T> {}

impl<T> Written<T> {
    /// The numbers from `start` to `end`, as far as there are any.
    ///
    /// # Safety
    ///
    /// Nobody else touches them, and the slice outlives the part.
    #[expect(clippy::mut_from_ref, reason = "that no two parts meet is the caller's promise")]
    unsafe fn part(&self, start: usize, end: usize) -> &mut [T] {
        let (start, end) = (start.min(self.len), end.min(self.len));
        // SAFETY: within the slice.
        unsafe { slice::from_raw_parts_mut(self.start.add(start), end - start) }
    }
}
