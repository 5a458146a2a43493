//! Gated linear units.

use graph::{Scope, Var, misfit};

use crate::error::{accept, positive};
use crate::module::{forward_at, layer};
use crate::{Activation, HyperparameterError, Linear, Mode, Module};

/// a·σ(b), for a the first half and b the second half of x along an axis (Dauphin et al., 2017), PyTorch's
/// `GLU`. With another [`gate`](Self::gate) in place of σ it is another of the family of N. Shazeer, "GLU
/// variants improve transformer", 2020.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::{Activation, Glu};
/// let g = Graph::new();
/// let x = g.input("x", [8, 10, 64]);
/// assert_eq!(Glu::new(-1).forward(x).shape(), [8, 10, 32].into());
/// assert_eq!(Glu::new(1).gate(Activation::Silu).forward(x).shape(), [8, 5, 64].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glu {
    axis: isize,
    gate: Activation,
}

layer!([] Glu, "Glu", |layer| format!("{:?}", layer.gate));

impl Glu {
    /// With the halves along this axis; a negative one counts from the end.
    pub fn new(axis: isize) -> Self {
        Self { axis, gate: Activation::Sigmoid }
    }

    /// With this function of the second half.
    pub fn gate(self, gate: Activation) -> Self {
        Self { gate, ..self }
    }

    /// In the shape of x, but for the axis, which is half as long.
    ///
    /// # Panics
    /// If x has no such axis, or its extent is odd.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let rank = x.rank() as isize;
        if !(-rank..rank).contains(&self.axis) {
            misfit("glu", format!("the input must have an axis {}", self.axis), &[x]);
        }
        let axis = self.axis.rem_euclid(rank) as usize;
        let extent = x.shape()[axis];
        if extent % 2 == 1 {
            misfit("glu", format!("axis {axis} must have two halves, and is {extent} long"), &[x]);
        }
        let half = extent / 2;
        let (a, b) = (x.slice_axis(self.axis, 0..half), x.slice_axis(self.axis, half..));
        a * self.gate.forward(b)
    }
}

impl Module for Glu {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

/// W₂·(silu(W₁·x) · W₃·x): the two-layer network with a gate of N. Shazeer, "GLU variants improve
/// transformer", 2020, without biases. The names of the weights, `w1`, `w2` and `w3`, are those of LLaMA.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::SwiGlu;
///
/// let mut params = Params::seeded(0);
/// let network = SwiGlu::build(64, 172, &mut params.root(), "ff");
/// assert_eq!(network.w3.weight.path(), "ff.w3.weight");
/// let g = Graph::new();
/// assert_eq!(network.forward(g.input("x", [8, 10, 64])).shape(), [8, 10, 64].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SwiGlu {
    /// The value within the gate.
    pub w1: Linear,
    /// From the hidden units back to the features.
    pub w2: Linear,
    /// The value that is let through.
    pub w3: Linear,
}

layer!([] SwiGlu, "SwiGlu"; |layer| w1 = layer.w1, w2 = layer.w2, w3 = layer.w3);

impl SwiGlu {
    /// Builds the parameters `name.w1.weight`, `name.w2.weight` and `name.w3.weight` of a network from so
    /// many features to as many, with so many hidden units.
    ///
    /// # Panics
    /// If an extent is 0, or the name is taken.
    #[track_caller]
    pub fn build(features: usize, hidden: usize, scope: &mut Scope<'_>, name: &str) -> Self {
        accept(Self::try_build(features, hidden, scope, name))
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent is 0; nothing is built then.
    #[track_caller]
    pub fn try_build(
        features: usize,
        hidden: usize,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<Self, HyperparameterError> {
        positive("SwiGlu", "the number of features", features)?;
        positive("SwiGlu", "the number of hidden units", hidden)?;
        let mut scope = scope.child(name);
        let up = || Linear::new(features, hidden).bias(false);
        let w1 = up().build(&mut scope, "w1");
        let w2 = Linear::new(hidden, features).bias(false).build(&mut scope, "w2");
        Ok(Self { w1, w2, w3: up().build(&mut scope, "w3") })
    }

    /// For x of shape `[.., features]`, in its shape.
    ///
    /// # Panics
    /// If the last axis of x does not have the network's features.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        self.w2.forward(self.w1.forward(x).silu() * self.w3.forward(x))
    }
}

impl Module for SwiGlu {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}
