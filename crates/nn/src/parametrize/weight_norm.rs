//! A weight by its direction and its length.

use std::panic::Location;

use graph::{Param, Scope, Shape, Var, keep};
use ndarray::{ArrayD, Axis, IxDyn};

use super::{Parametrizable, wrapper};
use crate::error::accept;
use crate::{HyperparameterError, Mode, Module};

/// A layer with the weight g·v/‖v‖ (T. Salimans and D. Kingma, "Weight normalization", 2016), the norm being
/// taken of all elements of each position along axis 0, as in PyTorch. It starts as the layer would.
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::{Linear, WeightNorm};
///
/// let mut params = Params::seeded(0);
/// let fc = WeightNorm::new(Linear::new(3, 2)).build(&mut params.root(), "fc");
/// assert_eq!(fc.magnitude.shape(), &[2, 1].into());
/// assert_eq!(fc.direction.path(), "fc.parametrizations.weight.original1");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WeightNorm<M> {
    /// The layer, whose own weight is v.
    pub layer: M,
    /// v, of the shape of the weight.
    pub direction: Param,
    /// g, of the shape of the weight along axis 0, and of extent 1 along the others.
    pub magnitude: Param,
}

/// The options of a [`WeightNorm`] to be built.
#[derive(Clone, Debug)]
pub struct WeightNormBuilder<B> {
    layer: B,
}

/// The axes over which a norm is taken.
fn axes(rank: usize) -> Vec<isize> {
    (1..rank as isize).collect()
}

impl<M> WeightNorm<M> {
    /// The layer of this builder with its weight so made.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new<B: Parametrizable<Layer = M>>(layer: B) -> WeightNormBuilder<B> {
        WeightNormBuilder { layer }
    }
}

impl<M: Module> WeightNorm<M> {
    /// What the layer makes of x with its weight g·v/‖v‖.
    ///
    /// # Panics
    /// If the layer does.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let (g, line) = (x.graph(), Location::caller());
        let (v, magnitude) = (g.param(&self.direction), g.param(&self.magnitude));
        let norm = v.norm_over(keep(&axes(v.rank())[..]));
        let weight = v * (magnitude / norm);
        g.rebind(&[(&self.direction, weight)], || self.layer.forward_at(x, mode, line))
    }
}

wrapper!(WeightNorm, WeightNormBuilder: direction, magnitude);

impl<B: Parametrizable> WeightNormBuilder<B> {
    /// Builds the layer, with the parameters `name.parametrizations.weight.original0`, which is g, and
    /// `original1`, v.
    ///
    /// # Panics
    /// If an option of the layer is outside its values, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> WeightNorm<B::Layer> {
        accept(self.check());
        let mut scope = scope.child(name);
        let (init, shape) = self.layer.weight();
        let values = init.values(&scope, &shape);
        let mut part = scope.child("parametrizations");
        let mut part = part.child("weight");
        let magnitude = part.parameter("original0", norms(&values, &shape));
        let direction = part.parameter("original1", values);
        let layer = self.layer.build_around(&mut scope, direction.clone());
        WeightNorm { layer, direction, magnitude }
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        self.layer.check()
    }
}

/// The norms along axis 0, with as many axes.
fn norms(values: &ArrayD<f64>, shape: &Shape) -> ArrayD<f64> {
    let norm = |part: ndarray::ArrayViewD<'_, f64>| part.iter().map(|v| v * v).sum::<f64>().sqrt();
    let norms = values.axis_iter(Axis(0)).map(norm).collect();
    let mut kept = vec![1; shape.rank()];
    kept[0] = shape[0];
    ArrayD::from_shape_vec(IxDyn(&kept), norms).expect("a norm for each position")
}
