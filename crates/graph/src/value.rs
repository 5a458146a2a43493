//! Values that go into a graph and come out of it.

use ndarray::{Array, ArrayD, Dimension, IxDyn};

use crate::{Integer, Kind, Out, Scalar, Type, View};

/// The value of a variable: of reals in either precision, or of indices of any integer type.
///
/// ```
/// use cotangent::Value;
/// use cotangent::ndarray::array;
///
/// assert!(matches!(Value::<f32>::from(array![0.5_f64]), Value::Real(_)));
/// assert_eq!(Value::<f32>::from(array![2_u8]), Value::Index(array![2].into_dyn()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value<T> {
    /// Reals, or truth values as 0 and 1.
    Real(ArrayD<T>),
    /// Indices.
    Index(ArrayD<i64>),
}

impl<T: Scalar> Value<T> {
    /// An array for an output of this type.
    pub fn zeros(ty: &Type) -> Self {
        match ty.kind {
            Kind::Index => Value::Index(ArrayD::zeros(IxDyn(&ty.shape))),
            Kind::Real | Kind::Boolean => Value::Real(ArrayD::zeros(IxDyn(&ty.shape))),
        }
    }

    /// The value as reals; indices are converted.
    pub fn into_real(self) -> ArrayD<T> {
        match self {
            Value::Real(array) => array,
            Value::Index(array) => array.mapv(|index| T::from_f64(index as f64)),
        }
    }

    /// The value as indices, if it is one.
    pub fn into_index(self) -> Option<ArrayD<i64>> {
        match self {
            Value::Index(array) => Some(array),
            Value::Real(_) => None,
        }
    }

    /// The value as an operation reads it.
    pub fn view(&self) -> View<'_, T> {
        match self {
            Value::Real(array) => View::Real(array.view()),
            Value::Index(array) => View::Index(array.view()),
        }
    }

    /// Where an operation writes the value.
    pub fn out(&mut self) -> Out<'_, T> {
        match self {
            Value::Real(array) => Out::Real(array.view_mut()),
            Value::Index(array) => Out::Index(array.view_mut()),
        }
    }

    pub(crate) fn matches(&self, ty: &Type) -> bool {
        match self {
            Value::Real(array) => ty.kind != Kind::Index && array.shape() == &*ty.shape,
            Value::Index(array) => ty.kind == Kind::Index && array.shape() == &*ty.shape,
        }
    }
}

/// Reals convert between the precisions on the way in, and plain numbers are scalars.
macro_rules! value_from {
    ($($given:ident => $precision:ident, |$array:ident| $owned:expr, |$view:ident| $copied:expr;)*) => {$(
        impl<D: Dimension> From<Array<$given, D>> for Value<$precision> {
            fn from($array: Array<$given, D>) -> Self {
                Value::Real($owned.into_dyn())
            }
        }
        impl<D: Dimension> From<&Array<$given, D>> for Value<$precision> {
            fn from($view: &Array<$given, D>) -> Self {
                Value::Real($copied.into_dyn())
            }
        }
        impl From<$given> for Value<$precision> {
            fn from(number: $given) -> Self {
                Value::Real(ndarray::arr0(number as $precision).into_dyn())
            }
        }
    )*};
}

value_from! {
    f32 => f32, |array| array, |array| array.to_owned();
    f64 => f64, |array| array, |array| array.to_owned();
    f32 => f64, |array| array.mapv(f64::from), |array| array.mapv(f64::from);
    f64 => f32, |array| array.mapv(|x| x as f32), |array| array.mapv(|x| x as f32);
}

/// Whole numbers are indices; there is no conversion from them to reals.
macro_rules! value_from_indices {
    ($($precision:ty),*) => {$(
        impl<N: Integer, D: Dimension> From<Array<N, D>> for Value<$precision> {
            fn from(array: Array<N, D>) -> Self {
                Value::Index(array.into_dyn().mapv_into_any(Integer::to_index))
            }
        }
        impl<N: Integer, D: Dimension> From<&Array<N, D>> for Value<$precision> {
            fn from(array: &Array<N, D>) -> Self {
                Value::Index(array.mapv(Integer::to_index).into_dyn())
            }
        }
    )*};
}

value_from_indices!(f32, f64);
