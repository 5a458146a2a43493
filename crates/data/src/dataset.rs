//! The data set: examples, each with what is to be predicted of it.

use std::collections::BTreeMap;

use ndarray::{Array, Array1, Array2, IxDyn, RemoveAxis};

use crate::rows::{Columns, Part};
use crate::{Batches, DataError, Epochs, IntoRows, Real, Rows};

/// Examples to learn from: features, and a label or target each.
///
/// Both are arrays whose first axis counts the examples, and the type of a data set names them. As
/// it is written without, it is for classification: a row of features and one label each.
///
/// | what is learnt                | type                                 | made by                                    |
/// |-------------------------------|--------------------------------------|--------------------------------------------|
/// | a class                       | `Dataset`                            | `Dataset::new(features, labels, classes)`  |
/// | a class of an image           | `Dataset<Array4<f32>>`               | as above                                   |
/// | real numbers (regression)     | `Dataset<Array2<f32>, Array1<f32>>`  | `Dataset::of(features, targets)`           |
/// | a class of a sequence         | `Dataset<Array2<i64>, Array1<i64>>`  | `Dataset::of((words, 500), (labels, 2))`   |
/// | the next word, everywhere     | `Dataset<Array2<i64>, Array2<i64>>`  | `Dataset::of((words, 500), (next, 500))`   |
///
/// There is at least one example; real numbers are finite, and indices (`i64`) at least 0 and below
/// the number that is given with them. The constructors check these rules, and every method keeps
/// them, so that nothing behind a `Dataset` checks again.
///
/// ```
/// use cotangent::data::Dataset;
/// use cotangent::ndarray::array;
///
/// # fn main() -> Result<(), cotangent::data::DataError> {
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
///     "a label must be at least 0 and below the number of classes, 2; row 1 has the label 5: labels count \
///      from 0, so subtract 1 from those that count from 1, or say that there are at least 6 classes",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<X = Array2<f32>, Y = Array1<i64>> {
    features: X, // both in standard layout: each row is one slice
    targets: Y,
    /// What indices among the features are below.
    vocabulary: Option<usize>,
    /// What labels are below.
    classes: Option<usize>,
    feature_shape: Vec<usize>,
}

impl<T: Real, D: RemoveAxis, E: RemoveAxis> Dataset<Array<T, D>, Array<i64, E>> {
    /// A data set for classification: `features` (`[rows, …]`) and `labels`, each below `classes`.
    /// Labels are `[rows]`, or `[rows, …]` where an example has several.
    ///
    /// `classes` is given rather than counted, because a small set need not show every class.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn new(
        features: Array<T, D>,
        labels: Array<i64, E>,
        classes: usize,
    ) -> Result<Self, DataError> {
        Self::of(features, (labels, classes))
    }
}

impl<X: Rows, Y: Rows> Dataset<X, Y> {
    /// A data set of features and targets, each an array of real numbers, or one of indices with the
    /// number that they are below.
    ///
    /// ```
    /// use cotangent::data::Dataset;
    /// use cotangent::ndarray::array;
    ///
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// // Regression: a real target each.
    /// let line = Dataset::of(array![[0.0_f32], [1.0], [2.0]], array![1.0_f32, 3.0, 5.0])?;
    /// for (x, y) in line.batches(2)?.shuffled(0) {
    ///     assert_eq!(x.nrows(), y.len());
    /// }
    ///
    /// // Sequences of 3 words out of 10, and the word after each.
    /// let words = array![[1, 4, 2], [7, 0, 9]];
    /// let next = array![[4, 2, 3], [0, 9, 9]];
    /// let text = Dataset::of((words, 10), (next, 10))?;
    /// assert_eq!((text.vocabulary(), text.classes()), (10, 10));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Empty`](DataError::Empty), [`EmptyTargets`](DataError::EmptyTargets),
    /// [`CountMismatch`](DataError::CountMismatch), [`LabelOutOfRange`](DataError::LabelOutOfRange),
    /// [`IndexOutOfRange`](DataError::IndexOutOfRange) or [`NonFinite`](DataError::NonFinite), of the
    /// targets before those of the features.
    pub fn of(
        features: impl IntoRows<Rows = X>,
        targets: impl IntoRows<Rows = Y>,
    ) -> Result<Self, DataError> {
        let ((features, vocabulary), (targets, classes)) =
            (features.into_rows(), targets.into_rows());
        let (rows, columns) = (features.rows(), features.width());
        if rows == 0 || columns == 0 {
            return Err(DataError::Empty { rows, columns });
        }
        check_targets(rows, &targets, classes)?;
        features.check(Part::Features, vocabulary)?;
        let feature_shape = own_shape(&features);
        let (features, targets) = (features.standard(), targets.standard());
        Ok(Self { features, targets, vocabulary, classes, feature_shape })
    }

    /// The same features with other targets: standardised ones, say.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of), of the targets.
    pub fn with_targets<Z: Rows>(
        self,
        targets: impl IntoRows<Rows = Z>,
    ) -> Result<Dataset<X, Z>, DataError> {
        let (targets, classes) = targets.into_rows();
        check_targets(self.len(), &targets, classes)?;
        let Self { features, vocabulary, feature_shape, .. } = self;
        let targets = targets.standard();
        Ok(Dataset { features, targets, vocabulary, classes, feature_shape })
    }

