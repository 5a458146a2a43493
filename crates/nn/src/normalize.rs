//! What all normalisations share: standardised values, and a scale and a shift learnt for them.

use graph::{Axes, Param, Scope, Shape, Var, keep};

use crate::init::Init;

/// (x − μ)/√(σ² + ε), in the shape of x: with μ and σ² the mean and the biased variance of x along
/// some axes, what every normalisation is made of. Gradients flow through μ and σ².
///
/// Each slice along these axes comes out with mean 0 and, but for ε, variance 1. A normalisation of
/// one's own is this over axes of one's choice; here each of 2 groups of 3 channels of each sample:
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::standardized;
///
/// let g = Graph::new();
/// let x = g.input("x", [8, 6, 5]);
/// let groups = standardized(x.reshape([8, 2, 3, 5]), [2, 3], 1e-5);
/// assert_eq!(groups.reshape([8, 6, 5]).shape(), x.shape());
/// ```
///
/// # Panics
/// If x has no such axis, or does not hold reals.
#[track_caller]
pub fn standardized<'g>(x: Var<'g>, axes: impl Into<Axes>, eps: f64) -> Var<'g> {
    let (mean, variance) = moments(x, axes);
    standardized_by(x, mean, variance, eps)
}

/// The mean and the biased variance of x along these axes, which stay with extent 1.
#[track_caller]
pub(crate) fn moments<'g>(x: Var<'g>, axes: impl Into<Axes>) -> (Var<'g>, Var<'g>) {
    let axes = keep(axes);
    (x.mean_over(axes.clone()), x.variance_over(axes, 0))
}

/// (x − μ)/√(σ² + ε), for moments that broadcast against x.
#[track_caller]
pub(crate) fn standardized_by<'g>(
    x: Var<'g>,
    mean: Var<'g>,
    variance: Var<'g>,
    eps: f64,
) -> Var<'g> {
    (x - mean) * (variance + eps).rsqrt()
}

/// An array so shaped that its axes lie along those of x from `axis` on.
#[track_caller]
pub(crate) fn along<'g>(array: Var<'g>, axis: usize, x: Var<'g>) -> Var<'g> {
    let own = array.shape();
    let behind = x.rank() - axis - own.rank();
    if behind == 0 {
        return array;
    }
    array.reshape_to(own.iter().copied().chain(vec![1; behind]).collect::<Shape>())
}

/// The affine part of a normalisation: γ·x + β, elementwise, each of the two if it was built.
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::BatchNorm;
///
/// let mut params = Params::seeded(0);
/// let norm = BatchNorm::new(16).bias(false).build(&mut params.root(), "bn1");
/// assert_eq!(norm.affine.weight.unwrap().path(), "bn1.weight");
/// assert!(norm.affine.bias.is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// γ, which starts at 1, unless built without.
    pub weight: Option<Param>,
    /// β, which starts at 0, unless built without.
    pub bias: Option<Param>,
}

/// Which parts of an [`Affine`] are to be built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AffineParts {
    pub weight: bool,
    pub bias: bool,
}

impl AffineParts {
    pub const BOTH: Self = Self { weight: true, bias: true };
    pub const NONE: Self = Self { weight: false, bias: false };

    /// Builds the parameters `weight` and `bias` of this shape.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, shape: &Shape) -> Affine {
        // Not `then`: a closure would be the line that panics.
        let mut affine = Affine { weight: None, bias: None };
        if self.weight {
            affine.weight = Some(Init::ones().build(scope, "weight", shape));
        }
        if self.bias {
            affine.bias = Some(Init::zeros().build(scope, "bias", shape));
        }
        affine
    }
}

/// The options of a builder of a normalisation that say which parts it has.
macro_rules! affine_options {
    () => {
        /// With or without both γ and β.
        pub fn affine(self, affine: bool) -> Self {
            use $crate::normalize::AffineParts;
            Self { parts: if affine { AffineParts::BOTH } else { AffineParts::NONE }, ..self }
        }

        /// With or without γ.
        pub fn weight(mut self, weight: bool) -> Self {
            self.parts.weight = weight;
            self
        }

        /// With or without β.
        pub fn bias(mut self, bias: bool) -> Self {
            self.parts.bias = bias;
            self
        }
    };
}
pub(crate) use affine_options;

impl Affine {
    /// γ·x + β, where the axes of γ and β lie along those of x from `axis` on.
    #[track_caller]
    pub(crate) fn forward<'g>(&self, x: Var<'g>, axis: usize) -> Var<'g> {
        let mut y = x;
        if let Some(weight) = &self.weight {
            y = y * along(x.graph().param(weight), axis, x);
        }
        if let Some(bias) = &self.bias {
            y = y + along(x.graph().param(bias), axis, x);
        }
        y
    }
}
