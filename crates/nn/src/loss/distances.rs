//! Losses between vectors that should be near to each other, or far.

use graph::{Shape, Var, misfit};

use super::margin::{margin, margin_options};
use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::accept;
use crate::init::finite;

/// ½·D² for a target of 1, and ½·max(0, m − D)² for one of −1, of the distance D = ‖a − b‖ of two vectors;
/// reduced to the mean by default (Hadsell, Chopra and LeCun, 2006). The margin m is 1 by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{Contrastive, Reduction};
///
/// let g = Graph::new();
/// let (a, b) = (g.constant(array![[0.0, 0.0], [0.0, 0.0]]), g.constant(array![[3.0, 4.0], [0.0, 0.5]]));
/// let each = Contrastive::new().reduction(Reduction::None).of(a, b, g.constant(array![1.0, -1.0]));
/// assert_eq!(each.eval()?, array![12.5, 0.125].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrastive {
    margin: f64,
    reduction: Reduction,
}

/// 1 − c for a target of 1, and max(0, c − m) for one of −1, of the cosine c = a·b/√(‖a‖²·‖b‖²) of two
/// vectors, reduced to the mean by default. The margin m is 0 by default; as in PyTorch, 10⁻¹² is added to the
/// square of each norm, so that the cosine with a vector of 0 is 0.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::CosineEmbedding;
///
/// let g = Graph::new();
/// let (a, b) = (g.constant(array![[1.0, 0.0]]), g.constant(array![[0.0, 2.0]]));
/// let loss = CosineEmbedding::new().of(a, b, g.constant(array![1.0]));
/// assert_eq!(loss.eval()?[[]], 1.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CosineEmbedding {
    margin: f64,
    reduction: Reduction,
}

/// max(0, ‖a − b‖ₚ − ‖a − n‖ₚ + m) for an anchor a, a vector b that is like it, and one n that is not; reduced
/// to the mean by default (Schroff, Kalenichenko and Philbin, "FaceNet", 2015). By default the margin m is 1 and the norm
/// Euclidean, p = 2; as in PyTorch, ε = 10⁻⁶ is added to each difference, so that the norm has a derivative. Other
/// distances are functions: see [`of_by`](Self::of_by).
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::TripletMargin;
///
/// let g = Graph::new();
/// let [a, p, n] = [array![[0.0, 0.0]], array![[3.0, 4.0]], array![[0.0, 2.0]]].map(|x| g.constant(x));
/// let loss = TripletMargin::new().of(a, p, n).eval()?;
/// assert!((loss[[]] - (5.0 - 2.0 + 1.0)).abs() < 1e-5);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripletMargin {
    margin: f64,
    p: f64,
    eps: f64,
    swap: bool,
    reduction: Reduction,
}

impl Default for Contrastive {
    fn default() -> Self {
        Self { margin: 1.0, reduction: Reduction::Mean }
    }
}

impl Default for TripletMargin {
    fn default() -> Self {
        Self { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

impl Contrastive {
    margin!(Contrastive);

    /// The loss of vectors `[.., features]` in pairs, for targets of shape `[..]`.
    ///
    /// # Panics
    /// If the shapes do not fit, or [`check`](Self::check) refuses the margin.
    #[track_caller]
    pub fn of<'g>(self, a: Var<'g>, b: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_pairs("contrastive", [a, b], target);
        let difference = a - b;
        let alike = difference.square().sum_over(-1);
        let apart = (self.margin - difference.norm_over(-1)).relu().square();
        self.reduction.of(0.5 * target.gt(0.0).select(alike, apart))
    }
}

impl CosineEmbedding {
    margin!(CosineEmbedding);

    /// The loss of vectors `[.., features]` in pairs, for targets of shape `[..]`.
    ///
    /// # Panics
    /// If the shapes do not fit, or [`check`](Self::check) refuses the margin.
    #[track_caller]
    pub fn of<'g>(self, a: Var<'g>, b: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_pairs("cosine_embedding", [a, b], target);
        let (aa, bb) = (a.square().sum_over(-1) + 1e-12, b.square().sum_over(-1) + 1e-12);
        let cosine = (a * b).sum_over(-1) * (aa * bb).rsqrt();
        let (alike, apart) = (1.0 - cosine, (cosine - self.margin).relu());
        self.reduction.of(target.gt(0.0).select(alike, apart))
    }
}

impl TripletMargin {
    margin_options!();

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless the margin and ε are finite, and p is not below 0 and not NaN.
    pub fn check(self) -> Result<(), HyperparameterError> {
        let owner = "TripletMargin";
        finite(owner, "the margin", self.margin)?;
        finite(owner, "ε", self.eps)?;
        HyperparameterError::unless(self.p >= 0.0, owner, "p", "at least 0", self.p)
    }

