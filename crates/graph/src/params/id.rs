//! Handles to parameters.

use std::sync::Arc;

use crate::Shape;

/// Identifies a parameter or buffer: small and `Copy`, valid for the [`Params`](crate::Params) that
/// answered it and its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId {
    /// Which store: so that an id of another store is an error, not another parameter.
    pub(super) store: u32,
    pub(super) index: u32,
}

impl ParamId {
    /// The position in its store, in the order of building.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// Whether an optimizer changes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A parameter: has a gradient, and an optimizer changes it.
    Trainable,
    /// State that a step writes back, such as a running mean.
    Buffer,
}

/// What a layer keeps of its parameter: the id, and what recording needs to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub(super) id: ParamId,
    pub(super) role: Role,
    pub(super) path: Arc<str>,
    pub(super) shape: Shape,
}

impl Param {
    /// The key in the store, in gradients and in optimizer state.
    pub fn id(&self) -> ParamId {
        self.id
    }

    /// Whether an optimizer changes it.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its name in files, such as `"encoder.fc1.weight"`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }
}
