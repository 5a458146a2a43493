//! Normalisation by the root mean square of the features of each sample.

use graph::{Param, Scope, Shape, Var, keep, misfit};

use crate::error::{accept, not_negative, positive};
use crate::init::Init;
use crate::module::{forward_at, layer};
use crate::normalize::along;
use crate::{HyperparameterError, Mode, Module};

/// Root mean square normalisation over the trailing axes (Zhang and Sennrich, 2019):
///
/// y = γ·x/√(mean x² + ε).
///
/// γ (`weight`, starting at 1) has the shape of the normalised axes. ε is by default what the precision in which
/// it runs has between 1 and the next number, as in PyTorch: 2⁻²³ in single and 2⁻⁵² in double precision
/// ([`Graph::machine_epsilon`](graph::Graph::machine_epsilon)).
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::RmsNorm;
///
/// let mut params = Params::seeded(0);
/// let norm = RmsNorm::new(64).build(&mut params.root(), "norm");
/// let g = Graph::new();
/// assert_eq!(norm.forward(g.input("x", [8, 10, 64])).shape(), [8, 10, 64].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RmsNorm {
    /// γ, of the shape of the normalised axes, unless built without.
    pub weight: Option<Param>,
    shape: Shape,
    /// That of the precision, unless given.
    eps: Option<f64>,
    path: String,
}

layer!([] RmsNorm, "RmsNorm", |layer| layer.shape.to_string(); weight = layer.weight);

/// The options of a [`RmsNorm`] to be built.
#[derive(Clone, Debug)]
pub struct RmsNormBuilder {
    shape: Shape,
    eps: Option<f64>,
    weight: bool,
}

impl RmsNorm {
    /// Normalises over trailing axes of this shape; a number is the extent of the last axis.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(shape: impl Into<Shape>) -> RmsNormBuilder {
        RmsNormBuilder { shape: shape.into(), eps: None, weight: true }
    }

    /// x normalised, in its shape: `[.., s₁, .., sₖ]` for a layer of shape `[s₁, .., sₖ]`.
    ///
    /// # Panics
    /// If the trailing axes of x do not have the layer's shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        if !x.shape().ends_with(&self.shape) {
            let rule = format!("the last axes of the input must have shape {}", self.shape);
            misfit(&format!("rms_norm {:?}", self.path), rule, &[x]);
        }
        let axes: Vec<isize> = (1..=self.shape.rank() as isize).map(|back| -back).collect();
        let squares = x.square().mean_over(keep(&axes[..]));
        let eps = match self.eps {
            Some(eps) => x.graph().full([], eps),
            None => x.graph().machine_epsilon(),
        };
        let y = x * (squares + eps).rsqrt();
        match &self.weight {
            None => y,
            Some(weight) => y * along(x.graph().param(weight), x.rank() - self.shape.rank(), x),
        }
    }
}

impl Module for RmsNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl RmsNormBuilder {
    /// ε, added to the mean square inside the root; by default that of the precision.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps: Some(eps), ..self }
    }

    /// With or without γ.
    pub fn weight(self, weight: bool) -> Self {
        Self { weight, ..self }
    }

    /// Builds the parameter `name.weight`.
    ///
    /// # Panics
    /// If the shape has no elements, ε is negative, infinite or NaN, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> RmsNorm {
        accept(self.check());
        let mut scope = scope.child(name);
        let mut weight = None; // not `then`: a closure would be the line that panics
        if self.weight {
            weight = Some(Init::ones().build(&mut scope, "weight", &self.shape));
        }
        RmsNorm { weight, shape: self.shape, eps: self.eps, path: scope.path().to_owned() }
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
    ) -> Result<RmsNorm, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("RmsNorm", "the number of normalised axes", self.shape.rank())?;
        positive("RmsNorm", "the number of normalised elements", self.shape.size())?;
        not_negative("RmsNorm", "ε", self.eps.unwrap_or(0.0))
    }
}
