//! The same numbers in memory in ways that an array may lie.

use cotangent::ndarray::{ArrayD, ArrayViewD, Slice};
use cotangent::{Feed, Precision};
use cotangent::{Value, View};

/// How an array lies in memory.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// In row-major order.
    Dense,
    /// Each axis from its end.
    Reversed,
    /// In column-major order.
    Transposed,
    /// With a gap after each element, along each axis.
    Spaced,
}

impl Layout {
    pub const ALL: [Layout; 4] =
        [Layout::Dense, Layout::Reversed, Layout::Transposed, Layout::Spaced];

    /// The array as it is stored.
    fn store<E: Clone>(self, array: &ArrayD<E>) -> ArrayD<E> {
        let stored = match self {
            Layout::Dense => array.view(),
            Layout::Reversed => reversed(array.view()),
            Layout::Transposed => array.t(),
            Layout::Spaced => {
                let extents: Vec<usize> = array.shape().iter().map(|extent| 2 * extent).collect();
                return ArrayD::from_shape_fn(extents, |place| {
                    let halved: Vec<usize> = cotangent::ndarray::Dimension::slice(&place)
                        .iter()
                        .map(|i| i / 2)
                        .collect();
                    array[&halved[..]].clone()
                });
            }
        };
        stored.as_standard_layout().into_owned()
    }

    /// The array, seen in what [`store`](Self::store) made of it.
    fn view<E>(self, stored: &ArrayD<E>) -> ArrayViewD<'_, E> {
        match self {
            Layout::Dense => stored.view(),
            Layout::Reversed => reversed(stored.view()),
            Layout::Transposed => stored.t(),
            Layout::Spaced => {
                let mut view = stored.view();
                view.slice_each_axis_inplace(|_| Slice::new(0, None, 2));
                view
            }
        }
    }
}

fn reversed<E>(mut view: ArrayViewD<'_, E>) -> ArrayViewD<'_, E> {
    view.slice_each_axis_inplace(|_| Slice::new(0, None, -1));
    view
}

/// A value in some layout.
pub struct Stored<T>(Value<T>, Layout);

impl<T: Precision> Stored<T> {
    pub fn new(value: &Value<T>, layout: Layout) -> Self {
        let stored = match value {
            Value::Real(array) => Value::Real(layout.store(array)),
            Value::Index(array) => Value::Index(layout.store(array)),
        };
        Self(stored, layout)
    }

    pub fn feed(&self) -> Feed<'_, T> {
        match &self.0 {
            Value::Real(array) => View::Real(self.1.view(array)).into(),
            Value::Index(array) => View::Index(self.1.view(array)).into(),
        }
    }
}
