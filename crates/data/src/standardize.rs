//! Normalising the inputs with the statistics of the training data.

mod file;

use ndarray::{Array, Array1, ArrayBase, ArrayView1, Axis, Data, RemoveAxis};
use serde::{Deserialize, Serialize};

use crate::rows::{At, Columns, Element, Part};
use crate::{DataError, Dataset, Real, Rows};
use file::Stored;

/// Brings each feature to mean 0 and deviation 1, as measured on the training data.
///
/// With `N` training examples, feature `i` has
///
/// ```text
/// μᵢ  = (1/N) Σₙ xᵢ⁽ⁿ⁾
/// σᵢ² = (1/N) Σₙ (xᵢ⁽ⁿ⁾ − μᵢ)²
/// xᵢ  ← (xᵢ − μᵢ) / σᵢ
/// ```
///
/// The variance is divided by `N`, not by `N − 1`. A feature that is constant over the training
/// data has σᵢ = 0 and is divided by 1 instead: it becomes 0 on the training data. Sums are
/// computed in two passes and, as everything here, in `f64` whatever the type of the features.
///
/// Fit it on the training part, and apply it to every part: the test data must not shape what the
/// model sees. Whoever uses the model needs it too: [`save`](Self::save) it beside the model, or put
/// it into a checkpoint, as it is plain data.
///
/// ```
/// use cotangent::data::Standardizer;
///
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let [train, test] = cotangent::data::digits().split([0.8, 0.2], 0)?;
/// let standardizer = Standardizer::fit(&train)?;
/// let (train, test) = (standardizer.apply(&train)?, standardizer.apply(&test)?);
/// assert!(train.features().mean().unwrap().abs() < 1e-6);
/// # let _ = test;
/// # Ok(())
/// # }
/// ```
///
/// Real targets are arrays as features are: they are brought to scale before training, and what a
/// model predicts is brought back.
///
/// ```
/// use cotangent::data::{Dataset, Standardizer};
/// use cotangent::ndarray::array;
///
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let prices = Dataset::of(array![[1.0_f32], [2.0], [3.0]], array![100.0_f32, 250.0, 400.0])?;
/// let scale = Standardizer::of(prices.targets())?;
/// let targets = scale.standardized(prices.targets())?;
/// let train = prices.with_targets(targets)?;
///
/// let predicted = array![0.0_f32, 1.0]; // by a model of `train`
/// assert!((scale.restored(&predicted)?[0] - 250.0).abs() < 1e-3);
/// # let _ = train;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Standardizer {
    mean: Array1<f64>,
    deviation: Array1<f64>,
}

impl Standardizer {
    /// Measures mean and deviation of each feature.
    ///
    /// # Errors
    ///
    /// [`StatisticOverflow`](DataError::StatisticOverflow) when they exceed the range of `f64`.
    pub fn fit<T: Real, D: RemoveAxis, Y: Rows>(
        train: &Dataset<Array<T, D>, Y>,
    ) -> Result<Self, DataError> {
        Self::of(train.features())
    }

    /// Measures mean and deviation of each column of an array, whose first axis counts the examples;
    /// all other axes together are its columns.
    ///
    /// # Errors
    ///
    /// [`Empty`](DataError::Empty) for an array without elements, and
    /// [`StatisticOverflow`](DataError::StatisticOverflow) when mean or deviation exceeds the range
    /// of `f64`, or an element is not finite.
    pub fn of<T, S, D>(values: &ArrayBase<S, D>) -> Result<Self, DataError>
    where
        T: Real,
        S: Data<Elem = T>,
        D: RemoveAxis,
    {
        let values = table(values)?;
        let mut mean = column_means(&values, |_, value| value);
        let mut deviation =
            column_means(&values, |column, value| (value - mean[column]).powi(2)).mapv(f64::sqrt);
        for (column, values) in values.columns().into_iter().enumerate() {
            if is_constant(values) {
                // Exact, where a sum would round and leave a tiny deviation.
                mean[column] = values[0].into();
                deviation[column] = 0.0;
            }
        }
        check_finite(&mean, &deviation)?;
        deviation.mapv_inplace(|deviation| if deviation == 0.0 { 1.0 } else { deviation });
        Ok(Self { mean, deviation })
    }

    /// The mean μ of each feature over the training data, in the units of the feature.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// What each feature is divided by: its deviation σ over the training data, or 1 where that is
    /// 0.
    pub fn deviation(&self) -> &Array1<f64> {
        &self.deviation
    }

    /// The data set with each feature normalised: `(x − μ) / σ`.
    ///
    /// # Errors
    ///
    /// As [`apply_inplace`](Self::apply_inplace).
    pub fn apply<T: Real, D: RemoveAxis, Y: Rows>(
        &self,
        data: &Dataset<Array<T, D>, Y>,
    ) -> Result<Dataset<Array<T, D>, Y>, DataError> {
        let mut result = data.clone();
        self.apply_inplace(&mut result)?;
        Ok(result)
    }

