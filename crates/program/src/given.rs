//! A value given for an input of a program.

use std::ops::Range;

use ndarray::{Array, ArrayD, ArrayView, ArrayViewD, Axis, Dimension};

use crate::Precision;
use graph::{Integer, Kind, Type, Value, View};

/// A value given for an input of a program, read where it lies: reals in the program's precision,
/// or indices of any integer type.
///
/// ```
/// use cotangent::Type;
/// use cotangent::Feed;
/// use cotangent::ndarray::array;
///
/// let (x, labels) = (array![[1.0_f32, 2.0]], array![7_u8]);
/// assert_eq!(Feed::<f32>::from(&x).ty(), Type::real([1, 2]));
/// assert_eq!(Feed::<f32>::from(&labels).ty(), Type::index([1]));
/// assert_eq!(Feed::<f32>::from(&x.row(0)).ty(), Type::real([2]));
/// ```
#[derive(Clone, Debug)]
pub enum Feed<'a, T> {
    /// Reals, or truth values as 0 and 1.
    Real(ArrayViewD<'a, T>),
    /// Indices.
    Index(Indices<'a>),
}

impl<T: Precision> Feed<'_, T> {
    /// The type of the values, truth values being given as reals.
    pub fn ty(&self) -> Type {
        match self {
            Feed::Real(view) => Type::real(view.shape()),
            Feed::Index(indices) => Type::index(indices.shape()),
        }
    }

    /// Some of its rows: what lies at these places along the first axis. A number has none, and is answered whole.
    ///
    /// ```
    /// use cotangent::{Feed, Type};
    /// use cotangent::ndarray::array;
    /// let labels = array![7_u8, 8, 9];
    /// assert_eq!(Feed::<f32>::from(&labels).rows(1..3).ty(), Type::index([2]));
    /// ```
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn rows(&self, rows: Range<usize>) -> Feed<'_, T> {
        match self {
            Feed::Real(view) => Feed::Real(rows_of(view, rows)),
            Feed::Index(indices) => Feed::Index(indices.rows(rows)),
        }
    }

    /// A copy of the values.
    pub(crate) fn to_value(&self) -> Value<T> {
        match self {
            Feed::Real(view) => Value::Real(view.to_owned()),
            Feed::Index(indices) => Value::Index(indices.to_array()),
        }
    }

    /// Whether the values can be those of an input of this type.
    pub(crate) fn fits(&self, ty: &Type) -> bool {
        match self {
            Feed::Real(view) => ty.kind != Kind::Index && view.shape() == &*ty.shape,
            Feed::Index(indices) => ty.kind == Kind::Index && indices.shape() == &*ty.shape,
        }
    }
}

impl<'a, T> From<View<'a, T>> for Feed<'a, T> {
    fn from(view: View<'a, T>) -> Self {
        match view {
            View::Real(view) => Feed::Real(view),
            View::Index(view) => Feed::Index(view.into()),
        }
    }
}

impl<'a, T: Precision> From<&'a Value<T>> for Feed<'a, T> {
    fn from(value: &'a Value<T>) -> Self {
        value.view().into()
    }
}

#[track_caller]
fn rows_of<'v, E>(view: &'v ArrayViewD<'_, E>, rows: Range<usize>) -> ArrayViewD<'v, E> {
    if view.ndim() == 0 { view.view() } else { view.slice_axis(Axis(0), rows.into()) }
}

/// Copies an array to where a program reads it, in row-major order.
fn copy<E: Copy, R>(from: &ArrayViewD<'_, E>, to: &mut [R], convert: impl Fn(E) -> R) {
    match from.as_slice() {
        Some(from) => to.iter_mut().zip(from).for_each(|(to, &from)| *to = convert(from)),
        None => to.iter_mut().zip(from).for_each(|(to, &from)| *to = convert(from)),
    }
}

macro_rules! real {
    ($($real:ty),*) => {$(
        impl<'a, D: Dimension> From<&'a Array<$real, D>> for Feed<'a, $real> {
            fn from(array: &'a Array<$real, D>) -> Self {
                array.view().into()
            }
        }
        impl<'a, D: Dimension> From<ArrayView<'a, $real, D>> for Feed<'a, $real> {
            fn from(view: ArrayView<'a, $real, D>) -> Self {
                Feed::Real(view.into_dyn())
            }
        }
        impl<'a, D: Dimension> From<&'a ArrayView<'_, $real, D>> for Feed<'a, $real> {
            fn from(view: &'a ArrayView<'_, $real, D>) -> Self {
                view.view().into()
            }
        }
    )*};
}

real!(f32, f64);

/// An array of whole numbers of any type: see [`Integer::to_index`].
///
/// The example of [`Feed`] gives one.
#[derive(Clone, Debug)]
pub struct Indices<'a>(Whole<'a>);

