//! Affine maps.

use graph::{Param, Scope, Shape, Var, misfit};

use crate::error::positive;
use crate::init::Init;
use crate::module::{forward_at, layer};
use crate::parametrize::{Parametrizable, built};
use crate::{HyperparameterError, Mode, Module};

/// y = x·Wᵀ + b over the last axis of x.
///
/// The weight has shape `[outputs, inputs]` and the bias `[outputs]`, as in PyTorch, so that a file
/// of weights fits both; the compiler reads the transpose where it lies. By default both start as
/// in PyTorch: uniform on ±1/√inputs (Kaiming uniform with a = √5).
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::Linear;
///
/// let mut params = Params::seeded(0);
/// let fc1 = Linear::new(3, 2).build(&mut params.root(), "fc1");
/// assert_eq!(fc1.weight.path(), "fc1.weight");
///
/// let g = Graph::new();
/// assert_eq!(fc1.forward(g.input("x", [5, 3])).shape(), [5, 2].into());
/// assert_eq!(fc1.forward(g.input("sequences", [5, 7, 3])).shape(), [5, 7, 2].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// W, of shape `[outputs, inputs]`.
    pub weight: Param,
    /// b, of shape `[outputs]`, unless built without.
    pub bias: Option<Param>,
    path: String,
}

layer!([] Linear, "Linear", |layer| format!("{} → {}", layer.weight.shape()[1], layer.weight.shape()[0]);
    weight = layer.weight, bias = layer.bias);

/// The options of a [`Linear`] layer to be built.
#[derive(Clone, Debug)]
pub struct LinearBuilder {
    inputs: usize,
    outputs: usize,
    bias: bool,
    init: Init,
    bias_init: Init,
}

impl Linear {
    /// A layer from `inputs` features to `outputs`, with a bias.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(inputs: usize, outputs: usize) -> LinearBuilder {
        let bound = 1.0 / (inputs as f64).sqrt();
        let default = Init::uniform(-bound, bound);
        LinearBuilder { inputs, outputs, bias: true, init: default, bias_init: default }
    }

    /// x·Wᵀ + b, for x of shape `[.., inputs]`; the result has shape `[.., outputs]`.
    ///
    /// # Panics
    /// If the last axis of x does not have extent `inputs`.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let weight = x.graph().param(&self.weight);
        let inputs = self.weight.shape()[1];
        let shape = x.shape();
        if shape.last() != Some(&inputs) {
            let rule = format!(
                "the input must have {inputs} features in its last axis: {}",
                remedy(&shape, inputs)
            );
            misfit(&format!("linear {:?}", self.path), rule, &[x, weight]);
        }
        let bias = self.bias.as_ref().map(|bias| x.graph().param(bias));
        affine(x, weight, bias)
    }
}

/// What may be done about an input of this shape.
fn remedy(shape: &[usize], inputs: usize) -> String {
    let Some((found, before)) = shape.split_last() else {
        return "a scalar has no axis, and one of shape [1] has".to_owned();
    };
    let behind_samples = before.get(1..).map_or(0, |axes| axes.iter().product::<usize>() * found);
    // Axis 0 is not looked at: a batch may have as many samples as the layer has features.
    let other = (1..before.len()).find(|&axis| shape[axis] == inputs);
    match other {
        _ if behind_samples == inputs => {
            "the axes behind that of samples are made one by `Flatten`".to_owned()
        }
        Some(axis) => {
            format!("axis {axis} has them, and is brought there by `x.swap_axes({axis}, -1)`")
        }
        None => {
            format!("build the layer for {found} features, or look at what the input comes from")
        }
    }
}

/// x·Wᵀ + b over the last axis of x.
#[track_caller]
pub(crate) fn affine<'g>(x: Var<'g>, weight: Var<'g>, bias: Option<Var<'g>>) -> Var<'g> {
    let (shape, weights) = (x.shape(), weight.shape());
    let product = if shape.rank() <= 2 {
        x.matmul(weight.t())
    } else {
        // One large product instead of many small ones.
        let rows = shape[..shape.rank() - 1].iter().product();
        let rows = x.reshape_to([rows, weights[1]]).matmul(weight.t());
        rows.reshape_to(with_last(&shape, weights[0]))
    };
    match bias {
        Some(bias) => product + bias,
        None => product,
    }
}

/// The shape with another extent of its last axis.
fn with_last(shape: &Shape, extent: usize) -> Shape {
    shape[..shape.rank() - 1].iter().copied().chain([extent]).collect()
}

impl Module for Linear {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl LinearBuilder {
    /// With or without a bias; a layer followed by batch normalisation needs none.
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
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Linear {
        built(self, scope, name)
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
    ) -> Result<Linear, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }
}

impl Parametrizable for LinearBuilder {
    type Layer = Linear;

    const OUTPUTS: usize = 0;

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("Linear", "the number of inputs", self.inputs)?;
        positive("Linear", "the number of outputs", self.outputs)?;
        self.init.check(&Shape::from([self.outputs, self.inputs]))?;
        if self.bias {
            self.bias_init.check(&Shape::from([self.outputs]))?;
        }
        Ok(())
    }

    fn weight(&self) -> (Init, Shape) {
        (self.init, Shape::from([self.outputs, self.inputs]))
    }

    #[track_caller]
    fn build_around(self, scope: &mut Scope<'_>, weight: Param) -> Linear {
        let mut bias = None; // not `then`: a closure would be the line that panics
        if self.bias {
            bias = Some(self.bias_init.build(scope, "bias", [self.outputs]));
        }
        Linear { weight, bias, path: scope.path().to_owned() }
    }
}
