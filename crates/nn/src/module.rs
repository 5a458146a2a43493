//! What all layers have in common.

use std::fmt::Debug;

use graph::Var;

/// Whether a model is being trained or used: batch or running statistics in
/// [`BatchNorm`](crate::BatchNorm), zeroing or not in [`Dropout`](crate::Dropout).
///
/// It is an argument of every `forward`, never a hidden flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A step that changes parameters.
    Train,
    /// Everything else: validation, test, inference.
    Eval,
}

/// A function of one variable with parameters: what a [`Sequential`](crate::Sequential) is made of.
///
/// Layers implement it beside their own `forward`, which takes a [`Mode`] only where it matters. A
/// custom part of a model needs the trait only to stand among layers:
///
/// ```
/// use graph::{Graph, Params, Scope, Var};
/// use nn::{Linear, Mode, Module};
///
/// /// x + tanh(Wx + b).
/// #[derive(Debug)]
/// struct Residual(Linear);
///
/// impl Module for Residual {
///     fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
///         x + self.0.forward(x).tanh()
///     }
/// }
///
/// let mut params = Params::seeded(0);
/// let block = Residual(Linear::new(3, 3).build(&mut params.root(), "inner"));
/// let g = Graph::new();
/// assert_eq!(block.forward(g.input("x", [8, 3]), Mode::Train).shape(), [8, 3].into());
/// ```
pub trait Module: Debug + Send + Sync {
    /// Records the function of `x` into its graph.
    ///
    /// The layers of this crate mark it `#[track_caller]`, so that their nodes carry the line that
    /// called them. A model does not: its nodes then carry the lines of its own body.
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g>;
}
