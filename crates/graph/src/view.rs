//! Values that are looked at: what operations read.

use ndarray::ArrayViewD;

use crate::Type;

/// A value that an operation reads.
///
/// It stands in the example of [`Operation`](crate::Operation).
#[derive(Clone, Debug)]
pub enum View<'a, T> {
    /// Reals, or truth values as 0 and 1.
    Real(ArrayViewD<'a, T>),
    /// Indices.
    Index(ArrayViewD<'a, i64>),
}

impl<T> View<'_, T> {
    /// The type of the values, truth values being given as reals.
    pub fn ty(&self) -> Type {
        match self {
            View::Real(view) => Type::real(view.shape()),
            View::Index(view) => Type::index(view.shape()),
        }
    }

    /// The same values.
    pub(crate) fn view(&self) -> View<'_, T> {
        match self {
            View::Real(view) => View::Real(view.view()),
            View::Index(view) => View::Index(view.view()),
        }
    }
}
