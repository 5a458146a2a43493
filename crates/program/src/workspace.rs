//! The memory that a program reads and writes.

use std::ops::{Deref, DerefMut};

/// Numbers that begin at a cache line.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    numbers: Vec<T>,
    base: usize,
    len: usize,
}

const CACHE_LINE: usize = 64;

impl<T: Default + Clone> Aligned<T> {
    pub fn zeros(len: usize) -> Self {
        if len == 0 {
            return Self { numbers: Vec::new(), base: 0, len };
        }
        let numbers = vec![T::default(); len + CACHE_LINE / size_of::<T>()];
        Self { base: aligned_from(&numbers), numbers, len }
    }

    /// Makes room for so many numbers, if there is less; what they are is then unspecified.
    fn fit(&mut self, len: usize) {
        if self.len < len {
            // One after the other, so that both are never there at a time.
            *self = Self::zeros(0);
            *self = Self::zeros(len);
        }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.base..self.base + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.base..self.base + self.len]
    }
}

impl<T: Clone> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        // Another allocation begins elsewhere beside its cache line.
        let mut numbers = self.numbers.clone();
        let base = aligned_from(&numbers);
        if base < self.base {
            numbers.rotate_left(self.base - base);
        } else {
            numbers.rotate_right(base - self.base);
        }
        Self { numbers, base, len: self.len }
    }
}

/// The first number at the beginning of a cache line, or as near as it gets.
fn aligned_from<T>(numbers: &[T]) -> usize {
    numbers.as_ptr().align_offset(CACHE_LINE).min(numbers.len().min(CACHE_LINE / size_of::<T>()))
}

/// Everything that a run writes: the arenas, and scratch memory of fused loops. Programs that never run
/// at the same time can share one, which is as large as the largest of them needs.
#[derive(Clone, Debug)]
pub(crate) struct Workspace<T> {
    pub reals: Aligned<T>,
    pub indices: Aligned<i64>,
    pub scratch: Vec<T>,
    /// Inputs that the caller has in another order than they are read.
    pub inputs: Vec<T>,
}

/// What was fixed at recording: read in every run, and written in none.
#[derive(Clone, Debug)]
pub(crate) struct Constants<T> {
    pub reals: Aligned<T>,
    pub indices: Aligned<i64>,
}

/// How much of a workspace a program needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub reals: usize,
    pub indices: usize,
    pub scratch: usize,
}

impl<T: Default + Clone> Workspace<T> {
    pub fn empty() -> Self {
        Self {
            reals: Aligned::zeros(0),
            indices: Aligned::zeros(0),
            scratch: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// Makes room where there is too little; what was there before is then lost.
    pub fn fit(&mut self, needs: Needs) {
        self.reals.fit(needs.reals);
        self.indices.fit(needs.indices);
        if self.scratch.len() < needs.scratch {
            self.scratch.resize(needs.scratch, T::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_begins_at_a_cache_line_and_grows_only() {
        let mut workspace = Workspace::<f32>::empty();
        for (reals, expected) in [(5, 5), (100, 100), (7, 100)] {
            workspace.fit(Needs { reals, indices: 3, scratch: 0 });
            assert_eq!((workspace.reals.len(), workspace.indices.len()), (expected, 3));
            assert_eq!(workspace.reals.as_ptr().align_offset(CACHE_LINE), 0);
        }
    }

    #[test]
    fn clones_begin_at_a_cache_line_too() {
        let mut numbers = Aligned::<f32>::zeros(40);
        (0..40).zip(numbers.iter_mut()).for_each(|(i, x)| *x = i as f32);
        for clone in vec![numbers.clone(); 5] {
            assert_eq!(clone[..], numbers[..]);
            assert_eq!(clone.as_ptr().align_offset(CACHE_LINE), 0);
        }
    }
}
