//! Layers one after the other.

use std::sync::Arc;

use graph::Var;

use crate::{Activation, BatchNorm, Dropout, Embedding, Flatten, LayerNorm, Linear, Mode, Module};

/// Layers, each applied to the result of the one before.
///
/// ```
/// use graph::{Graph, Params};
/// use nn::{Activation, BatchNorm, Linear, Mode, Sequential};
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
/// A model of a depth known only when it runs collects its layers:
///
/// ```
/// # use graph::Params;
/// # use nn::{Activation, Layer, Linear, Sequential};
/// # let mut params = Params::seeded(0);
/// # let p = &mut params.root();
/// let block = |i: usize| -> [Layer; 2] {
///     [Linear::new(100, 100).build(p, &format!("fc{i}")).into(), Activation::Tanh.into()]
/// };
/// let deep: Sequential = (0..20).flat_map(block).collect();
/// assert_eq!(deep.layers().len(), 40);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    layers: Vec<Layer>,
}

/// A layer of a [`Sequential`]: one of this crate, or any other [`Module`].
///
/// It is a sum and not only `dyn Module` because a call through `dyn` forgets the line that made
/// it, and nodes must know the user's.
#[derive(Clone, Debug)]
pub enum Layer {
    /// An affine map.
    Linear(Linear),
    /// Normalisation over the batch.
    BatchNorm(Box<BatchNorm>),
    /// Normalisation over the features.
    LayerNorm(LayerNorm),
    /// A table of vectors.
    Embedding(Embedding),
    /// An activation function.
    Activation(Activation),
    /// Random zeroing.
    Dropout(Dropout),
    /// All axes but the first made one.
    Flatten(Flatten),
    /// Layers within layers.
    Sequential(Sequential),
    /// Any other module, made by [`Layer::custom`].
    Custom(Arc<dyn Module>),
}

impl Layer {
    /// A module of one's own.
    pub fn custom(module: impl Module + 'static) -> Self {
        Layer::Custom(Arc::new(module))
    }
}

impl Module for Layer {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        match self {
            Layer::Linear(layer) => layer.forward(x),
            Layer::BatchNorm(layer) => layer.forward(x, mode),
            Layer::LayerNorm(layer) => layer.forward(x),
            Layer::Embedding(layer) => layer.forward(x),
            Layer::Activation(layer) => layer.forward(x),
            Layer::Dropout(layer) => layer.forward(x, mode),
            Layer::Flatten(layer) => layer.forward(x),
            Layer::Sequential(layer) => layer.forward(x, mode),
            Layer::Custom(module) => module.forward(x, mode),
        }
    }
}

/// A layer of this crate is a [`Layer`].
macro_rules! layer_from {
    ($($layer:ident),*) => {$(
        impl From<$layer> for Layer {
            fn from(layer: $layer) -> Self {
                Layer::$layer(layer)
            }
        }
    )*};
}

layer_from!(Linear, LayerNorm, Embedding, Activation, Dropout, Flatten, Sequential);

impl From<BatchNorm> for Layer {
    fn from(layer: BatchNorm) -> Self {
        Layer::BatchNorm(Box::new(layer))
    }
}

impl Sequential {
    /// No layers: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a layer added at the end.
    pub fn then(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// The layers, in the order they are applied.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The last layer's result.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let mut result = x;
        for layer in &self.layers {
            result = layer.forward(result, mode);
        }
        result
    }
}

impl Module for Sequential {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }
}

impl<L: Into<Layer>> FromIterator<L> for Sequential {
    fn from_iter<I: IntoIterator<Item = L>>(layers: I) -> Self {
        Self { layers: layers.into_iter().map(Into::into).collect() }
    }
}
