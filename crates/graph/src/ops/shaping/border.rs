//! A border that continues what is inside.

use super::super::registry::{Example, shaped};
use crate::{Place, Var, misfit};

/// What a border holds, named as PyTorch's `padding_mode` is.
///
/// An argument of [`Var::pad_with`](crate::Var::pad_with), whose example shows each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaddingMode {
    /// 0.
    #[default]
    Zeros,
    /// The inside mirrored at the outer elements, which are not repeated.
    Reflect,
    /// The outer elements, again and again.
    Replicate,
    /// The inside from the other end.
    Circular,
}

impl PaddingMode {
    /// Where so many elements before and after an axis are taken from: first, step, and number.
    fn sources(self, extent: usize, before: usize, after: usize) -> [(usize, isize, usize); 2] {
        match self {
            PaddingMode::Reflect => [(before, -1, before), (extent.saturating_sub(2), -1, after)],
            PaddingMode::Circular => [(extent - before, 1, before), (0, 1, after)],
            _ => [(0, 0, before), (extent.saturating_sub(1), 0, after)],
        }
    }

    /// The rule for a border that an axis of this extent must suffice for.
    fn check(self, extent: usize, border: usize) -> Result<(), String> {
        let (most, rule) = match self {
            PaddingMode::Reflect => (extent.saturating_sub(1), "smaller than"),
            PaddingMode::Circular => (extent, "at most"),
            _ => (if extent == 0 { 0 } else { usize::MAX }, "0 on"),
        };
        if border <= most {
            return Ok(());
        }
        Err(format!(
            "a border of {border} must be {rule} the extent of its axis, which is {extent}"
        ))
    }
}

impl<'g> Var<'g> {
    /// The array with a border that continues it: (positions before, positions after) for each axis. For
    /// another number than 0 there is [`pad`](Self::pad).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// use cotangent::ops::PaddingMode;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0, 3.0]);
    /// let of = |mode| x.pad_with([(2, 1)], mode).eval();
    /// assert_eq!(of(PaddingMode::Zeros)?, array![0.0, 0.0, 1.0, 2.0, 3.0, 0.0].into_dyn());
    /// assert_eq!(of(PaddingMode::Reflect)?, array![3.0, 2.0, 1.0, 2.0, 3.0, 2.0].into_dyn());
    /// assert_eq!(of(PaddingMode::Replicate)?, array![1.0, 1.0, 1.0, 2.0, 3.0, 3.0].into_dyn());
    /// assert_eq!(of(PaddingMode::Circular)?, array![2.0, 3.0, 1.0, 2.0, 3.0, 1.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless this is real, and one pair is given for each axis, whose extent must suffice: be larger than
    /// the border to reflect, as large to be circular, and not 0 to be replicated.
    #[track_caller]
    pub fn pad_with(self, border: impl AsRef<[(usize, usize)]>, mode: PaddingMode) -> Var<'g> {
        self.bordered(border.as_ref(), mode)
    }

    #[track_caller]
    fn bordered(self, border: &[(usize, usize)], mode: PaddingMode) -> Var<'g> {
        if mode == PaddingMode::Zeros || border.len() != self.rank() || !self.is_real() {
            return self.pad(border, 0.0);
        }
        let mut y = self;
        for (axis, &(before, after)) in border.iter().enumerate() {
            let shape = y.shape();
            if let Err(rule) = mode.check(shape[axis], before.max(after)) {
                misfit("pad_with", rule, &[self]);
            }
            if before + after == 0 {
                continue;
            }
            let [front, back] =
                mode.sources(shape[axis], before, after).map(|(first, step, count)| {
                    y.looked_at("slice", Place::whole(&shape).along(axis, first, step, count))
                });
            y = y.graph().concat(&[front, y, back], axis as isize);
        }
        y
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |mode| {
        shaped("pad_with", [2, 3], move |x| x.square().pad_with([(1, 0), (1, 2)], mode).square())
    };
    [PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular].map(of).to_vec()
}
