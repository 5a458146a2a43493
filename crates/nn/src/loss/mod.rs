//! Losses: what a prediction costs, given the truth.
//!
//! The trait [`Loss`] has each with its usual options, as a method of the prediction. A loss with
//! other options is a value, applied by its `of`:
//!
//! ```
//! use cotangent::nn::Loss;
//! use cotangent::nn::loss::{CrossEntropy, Reduction};
//! use cotangent::Graph;
//! use cotangent::ndarray::array;
//!
//! let g = Graph::new();
//! let logits = g.constant(array![[2.0, 1.0, 0.0], [0.0, 0.0, 5.0]]);
//! let labels = g.constant(array![0_i64, 2]);
//! let mean = logits.cross_entropy(labels);
//! let smoothed = CrossEntropy::new().label_smoothing(0.1).of(logits, labels);
//! let each = CrossEntropy::new().reduction(Reduction::None).of(logits, labels);
//! assert_eq!((mean.rank(), smoothed.rank(), each.shape()), (0, 0, [2].into()));
//! ```
//!
//! | the target is | losses |
//! |---|---|
//! | a number | [`Mse`], [`L1`], [`Huber`], [`SmoothL1`], [`GaussianNll`], [`PoissonNll`] |
//! | a class, one of several | [`CrossEntropy`], [`Nll`], [`MultiMargin`] |
//! | a class or none, each by itself | [`BceWithLogits`], [`Focal`], [`MultiLabelSoftMargin`], [`Hinge`], [`SoftMargin`] |
//! | a distribution | [`CrossEntropy`], [`KlDiv`] |
//! | which of two is larger, or whether they are alike | [`MarginRanking`], [`HingeEmbedding`], [`CosineEmbedding`], [`Contrastive`], [`TripletMargin`] |
//! | a sequence, of unknown alignment | [`Ctc`] |
//!
//! A prediction and its target must have equal shapes: nothing broadcasts, as `[N, 1]` against
//! `[N]` would silently compare everything with everything.
//!
//! Names and defaults are PyTorch's, but for three: [`KlDiv`] is reduced to the mean over samples, which is the divergence;
//! [`CrossEntropy`] and [`Nll`] ignore no label unless told, where −100 is one there; and below its ε the variance of a
//! [`GaussianNll`] has no gradient.
//!
//! A loss may be infinite or NaN without a mistake in the model: a [`Ctc`] whose target cannot be spelt, the mean of a
//! [`CrossEntropy`] of which all labels are ignored. A step refuses it, and names the line of the loss.
//!
//! Options are checked when the loss is applied, which then panics; for options that come from data
//! `check` answers the same as an error.

mod binary;
mod class_weights;
mod classes;
mod cross_entropy;
mod ctc;
mod distances;
mod divergence;
mod focal;
mod labels;
mod likelihood;
mod margin;
mod multi_label;
mod multi_margin;
mod nll;
mod regression;
mod smooth_l1;

crate::exported! {
    LOSSES: binary::BceWithLogits, cross_entropy::CrossEntropy, ctc::Ctc,
    distances::Contrastive, distances::CosineEmbedding, distances::TripletMargin,
    divergence::KlDiv, focal::Focal, likelihood::GaussianNll, likelihood::PoissonNll,
    margin::Hinge, margin::HingeEmbedding, margin::MarginRanking, margin::SoftMargin,
    multi_label::MultiLabelSoftMargin, multi_margin::MultiMargin, nll::Nll, regression::Huber, regression::L1,
    regression::Mse, smooth_l1::SmoothL1,
}

pub use binary::PositiveWeight;

use graph::{Shape, Var, misfit};

/// How the losses of all elements become one.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::Reduction;
///
/// let g = Graph::new();
/// let losses = g.constant(array![[1.0, 2.0], [3.0, 6.0]]);
/// let reduced = |reduction: Reduction| reduction.of(losses).eval();
/// assert_eq!(reduced(Reduction::None)?.shape(), [2, 2]);
/// assert_eq!(reduced(Reduction::Mean)?[[]], 3.0);
/// assert_eq!(reduced(Reduction::Sum)?[[]], 12.0);
/// assert_eq!(reduced(Reduction::BatchMean)?[[]], 6.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Not at all.
    None,
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Their sum divided by the extent of axis 0, the number of samples.
    BatchMean,
}

