//! What a model consists of: its layers and parameters as a tree, to be printed, counted and walked. It is behind the feature
//! `derive`.
//!
//! ```
//! use cotangent::prelude::*;
//!
//! #[derive(Layers)]
//! struct Mlp {
//!     hidden: Linear,
//!     norm: BatchNorm,
//!     output: Linear,
//!     #[layers(skip)]
//!     classes: usize,
//! }
//!
//! let mut params = Params::seeded(0);
//! let p = &mut params.root();
//! let model = Mlp {
//!     hidden: Linear::new(64, 32).build(p, "hidden"),
//!     norm: BatchNorm::new(32).build(p, "norm"),
//!     output: Linear::new(32, 10).build(p, "output"),
//!     classes: 10,
//! };
//!
//! // Printed:
//! assert_eq!(
//!     model.tree().to_string(),
//!     "\
//! Mlp                         2,474
//! ├─ hidden: Linear(64 → 32)  2,080
//! ├─ norm: BatchNorm(32)         64
//! └─ output: Linear(32 → 10)    330
//! 2,474 trainable parameters, 65 in buffers",
//! );
//!
//! // Counted, and walked:
//! let tree = model.tree();
//! assert_eq!((tree.trainable(), tree.buffers()), (2474, 65));
//! let layers = tree.walk().into_iter().filter(|(_, part)| part.kind() == "Linear");
//! assert_eq!(layers.map(|(path, _)| path).collect::<Vec<_>>(), ["hidden", "output"]);
//! let (path, weight) = &tree.parameters()[0];
//! assert_eq!((path.as_str(), weight.shape()), ("hidden.weight", &[32, 64].into()));
//! # let _ = model.classes;
//! ```
//!
//! The paths are those of fields. They need not be those of the store, which say where a parameter was built:
//! [`graph::Param::path`].

mod of_others;
mod print;
mod tree;

pub use tree::Tree;

/// What consists of layers and parameters, and says which: all layers of this crate, a [`Param`](graph::Param), and what is made
/// of such: a struct by `#[derive(Layers)]`, and a `Vec`, an array, a tuple, an `Option`, a `Box` or an `Arc`.
///
/// The derive macro takes every field for a part, under its name; `#[layers(skip)]` leaves out one that holds no layers. For an
/// enum, or another view of a struct, the one method is written by hand:
///
/// ```
/// use cotangent::prelude::*;
/// use cotangent::nn::Tree;
///
/// enum Head {
///     Linear(Linear),
///     Deep(Vec<Linear>),
/// }
///
/// impl Layers for Head {
///     fn tree(&self) -> Tree {
///         match self {
///             Head::Linear(layer) => layer.tree(),
///             Head::Deep(layers) => Tree::new("Head").with("layers", layers),
///         }
///     }
/// }
///
/// let mut params = Params::seeded(0);
/// let mut layer = |name| Linear::new(4, 4).build(&mut params.root(), name);
/// assert_eq!(Head::Deep(vec![layer("a"), layer("b")]).tree().trainable(), 40);
/// assert_eq!(Head::Linear(layer("c")).tree().trainable(), 20);
/// ```
///
/// Behind `dyn Module`, as in a [`Sequential`](crate::Sequential), a module of one's own is known by
/// [`Module::as_layers`](crate::Module::as_layers).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which layers it consists of",
    label = "no part of a model",
    note = "a struct of layers says so by `#[derive(Layers)]`; a field that holds no layers is left out by `#[layers(skip)]`"
)]
pub trait Layers {
    /// What this consists of.
    fn tree(&self) -> Tree;
}
