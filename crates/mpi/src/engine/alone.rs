//! One process: what all have is what it has.

use std::time::Duration;

/// What can be sent: numbers. [`Precision`](crate::Precision) asks for it, and the example of [`Distributed`](crate::Distributed)
/// sends them.
pub trait Element: Copy + Default + 'static {}

impl<T: Copy + Default + 'static> Element for T {}

/// A process that is alone.
pub(crate) struct Session;

impl Session {
    pub fn open() -> Self {
        Self
    }

    /// Rank and size.
    pub fn place(&self) -> (usize, usize) {
        (0, 1)
    }

    pub fn close(self) {}
}

pub(crate) fn abort() -> ! {
    std::process::exit(1)
}

/// Nobody is waited for.
pub(crate) fn set_timeout(_timeout: Duration) {}

pub(crate) fn sum<T: Element>(_values: &mut [T], _what: &str) {}

pub(crate) fn broadcast<T: Element>(_values: &mut [T], _what: &str) {}

pub(crate) fn all_gather<T: Element>(own: &[T], _counts: &[usize], all: &mut [T], _what: &str) {
    all.copy_from_slice(own);
}

pub(crate) fn all_to_all<T: Element>(from: &[T], to: &mut [T], _what: &str) {
    to.copy_from_slice(from);
}

/// Sums under way.
pub(crate) struct Flight<'a, 'l, T> {
    pub send: &'a mut [T],
    received: &'l mut [T],
}

impl<T: Element> Flight<'_, '_, T> {
    /// Lets the last elements leave, from this one on.
    pub fn start(&mut self, from: usize) {
        self.received[from..].copy_from_slice(&self.send[from..]);
    }

    pub fn progress(&mut self) {}

    pub fn finish(&mut self) {}
}

pub(crate) fn in_flight<T: Element, R>(
    send: &mut [T],
    received: &mut [T],
    body: impl FnOnce(&mut Flight<'_, '_, T>) -> R,
) -> R {
    body(&mut Flight { send, received })
}
