//! Arrays whose first axis counts examples: what goes into a data set, and comes out of it in batches.

use std::fmt::Debug;
use std::mem;

use ndarray::{Array, Axis, RemoveAxis};

use crate::{DataError, Real};

/// An array with an entry for each example along its first axis: the features or the targets of a
/// [`Dataset`](crate::Dataset).
///
/// These are `Array<T, D>` with any number of axes from one up, of `f32` and `f64`, which are real,
/// and of `i64`, which are indices: of classes, or of words. Sealed: nothing else implements it.
pub trait Rows: Columns {}

impl<A: Columns> Rows for A {}

/// An array with what is known of it: real numbers as they are, or indices with the number that all
/// of them are below.
///
/// Implemented for `Array<f32, D>`, `Array<f64, D>` and `(Array<i64, D>, usize)`. Sealed: nothing else
/// implements it.
///
/// [`Dataset::of`](crate::Dataset::of) takes it.
pub trait IntoRows: Bounded {}

impl<A: Bounded> IntoRows for A {}

pub(crate) use sealed::{Bounded, Columns, Element};

mod sealed {
    use super::*;

    /// An element of a data set.
    pub trait Element: Copy + Debug + Default + PartialEq {
        /// The rule that the element breaks, if it does.
        fn fault(self, at: At, below: Option<usize>) -> Option<DataError>;

        /// The class that it is the label of; the same for what is no label.
        fn class(self) -> i64;
    }

    /// What the rest of the crate does with an array of examples, which is in standard layout.
    pub trait Columns: Clone + Debug + Default + PartialEq {
        /// How many examples there are.
        fn rows(&self) -> usize;

        /// How many elements an example has.
        fn width(&self) -> usize;

        /// The shape of an example.
        fn row_shape(&self) -> &[usize];

        /// The same array in standard layout: each example is one slice.
        fn standard(self) -> Self;

        /// The class of a row; the same for all where rows are not single labels.
        fn class(&self, row: usize) -> i64;

        /// Writes these rows over an array, whose memory it reuses.
        fn gather(&self, rows: impl ExactSizeIterator<Item = usize>, into: &mut Self);

        /// The first element that breaks a rule.
        fn check(&self, part: Part, below: Option<usize>) -> Result<(), DataError>;
    }

    /// An array, and the number that its indices are below.
    pub trait Bounded {
        type Rows: Columns;

        fn into_rows(self) -> (Self::Rows, Option<usize>);
    }

    /// A part of a data set, or an array by itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Part {
        Features,
        Targets,
        Values,
    }

    /// The place of an element.
    #[derive(Clone, Copy, Debug)]
    pub struct At {
        pub part: Part,
        pub row: usize,
        pub column: usize,
    }
}
pub(crate) use sealed::{At, Part};

impl Part {
    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Features => "features",
            Part::Targets => "targets",
            Part::Values => "values",
        }
    }
}

impl<T: Real> Element for T {
    fn fault(self, at: At, _: Option<usize>) -> Option<DataError> {
        let At { part, row, column } = at;
        let fault = DataError::NonFinite { part: part.name(), row, column, value: self.into() };
        (!self.is_finite()).then_some(fault)
    }

    fn class(self) -> i64 {
        0
    }
}

impl Element for i64 {
    fn fault(self, at: At, below: Option<usize>) -> Option<DataError> {
        let below = below.expect("indices come with what they are below");
        let At { part, row, column } = at;
        let fault = match part {
            Part::Features => {
                DataError::IndexOutOfRange { row, column, index: self, vocabulary: below }
            }
            _ => DataError::LabelOutOfRange { row, label: self, classes: below },
        };
        let within = usize::try_from(self).is_ok_and(|index| index < below);
        (!within).then_some(fault)
    }

    fn class(self) -> i64 {
        self
    }
}

impl<A: Element, D: RemoveAxis> Columns for Array<A, D> {
    fn rows(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    fn width(&self) -> usize {
        self.row_shape().iter().product()
    }

    fn row_shape(&self) -> &[usize] {
        self.shape().get(1..).unwrap_or_default()
    }

    fn standard(self) -> Self {
        if self.is_standard_layout() { self } else { self.as_standard_layout().into_owned() }
    }

    fn class(&self, row: usize) -> i64 {
        if self.ndim() == 1 { slice(self)[row].class() } else { 0 }
    }

    fn gather(&self, rows: impl ExactSizeIterator<Item = usize>, into: &mut Self) {
        let (width, all) = (self.width(), slice(self));
        let mut dim = self.raw_dim();
        dim[0] = rows.len();
        let mut buffer = mem::take(into).into_raw_vec_and_offset().0;
        buffer.clear();
        buffer.reserve(rows.len() * width);
        rows.for_each(|row| buffer.extend_from_slice(&all[row * width..][..width]));
        *into = Array::from_shape_vec(dim, buffer).expect("as many values as rows times columns");
    }

    fn check(&self, part: Part, below: Option<usize>) -> Result<(), DataError> {
        for (row, example) in self.axis_iter(Axis(0)).enumerate() {
            for (column, &element) in example.iter().enumerate() {
                if let Some(fault) = element.fault(At { part, row, column }, below) {
                    return Err(fault);
                }
            }
        }
        Ok(())
    }
}

fn slice<A, D: RemoveAxis>(array: &Array<A, D>) -> &[A] {
    array.as_slice().expect("a data set's arrays are in standard layout")
}

impl<T: Real, D: RemoveAxis> Bounded for Array<T, D> {
    type Rows = Self;

    fn into_rows(self) -> (Self, Option<usize>) {
        (self, None)
    }
}

impl<D: RemoveAxis> Bounded for (Array<i64, D>, usize) {
    type Rows = Array<i64, D>;

    fn into_rows(self) -> (Array<i64, D>, Option<usize>) {
        (self.0, Some(self.1))
    }
}
