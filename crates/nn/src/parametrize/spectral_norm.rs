//! A weight divided by its largest singular value.

use std::panic::Location;

use graph::{Param, Scope, Shape, Var, keep};
use ndarray::{Array1, Array2, ArrayD};

use super::{Parametrizable, wrapper};
use crate::error::{accept, not_negative, positive};
use crate::init::Init;
use crate::{HyperparameterError, Mode, Module};

/// A layer with the weight w/σ, σ being the largest singular value of w as a matrix with a row for each
/// output (T. Miyato et al., "Spectral normalization for generative adversarial networks", 2018).
///
/// σ = uᵀ·w·v, with vectors that each training step brings nearer to the singular ones, by power iteration:
/// u ← w·v/‖w·v‖, v ← wᵀ·u/‖wᵀ·u‖. They are buffers, constants to differentiation, and stand still in
/// evaluation. Defaults are PyTorch's: one iteration a step, 15 when it is built, norms of at least 10⁻¹².
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::{Linear, SpectralNorm};
///
/// let mut params = Params::seeded(0);
/// let fc = SpectralNorm::new(Linear::new(3, 2)).build(&mut params.root(), "fc");
/// assert_eq!((fc.u.shape(), fc.v.shape()), (&[2].into(), &[3].into()));
/// assert_eq!(fc.u.path(), "fc.parametrizations.weight.0._u");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralNorm<M> {
    /// The layer, whose own weight is w.
    pub layer: M,
    /// w.
    pub original: Param,
    /// u, with an element for each output.
    pub u: Param,
    /// v, with an element for each other position of the weight.
    pub v: Param,
    outputs: usize,
    iterations: usize,
    eps: f64,
}

/// The options of a [`SpectralNorm`] to be built.
#[derive(Clone, Debug)]
pub struct SpectralNormBuilder<B> {
    layer: B,
    iterations: usize,
    eps: f64,
}

/// Iterations before the first step.
const FIRST: usize = 15;

impl<M> SpectralNorm<M> {
    /// The layer of this builder with its weight so made.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new<B: Parametrizable<Layer = M>>(layer: B) -> SpectralNormBuilder<B> {
        SpectralNormBuilder { layer, iterations: 1, eps: 1e-12 }
    }
}

impl<M: Module> SpectralNorm<M> {
    /// What the layer makes of x with its weight w/σ.
    ///
    /// # Panics
    /// If the layer does.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let (g, line) = (x.graph(), Location::caller());
        let weight = g.param(&self.original);
        let matrix = self.matrix(weight);
        let (mut u, mut v) = (g.current(&self.u), g.current(&self.v));
        if mode == Mode::Train {
            let fixed = matrix.stop_gradient();
            for _ in 0..self.iterations {
                u = self.unit(fixed.matmul(v));
                v = self.unit(fixed.t().matmul(u));
            }
            g.update(&self.u, u);
            g.update(&self.v, v);
        }
        let sigma = (u * matrix.matmul(v)).sum();
        g.rebind(&[(&self.original, weight / sigma)], || self.layer.forward_at(x, mode, line))
    }

    /// The weight with a row for each output.
    #[track_caller]
    fn matrix<'g>(&self, weight: Var<'g>) -> Var<'g> {
        let others = (0..weight.rank()).filter(|&axis| axis != self.outputs);
        let order: Vec<isize> =
            [self.outputs].into_iter().chain(others).map(|axis| axis as isize).collect();
        let rows = weight.shape()[self.outputs];
        weight.permute(order).reshape([rows as isize, -1])
    }

    #[track_caller]
    fn unit<'g>(&self, x: Var<'g>) -> Var<'g> {
        x / x.norm_over(keep(0)).maximum(self.eps)
    }
}

wrapper!(SpectralNorm, SpectralNormBuilder: original, u, v);

impl<B: Parametrizable> SpectralNormBuilder<B> {
    /// How many iterations each training step makes.
    pub fn iterations(self, iterations: usize) -> Self {
        Self { iterations, ..self }
    }

    /// What a norm is at least.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Builds the layer, with the parameter `name.parametrizations.weight.original`, and beside it the
    /// buffers `0._u` and `0._v`.
    ///
    /// # Panics
    /// If an option is outside its values, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> SpectralNorm<B::Layer> {
        accept(self.check());
        let Self { layer, iterations, eps } = self;
        let mut scope = scope.child(name);
        let (init, shape) = layer.weight();
        let values = init.values(&scope, &shape);
        let mut part = scope.child("parametrizations");
        let mut part = part.child("weight");
        let original = part.parameter("original", values.clone());
        let [u, v] = singular(&mut part.child("0"), &values, B::OUTPUTS, eps);
        let layer = layer.build_around(&mut scope, original.clone());
        SpectralNorm { layer, original, u, v, outputs: B::OUTPUTS, iterations, eps }
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("SpectralNorm", "the number of iterations", self.iterations)?;
        not_negative("SpectralNorm", "ε", self.eps)?;
        self.layer.check()
    }
}

/// The buffers of the two vectors, after some iterations from random ones.
#[track_caller]
fn singular(scope: &mut Scope<'_>, values: &ArrayD<f64>, outputs: usize, eps: f64) -> [Param; 2] {
    let mut order: Vec<usize> = (0..values.ndim()).filter(|&axis| axis != outputs).collect();
    order.insert(0, outputs);
    let rows = values.shape()[outputs];
    let arranged: Vec<f64> = values.view().permuted_axes(order).iter().copied().collect();
    let columns = arranged.len() / rows;
    let matrix = Array2::from_shape_vec([rows, columns], arranged).expect("as many elements");
    let unit = |x: Array1<f64>| {
        let norm = x.dot(&x).sqrt().max(eps);
        x / norm
    };
    let start = Init::normal(0.0, 1.0).values(scope, &Shape::from([columns]));
    let mut v = unit(start.into_dimensionality().expect("one axis"));
    let mut u = unit(matrix.dot(&v));
    for _ in 0..FIRST {
        u = unit(matrix.dot(&v));
        v = unit(matrix.t().dot(&u));
    }
    [scope.buffer("_u", u.into_dyn()), scope.buffer("_v", v.into_dyn())]
}
