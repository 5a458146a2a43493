//! Ascent instead of descent.

use serde::Serialize;

use super::{Call, Part};
use crate::compiled::Operands;
use crate::engine::described;
use crate::{Optimizer, Precision};

/// Maximises instead of minimises: the optimizer inside is handed −g.
///
/// Weight decay inside still pulls towards zero. (PyTorch's `maximize=True`, for every rule.)
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// use cotangent::optim::{Maximize, Optimizer, Sgd};
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut ascent = Sgd::new(0.5).with(Maximize);
/// ascent.step(&mut params, Gradients::new(&layout, &[1.0]))?;
/// assert_eq!(params.trainable(), [1.5]);
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Maximize;

impl Part for Maximize {
    const NAME: &'static str = "maximize";
    const REWRITES: bool = true;
    described!();

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        call.apply(negated, &[]);
        inner.update(call.weights, call.rewritten);
    }
}

fn negated(at: &mut Operands<'_>) {
    at.rewritten = -at.gradients;
}
