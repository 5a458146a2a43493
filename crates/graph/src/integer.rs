//! Whole numbers as indices.

/// An integer type, whose numbers can be given as indices: class labels, rows of a table.
///
/// ```
/// use cotangent::{Graph, Integer};
/// assert_eq!((7_u8.to_index(), u64::MAX.to_index()), (7, i64::MAX));
///
/// let g = Graph::new();
/// let rows = g.constant(cotangent::ndarray::array![2_u8, 0]);
/// assert!(!rows.is_real());
/// ```
pub trait Integer: Copy + Send + Sync + 'static {
    /// The number as an index. What `i64` does not hold becomes [`i64::MAX`], which is outside of
    /// every axis, so that a run that reads it says so.
    fn to_index(self) -> i64;
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl Integer for $type {
            fn to_index(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )*};
}

integer!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
