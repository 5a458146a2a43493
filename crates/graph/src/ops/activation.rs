//! Activation functions.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::map::Unary;
use super::registry::{Example, unary};
use super::table::{unary, word};
use crate::{MapWord, Number, Var};

unary! {
    /// x/(1 + |x|). Cotangent: v/(1 + |x|)².
    Softsign, softsign, [0.2..2.0, -2.0..-0.2], _, |x| x / (T::one() + x.abs()),
        |x, _, v| v * (1.0 + x.abs()).recip().square(),
        expands |x| x / (1.0 + x.abs());
    /// x·tanh(ln(1 + eˣ)) (D. Misra, 2019), where tanh(ln(1 + eˣ)) is n/(n + 2) with n = eˣ·(eˣ + 2), and with e = e^(−|x|) for
    /// positive x, (1 + 2e)/(1 + 2e + 2e²): nothing overflows. Cotangent: v·(t + x·(1 − t²)·σ(x)) with t that tanh.
    Mish, mish, [-3.0..3.0], _,
        |x| {
            let (one, two, e) = (T::one(), T::constant(2.0), (-x.abs()).exp());
            if x > T::zero() {
                return x * ((one + two * e) / (one + two * e + two * e * e));
            }
            x * (e * (e + two) / (e * (e + two) + two))
        },
        |x, _, v| {
            let s = x.softplus();
            v * (s.tanh() + x * s.sech_squared() * x.sigmoid())
        },
        expands |x| {
            let e = (-x.abs()).exp();
            let above = (1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e);
            let n = e * (e + 2.0);
            x * x.gt(0.0).select(above, n / (n + 2.0))
        };
}

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
    #[inline]
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
    #[inline]
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

    /// x/6 + ½ confined to [0, 1], elementwise (PyTorch's `hardsigmoid`); the derivative is 1/6 strictly inside.
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn hard_sigmoid(self) -> Var<'g> {
        (self * (1.0 / 6.0) + 0.5).clamp(0.0, 1.0)
    }

    /// x·[hard_sigmoid](Var::hard_sigmoid) x, elementwise (PyTorch's `hardswish`; Howard et al., 2019).
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn hard_swish(self) -> Var<'g> {
        self * self.hard_sigmoid()
    }
}

pub(super) fn examples() -> Vec<Example> {
    let tables = unary_examples();
    let others = vec![
        unary("leaky_relu", 0.2..2.0, |x| {
            x.leaky_relu(0.1).square() + (-x).leaky_relu(0.1).square()
        }),
        unary("elu", -2.0..-0.2, |x| x.elu(0.5)),
        unary("elu", 0.2..2.0, |x| x.elu(0.5).square()),
        unary("gelu", -2.0..2.0, |x| x.gelu()),
        unary("gelu_tanh", -2.0..2.0, |x| x.gelu_tanh()),
        unary("silu", -3.0..3.0, |x| x.silu()),
        unary("hard_swish", -2.5..2.5, |x| x.hard_swish()),
    ];
    [tables, others].concat()
}
