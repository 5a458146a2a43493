//! Elements picked and placed by index.
//!
//! The user's operations are defined each by itself. To a compiler they are three: elements that are picked from a place
//! with an axis that indices point along ([`pick::Pick`]), elements that are added there ([`pick::Put`]) and elements that
//! take the place of others there ([`pick::Replace`]); or a comparison of positions with indices ([`IsAt`]). What they
//! read was checked before ([`within::Within`]); numbers that belong to each other, as lengths and offsets do, are checked
//! by [`bounded::Bounded`].

mod bounded;
mod dynamic;
mod gather;
mod is_at;
mod one_hot;
mod pick;
mod scatter;
mod segment;
mod take;
mod within;

pub use bounded::Bounded;
pub use dynamic::{DynamicSlice, DynamicUpdateSlice};
pub use gather::Gather;
pub use is_at::IsAt;
pub use one_hot::OneHot;
pub use scatter::ScatterAdd;
pub use segment::SegmentMax;
pub use take::{IndexAdd, Take};
pub use within::Within;

use super::registry::Example;
use crate::{Fault, IndexWords};

/// Checks an index against the extent it points into; `position` is where it was found.
fn check(index: i64, extent: usize, position: impl FnOnce() -> Vec<usize>) -> Result<usize, Fault> {
    match usize::try_from(index) {
        Ok(checked) if checked < extent => Ok(checked),
        _ => {
            let words = IndexWords::default();
            Err(Fault::IndexOutOfRange { index, position: position(), extent, size: 1, words })
        }
    }
}

pub(super) fn examples() -> Vec<Example> {
    [
        bounded::examples(),
        dynamic::examples(),
        gather::examples(),
        one_hot::examples(),
        scatter::examples(),
        segment::examples(),
        take::examples(),
        within::examples(),
    ]
    .concat()
}
