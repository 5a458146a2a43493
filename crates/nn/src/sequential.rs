//! Layers one after the other.

use std::panic::Location;
use std::sync::Arc;

use graph::Var;

use crate::{Mode, Module};

/// Layers, each applied to the result of the one before.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Activation, BatchNorm, Linear, Mode, Sequential};
///
/// let mut params = Params::seeded(0);
/// let p = &mut params.root();
/// let model = Sequential::new()
///     .then(Linear::new(2, 16).build(p, "fc1"))
///     .then(BatchNorm::new(16).build(p, "bn1"))
///     .then(Activation::Tanh)
///     .then(Linear::new(16, 2).build(p, "fc2"));
/// let g = Graph::new();
/// assert_eq!(model.forward(g.input("x", [8, 2]), Mode::Train).shape(), [8, 2].into());
/// ```
///
/// A model of a depth known only when it runs grows in a loop:
///
/// ```
/// # use cotangent::Params;
/// # use cotangent::nn::{Activation, Linear, Sequential};
/// # let mut params = Params::seeded(0);
/// # let p = &mut params.root();
/// let mut deep = Sequential::new();
/// for i in 0..20 {
///     deep = deep.then(Linear::new(100, 100).build(p, &format!("fc{i}"))).then(Activation::Tanh);
/// }
/// assert_eq!(deep.layers().len(), 40);
/// ```
///
/// The layers of this crate record at the line that called `forward`; a [`Module`] of one's own
/// records at the lines of its body.
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    layers: Vec<Arc<dyn Module>>,
}

impl Sequential {
    /// No layers: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a layer added at the end: one of this crate, or any other [`Module`].
    pub fn then(mut self, layer: impl Module) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// The layers, in the order they are applied.
    pub fn layers(&self) -> &[Arc<dyn Module>] {
        &self.layers
    }

    /// The last layer's result: of the shape that the layers make of that of x, one after the other.
    ///
    /// # Panics
    /// If a layer does.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward_at(x, mode, Location::caller())
    }
}

impl Module for Sequential {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    fn forward_at<'g>(&self, x: Var<'g>, mode: Mode, line: &'static Location<'static>) -> Var<'g> {
        self.layers.iter().fold(x, |x, layer| layer.forward_at(x, mode, line))
    }

    #[cfg(feature = "derive")]
    fn as_layers(&self) -> Option<&dyn crate::Layers> {
        Some(self)
    }
}

#[cfg(feature = "derive")]
impl crate::Layers for Sequential {
    fn tree(&self) -> crate::Tree {
        self.layers.tree().named("Sequential")
    }
}

impl FromIterator<Arc<dyn Module>> for Sequential {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Module>>>(layers: I) -> Self {
        Self { layers: layers.into_iter().collect() }
    }
}
