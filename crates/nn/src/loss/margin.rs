//! Losses that are 0 from a margin on.

use graph::Var;

use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::accept;

/// max(0, 1 − t·x) for scores x and targets t of 1 and −1, reduced to the mean by default: the loss of
/// support vector machines. Its derivative at the kink is 0.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{Hinge, Reduction};
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![0.5, 2.0, 3.0]), g.constant(array![1.0, 1.0, -1.0]));
/// let each = Hinge::new().reduction(Reduction::None).of(x, t);
/// assert_eq!(each.eval()?, array![0.5, 0.0, 4.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hinge {
    reduction: Reduction,
}

/// ln(1 + e^(−t·x)) for scores x and targets t of 1 and −1, reduced to the mean by default: the loss of logistic regression, a
/// [`Hinge`] without a kink.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::SoftMargin;
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![0.0, 800.0]), g.constant(array![1.0, -1.0]));
/// assert_eq!(SoftMargin::new().of(x, t).eval()?[[]], (2f64.ln() + 800.0) / 2.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SoftMargin {
    reduction: Reduction,
}

/// x for a target of 1, and max(0, m − x) for one of −1, reduced to the mean by default: for distances x of
/// pairs that are alike, or not. The margin m is 1 by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{HingeEmbedding, Reduction};
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![0.5, 0.25, 3.0]), g.constant(array![1.0, -1.0, -1.0]));
/// let each = HingeEmbedding::new().reduction(Reduction::None).of(x, t);
/// assert_eq!(each.eval()?, array![0.5, 0.75, 0.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HingeEmbedding {
    margin: f64,
    reduction: Reduction,
}

/// max(0, m − t·(a − b)) for scores a and b, of which a should be larger where t = 1, and b where t = −1;
/// reduced to the mean by default. The margin m is 0 by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::MarginRanking;
///
/// let g = Graph::new();
/// let (a, b) = (g.constant(array![1.0, 1.0]), g.constant(array![3.0, 4.0]));
/// let loss = MarginRanking::new().margin(0.5).of(a, b, g.constant(array![1.0, -1.0]));
/// assert_eq!(loss.eval()?[[]], 2.5 / 2.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MarginRanking {
    margin: f64,
    reduction: Reduction,
}

impl Default for HingeEmbedding {
    fn default() -> Self {
        Self { margin: 1.0, reduction: Reduction::Mean }
    }
}

/// A loss of scores for targets of 1 and −1, of which each element is a formula.
macro_rules! of_scores {
    ($loss:ident, $name:literal, |$target:ident, $scores:ident| $losses:expr) => {
        impl $loss {
            /// Reduced to the mean.
            pub fn new() -> Self {
                Self::default()
            }

            /// How the losses of all elements become one.
            pub fn reduction(self, reduction: Reduction) -> Self {
                Self { reduction }
            }

            /// The loss of scores, of any shape, for targets of the same shape.
            ///
            /// # Panics
            /// If the shapes differ.
            #[track_caller]
            pub fn of<'g>(self, $scores: Var<'g>, $target: Var<'g>) -> Var<'g> {
                expect_same_shape($name, $scores, $target);
                self.reduction.of($losses)
            }
        }
    };
}

of_scores!(Hinge, "hinge", |target, scores| (1.0 - target * scores).relu());
of_scores!(SoftMargin, "soft_margin", |target, scores| (-target * scores).softplus());

/// The options of a loss with a margin.
macro_rules! margin_options {
    () => {
        /// With the default options, reduced to the mean.
        pub fn new() -> Self {
            Self::default()
        }

        /// From where on there is no loss.
        pub fn margin(self, margin: f64) -> Self {
            Self { margin, ..self }
        }

        /// How the losses of all elements become one.
        pub fn reduction(self, reduction: Reduction) -> Self {
            Self { reduction, ..self }
        }
    };
}
pub(super) use margin_options;

/// The options of a loss with a margin and no other number.
macro_rules! margin {
    ($loss:ident) => {
        $crate::loss::margin::margin_options!();

        /// Whether the options are defined.
        ///
        /// # Errors
        /// Unless the margin is finite.
        pub fn check(self) -> Result<(), HyperparameterError> {
            $crate::init::finite(stringify!($loss), "the margin", self.margin)
        }
    };
}
pub(super) use margin;

impl HingeEmbedding {
    margin!(HingeEmbedding);

    /// The loss of distances, of any shape, for targets of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses the margin.
    #[track_caller]
    pub fn of<'g>(self, distances: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("hinge_embedding", distances, target);
        let apart = (self.margin - distances).relu();
        self.reduction.of(target.gt(0.0).select(distances, apart))
    }
}

impl MarginRanking {
    margin!(MarginRanking);

    /// The loss of two arrays of scores, for targets, all of one shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses the margin.
    #[track_caller]
    pub fn of<'g>(self, a: Var<'g>, b: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("margin_ranking", a, target);
        expect_same_shape("margin_ranking", b, target);
        self.reduction.of((self.margin - target * (a - b)).relu())
    }
}
