//! Parameters and buffers: one store, keyed by id, named by path.

mod file;
mod freeze;
mod gradients;
mod id;
mod pattern;
mod scope;
mod store;
mod summary;

pub use file::{Import, LoadError, Loaded, Mismatch, SaveError};
pub use gradients::{GradientLayout, Gradients, GradientsError};
pub use id::{Param, ParamId, Role};
pub use pattern::Pattern;
pub(crate) use scope::Build;
pub use scope::Scope;
pub use store::{Params, ParamsError};
pub use summary::Summary;
