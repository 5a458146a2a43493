//! Pooling to a given number of windows.

use ndarray::{Array1, Array2};

use super::super::registry::{Example, shaped};
use super::Sizes;
use crate::{Var, misfit};

/// The positions of window `i` of so many along an axis: from ⌊i·extent/windows⌋ to before
/// ⌈(i + 1)·extent/windows⌉, so that neighbours share at most one.
fn positions(i: usize, windows: usize, extent: usize) -> std::ops::Range<usize> {
    i * extent / windows..((i + 1) * extent).div_ceil(windows)
}

impl<'g> Var<'g> {
    /// [`adaptive_avg_pool2d`](Self::adaptive_avg_pool2d) over as many axes as numbers are given.
    ///
    /// # Panics
    /// If there are fewer axes, or no window or position along one.
    #[track_caller]
    pub fn adaptive_avg_pool<const N: usize>(self, windows: [usize; N]) -> Var<'g> {
        self.adaptive_mean("adaptive_avg_pool", &windows)
    }

    /// [`adaptive_max_pool2d`](Self::adaptive_max_pool2d) over as many axes as numbers are given.
    ///
    /// # Panics
    /// If there are fewer axes, or no window or position along one.
    #[track_caller]
    pub fn adaptive_max_pool<const N: usize>(self, windows: [usize; N]) -> Var<'g> {
        self.adaptive_largest("adaptive_max_pool", &windows)
    }

    /// [`adaptive_avg_pool2d`](Self::adaptive_avg_pool2d) over the last axis.
    ///
    /// # Panics
    /// If there is no axis, or no window or position on it.
    #[track_caller]
    pub fn adaptive_avg_pool1d(self, windows: usize) -> Var<'g> {
        self.adaptive_mean("adaptive_avg_pool1d", &[windows])
    }

    /// The means of so many windows along each of the last two axes, [.., H, W] → [.., rows, columns]:
    /// window i of n along an axis of extent L has the positions from ⌊i·L/n⌋ to before ⌈(i + 1)·L/n⌉
    /// (PyTorch). One window is the mean of all: global pooling.
    ///
    /// ```
    /// use cotangent::Graph;
    /// let g = Graph::new();
    /// let x = g.constant(cotangent::ndarray::array![[1.0, 2.0, 6.0]]);
    /// let y = x.adaptive_avg_pool2d([1, 2]);
    /// assert_eq!(y.eval()?, cotangent::ndarray::array![[1.5, 4.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or no window or position along one.
    #[track_caller]
    pub fn adaptive_avg_pool2d(self, windows: impl Into<Sizes<2>>) -> Var<'g> {
        self.adaptive_mean("adaptive_avg_pool2d", &windows.into().0)
    }

    /// [`adaptive_avg_pool2d`](Self::adaptive_avg_pool2d) over the last three axes.
    ///
    /// # Panics
    /// If there are fewer than three axes, or no window or position along one.
    #[track_caller]
    pub fn adaptive_avg_pool3d(self, windows: impl Into<Sizes<3>>) -> Var<'g> {
        self.adaptive_mean("adaptive_avg_pool3d", &windows.into().0)
    }

    /// [`adaptive_max_pool2d`](Self::adaptive_max_pool2d) over the last axis.
    ///
    /// # Panics
    /// If there is no axis, or no window or position on it.
    #[track_caller]
    pub fn adaptive_max_pool1d(self, windows: usize) -> Var<'g> {
        self.adaptive_largest("adaptive_max_pool1d", &[windows])
    }

    /// The largest elements of the windows of [`adaptive_avg_pool2d`](Self::adaptive_avg_pool2d). The
    /// cotangent goes to the first of equal elements.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let y = g.input("x", [8, 16, 7, 10]).adaptive_max_pool2d([3, 5]);
    /// assert_eq!(y.shape(), [8, 16, 3, 5].into());
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or no window or position along one.
    #[track_caller]
    pub fn adaptive_max_pool2d(self, windows: impl Into<Sizes<2>>) -> Var<'g> {
        self.adaptive_largest("adaptive_max_pool2d", &windows.into().0)
    }

    /// [`adaptive_max_pool2d`](Self::adaptive_max_pool2d) over the last three axes.
    ///
    /// # Panics
    /// If there are fewer than three axes, or no window or position along one.
    #[track_caller]
    pub fn adaptive_max_pool3d(self, windows: impl Into<Sizes<3>>) -> Var<'g> {
        self.adaptive_largest("adaptive_max_pool3d", &windows.into().0)
    }

    /// The first of the last axes; the rule is that all have a position and a window.
    #[track_caller]
    pub(super) fn adapted(self, name: &str, windows: &[usize]) -> usize {
        let rule = match super::split(&self.ty(), windows.len()) {
            Ok((batch, extents)) if !extents.iter().chain(windows).any(|&extent| extent == 0) => {
                return batch.rank();
            }
            Ok(_) => "there must be a position and a window along each axis".to_owned(),
            Err(rule) => rule,
        };
        misfit(name, rule, &[self])
    }

    #[track_caller]
    fn adaptive_mean(self, name: &'static str, windows: &[usize]) -> Var<'g> {
        let first = self.adapted(name, windows);
        let mut y = self;
        for (axis, &windows) in (first..).zip(windows) {
            let extent = y.shape()[axis];
            let weight = |(i, j)| {
                let seen = positions(i, windows, extent);
                if seen.contains(&j) { 1.0 / seen.len() as f64 } else { 0.0 }
            };
            y = if extent.is_multiple_of(windows) {
                y.means_of_runs(axis, windows)
            } else {
                y.mapped_along(axis, Array2::from_shape_fn([windows, extent], weight))
            };
        }
        y
    }

    /// The means of runs of positions that share none.
    #[track_caller]
    fn means_of_runs(self, axis: usize, windows: usize) -> Var<'g> {
        let shape = self.shape();
        let runs = shape.with(axis, shape[axis] / windows).inserted(axis, windows);
        self.reshape_to(runs).mean_over(axis as isize + 1)
    }

    /// A matrix applied along an axis.
    #[track_caller]
    pub(super) fn mapped_along(self, axis: usize, matrix: Array2<f64>) -> Var<'g> {
        let (matrix, rank) = (self.graph().constant(matrix), self.rank() as isize);
        let mapped = self.contract(matrix, &[], &[(axis, 1)]);
        let before = 0..axis as isize;
        mapped.permute(before.chain([rank - 1]).chain(axis as isize..rank - 1).collect::<Vec<_>>())
    }

    /// The largest elements of windows that are laid side by side: those that are shorter than the longest
    /// have their last position several times, which is no other largest element.
    #[track_caller]
    fn adaptive_largest(self, name: &str, windows: &[usize]) -> Var<'g> {
        let first = self.adapted(name, windows);
        let (mut x, mut kernel) = (self, Vec::new());
        for (axis, &windows) in (first..).zip(windows) {
            let extent = x.shape()[axis];
            let seen = |i: usize| positions(i, windows, extent);
            let longest = (0..windows).map(|i| seen(i).len()).max().expect("there is a window");
            let of = |i: usize| (0..longest).map(move |k| (seen(i).start + k).min(seen(i).end - 1));
            if extent % windows != 0 {
                let index: Array1<i64> = (0..windows).flat_map(of).map(|i| i as i64).collect();
                x = x.take(axis as isize, x.graph().constant(index));
            }
            kernel.push(longest);
        }
        x.largest_of_runs(&kernel)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("adaptive_avg_pool2d", [2, 5, 4], |x| x.square().adaptive_avg_pool2d([3, 2])),
        shaped("adaptive_max_pool2d", [2, 5, 4], |x| x.adaptive_max_pool2d([3, 2]).square()),
    ]
}