impl Reduction {
    /// Reduces the losses of all elements, of any shape, to a scalar; [`Reduction::None`] leaves
    /// the shape. The mean of none at all is a [`graph::RunError::Refused`].
    #[track_caller]
    pub fn of(self, losses: Var<'_>) -> Var<'_> {
        match self {
            Reduction::None => losses,
            Reduction::Mean => losses.mean(),
            Reduction::Sum => losses.sum(),
            Reduction::BatchMean => losses.sum() / samples(losses),
        }
    }
}

/// The extent of axis 0; 1 for a scalar.
fn samples(losses: Var<'_>) -> f64 {
    losses.shape().first().map_or(1.0, |&samples| samples as f64)
}

/// The losses with their usual options, as methods of the prediction; each reduces to its mean, and
/// [`kl_div`](Loss::kl_div) to its mean over samples.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::Loss;
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![1.0, 4.0]), g.constant(array![1.0, 1.0]));
/// assert_eq!(x.mse(t).eval()?[[]], 4.5);
/// assert_eq!(x.huber(t, 1.0).eval()?[[]], 1.25);
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// All of them if the shapes do not fit or an option is not defined, with the rule, the shapes and
/// the line: see the type of each.
pub trait Loss<'g> {
    /// The mean of (x − t)²: see [`Mse`].
    fn mse(self, target: Var<'g>) -> Var<'g>;

    /// The mean of |x − t|: see [`L1`].
    fn l1(self, target: Var<'g>) -> Var<'g>;

    /// The mean of (x − t)²/2 within `delta` and of δ·(|x − t| − δ/2) beyond: see [`Huber`].
    fn huber(self, target: Var<'g>, delta: f64) -> Var<'g>;

    /// The mean of −ln softmax(x) at the classes, for logits of shape `[N, C]` or `[N, C, ..]` and
    /// class indices of shape `[N]` or `[N, ..]`, or class probabilities of the shape of the
    /// logits: see [`CrossEntropy`].
    fn cross_entropy(self, target: Var<'g>) -> Var<'g>;

    /// The mean of −x at the classes, for logarithms of probabilities: see [`Nll`].
    fn nll(self, labels: Var<'g>) -> Var<'g>;

    /// The mean of −t·ln σ(x) − (1 − t)·ln(1 − σ(x)), for logits: see [`BceWithLogits`].
    fn bce_with_logits(self, target: Var<'g>) -> Var<'g>;

    /// Σ p·(ln p − ln q)/N, for ln q and the true probabilities p: see [`KlDiv`].
    fn kl_div(self, p: Var<'g>) -> Var<'g>;
}

impl<'g> Loss<'g> for Var<'g> {
    #[track_caller]
    fn mse(self, target: Var<'g>) -> Var<'g> {
        Mse::new().of(self, target)
    }

    #[track_caller]
    fn l1(self, target: Var<'g>) -> Var<'g> {
        L1::new().of(self, target)
    }

    #[track_caller]
    fn huber(self, target: Var<'g>, delta: f64) -> Var<'g> {
        Huber::new(delta).of(self, target)
    }

    #[track_caller]
    fn cross_entropy(self, target: Var<'g>) -> Var<'g> {
        CrossEntropy::new().of(self, target)
    }

    #[track_caller]
    fn nll(self, labels: Var<'g>) -> Var<'g> {
        Nll::new().of(self, labels)
    }

    #[track_caller]
    fn bce_with_logits(self, target: Var<'g>) -> Var<'g> {
        BceWithLogits::new().of(self, target)
    }

    #[track_caller]
    fn kl_div(self, p: Var<'g>) -> Var<'g> {
        KlDiv::new().of(self, p)
    }
}

/// Refuses a target of another shape than its prediction.
#[track_caller]
fn expect_same_shape(loss: &str, prediction: Var<'_>, target: Var<'_>) {
    let (shape, wanted) = (prediction.shape(), target.shape());
    if shape == wanted {
        return;
    }
    // A column and a row would broadcast to all pairs of samples, which is never meant.
    let remedy = match (is_column(&shape, &wanted), is_column(&wanted, &shape)) {
        (true, _) => ": the prediction loses its axis of extent 1 by `x.squeeze(-1)`",
        (_, true) => ": the target loses its axis of extent 1 by `t.squeeze(-1)`",
        _ => "",
    };
    misfit(
        loss,
        format!("the prediction and the target must have one shape{remedy}"),
        &[prediction, target],
    );
}

/// Whether a shape is another with one more axis, of extent 1, behind.
fn is_column(shape: &Shape, of: &Shape) -> bool {
    shape.split_last().is_some_and(|(last, before)| *last == 1 && *before == of[..])
}
