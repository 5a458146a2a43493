//! Loops: operations with a body, which is recorded once.

mod body;
mod part;
mod scan;

pub use body::{Body, BodyNode};
pub(crate) use part::Part;
pub use scan::{Layout, Scan, trimmed};
pub(crate) use scan::{Mapped, Updated, mapped};