    /// The order of the norm, 2 by default: see [`Var::vector_norm`](graph::Var::vector_norm).
    pub fn p(self, p: f64) -> Self {
        Self { p, ..self }
    }

    /// ε, added to each difference; 10⁻⁶ by default.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Whether b is compared with n where that is nearer to it than a ("distance swap", Balntas et al., 2016).
    pub fn swap(self, swap: bool) -> Self {
        Self { swap, ..self }
    }

    /// The loss of vectors `[.., features]`, all of one shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses an option.
    #[track_caller]
    pub fn of<'g>(self, anchor: Var<'g>, positive: Var<'g>, negative: Var<'g>) -> Var<'g> {
        accept(self.check());
        let near = self.distance(anchor, positive);
        let far = self.distance(anchor, negative);
        // Not by a closure, which would be the line of what it records.
        let far = if self.swap { far.minimum(self.distance(positive, negative)) } else { far };
        self.reduced(near, far)
    }

    /// As [`of`](Self::of), by a distance of one's own in place of a norm (PyTorch's `TripletMarginWithDistanceLoss`): of two
    /// arrays a number for each pair, in any shape.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// use cotangent::nn::{cosine_similarity, loss::TripletMargin};
    ///
    /// let g = Graph::new();
    /// let [a, b, n] = [array![[1.0, 0.0]], array![[2.0, 0.0]], array![[0.0, 1.0]]].map(|x| g.constant(x));
    /// let loss = TripletMargin::new().margin(0.5).of_by(a, b, n, |x, y| 1.0 - cosine_similarity(x, y, -1));
    /// assert_eq!(loss.eval()?[[]], 0.0);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the shapes of the arrays or of their distances differ, or [`check`](Self::check) refuses an option.
    #[track_caller]
    pub fn of_by<'g>(
        self,
        anchor: Var<'g>,
        positive: Var<'g>,
        negative: Var<'g>,
        distance: impl Fn(Var<'g>, Var<'g>) -> Var<'g>,
    ) -> Var<'g> {
        accept(self.check());
        expect_same_shape("triplet_margin", anchor, positive);
        expect_same_shape("triplet_margin", anchor, negative);
        let (near, mut far) = (distance(anchor, positive), distance(anchor, negative));
        if self.swap {
            far = far.minimum(distance(positive, negative));
        }
        expect_same_shape("triplet_margin", near, far);
        self.reduced(near, far)
    }

    /// ‖x − y + ε‖ₚ along the last axis.
    #[track_caller]
    fn distance<'g>(self, x: Var<'g>, y: Var<'g>) -> Var<'g> {
        expect_same_shape("triplet_margin", x, y);
        (x - y + self.eps).vector_norm(self.p, -1)
    }

    #[track_caller]
    fn reduced<'g>(self, near: Var<'g>, far: Var<'g>) -> Var<'g> {
        self.reduction.of((near - far + self.margin).relu())
    }
}

/// Refuses what are no vectors in pairs with a target each.
#[track_caller]
fn expect_pairs(loss: &str, [a, b]: [Var<'_>; 2], target: Var<'_>) {
    expect_same_shape(loss, a, b);
    let shape = a.shape();
    let expected: Option<Shape> =
        shape.split_last().map(|(_, ahead)| ahead.iter().copied().collect());
    if expected != Some(target.shape()) {
        let rule =
            "there must be a target for each pair of vectors, whose features lie on the last axis";
        misfit(loss, rule, &[a, b, target]);
    }
}
