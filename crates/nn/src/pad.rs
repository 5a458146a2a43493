//! Borders around the last axes.

use graph::ops::{PaddingMode, Sizes};
use graph::{Var, misfit};

use crate::module::{forward_at, layer};
use crate::{Mode, Module};

/// A border around the last `N` axes, whatever stands in front of them: [`Pad1d`], [`Pad2d`] and [`Pad3d`]. By default it
/// holds zeros.
///
/// | PyTorch | here |
/// |---|---|
/// | `ZeroPad2d(1)` | `Pad2d::new(1)` |
/// | `ConstantPad2d(1, v)` | `Pad2d::new(1).value(v)` |
/// | `ReflectionPad2d(1)`, `ReplicationPad2d(1)`, `CircularPad2d(1)` | `Pad2d::new(1).mode(PaddingMode::Reflect)`, `Replicate`, `Circular` |
/// | `ZeroPad2d((left, right, top, bottom))` | `Pad2d::ends([(top, bottom), (left, right)])`, in the order of the axes |
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::{Pad1d, Pad2d};
/// use cotangent::ops::PaddingMode;
///
/// let g = Graph::new();
/// let y = Pad2d::ends([(0, 1), (2, 2)]).forward(g.input("x", [8, 3, 10, 10]));
/// assert_eq!(y.shape(), [8, 3, 11, 14].into());
/// let y = Pad1d::new(2).mode(PaddingMode::Reflect).forward(g.constant(array![[1.0, 2.0, 3.0]]));
/// assert_eq!(y.eval()?, array![[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PadNd<const N: usize> {
    ends: [(usize, usize); N],
    holds: Holds,
}

/// What a border holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Holds {
    Value(f64),
    Continued(PaddingMode),
}

layer!([const N: usize] PadNd<N>, Self::NAME, |layer| {
    let ends = layer.ends.map(|(before, after)| format!("{before}+{after}")).join(", ");
    match layer.holds {
        Holds::Value(0.0) => ends,
        Holds::Value(value) => format!("{ends}, {value}"),
        Holds::Continued(mode) => format!("{ends}, {mode:?}"),
    }
});

/// A border around the last axis: see [`PadNd`].
pub type Pad1d = PadNd<1>;

/// A border around the last two axes: see [`PadNd`].
pub type Pad2d = PadNd<2>;

/// A border around the last three axes: see [`PadNd`].
pub type Pad3d = PadNd<3>;

impl<const N: usize> PadNd<N> {
    const NAME: &'static str = match N {
        1 => "Pad1d",
        2 => "Pad2d",
        3 => "Pad3d",
        _ => "PadNd",
    };

    /// As many positions at both ends of each axis: a number for all axes, or a list.
    pub fn new(positions: impl Into<Sizes<N>>) -> Self {
        Self::ends(positions.into().0.map(|each| (each, each)))
    }

    /// So many positions before and after, axis by axis.
    pub fn ends(ends: [(usize, usize); N]) -> Self {
        Self { ends, holds: Holds::Value(0.0) }
    }

    /// Positions that hold this number.
    pub fn value(self, value: f64) -> Self {
        Self { holds: Holds::Value(value), ..self }
    }

    /// Positions that continue the array.
    pub fn mode(self, mode: PaddingMode) -> Self {
        Self { holds: Holds::Continued(mode), ..self }
    }

    /// x with its border: of shape `[.., before + L + after, ..]`, for x of shape `[.., L..]`.
    ///
    /// # Panics
    /// If x has fewer axes or is not real, or an axis does not suffice for what continues it
    /// ([`Var::pad_with`]).
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let Some(front) = x.rank().checked_sub(N) else {
            misfit(Self::NAME, format!("the input must have at least {N} axes"), &[x]);
        };
        let border = [&vec![(0, 0); front][..], &self.ends].concat();
        match self.holds {
            Holds::Value(value) => x.pad(border, value),
            Holds::Continued(mode) => x.pad_with(border, mode),
        }
    }
}

impl<const N: usize> Module for PadNd<N> {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}
