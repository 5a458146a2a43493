//! What the minimize crate promises, one subject to a file.

mod minimizers;
mod unconstrained;
