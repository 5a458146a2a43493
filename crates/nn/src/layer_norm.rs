//! Normalisation over the features of each sample.

use graph::{Scope, Shape, Var, misfit};

use crate::error::{accept, not_negative, positive};
use crate::module::{forward_at, layer};
use crate::normalize::{Affine, AffineParts, affine_options, standardized};
use crate::{HyperparameterError, Mode, Module};

/// Layer normalisation over the trailing axes (Ba, Kiros and Hinton, 2016): with μ and σ² the mean
/// and the biased variance of each sample over these axes,
///
/// y = γ·(x − μ)/√(σ² + ε) + β.
///
/// γ (`weight`, starting at 1) and β (`bias`, starting at 0) have the shape of the normalised axes.
/// Defaults are PyTorch's: ε = 10⁻⁵, with γ and β. There is no batch in it, hence no mode.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::LayerNorm;
///
/// let mut params = Params::seeded(0);
/// let norm = LayerNorm::new([4, 5]).build(&mut params.root(), "norm");
/// let g = Graph::new();
/// assert_eq!(norm.forward(g.input("x", [8, 4, 5])).shape(), [8, 4, 5].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// γ and β.
    pub affine: Affine,
    shape: Shape,
    eps: f64,
    path: String,
}

layer!([] LayerNorm, "LayerNorm", |layer| layer.shape.to_string(); weight = layer.affine.weight, bias = layer.affine.bias);

/// The options of a [`LayerNorm`] to be built.
#[derive(Clone, Debug)]
pub struct LayerNormBuilder {
    shape: Shape,
    eps: f64,
    parts: AffineParts,
}

impl LayerNorm {
    /// Normalises over trailing axes of this shape; a number is the extent of the last axis.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(shape: impl Into<Shape>) -> LayerNormBuilder {
        LayerNormBuilder { shape: shape.into(), eps: 1e-5, parts: AffineParts::BOTH }
    }

    /// x normalised, in its shape: `[.., s₁, .., sₖ]` for a layer of shape `[s₁, .., sₖ]`.
    ///
    /// # Panics
    /// If the trailing axes of x do not have the layer's shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        if !x.shape().ends_with(&self.shape) {
            let rule = format!("the last axes of the input must have shape {}", self.shape);
            misfit(&format!("layer_norm {:?}", self.path), rule, &[x]);
        }
        let axes: Vec<isize> = (1..=self.shape.rank() as isize).map(|back| -back).collect();
        let y = standardized(x, &axes[..], self.eps);
        self.affine.forward(y, x.rank() - self.shape.rank())
    }
}

impl Module for LayerNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl LayerNormBuilder {
    /// ε, added to the variance inside the root.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    affine_options!();

    /// Builds the parameters `name.weight` and `name.bias`.
    ///
    /// # Panics
    /// If the shape has no elements, ε is negative, infinite or NaN, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> LayerNorm {
        accept(self.check());
        let mut scope = scope.child(name);
        let affine = self.parts.build(&mut scope, &self.shape);
        let path = scope.path().to_owned();
        LayerNorm { affine, shape: self.shape, eps: self.eps, path }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If the shape has no elements, or ε is negative, infinite or NaN; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<LayerNorm, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("LayerNorm", "the number of normalised axes", self.shape.rank())?;
        positive("LayerNorm", "the number of normalised elements", self.shape.size())?;
        not_negative("LayerNorm", "ε", self.eps)
    }
}