macro_rules! whole {
    ($($variant:ident $whole:ty,)*) => {
        #[derive(Clone, Debug)]
        enum Whole<'a> {
            $($variant(ArrayViewD<'a, $whole>)),*
        }

        impl Indices<'_> {
            /// The extents of the array.
            pub fn shape(&self) -> &[usize] {
                match &self.0 {
                    $(Whole::$variant(view) => view.shape()),*
                }
            }

            /// Some of the rows.
            fn rows(&self, rows: Range<usize>) -> Indices<'_> {
                match &self.0 {
                    $(Whole::$variant(view) => {
                        Indices(Whole::$variant(rows_of(view, rows)))
                    })*
                }
            }

            /// A copy of the indices.
            pub fn to_array(&self) -> ArrayD<i64> {
                let mut indices = vec![0; self.shape().iter().product()];
                self.copy_to(&mut indices);
                ArrayD::from_shape_vec(self.shape(), indices).expect("as many as the shape says")
            }

            /// Copies the indices to where a program reads them.
            pub(crate) fn copy_to(&self, to: &mut [i64]) {
                match &self.0 {
                    $(Whole::$variant(view) => copy(view, to, Integer::to_index)),*
                }
            }
        }

        $(
            impl<'a, D: Dimension> From<ArrayView<'a, $whole, D>> for Indices<'a> {
                fn from(view: ArrayView<'a, $whole, D>) -> Self {
                    Indices(Whole::$variant(view.into_dyn()))
                }
            }
            impl<'a, T, D: Dimension> From<ArrayView<'a, $whole, D>> for Feed<'a, T> {
                fn from(view: ArrayView<'a, $whole, D>) -> Self {
                    Feed::Index(view.into())
                }
            }
            impl<'a, T, D: Dimension> From<&'a ArrayView<'_, $whole, D>> for Feed<'a, T> {
                fn from(view: &'a ArrayView<'_, $whole, D>) -> Self {
                    view.view().into()
                }
            }
            impl<'a, T, D: Dimension> From<&'a Array<$whole, D>> for Feed<'a, T> {
                fn from(array: &'a Array<$whole, D>) -> Self {
                    array.view().into()
                }
            }
        )*
    };
}

whole! {
    I8 i8,
    I16 i16,
    I32 i32,
    I64 i64,
    I128 i128,
    Isize isize,
    U8 u8,
    U16 u16,
    U32 u32,
    U64 u64,
    U128 u128,
    Usize usize,
}

#[cfg(test)]
mod tests {
    use graph::{Params, RunError};
    use ndarray::{Array1, Axis, array};

    use crate::{Feed, Function};

    /// Numbers picked from x by labels.
    fn picked<'a>(x: &'a Array1<f32>, labels: Feed<'a, f32>) -> Result<Vec<f32>, RunError> {
        let params = Params::seeded(0);
        let mut pick = Function::new(|_, [x, labels]| x.take(0, labels));
        Ok(pick.run(&params, (x, labels))?.iter().copied().collect())
    }

    #[test]
    fn labels_are_of_every_integer_type() {
        let x = array![0.0, 10.0, 20.0];
        macro_rules! of_types {
            ($($whole:ty),*) => {$(
                let labels: Array1<$whole> = array![2, 0, 1];
                let picks = picked(&x, (&labels).into()).unwrap();
                assert_eq!(picks, [20.0, 0.0, 10.0], stringify!($whole));
                let mut reversed = labels.view();
                reversed.invert_axis(Axis(0));
                assert_eq!(picked(&x, reversed.into()).unwrap(), [10.0, 0.0, 20.0]);
            )*};
        }
        of_types!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
    }

    #[test]
    fn a_label_that_no_index_holds_is_out_of_range() {
        let (x, large, small) = (array![0.0], array![u64::MAX], array![i128::MIN]);
        for error in [picked(&x, (&large).into()), picked(&x, (&small).into())] {
            let error = error.unwrap_err();
            assert!(matches!(error, RunError::IndexOutOfRange { index: i64::MAX, .. }), "{error}");
        }
    }

    #[test]
    fn arrays_in_any_order_are_read_as_they_are_and_nothing_of_them_is_kept() {
        let params = Params::seeded(0);
        let mut f = Function::new(|_, [x, y, z]| x.matmul(y) + z);
        let (x, y) = (array![[1.0_f32, 2.0], [3.0, 4.0]], array![[1.0_f32, 0.0], [5.0, 1.0]]);
        let (z, expected) = (array![7.0, 8.0], x.dot(&y) + array![7.0, 8.0]);
        let turned = (x.t().to_owned(), y.t().to_owned());
        for _ in 0..2 {
            let plain = f.run(&params, (&x, &y, &z)).unwrap().to_owned();
            assert_eq!(plain, expected.clone().into_dyn());
            assert_eq!(f.run(&params, (turned.0.t(), &y, z.view())).unwrap(), plain);
            assert_eq!(f.run(&params, (turned.0.t(), turned.1.t(), &z)).unwrap(), plain);
        }
        let error = f.run(&params, (turned.0.t(), turned.1.t(), &array![0.0, f32::NAN]));
        let error = error.unwrap_err();
        assert!(
            matches!(&error, RunError::NotFinite { position, .. } if *position == [1]),
            "{error}"
        );
    }

    #[test]
    fn up_to_eight_inputs_are_a_tuple_and_more_an_array() {
        let params = Params::seeded(0);
        let x = array![1.0_f32];
        let mut eight = Function::new(|_, x: [_; 8]| x.into_iter().reduce(|a, b| a + b).unwrap());
        let inputs = (&x, &x, &x, &x, &x, &x, &x, &x);
        assert_eq!(eight.run(&params, inputs).unwrap(), array![8.0].into_dyn());
        let mut nine = Function::new(|_, x: [_; 9]| x.into_iter().reduce(|a, b| a + b).unwrap());
        let inputs = std::array::from_fn(|_| Feed::from(&x));
        assert_eq!(nine.run(&params, inputs).unwrap(), array![9.0].into_dyn());
    }
}
