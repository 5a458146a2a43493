//! The data set: examples with a class each.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};

use crate::{Batches, DataError, Epochs, Real};

/// Examples for classification: one row of features and one label each.
///
/// - features: shape `[rows, columns]`, always finite;
/// - labels: shape `[rows]`, each from 0 up to, not including, the number of classes;
/// - at least one row and one column.
///
/// The constructors check these rules, and every method keeps them, so that nothing behind a
/// `Dataset` checks again.
///
/// ```
/// use data::Dataset;
/// use ndarray::array;
///
/// # fn main() -> Result<(), data::DataError> {
/// let xor = Dataset::new(
///     array![[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]],
///     array![0, 1, 1, 0],
///     2, // classes
/// )?;
/// assert_eq!(xor.len(), 4);
///
/// let wrong = Dataset::new(array![[0.0_f32], [1.0]], array![0, 5], 2);
/// assert_eq!(
///     wrong.unwrap_err().to_string(),
///     "a label must be at least 0 and below the number of classes, 2; row 1 has the label 5",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<T = f32> {
    features: Array2<T>, // in standard layout: each row is one slice
    labels: Array1<i64>,
    classes: usize,
    feature_shape: Vec<usize>,
}

impl<T: Real> Dataset<T> {
    /// A data set of `features` (`[rows, columns]`) and `labels` (`[rows]`, each below `classes`).
    ///
    /// `classes` is given rather than counted, because a small set need not show every class.
    ///
    /// # Errors
    ///
    /// [`Empty`](DataError::Empty), [`CountMismatch`](DataError::CountMismatch),
    /// [`LabelOutOfRange`](DataError::LabelOutOfRange) or [`NonFinite`](DataError::NonFinite),
    /// checked in this order.
    pub fn new(
        features: Array2<T>,
        labels: Array1<i64>,
        classes: usize,
    ) -> Result<Self, DataError> {
        check_sizes(&features, &labels)?;
        check_labels(&labels, classes)?;
        check_finite(&features)?;
        let feature_shape = vec![features.ncols()];
        let features = if features.is_standard_layout() {
            features
        } else {
            features.as_standard_layout().into_owned()
        };
        Ok(Self { features, labels, classes, feature_shape })
    }

    /// Says which shape the features of one example have, such as `[8, 8]` for an image; the
    /// default is `[columns]`.
    ///
    /// The features stay a matrix: the shape is what a model for images, or a picture of an
    /// example, goes by.
    ///
    /// # Errors
    ///
    /// [`FeatureShape`](DataError::FeatureShape) when the shape does not hold as many values as a
    /// row.
    pub fn with_feature_shape(mut self, shape: &[usize]) -> Result<Self, DataError> {
        let columns = self.width();
        let size = shape.iter().try_fold(1, |size: usize, &n| size.checked_mul(n));
        if size != Some(columns) {
            return Err(DataError::FeatureShape { shape: shape.to_vec(), columns });
        }
        self.feature_shape = shape.to_vec();
        Ok(self)
    }

    /// The number of examples, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a data set is never empty")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The number of features of one example, at least 1.
    pub fn width(&self) -> usize {
        self.features.ncols()
    }

    /// The features, `[rows, columns]`, in row-major order.
    pub fn features(&self) -> &Array2<T> {
        &self.features
    }

    /// The labels, `[rows]`.
    pub fn labels(&self) -> &Array1<i64> {
        &self.labels
    }

    /// The number of classes; every label is below it.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The shape of the features of one example, such as `[8, 8]`.
    pub fn feature_shape(&self) -> &[usize] {
        &self.feature_shape
    }

    /// How many examples each class has, for the classes that have any.
    pub fn class_counts(&self) -> BTreeMap<i64, usize> {
        let mut counts = BTreeMap::new();
        for &label in &self.labels {
            *counts.entry(label).or_default() += 1;
        }
        counts
    }

    /// The features and the labels, given away.
    pub fn into_parts(self) -> (Array2<T>, Array1<i64>) {
        (self.features, self.labels)
    }

    /// The same data set in a float type that holds every value of this one:
    /// `digits().cast::<f64>()`.
    pub fn cast<U: Real + From<T>>(&self) -> Dataset<U> {
        Dataset {
            features: self.features.mapv(<U as From<T>>::from),
            labels: self.labels.clone(),
            classes: self.classes,
            feature_shape: self.feature_shape.clone(),
        }
    }

