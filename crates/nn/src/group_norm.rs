//! Normalisation over groups of channels of each sample.

use graph::{Scope, Shape, Var};

use crate::error::{accept, multiple, not_negative, positive};
use crate::module::{forward_at, layer};
use crate::normalize::{Affine, AffineParts, affine_options, standardized};
use crate::{HyperparameterError, Mode, Module, channels};

/// Group normalisation (Wu and He, 2018): with μ and σ² the mean and the biased variance of each group of
/// channels of each sample over all its positions,
///
/// y = γ·(x − μ)/√(σ² + ε) + β,
///
/// with γ (`weight`, starting at 1) and β (`bias`, starting at 0) for each channel. Defaults are PyTorch's:
/// ε = 10⁻⁵, with γ and β. There is no batch in it, hence no mode.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::GroupNorm;
///
/// let mut params = Params::seeded(0);
/// let norm = GroupNorm::new(2, 6).build(&mut params.root(), "norm");
/// let g = Graph::new();
/// assert_eq!(norm.forward(g.input("x", [8, 6, 5, 5])).shape(), [8, 6, 5, 5].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNorm {
    /// γ and β.
    pub affine: Affine,
    groups: usize,
    channels: usize,
    eps: f64,
    path: String,
}

layer!([] GroupNorm, "GroupNorm", |layer| format!("{}, {} groups", layer.channels, layer.groups); weight = layer.affine.weight, bias = layer.affine.bias);

/// The options of a [`GroupNorm`] to be built.
#[derive(Clone, Debug)]
pub struct GroupNormBuilder {
    groups: usize,
    channels: usize,
    eps: f64,
    parts: AffineParts,
}

impl GroupNorm {
    /// Normalises so many groups of these channels.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(groups: usize, channels: usize) -> GroupNormBuilder {
        GroupNormBuilder { groups, channels, eps: 1e-5, parts: AffineParts::BOTH }
    }

    /// x normalised: of shape `[N, channels, ..]`, as x is.
    ///
    /// # Panics
    /// If axis 1 of x does not have the layer's channels.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let shape = x.shape();
        channels::expect("group_norm", &self.path, x, self.channels);
        let members = self.channels / self.groups * shape[2..].iter().product::<usize>();
        let groups = x.reshape_to([shape[0], self.groups, members]);
        self.affine.forward(standardized(groups, 2, self.eps).reshape_to(shape), 1)
    }
}

impl Module for GroupNorm {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl GroupNormBuilder {
    /// ε, added to the variance inside the root.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    affine_options!();

    /// Builds the parameters `name.weight` and `name.bias`.
    ///
    /// # Panics
    /// If there are no groups, which divide the channels, ε is negative, infinite or NaN, or the name is
    /// taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> GroupNorm {
        accept(self.check());
        let mut scope = scope.child(name);
        let affine = self.parts.build(&mut scope, &Shape::from([self.channels]));
        let Self { groups, channels, eps, .. } = self;
        GroupNorm { affine, groups, channels, eps, path: scope.path().to_owned() }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If there are no groups, which divide the channels, or ε is negative, infinite or NaN; nothing is
    /// built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<GroupNorm, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        let (owner, name) = ("GroupNorm", "the number of channels");
        positive(owner, "the number of groups", self.groups)?;
        positive(owner, name, self.channels)?;
        multiple(owner, (name, self.channels), ("the number of groups", self.groups))?;
        not_negative(owner, "ε", self.eps)
    }
}
