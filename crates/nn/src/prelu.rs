//! A leaky relu whose slope is learnt.

use graph::{Param, Scope, Var, misfit};

use crate::error::{accept, positive};
use crate::init::Init;
use crate::module::{forward_at, layer};
use crate::normalize::along;
use crate::{HyperparameterError, Mode, Module};

/// x where x > 0, else w·x, with a slope w that is learnt (K. He et al., "Delving deep into rectifiers",
/// 2015): one for all, or one for each channel on axis 1. It starts at 0.25, as in PyTorch.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::PRelu;
///
/// let mut params = Params::seeded(0);
/// let act = PRelu::channels(16).build(&mut params.root(), "act1");
/// assert_eq!(act.weight.path(), "act1.weight");
/// let g = Graph::new();
/// assert_eq!(act.forward(g.input("x", [8, 16, 5])).shape(), [8, 16, 5].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PRelu {
    /// w, of shape `[1]` or `[channels]`.
    pub weight: Param,
    path: String,
}

layer!([] PRelu, "PRelu", |layer| layer.weight.shape()[0].to_string(); weight = layer.weight);

/// The options of a [`PRelu`] to be built.
#[derive(Clone, Debug)]
pub struct PReluBuilder {
    channels: usize,
    init: Init,
}

impl PRelu {
    /// One slope for all.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new() -> PReluBuilder {
        Self::channels(1)
    }

    /// A slope for each of this many channels.
    pub fn channels(channels: usize) -> PReluBuilder {
        PReluBuilder { channels, init: Init::constant(0.25) }
    }

    /// max(x, 0) + w·min(x, 0), in the shape of x.
    ///
    /// # Panics
    /// If there is a slope for each channel, and axis 1 of x does not have as many.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let weight = x.graph().param(&self.weight);
        let slope = match self.weight.shape()[0] {
            1 => weight.reshape([]),
            channels if x.shape().get(1) == Some(&channels) => along(weight, 1, x),
            channels => {
                let rule = format!("axis 1 of the input must have {channels} channels");
                misfit(&format!("prelu {:?}", self.path), rule, &[x])
            }
        };
        x.gt(0.0).select(x, slope * x)
    }
}

impl Module for PRelu {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl PReluBuilder {
    /// How the slopes start.
    pub fn init(self, init: impl Into<Init>) -> Self {
        Self { init: init.into(), ..self }
    }

    /// Builds the parameter `name.weight`.
    ///
    /// # Panics
    /// If there are no channels, the initialiser is not defined, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> PRelu {
        accept(self.check());
        let mut scope = scope.child(name);
        let weight = self.init.build(&mut scope, "weight", [self.channels]);
        PRelu { weight, path: scope.path().to_owned() }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If there are no channels, or the initialiser is not defined; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<PRelu, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("PRelu", "the number of channels", self.channels)?;
        self.init.check(&[self.channels].into())
    }
}
