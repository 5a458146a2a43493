//! Handles to parameters.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Shape;

/// Identifies a parameter or buffer: small and `Copy`.
///
/// It is valid for the [`Params`](crate::Params) that the parameter was built in, and for every copy
/// that was made of that store afterwards: a copy has the same parameters. What is built later, in
/// the one or the other, belongs to it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId {
    // First, so that ids of one store are in the order of building.
    index: u32,
    /// No two parameters have the same, whatever store they were built in: so that an id of another
    /// store is an error, not another parameter.
    serial: u64,
}

impl ParamId {
    /// The id of a parameter that is built now.
    pub(super) fn new(index: usize) -> Self {
        let index = u32::try_from(index).expect("fewer than 2³² parameters");
        Self { index, serial: unique() }
    }

    /// The position in its store, in the order of building.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// A number that no other call answers.
pub(super) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Whether an optimizer changes a value.
///
/// See [`Param`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A parameter: has a gradient, and an optimizer changes it.
    Trainable,
    /// State that a step writes back, such as a running mean.
    Buffer,
}

/// What a layer keeps of its parameter: the id, and what recording needs to know of it.
///
/// ```
/// use cotangent::{Graph, Params, Role};
/// let mut params = Params::seeded(0);
/// let w = params.root().parameter("w", cotangent::ndarray::array![1.0, 2.0].into_dyn());
/// assert_eq!((w.path(), w.role()), ("w", Role::Trainable));
/// assert_eq!(params.get(w.id()).unwrap()[1], 2.0);
///
/// let g = Graph::new();
/// assert_eq!(g.param(&w).shape(), *w.shape());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub(super) id: ParamId,
    pub(super) role: Role,
    pub(super) path: Arc<str>,
    pub(super) shape: Shape,
    pub(super) location: &'static Location<'static>,
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

    /// The user's line that built it.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The first few paths of several, as the message of a pattern that matches none of them lists them.
    ///
    /// ```
    /// use cotangent::{Param, Params, nn::Linear};
    ///
    /// let mut params = Params::seeded(0);
    /// Linear::new(2, 1).build(&mut params.root(), "fc");
    /// assert_eq!(Param::list(params.entries()), r#""fc.weight", "fc.bias""#);
    /// ```
    pub fn list<'p>(params: impl IntoIterator<Item = &'p Param>) -> String {
        const SHOWN: usize = 6;
        let paths: Vec<String> =
            params.into_iter().map(|param| format!("{:?}", param.path())).collect();
        match paths.len() {
            0 => "none".to_owned(),
            count if count <= SHOWN => paths.join(", "),
            count => format!("{}, … ({count} in all)", paths[..SHOWN].join(", ")),
        }
    }
}
