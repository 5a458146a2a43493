//! The operands of a run as addresses, so that threads can write disjoint parts of an output.

use std::marker::PhantomData;

use super::{Operand, Source};

/// The memory of one run, shared by its threads.
///
/// An output may be an input too (`Source::Output`), so that neither is held as a slice of its whole length.
pub(super) struct Addresses<'a, T> {
    inputs: &'a [Source<'a, T>],
    /// The slice of each output.
    slots: &'a [Operand],
    outputs: *const *mut [T],
    scratch: *mut T,
    borrowed: PhantomData<&'a mut [T]>,
}

// SAFETY: the addresses are of memory that is borrowed mutably for 'a. Who dereferences them is unsafe code that
// vouches for disjoint parts.
unsafe impl<T: Send + Sync> Sync for Addresses<'_, T> {}

impl<'a, T> Addresses<'a, T> {
    pub(super) fn new(
        inputs: &'a [Source<'a, T>],
        slots: &'a [Operand],
        outputs: &'a mut [&mut [T]],
        scratch: &'a mut [T],
    ) -> Self {
        // A mutable reference and a pointer to the same type have the same layout.
        let outputs = outputs.as_mut_ptr().cast::<*mut [T]>();
        let lost = scratch.as_ptr().align_offset(ALIGNMENT).min(scratch.len());
        Addresses {
            inputs,
            slots,
            outputs,
            scratch: scratch[lost..].as_mut_ptr(),
            borrowed: PhantomData,
        }
    }

    /// Where the slice of input `k` begins.
    #[inline]
    pub(super) fn input(&self, k: usize) -> *mut T {
        match self.inputs[k] {
            Source::Slice(x) => x.as_ptr().cast_mut(),
            Source::Index(_) => unreachable!("an input of numbers, as `Fused::run` has checked"),
            Source::Output(slot) => self.slot(slot),
        }
    }

    /// Where the slice of input `k` begins, which is of indices.
    #[inline]
    pub(super) fn indices(&self, k: usize) -> *const i64 {
        match self.inputs[k] {
            Source::Index(x) => x.as_ptr(),
            Source::Slice(_) | Source::Output(_) => {
                unreachable!("an input of indices, as `Fused::run` has checked")
            }
        }
    }

    /// Where the slice of output `j` begins.
    #[inline]
    pub(super) fn output(&self, j: usize) -> *mut T {
        self.slot(self.slots[j].slot.expect("an output has a slice"))
    }

    /// Where an output slice begins, whose number `Fused::run` and the builder have checked.
    #[inline]
    fn slot(&self, slot: usize) -> *mut T {
        // SAFETY: there are as many output slices as the program has.
        unsafe { *self.outputs.add(slot) }.cast()
    }

    /// Where the scratch memory begins, aligned to a cache line.
    pub(super) fn scratch(&self) -> *mut T {
        self.scratch
    }
}

/// The size of a cache line, and of the widest vector.
const ALIGNMENT: usize = 64;

/// How many numbers the alignment of scratch memory may cost.
pub(super) const ALIGNMENT_LOSS: usize = ALIGNMENT / size_of::<f32>();
