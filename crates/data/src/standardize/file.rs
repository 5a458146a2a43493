//! Standardizers as plain data, and as files.

use std::path::Path;

use graph::write_atomically;
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::Standardizer;
use crate::DataError;

/// What of a standardizer is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl From<Standardizer> for Stored {
    fn from(standardizer: Standardizer) -> Self {
        let Standardizer { mean, deviation } = standardizer;
        Self { mean: mean.to_vec(), deviation: deviation.to_vec() }
    }
}

impl TryFrom<Stored> for Standardizer {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let Stored { mean, deviation } = stored;
        let (means, deviations) = (mean.len(), deviation.len());
        if means == 0 || means != deviations {
            return Err(format!(
                "each feature must have a mean and a deviation; \
                 found {means} means and {deviations} deviations"
            ));
        }
        let wrong = mean.iter().zip(&deviation).position(|(mean, deviation)| {
            !(mean.is_finite() && deviation.is_finite() && *deviation > 0.0)
        });
        if let Some(i) = wrong {
            let (mean, deviation) = (mean[i], deviation[i]);
            return Err(format!(
                "means must be finite and deviations above 0; \
                 column {i} has mean {mean} and deviation {deviation}"
            ));
        }
        Ok(Self { mean: Array1::from_vec(mean), deviation: Array1::from_vec(deviation) })
    }
}

impl Standardizer {
    /// Saves mean and deviation as JSON, to the last bit, so that whatever happens the path holds the
    /// old file or the new one, whole.
    ///
    /// ```
    /// use cotangent::data::Standardizer;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("standardizer.json");
    /// let standardizer = Standardizer::fit(&cotangent::data::digits())?;
    /// standardizer.save(&path)?;
    /// assert_eq!(Standardizer::load(&path)?, standardizer);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Write`](DataError::Write).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        let path = path.as_ref();
        let json = serde_json::to_vec(self).expect("finite numbers can be written as JSON");
        write_atomically(path, &json)
            .map_err(|source| DataError::Write { file: path.to_owned(), source })
    }

    /// Loads what [`save`](Self::save) has written.
    ///
    /// # Errors
    ///
    /// [`Io`](DataError::Io), and [`NoStandardizer`](DataError::NoStandardizer) for a file that is
    /// damaged, or another.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let json = std::fs::read(path)
            .map_err(|source| DataError::Io { file: path.to_owned(), source })?;
        serde_json::from_slice(&json).map_err(|error| DataError::NoStandardizer {
            file: path.to_owned(),
            reason: error.to_string(),
        })
    }
}
