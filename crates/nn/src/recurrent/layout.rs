//! How sequences lie: time first or batch first, in a batch or one alone.

use graph::Var;

/// How a layer's input lies. Within a layer it lies `[T, batch, features]`.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    TimeFirst,
    BatchFirst,
    /// `[T, features]`.
    Alone,
}

impl Layout {
    /// The input, as it lies within.
    pub fn inward(self, x: Var<'_>) -> Var<'_> {
        match self {
            Layout::TimeFirst => x,
            Layout::BatchFirst => x.permute([1, 0, 2]),
            Layout::Alone => x.unsqueeze(1),
        }
    }

    /// The output, as the input lay.
    pub fn outward(self, y: Var<'_>) -> Var<'_> {
        match self {
            Layout::TimeFirst => y,
            Layout::BatchFirst => y.permute([1, 0, 2]),
            Layout::Alone => y.squeeze(1),
        }
    }

    /// An array that has the batch on this axis, with a batch of one for a sequence alone.
    pub fn batched(self, array: Var<'_>, axis: isize) -> Var<'_> {
        match self {
            Layout::Alone => array.unsqueeze(axis),
            Layout::TimeFirst | Layout::BatchFirst => array,
        }
    }

    /// An array without its batch of one, for a sequence alone.
    pub fn unbatched(self, array: Var<'_>, axis: isize) -> Var<'_> {
        match self {
            Layout::Alone => array.squeeze(axis),
            Layout::TimeFirst | Layout::BatchFirst => array,
        }
    }
}