    /// Says which shape the features of one example have, such as `[8, 8]` for an image whose pixels
    /// are a row; by default it is that of the array, `[columns]` for a matrix.
    ///
    /// The array stays as it is: the shape is what a picture of an example goes by, and what
    /// [`unflatten`](Self::unflatten) makes axes of.
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
        self.features.rows()
    }

    /// The number of features of one example, at least 1.
    pub fn width(&self) -> usize {
        self.features.width()
    }

    /// The features, `[rows, …]`, in row-major order.
    pub fn features(&self) -> &X {
        &self.features
    }

    /// The shape of the features of one example, such as `[8, 8]`.
    pub fn feature_shape(&self) -> &[usize] {
        &self.feature_shape
    }

    /// The features and the labels or targets, given away.
    pub fn into_parts(self) -> (X, Y) {
        (self.features, self.targets)
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
        let (mut features, mut targets) = Default::default();
        self.gather(rows.iter().copied(), &mut features, &mut targets);
        let (vocabulary, classes) = (self.vocabulary, self.classes);
        let feature_shape = self.feature_shape.clone();
        Ok(Self { features, targets, vocabulary, classes, feature_shape })
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
    pub fn batches(&self, size: usize) -> Result<Batches<'_, X, Y>, DataError> {
        Batches::new(self, size)
    }

    /// Mini-batches of one epoch after another, from a place that can be saved and resumed; see
    /// [`Epochs`].
    ///
    /// # Errors
    ///
    /// [`BatchSizeZero`](DataError::BatchSizeZero).
    pub fn epochs(&self, size: usize) -> Result<Epochs<'_, X, Y>, DataError> {
        Epochs::new(self, size)
    }

    /// Writes these rows, which must exist, over two arrays, whose memory it reuses.
    pub(crate) fn gather(
        &self,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
        features: &mut X,
        targets: &mut Y,
    ) {
        self.features.gather(rows.clone(), features);
        self.targets.gather(rows, targets);
    }

    /// The class of a row; the same for all where there is not one label each.
    pub(crate) fn class(&self, row: usize) -> i64 {
        self.targets.class(row)
    }
}

impl<X: Rows, E: RemoveAxis> Dataset<X, Array<i64, E>> {
    /// The labels, `[rows]`, or `[rows, …]` where an example has several.
    pub fn labels(&self) -> &Array<i64, E> {
        &self.targets
    }

    /// The number of classes; every label is below it.
    pub fn classes(&self) -> usize {
        self.classes.expect("labels come with the number of classes")
    }

    /// How many labels each class has, for the classes that have any.
    pub fn class_counts(&self) -> BTreeMap<i64, usize> {
        let mut counts = BTreeMap::new();
        for &label in &self.targets {
            *counts.entry(label).or_default() += 1;
        }
        counts
    }
}

impl<X: Rows, U: Real, E: RemoveAxis> Dataset<X, Array<U, E>> {
    /// The targets, `[rows]`, or `[rows, …]` where an example has several.
    pub fn targets(&self) -> &Array<U, E> {
        &self.targets
    }
}

impl<D: RemoveAxis, Y: Rows> Dataset<Array<i64, D>, Y> {
    /// The number of different indices; all features are below it.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary.expect("indices come with what they are below")
    }
}

impl<T: Real, D: RemoveAxis, Y: Rows> Dataset<Array<T, D>, Y> {
    /// The same data set with features in a float type that holds every value of this one:
    /// `digits().cast::<f64>()`.
    pub fn cast<U: Real + From<T>>(&self) -> Dataset<Array<U, D>, Y> {
        Dataset {
            features: self.features.mapv(<U as From<T>>::from),
            targets: self.targets.clone(),
            vocabulary: None,
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
        self.features.check(Part::Features, None)?;
        Ok(self)
    }

    /// The same data set with the [feature shape](Self::feature_shape) as axes of the array:
    /// `[rows, 8, 8]` instead of `[rows, 64]`.
    ///
    /// ```
    /// use cotangent::ndarray::Ix4;
    ///
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// // Channels, height and width, as a convolution wants them.
    /// let images = cotangent::data::digits().with_feature_shape(&[1, 8, 8])?.unflatten::<Ix4>()?;
    /// let (x, labels) = images.batches(32)?.next().unwrap();
    /// assert_eq!((x.dim(), labels.len()), ((32, 1, 8, 8), 32));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FeatureAxes`](DataError::FeatureAxes) unless `E` has one axis more than the shape.
    pub fn unflatten<E: RemoveAxis>(self) -> Result<Dataset<Array<T, E>, Y>, DataError> {
        let shape = [&[self.len()], self.feature_shape()].concat();
        let Self { features, targets, vocabulary, classes, feature_shape } = self;
        let features = features.into_shape_with_order(IxDyn(&shape));
        let features = features.expect("the feature shape holds as many values as a row");
        match features.into_dimensionality() {
            Ok(features) => Ok(Dataset { features, targets, vocabulary, classes, feature_shape }),
            Err(_) => Err(DataError::FeatureAxes { shape, axes: E::NDIM.unwrap_or(0) }),
        }
    }

    /// The features, to be replaced by others that are finite.
    pub(crate) fn features_mut(&mut self) -> &mut Array<T, D> {
        &mut self.features
    }
}

fn own_shape(features: &impl Columns) -> Vec<usize> {
    let shape = features.row_shape();
    if shape.is_empty() { vec![1] } else { shape.to_vec() }
}

fn check_targets<Y: Rows>(
    rows: usize,
    targets: &Y,
    classes: Option<usize>,
) -> Result<(), DataError> {
    if rows != targets.rows() {
        return Err(DataError::CountMismatch { rows, labels: targets.rows() });
    }
    if targets.width() == 0 {
        return Err(DataError::EmptyTargets { rows });
    }
    targets.check(Part::Targets, classes)
}
