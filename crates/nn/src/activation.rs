//! Activation functions as layers.

use graph::Var;

use crate::module::{forward_at, layer};
use crate::{Mode, Module};

/// An elementwise function to stand among layers. Model code calls the methods of [`Var`] instead:
/// `x.relu()`.
///
/// ```
/// use cotangent::nn::Activation;
/// let g = cotangent::Graph::new();
/// let x = g.constant(cotangent::ndarray::array![-2.0, 3.0]);
/// let y = Activation::LeakyRelu(0.1).forward(x).eval()?;
/// assert_eq!(y, cotangent::ndarray::array![-0.2, 3.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// x.
    Identity,
    /// max(x, 0).
    Relu,
    /// x where x > 0, else s·x (PyTorch's default s is 0.01).
    LeakyRelu(f64),
    /// x where x > 0, else α·(eˣ − 1) (PyTorch's default α is 1).
    Elu(f64),
    /// x·Φ(x), Φ the standard normal distribution function.
    Gelu,
    /// The tanh approximation of [`Gelu`](Activation::Gelu).
    GeluTanh,
    /// x·σ(x), also called swish.
    Silu,
    /// ln(1 + eˣ).
    Softplus,
    /// tanh x.
    Tanh,
    /// σ(x) = 1/(1 + e⁻ˣ).
    Sigmoid,
    /// ln σ(x).
    LogSigmoid,
    /// x·tanh(ln(1 + eˣ)) (Misra, arXiv:1908.08681).
    Mish,
    /// x/(1 + |x|).
    Softsign,
    /// x/6 + ½ between 0 and 1.
    HardSigmoid,
    /// x·[`HardSigmoid`](Activation::HardSigmoid)(x) (Howard et al., arXiv:1905.02244).
    HardSwish,
    /// x between −1 and 1.
    HardTanh,
    /// x between 0 and 6.
    Relu6,
    /// λ·x where x > 0, else λα·(eˣ − 1), with α and λ such that layers keep mean 0 and variance 1 (Klambauer, Unterthiner, Mayr
    /// and Hochreiter, arXiv:1706.02515).
    Selu,
    /// x where x > 0, else α·(e^(x/α) − 1) (Barron, arXiv:1704.07483; PyTorch's default α is 1).
    Celu(f64),
    /// x where |x| > λ, else 0 (PyTorch's default λ is ½).
    HardShrink(f64),
    /// x moved by λ towards 0, and 0 where |x| ≤ λ, with derivative 0 there, as PyTorch's: the proximal map of λ·|x|
    /// (PyTorch's default λ is ½).
    SoftShrink(f64),
    /// x − tanh x.
    TanhShrink,
    /// x where it is above θ, else a value.
    Threshold {
        /// θ.
        threshold: f64,
        /// What stands for the others.
        value: f64,
    },
}

/// α and λ of [`Activation::Selu`], to the digits of its paper that a double holds.
const SELU: [f64; 2] = [1.673_263_242_354_377_2, 1.050_700_987_355_480_5];

layer!([] Activation, "Activation", |layer| format!("{layer:?}"));

impl Activation {
    /// The function of x, elementwise, in the shape of x.
    ///
    /// # Panics
    /// If x does not hold reals; [`Identity`](Self::Identity) takes anything.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        match *self {
            Activation::Identity => x,
            Activation::Relu => x.relu(),
            Activation::LeakyRelu(slope) => x.leaky_relu(slope),
            Activation::Elu(alpha) => x.elu(alpha),
            Activation::Gelu => x.gelu(),
            Activation::GeluTanh => x.gelu_tanh(),
            Activation::Silu => x.silu(),
            Activation::Softplus => x.softplus(),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::LogSigmoid => -(-x).softplus(),
            Activation::Mish => x.mish(),
            Activation::Softsign => x.softsign(),
            Activation::HardSigmoid => x.hard_sigmoid(),
            Activation::HardSwish => x.hard_swish(),
            Activation::HardTanh => x.clamp(-1.0, 1.0),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::Selu => SELU[1] * x.elu(SELU[0]),
            Activation::Celu(alpha) => alpha * (x / alpha).elu(1.0),
            // What is no number is not within, and stays.
            Activation::HardShrink(bound) => x.abs().le(bound).select(0.0, x),
            Activation::SoftShrink(bound) => {
                x.abs().le(bound).select(0.0, x - x.clamp(-bound, bound))
            }
            Activation::TanhShrink => x - x.tanh(),
            Activation::Threshold { threshold, value } => x.le(threshold).select(value, x),
        }
    }
}

impl Module for Activation {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}
