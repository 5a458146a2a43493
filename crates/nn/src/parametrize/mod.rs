//! Weights that are made of other parameters: a layer's builder goes into [`WeightNorm`] or
//! [`SpectralNorm`], and the layer is built there with its weight so made, under PyTorch's names.
//!
//! | | the weight is | built are, in `name.parametrizations.weight` |
//! |---|---|---|
//! | [`WeightNorm`] | g·v/‖v‖ | g (`original0`) and v (`original1`) |
//! | [`SpectralNorm`] | w/σ(w) | w (`original`), and the buffers of `0`: `_u` and `_v` |
//!
//! ```
//! use cotangent::{Graph, Params};
//! use cotangent::nn::{Conv2d, Linear, Mode, SpectralNorm, WeightNorm};
//!
//! let mut params = Params::seeded(0);
//! let p = &mut params.root();
//! let conv = WeightNorm::new(Conv2d::new(3, 8, 3)).build(p, "conv1");
//! let head = SpectralNorm::new(Linear::new(8, 1)).build(p, "head");
//! assert_eq!(conv.magnitude.path(), "conv1.parametrizations.weight.original0");
//!
//! let g = Graph::new();
//! let y = conv.forward(g.input("x", [2, 3, 5, 5]), Mode::Train).mean_over([2, 3]);
//! assert_eq!(head.forward(y, Mode::Train).shape(), [2, 1].into());
//! ```

mod spectral_norm;
mod weight_norm;

pub use spectral_norm::{SpectralNorm, SpectralNormBuilder};
pub use weight_norm::{WeightNorm, WeightNormBuilder};

use graph::{Param, Scope, Shape};

use crate::error::accept;
use crate::init::Init;
use crate::{HyperparameterError, Module};

/// A builder of a layer whose weight may be made of other parameters: of
/// [`Linear`](crate::Linear), and of all in [`conv`](crate::conv).
///
/// For an example see [`parametrize`](crate::parametrize).
pub trait Parametrizable: Sized {
    /// What is built.
    type Layer: Module + Clone;

    /// The axis of the weight that belongs to the outputs.
    const OUTPUTS: usize;

    /// Whether the layer can be built.
    ///
    /// # Errors
    /// The first hyperparameter that breaks its rule.
    fn check(&self) -> Result<(), HyperparameterError>;

    /// How the weight starts, and its shape.
    fn weight(&self) -> (Init, Shape);

    /// Builds the rest of the layer, in its own scope, around its weight.
    #[track_caller]
    fn build_around(self, scope: &mut Scope<'_>, weight: Param) -> Self::Layer;
}

/// Builds a layer with a weight of its own, in a scope of its own.
#[track_caller]
pub(crate) fn built<B: Parametrizable>(builder: B, scope: &mut Scope<'_>, name: &str) -> B::Layer {
    accept(builder.check());
    let mut scope = scope.child(name);
    let (init, shape) = builder.weight();
    let weight = init.build(&mut scope, "weight", shape);
    builder.build_around(&mut scope, weight)
}

/// What both have: building from data, and the layer as a module.
macro_rules! wrapper {
    ($Wrapper:ident, $Builder:ident: $($param:ident),+) => {
        impl<B: Parametrizable> $Builder<B> {
            /// [`build`](Self::build), for options that come from data.
            ///
            /// # Errors
            /// If an option of the layer, or of this, is outside its values; nothing is built then.
            #[track_caller]
            pub fn try_build(
                self,
                scope: &mut graph::Scope<'_>,
                name: &str,
            ) -> Result<$Wrapper<B::Layer>, $crate::HyperparameterError> {
                self.check()?;
                Ok(self.build(scope, name))
            }
        }

        impl<M: Module + Clone> Module for $Wrapper<M> {
            #[track_caller]
            fn forward<'g>(&self, x: graph::Var<'g>, mode: $crate::Mode) -> graph::Var<'g> {
                self.forward(x, mode)
            }

            $crate::module::forward_at!();
        }

        $crate::module::layer!([M: Module] $Wrapper<M>, stringify!($Wrapper); |wrapper|
            layer = &wrapper.layer as &dyn Module $(, $param = wrapper.$param)+);
    };
}
use wrapper;
