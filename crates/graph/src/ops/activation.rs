//! Activation functions.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{Number, Var};

/// x where x > 0, else s·x. Cotangent: v or s·v (s·v at the kink, as PyTorch).
///
/// Recorded by [`Var::leaky_relu`](crate::Var::leaky_relu).
#[derive(Clone, Debug, PartialEq)]
pub struct LeakyRelu {
    /// s.
    pub slope: f64,
}

impl Unary for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    fn eval<T: Number>(&self, x: T) -> T {
        if x > T::zero() { x } else { T::constant(self.slope) * x }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        x.gt(0.0).select(v, self.slope * v)
    }
    fn expand<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        Some(x.gt(0.0).select(x, self.slope * x))
    }
}

/// x where x > 0, else α·(eˣ − 1). Cotangent: v or v·α·eˣ (α·v at the kink, as PyTorch).
///
/// Recorded by [`Var::elu`](crate::Var::elu).
#[derive(Clone, Debug, PartialEq)]
pub struct Elu {
    /// α.
    pub alpha: f64,
}

impl Unary for Elu {
    const NAME: &'static str = "elu";
    fn eval<T: Number>(&self, x: T) -> T {
        if x > T::zero() { x } else { T::constant(self.alpha) * x.exp_m1() }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        // The exponential of a positive x is not wanted, and might overflow.
        x.gt(0.0).select(v, v * (self.alpha * x.minimum(0.0).exp()))
    }
    fn expand<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        Some(x.gt(0.0).select(x, self.alpha * x.minimum(0.0).expm1()))
    }
}

impl<'g> Var<'g> {
    /// x where x > 0, else `slope`·x, elementwise (PyTorch's default slope is 0.01).
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![2.0, -2.0]);
    /// assert_eq!(x.leaky_relu(0.25).eval()?, array![2.0, -0.5].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn leaky_relu(self, slope: f64) -> Var<'g> {
        self.map(LeakyRelu { slope })
    }

    /// x where x > 0, else `alpha`·(eˣ − 1), elementwise (PyTorch's default α is 1; Clevert et al.,
    /// 2015).
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let y = g.constant(array![2.0, -1e3]).elu(0.5);
    /// assert_eq!(y.eval()?, array![2.0, -0.5].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn elu(self, alpha: f64) -> Var<'g> {
        self.map(Elu { alpha })
    }

    /// x·Φ(x), Φ the standard normal distribution function, elementwise (Hendrycks and Gimpel,
    /// 2016).
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn gelu(self) -> Var<'g> {
        self * (0.5 * (1.0 + (self * FRAC_1_SQRT_2).erf()))
    }

    /// The tanh approximation of [`gelu`](Var::gelu): x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn gelu_tanh(self) -> Var<'g> {
        let inner = (2.0 / PI).sqrt() * (self + 0.044715 * (self * self.square()));
        self * (0.5 * (1.0 + inner.tanh()))
    }

    /// x·σ(x), elementwise (also called swish).
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn silu(self) -> Var<'g> {
        self * self.sigmoid()
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("leaky_relu", 0.2..2.0, |x| {
            x.leaky_relu(0.1).square() + (-x).leaky_relu(0.1).square()
        }),
        unary("elu", -2.0..-0.2, |x| x.elu(0.5)),
        unary("elu", 0.2..2.0, |x| x.elu(0.5).square()),
        unary("gelu", -2.0..2.0, |x| x.gelu()),
        unary("gelu_tanh", -2.0..2.0, |x| x.gelu_tanh()),
        unary("silu", -3.0..3.0, |x| x.silu()),
    ]
}