    /// Normalises each feature in place: `(x − μ) / σ`. An error leaves the data set as it was.
    ///
    /// # Errors
    ///
    /// [`WidthMismatch`](DataError::WidthMismatch) when the training data had another number of
    /// features, and [`NonFinite`](DataError::NonFinite) when a result exceeds the range of `T`.
    pub fn apply_inplace<T: Real, D: RemoveAxis, Y: Rows>(
        &self,
        data: &mut Dataset<Array<T, D>, Y>,
    ) -> Result<(), DataError> {
        self.replace(data.features_mut(), Part::Features, |x, mean, deviation| {
            (x - mean) / deviation
        })
    }

    /// The data set in its original units: `x σ + μ`, which undoes [`apply`](Self::apply) up to
    /// rounding.
    ///
    /// # Errors
    ///
    /// As [`apply_inplace`](Self::apply_inplace).
    pub fn inverse<T: Real, D: RemoveAxis, Y: Rows>(
        &self,
        data: &Dataset<Array<T, D>, Y>,
    ) -> Result<Dataset<Array<T, D>, Y>, DataError> {
        let mut result = data.clone();
        self.replace(result.features_mut(), Part::Features, |x, mean, deviation| {
            x * deviation + mean
        })?;
        Ok(result)
    }

    /// An array with each column normalised: targets, to train with.
    ///
    /// # Errors
    ///
    /// As [`apply_inplace`](Self::apply_inplace).
    pub fn standardized<T, S, D>(&self, values: &ArrayBase<S, D>) -> Result<Array<T, D>, DataError>
    where
        T: Real,
        S: Data<Elem = T>,
        D: RemoveAxis,
    {
        let mut result = values.to_owned();
        self.replace(&mut result, Part::Values, |x, mean, deviation| (x - mean) / deviation)?;
        Ok(result)
    }

    /// An array in its original units: what a model predicts that was trained with
    /// [standardised](Self::standardized) targets.
    ///
    /// # Errors
    ///
    /// As [`apply_inplace`](Self::apply_inplace).
    pub fn restored<T, S, D>(&self, values: &ArrayBase<S, D>) -> Result<Array<T, D>, DataError>
    where
        T: Real,
        S: Data<Elem = T>,
        D: RemoveAxis,
    {
        let mut result = values.to_owned();
        self.replace(&mut result, Part::Values, |x, mean, deviation| x * deviation + mean)?;
        Ok(result)
    }

    /// Replaces each element by a function of it, its column's mean and deviation; where a result is
    /// not finite, everything is left as it was.
    fn replace<T: Real, D: RemoveAxis>(
        &self,
        values: &mut Array<T, D>,
        part: Part,
        f: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<(), DataError> {
        let (expected, found) = (self.mean.len(), values.width());
        if values.ndim() == 0 {
            return Err(DataError::Empty { rows: 0, columns: 0 });
        }
        if expected != found {
            return Err(DataError::WidthMismatch { expected, found });
        }
        let f = |column: usize, x: T| {
            T::from_f64(f(x.into(), self.mean[column], self.deviation[column]))
        };
        for (row, example) in values.axis_iter(Axis(0)).enumerate() {
            for (column, &x) in example.iter().enumerate() {
                let at = At { part, row, column };
                f(column, x).fault(at, None).map_or(Ok(()), Err)?;
            }
        }
        for mut example in values.axis_iter_mut(Axis(0)) {
            example.iter_mut().enumerate().for_each(|(column, x)| *x = f(column, *x));
        }
        Ok(())
    }
}

/// An array as a matrix with a row for each example.
fn table<T: Real, S: Data<Elem = T>, D: RemoveAxis>(
    values: &ArrayBase<S, D>,
) -> Result<ndarray::CowArray<'_, T, ndarray::Ix2>, DataError> {
    let rows = values.shape().first().copied().unwrap_or(0);
    let columns = values.shape().iter().skip(1).product();
    if rows == 0 || columns == 0 {
        return Err(DataError::Empty { rows, columns });
    }
    Ok(values.to_shape((rows, columns)).expect("as many elements as there are"))
}

/// The mean over the rows of `f(column, value)`, for each column.
fn column_means<T: Real, S: Data<Elem = T>>(
    values: &ArrayBase<S, ndarray::Ix2>,
    f: impl Fn(usize, f64) -> f64,
) -> Array1<f64> {
    let mut sums = Array1::zeros(values.ncols());
    for row in values.rows() {
        for (column, &value) in row.iter().enumerate() {
            sums[column] += f(column, value.into());
        }
    }
    sums / values.nrows() as f64
}

fn is_constant<T: Real>(values: ArrayView1<'_, T>) -> bool {
    values.iter().all(|value| *value == values[0])
}

fn check_finite(mean: &Array1<f64>, deviation: &Array1<f64>) -> Result<(), DataError> {
    for (column, (&mean, &deviation)) in mean.iter().zip(deviation).enumerate() {
        if !mean.is_finite() || !deviation.is_finite() {
            return Err(DataError::StatisticOverflow { column, mean, deviation });
        }
    }
    Ok(())
}
