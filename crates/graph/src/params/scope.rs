//! Building parameters under a path.

use std::panic::Location;

use ndarray::ArrayD;

use crate::params::{Param, Role};
use crate::random::Seed;

/// A place in a [`Params`](crate::Params) store: what is built in it is named by its path.
///
/// ```
/// use cotangent::Params;
/// let mut params = Params::seeded(0);
/// let mut root = params.root();
/// let weight = root.child("encoder").parameter("weight", cotangent::ndarray::Array2::zeros((3, 2)).into_dyn());
/// assert_eq!(weight.path(), "encoder.weight");
/// ```
#[derive(Debug)]
pub struct Scope<'a> {
    store: &'a mut dyn Build,
    path: String,
}

/// A store of any precision, as a scope sees it.
pub trait Build: std::fmt::Debug {
    /// Adds an entry for somebody's line.
    fn build(
        &mut self,
        path: &str,
        role: Role,
        initial: ArrayD<f64>,
        line: &'static Location<'static>,
    ) -> Result<Param, String>;
    fn seed(&self) -> Seed;
    fn count(&self) -> usize;
}

impl<'a> Scope<'a> {
    pub(super) fn root(store: &'a mut dyn Build) -> Self {
        Self { store, path: String::new() }
    }

    /// The scope of a part of the model.
    ///
    /// # Panics
    /// If the name is empty or contains a dot.
    #[track_caller]
    pub fn child(&mut self, name: &str) -> Scope<'_> {
        Scope { path: self.path_of(name), store: &mut *self.store }
    }

    /// The path, empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Adds a trainable parameter with its initial value.
    ///
    /// # Panics
    /// If the path is taken, or the name is empty or contains a dot.
    #[track_caller]
    pub fn parameter(&mut self, name: &str, initial: ArrayD<f64>) -> Param {
        self.build(name, Role::Trainable, initial)
    }

    /// Adds a buffer with its initial value: state that no optimizer changes.
    ///
    /// # Panics
    /// If the path is taken, or the name is empty or contains a dot.
    #[track_caller]
    pub fn buffer(&mut self, name: &str, initial: ArrayD<f64>) -> Param {
        self.build(name, Role::Buffer, initial)
    }

    /// The seed for drawing the initial value of the next parameter: a function of the store's seed
    /// and the parameter's position, so that a model is initialised alike wherever it is built.
    pub fn initial_seed(&self) -> (Seed, u64) {
        (self.store.seed(), self.store.count() as u64)
    }

    #[track_caller]
    fn build(&mut self, name: &str, role: Role, initial: ArrayD<f64>) -> Param {
        let path = self.path_of(name);
        let line = Location::caller();
        match self.store.build(&path, role, initial, line) {
            Ok(param) => param,
            Err(rule) => panic!("parameter {path:?}: {rule}\n  at {line}"),
        }
    }

    #[track_caller]
    fn path_of(&self, name: &str) -> String {
        assert!(
            !name.is_empty() && !name.contains('.'),
            "a name in a path must be non-empty and without dots, and this is {name:?}\n  at {}",
            Location::caller(),
        );
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}
