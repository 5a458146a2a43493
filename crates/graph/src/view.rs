//! Values that are looked at: what operations read, and what programs are fed.

use ndarray::{Array, ArrayView, ArrayViewD, Dimension};

use crate::{Kind, Scalar, Type};

/// A value that an operation reads.
#[derive(Clone, Debug)]
pub enum View<'a, T> {
    /// Reals, or truth values as 0 and 1.
    Real(ArrayViewD<'a, T>),
    /// Indices.
    Index(ArrayViewD<'a, i64>),
}

macro_rules! view_from {
    ($($element:ty => $precision:ty, $variant:ident;)*) => {$(
        impl<'a, D: Dimension> From<&'a Array<$element, D>> for View<'a, $precision> {
            fn from(array: &'a Array<$element, D>) -> Self {
                View::$variant(array.view().into_dyn())
            }
        }
        impl<'a, D: Dimension> From<ArrayView<'a, $element, D>> for View<'a, $precision> {
            fn from(view: ArrayView<'a, $element, D>) -> Self {
                View::$variant(view.into_dyn())
            }
        }
    )*};
}

view_from! {
    f32 => f32, Real;
    f64 => f64, Real;
    i64 => f32, Index;
    i64 => f64, Index;
}

impl<T: Scalar> View<'_, T> {
    /// The type of the values, truth values being given as reals.
    pub fn ty(&self) -> Type {
        match self {
            View::Real(view) => Type::real(view.shape()),
            View::Index(view) => Type::index(view.shape()),
        }
    }

    /// Whether the values can be those of an input of this type.
    pub fn fits(&self, ty: &Type) -> bool {
        match self {
            View::Real(view) => ty.kind != Kind::Index && view.shape() == &*ty.shape,
            View::Index(view) => ty.kind == Kind::Index && view.shape() == &*ty.shape,
        }
    }
}
