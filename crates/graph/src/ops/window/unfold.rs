//! All windows of an array side by side.

use super::super::registry::{Example, shaped};
use super::{Moves, Window};
use crate::{Place, Var, misfit};

impl Moves {
    /// Where the windows lie in an array that has the padding already, with these axes in front:
    /// [.., kernel.., windows..].
    fn place(&self, batch: &[usize], padded: &[usize]) -> Result<Place, String> {
        let counts = self.inside().counts(padded)?;
        let whole = Place::whole([batch, padded].concat());
        let mut strides = whole.strides.clone();
        strides.truncate(batch.len());
        let apart = || self.0.iter().zip(&whole.strides[batch.len()..]);
        strides.extend(apart().map(|(along, &stride)| along.dilation as isize * stride));
        strides.extend(apart().map(|(along, &stride)| along.stride as isize * stride));
        Ok(Place { offset: 0, shape: [batch, &self.kernel(), &counts].concat().into(), strides })
    }
}

impl<'g> Var<'g> {
    /// All windows over the last axis: [.., L] becomes [.., kernel, windows], with 0 in the padding; see
    /// [`unfold2d`](Self::unfold2d).
    ///
    /// # Panics
    /// If there is no axis, or the window is larger than the padded array.
    #[track_caller]
    pub fn unfold1d(self, window: Window<1>) -> Var<'g> {
        self.windows("unfold1d", &window.moves(), 0.0)
    }

    /// All windows over the last two axes: [.., H, W] becomes
    /// [.., kernel height, kernel width, rows, columns], with 0 in the padding (PyTorch's `unfold`,
    /// with an axis for each of what it puts into one). The windows are a look at the array, in which
    /// they overlap: nothing is copied.
    ///
    /// ```
    /// use cotangent::{Graph, ops::Window};
    /// let g = Graph::new();
    /// let windows = g.full([3, 8, 8], 1.0).unfold2d(Window::new([2, 3]).stride(1));
    /// assert_eq!(windows.shape(), [3, 2, 3, 7, 6].into());
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the window is larger than the padded array.
    #[track_caller]
    pub fn unfold2d(self, window: Window<2>) -> Var<'g> {
        self.windows("unfold2d", &window.moves(), 0.0)
    }

    /// All windows over the last three axes, [.., D, H, W]; see [`unfold2d`](Self::unfold2d).
    ///
    /// # Panics
    /// If there are fewer than three axes, or the window is larger than the padded array.
    #[track_caller]
    pub fn unfold3d(self, window: Window<3>) -> Var<'g> {
        self.windows("unfold3d", &window.moves(), 0.0)
    }

    /// The windows, with this number in the padding.
    #[track_caller]
    pub(super) fn windows(self, name: &'static str, moves: &Moves, padding: f64) -> Var<'g> {
        let counted = super::split(&self.ty(), moves.axes()).and_then(|(batch, extents)| {
            moves.counts(&extents).map(|counts| moves.border(batch.rank(), &extents, &counts))
        });
        let border = match counted {
            Ok(border) => border,
            Err(rule) => misfit(name, rule, &[self]),
        };
        let batch = &self.shape()[..border.len() - moves.axes()];
        let is_bare = border.iter().all(|&ends| ends == (0, 0));
        let padded = if is_bare { self } else { self.pad(border, padding) };
        let extents = &padded.shape()[batch.len()..];
        padded.looked_at(name, moves.place(batch, extents).expect("the windows were counted"))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let wide = || Window::new([2, 3]).stride([2, 1]).padding(1).dilation([1, 2]);
    vec![
        shaped("unfold1d", [2, 5], |x| x.square().unfold1d(Window::new(3).stride(1).padding(1))),
        shaped("unfold2d", [2, 4, 5], move |x| x.square().unfold2d(wide())),
        shaped("unfold2d", [3, 3], |x| x.square().unfold2d(Window::new(2).stride(1))),
        shaped("unfold3d", [2, 3, 4], |x| x.square().unfold3d(Window::new(2).stride([1, 2, 1]))),
    ]
}
