//! All windows of an array side by side.

use super::super::registry::{Example, shaped};
use super::Window;
use crate::{Place, Var, misfit};

impl Window {
    /// Where the windows lie in an array that has the padding already, with these axes in front:
    /// [.., kernel height, kernel width, rows, columns].
    fn place(&self, batch: &[usize], padded: [usize; 2]) -> Result<Place, String> {
        let counts = Window { padding: [0; 2], ..self.clone() }.counts(padded)?;
        let whole = Place::whole([batch, &padded].concat());
        let along = |steps: [usize; 2]| [(steps[0] * padded[1]) as isize, steps[1] as isize];
        let mut strides = whole.strides.clone();
        strides.truncate(batch.len());
        strides.extend(along(self.dilation).into_iter().chain(along(self.stride)));
        Ok(Place { offset: 0, shape: [batch, &self.kernel, &counts].concat().into(), strides })
    }
}

impl<'g> Var<'g> {
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
    pub fn unfold2d(self, window: Window) -> Var<'g> {
        self.windows(&window, 0.0)
    }

    /// The windows, with this number in the padding.
    #[track_caller]
    pub(super) fn windows(self, window: &Window, padding: f64) -> Var<'g> {
        let counted = super::plane(&self.ty())
            .and_then(|(batch, extents)| window.counts(extents).map(|_| (batch, extents)));
        let (batch, extents) = match counted {
            Ok(counted) => counted,
            Err(rule) => misfit("unfold2d", rule, &[self]),
        };
        let padded = if window.padding == [0; 2] {
            self
        } else {
            let border = window.padding.map(|count| (count, count));
            self.pad([&vec![(0, 0); batch.rank()][..], &border].concat(), padding)
        };
        let extents = [0, 1].map(|axis| extents[axis] + 2 * window.padding[axis]);
        let place = window.place(&batch, extents).expect("the windows were counted");
        padded.looked_at("unfold2d", place)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let wide = || Window::new([2, 3]).stride([2, 1]).padding(1).dilation([1, 2]);
    vec![
        shaped("unfold2d", [2, 4, 5], move |x| x.square().unfold2d(wide())),
        shaped("unfold2d", [3, 3], |x| x.square().unfold2d(Window::new(2).stride(1))),
    ]
}
