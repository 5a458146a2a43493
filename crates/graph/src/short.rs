//! Short lists.

use smallvec::{Array, SmallVec};

/// Iterators that yield a few elements.
pub(crate) trait Short: Iterator + Sized {
    /// Collects them in place. `SmallVec`'s own `collect` is two loops and the arithmetic of how many are to come, which are
    /// compiled again for each iterator; this is calls of `push`.
    fn short<A: Array<Item = Self::Item>>(self) -> SmallVec<A> {
        let mut list = SmallVec::new();
        for item in self {
            list.push(item);
        }
        list
    }
}

impl<I: Iterator> Short for I {}
