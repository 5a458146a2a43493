//! Normalising the inputs with the statistics of the training data.

use ndarray::{Array1, ArrayView1};

use crate::{DataError, Dataset, Real};

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
/// model sees.
///
/// ```
/// use data::Standardizer;
///
/// # fn main() -> Result<(), data::DataError> {
/// let [train, test] = data::digits().split([0.8, 0.2], 0)?;
/// let standardizer = Standardizer::fit(&train)?;
/// let (train, test) = (standardizer.apply(&train)?, standardizer.apply(&test)?);
/// assert!(train.features().mean().unwrap().abs() < 1e-6);
/// # let _ = test;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
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
    pub fn fit<T: Real>(train: &Dataset<T>) -> Result<Self, DataError> {
        let mut mean = column_means(train, |_, value| value);
        let mut deviation =
            column_means(train, |column, value| (value - mean[column]).powi(2)).mapv(f64::sqrt);
        for (column, values) in train.features().columns().into_iter().enumerate() {
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
    pub fn apply<T: Real>(&self, data: &Dataset<T>) -> Result<Dataset<T>, DataError> {
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
    pub fn apply_inplace<T: Real>(&self, data: &mut Dataset<T>) -> Result<(), DataError> {
        self.check_width(data)?;
        data.replace(|column, value| {
            T::from_f64((value.into() - self.mean[column]) / self.deviation[column])
        })
    }

    /// The data set in its original units: `x σ + μ`, which undoes [`apply`](Self::apply) up to
    /// rounding.
    ///
    /// # Errors
    ///
    /// As [`apply_inplace`](Self::apply_inplace).
    pub fn inverse<T: Real>(&self, data: &Dataset<T>) -> Result<Dataset<T>, DataError> {
        self.check_width(data)?;
        let mut result = data.clone();
        result.replace(|column, value| {
            T::from_f64(value.into() * self.deviation[column] + self.mean[column])
        })?;
        Ok(result)
    }

    fn check_width<T: Real>(&self, data: &Dataset<T>) -> Result<(), DataError> {
        let (expected, found) = (self.mean.len(), data.width());
        if expected != found {
            return Err(DataError::WidthMismatch { expected, found });
        }
        Ok(())
    }
}

/// The mean over the rows of `f(column, value)`, for each column.
fn column_means<T: Real>(data: &Dataset<T>, f: impl Fn(usize, f64) -> f64) -> Array1<f64> {
    let mut sums = Array1::zeros(data.width());
    for row in data.features().rows() {
        for (column, &value) in row.iter().enumerate() {
            sums[column] += f(column, value.into());
        }
    }
    sums / data.len() as f64
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
