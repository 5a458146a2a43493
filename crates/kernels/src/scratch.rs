//! Memory that each thread keeps for the kernels that need some: allocated once, so that a run allocates nothing.

use std::cell::RefCell;

use crate::caches::Caches;

/// Room for copies of parts of operands, in bytes, of each thread.
pub(crate) const COPIES: usize = 26 << 16;

/// Room for results that threads share, in bytes, in the thread that shares its work.
pub(crate) const PARTIALS: usize = 1 << 19;

/// Memory that begins at a cache line.
#[derive(Debug)]
pub(crate) struct Scratch(Box<[CacheLine]>);

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct CacheLine {
    _bytes: [u8; 64],
}

thread_local! {
    static FOR_COPIES: RefCell<Scratch> = RefCell::new(Scratch::new(COPIES));
    static FOR_PARTIALS: RefCell<Scratch> = RefCell::new(Scratch::new(PARTIALS));
}

/// Allocates all that this thread will keep.
pub(crate) fn prepare() {
    Scratch::for_copies(|_| ());
    Scratch::for_partials(|_| ());
    Caches::found();
}

impl Scratch {
    fn new(bytes: usize) -> Scratch {
        Scratch(vec![CacheLine { _bytes: [0; 64] }; bytes / 64].into())
    }

    /// Lends this thread's room of [`COPIES`] bytes.
    pub(crate) fn for_copies<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        FOR_COPIES.with_borrow_mut(f)
    }

    /// Lends this thread's room of [`PARTIALS`] bytes.
    pub(crate) fn for_partials<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        FOR_PARTIALS.with_borrow_mut(f)
    }

    /// Where it begins.
    pub(crate) fn start(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}
