//! Bilinear maps of two inputs.

use graph::{Param, Scope, Var, misfit};

use crate::HyperparameterError;
use crate::error::{accept, positive};
use crate::init::Init;
use crate::module::layer;

/// yₒ = x₁ᵀ·Wₒ·x₂ + bₒ over the last axes of x₁ and x₂.
///
/// The weight has shape `[outputs, first, second]` and the bias `[outputs]`. Both start uniform on ±1/√first,
/// as in PyTorch.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::Bilinear;
///
/// let mut params = Params::seeded(0);
/// let map = Bilinear::new(3, 4, 2).build(&mut params.root(), "map");
/// let g = Graph::new();
/// let y = map.forward(g.input("x1", [8, 3]), g.input("x2", [8, 4]));
/// assert_eq!(y.shape(), [8, 2].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bilinear {
    /// W, of shape `[outputs, first, second]`.
    pub weight: Param,
    /// b, of shape `[outputs]`, unless built without.
    pub bias: Option<Param>,
    path: String,
}

layer!([] Bilinear, "Bilinear", |layer| {
    let shape = layer.weight.shape();
    format!("{} and {} → {}", shape[1], shape[2], shape[0])
}; weight = layer.weight, bias = layer.bias);

/// The options of a [`Bilinear`] map to be built.
#[derive(Clone, Debug)]
pub struct BilinearBuilder {
    shape: [usize; 3],
    bias: bool,
    init: Init,
    bias_init: Init,
}

impl Bilinear {
    /// A map from `first` and `second` features to `outputs`, with a bias.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(first: usize, second: usize, outputs: usize) -> BilinearBuilder {
        let bound = 1.0 / (first as f64).sqrt();
        let default = Init::uniform(-bound, bound);
        let shape = [outputs, first, second];
        BilinearBuilder { shape, bias: true, init: default, bias_init: default }
    }

    /// x₁ᵀ·W·x₂ + b, for x₁ of shape `[.., first]` and x₂ of shape `[.., second]`, alike in front; the result
    /// has shape `[.., outputs]`.
    ///
    /// # Panics
    /// If the last axes do not have these extents, or those in front are not alike.
    #[track_caller]
    pub fn forward<'g>(&self, x1: Var<'g>, x2: Var<'g>) -> Var<'g> {
        let &[outputs, first, second] = &self.weight.shape()[..] else {
            unreachable!("the weight was built so")
        };
        let (a, b) = (x1.shape(), x2.shape());
        let (Some((&last1, batch)), Some((&last2, other))) = (a.split_last(), b.split_last())
        else {
            misfit(&format!("bilinear {:?}", self.path), "the inputs must have axes", &[x1, x2])
        };
        if [last1, last2] != [first, second] || batch != other {
            let rule = format!(
                "the inputs must have {first} and {second} features in their last axes, and be alike \
                 in front"
            );
            misfit(&format!("bilinear {:?}", self.path), rule, &[x1, x2]);
        }
        let rows = batch.iter().product();
        let weight = x1.graph().param(&self.weight);
        // [rows, outputs, second].
        let half = x1.reshape_to([rows, first]).contract(weight, &[], &[(1, 1)]);
        let y = half.contract(x2.reshape_to([rows, second]), &[(0, 0)], &[(2, 1)]);
        let y = y.reshape_to([batch, &[outputs]].concat());
        match &self.bias {
            Some(bias) => y + y.graph().param(bias),
            None => y,
        }
    }
}

impl BilinearBuilder {
    /// With or without a bias.
    pub fn bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }

    /// How the weight starts.
    pub fn init(self, init: impl Into<Init>) -> Self {
        Self { init: init.into(), ..self }
    }

    /// How the bias starts.
    pub fn bias_init(self, init: impl Into<Init>) -> Self {
        Self { bias_init: init.into(), ..self }
    }

    /// Builds the parameters `name.weight` and `name.bias`.
    ///
    /// # Panics
    /// If an extent is 0, an initialiser is not defined, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Bilinear {
        accept(self.check());
        let mut scope = scope.child(name);
        let weight = self.init.build(&mut scope, "weight", self.shape);
        let mut bias = None; // not `then`: a closure would be the line that panics
        if self.bias {
            bias = Some(self.bias_init.build(&mut scope, "bias", [self.shape[0]]));
        }
        Bilinear { weight, bias, path: scope.path().to_owned() }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent is 0 or an initialiser is not defined; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<Bilinear, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        let names =
            ["the number of outputs", "the first number of inputs", "the second number of inputs"];
        for (name, extent) in names.into_iter().zip(self.shape) {
            positive("Bilinear", name, extent)?;
        }
        self.init.check(&self.shape.into())?;
        if self.bias { self.bias_init.check(&[self.shape[0]].into()) } else { Ok(()) }
    }
}
