//! What all layers have in common.

use std::any::Any;
use std::fmt::Debug;
use std::panic::Location;
use std::sync::Arc;

use graph::Var;

/// Whether a model is being trained or used: batch or running statistics in
/// [`BatchNorm`](crate::BatchNorm), zeroing or not in [`Dropout`](crate::Dropout).
///
/// It is an argument of every `forward` that it matters to, never a hidden flag:
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::{Dropout, Mode};
///
/// let g = Graph::new();
/// let x = g.full([1000], 1.0);
/// let zeros = |mode| Dropout::new(0.5).forward(x, mode).eq(0.0).to_real().sum().eval();
/// assert!(zeros(Mode::Train)?[[]] > 400.0);
/// assert_eq!(zeros(Mode::Eval)?[[]], 0.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
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
/// use cotangent::{Graph, Params, Scope, Var};
/// use cotangent::nn::{Linear, Mode, Module};
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
pub trait Module: Any + Debug + Send + Sync {
    /// Records the function of `x` into its graph.
    ///
    /// The layers of this crate mark it `#[track_caller]`, so that their nodes carry the line that
    /// called them. A model does not: its nodes then carry the lines of its own body.
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g>;

    /// [`forward`](Self::forward) for a caller at this line, which `#[track_caller]` does not learn
    /// through `dyn`: what [`Sequential`](crate::Sequential) calls.
    ///
    /// The nodes of the layers of this crate carry the line, by [`graph::Graph::at`]; those of a
    /// model, which does not override this, the lines of its own body.
    fn forward_at<'g>(&self, x: Var<'g>, mode: Mode, _line: &'static Location<'static>) -> Var<'g> {
        self.forward(x, mode)
    }

    /// The module as what says its layers, if it does: `Some(self)` for one that has [`Layers`](crate::Layers), so that they are
    /// known behind `dyn Module`, too. What answers `None` is unknown to [`Tree`](crate::Tree)s, and printed so.
    ///
    /// ```
    /// use cotangent::prelude::*;
    ///
    /// /// x + tanh(Wx + b).
    /// #[derive(Debug, Layers)]
    /// struct Residual(Linear);
    ///
    /// impl Module for Residual {
    ///     fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
    ///         x + self.0.forward(x).tanh()
    ///     }
    ///
    ///     fn as_layers(&self) -> Option<&dyn Layers> {
    ///         Some(self)
    ///     }
    /// }
    ///
    /// let mut params = Params::seeded(0);
    /// let block = Residual(Linear::new(3, 3).build(&mut params.root(), "inner"));
    /// assert_eq!(Sequential::new().then(block).tree().parameters()[0].0, "0.0.weight");
    /// ```
    #[cfg(feature = "derive")]
    fn as_layers(&self) -> Option<&dyn crate::Layers> {
        None
    }
}

impl dyn Module {
    /// The module behind it, if it is an `M`.
    ///
    /// ```
    /// use cotangent::nn::{Activation, Dropout, Sequential};
    /// let model = Sequential::new().then(Dropout::new(0.1)).then(Activation::Relu);
    /// let dropped = model.layers()[0].downcast_ref::<Dropout>().unwrap();
    /// assert_eq!(dropped.probability(), 0.1);
    /// ```
    pub fn downcast_ref<M: Module>(&self) -> Option<&M> {
        (self as &dyn Any).downcast_ref()
    }
}

/// A shared or boxed module is one: its caller's line is handed on.
macro_rules! pointer {
    ($($pointer:ident),*) => {$(
        impl<M: Module + ?Sized> Module for $pointer<M> {
            #[track_caller]
            fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
                (**self).forward_at(x, mode, Location::caller())
            }

            fn forward_at<'g>(
                &self,
                x: Var<'g>,
                mode: Mode,
                line: &'static Location<'static>,
            ) -> Var<'g> {
                (**self).forward_at(x, mode, line)
            }

            #[cfg(feature = "derive")]
            fn as_layers(&self) -> Option<&dyn crate::Layers> {
                (**self).as_layers()
            }
        }
    )*};
}

pointer!(Arc, Box);

/// What a layer of this crate overrides of [`Module`]: its own lines say nothing to a user, and it says what it consists of.
macro_rules! forward_at {
    () => {
        #[cfg(feature = "derive")]
        fn as_layers(&self) -> Option<&dyn $crate::Layers> {
            Some(self)
        }

        fn forward_at<'g>(
            &self,
            x: graph::Var<'g>,
            mode: $crate::Mode,
            line: &'static std::panic::Location<'static>,
        ) -> graph::Var<'g> {
            x.graph().at(line, || $crate::Module::forward(self, x, mode))
        }
    };
}
pub(crate) use forward_at;

/// What a layer of this crate consists of: `layer!([] Linear, "Linear", |layer| "64 → 32"; weight = layer.weight)`, with the
/// parameters of a generic one in the brackets. One that is told by its parts says nothing of itself, and has no `, |layer| …`.
macro_rules! layer {
    ([$($generics:tt)*] $Layer:ty, $kind:expr, |$layer:pat_param| $said:expr
        $(; $($name:ident = $part:expr),+)?) => {
        #[cfg(feature = "derive")]
        impl<$($generics)*> $crate::Layers for $Layer {
            fn tree(&self) -> $crate::Tree {
                let $layer = self;
                let tree = $crate::Tree::new($kind).described($said);
                tree$($(.with(stringify!($name), &$part))+)?
            }
        }
    };
    ([$($generics:tt)*] $Layer:ty, $kind:expr; |$layer:ident| $($name:ident = $part:expr),+) => {
        #[cfg(feature = "derive")]
        impl<$($generics)*> $crate::Layers for $Layer {
            fn tree(&self) -> $crate::Tree {
                let $layer = self;
                $crate::Tree::new($kind)$(.with(stringify!($name), &$part))+
            }
        }
    };
}
pub(crate) use layer;
