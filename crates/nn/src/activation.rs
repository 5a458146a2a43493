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
}

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