    /// The same data set with `f` applied to every feature: `digits.map(|pixel| pixel / 16.0)`.
    ///
    /// # Errors
    ///
    /// [`NonFinite`](DataError::NonFinite) when `f` returns NaN or an infinite value.
    pub fn map(mut self, f: impl FnMut(T) -> T) -> Result<Self, DataError> {
        self.features.mapv_inplace(f);
        check_finite(&self.features)?;
        Ok(self)
    }

    /// The data set of these rows, in this order; a row may be named twice.
    ///
    /// # Errors
    ///
    /// [`Empty`](DataError::Empty) without rows, and [`RowOutOfRange`](DataError::RowOutOfRange).
    pub fn select(&self, rows: &[usize]) -> Result<Self, DataError> {
        if rows.is_empty() {
            return Err(DataError::Empty { rows: 0, columns: self.width() });
        }
        if let Some(&row) = rows.iter().find(|&&row| row >= self.len()) {
            return Err(DataError::RowOutOfRange { row, rows: self.len() });
        }
        Ok(Self {
            features: self.features.select(Axis(0), rows),
            labels: self.labels.select(Axis(0), rows),
            classes: self.classes,
            feature_shape: self.feature_shape.clone(),
        })
    }

    /// Mini-batches of `size` rows in the order of the data set, the last one smaller where the
    /// size does not divide the number of rows; see [`Batches`] to shuffle, to drop the last, and
    /// to reuse memory.
    ///
    /// `batches(1)` walks through single examples, and any size from [`len`](Self::len) up gives
    /// one full batch.
    ///
    /// # Errors
    ///
    /// [`BatchSizeZero`](DataError::BatchSizeZero).
    pub fn batches(&self, size: usize) -> Result<Batches<'_, T>, DataError> {
        Batches::new(self, size)
    }

    /// Mini-batches of one epoch after another, from a place that can be saved and resumed; see
    /// [`Epochs`].
    ///
    /// # Errors
    ///
    /// [`BatchSizeZero`](DataError::BatchSizeZero).
    pub fn epochs(&self, size: usize) -> Result<Epochs<'_, T>, DataError> {
        Epochs::new(self, size)
    }

    /// The features of one row, which must exist.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        let all = self.features.as_slice().expect("features are in standard layout");
        &all[row * self.width()..][..self.width()]
    }

    /// Replaces each feature by `f(column, feature)`; the data set is left as it was when a result
    /// is not finite.
    pub(crate) fn replace(&mut self, f: impl Fn(usize, T) -> T) -> Result<(), DataError> {
        check_finite_values(self.features.indexed_iter().map(|(at, &value)| (at, f(at.1, value))))?;
        for mut row in self.features.rows_mut() {
            row.iter_mut().enumerate().for_each(|(column, value)| *value = f(column, *value));
        }
        Ok(())
    }
}

fn check_sizes<T>(features: &Array2<T>, labels: &Array1<i64>) -> Result<(), DataError> {
    let (rows, columns) = features.dim();
    if rows == 0 || columns == 0 {
        return Err(DataError::Empty { rows, columns });
    }
    if rows != labels.len() {
        return Err(DataError::CountMismatch { rows, labels: labels.len() });
    }
    Ok(())
}

fn check_labels(labels: &Array1<i64>, classes: usize) -> Result<(), DataError> {
    let in_range = |label: i64| usize::try_from(label).is_ok_and(|class| class < classes);
    match labels.iter().position(|&label| !in_range(label)) {
        Some(row) => Err(DataError::LabelOutOfRange { row, label: labels[row], classes }),
        None => Ok(()),
    }
}

fn check_finite<T: Real>(features: &Array2<T>) -> Result<(), DataError> {
    check_finite_values(features.indexed_iter().map(|(at, &value)| (at, value)))
}

fn check_finite_values<T: Real>(
    mut values: impl Iterator<Item = ((usize, usize), T)>,
) -> Result<(), DataError> {
    match values.find(|(_, value)| !value.is_finite()) {
        Some(((row, column), value)) => {
            Err(DataError::NonFinite { row, column, value: value.into() })
        }
        None => Ok(()),
    }
}
