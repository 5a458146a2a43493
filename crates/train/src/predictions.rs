//! What a model answered, beside what was true.

use cotangent::ndarray::{Array, ArrayD, ArrayView2, Dimension};

use crate::metrics::MetricError;

/// What is true of samples: labels of classes, or numbers.
///
/// Arrays of either convert into it, as [`Predictions::new`] shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The class of each sample, or of each place in it.
    Labels(ArrayD<i64>),
    /// Numbers.
    Values(ArrayD<f64>),
}

impl Targets {
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Targets::Labels(labels) => labels.shape(),
            Targets::Values(values) => values.shape(),
        }
    }
}

impl<D: Dimension> From<Array<i64, D>> for Targets {
    fn from(labels: Array<i64, D>) -> Self {
        Targets::Labels(labels.into_dyn())
    }
}

impl<D: Dimension> From<Array<f64, D>> for Targets {
    fn from(values: Array<f64, D>) -> Self {
        Targets::Values(values.into_dyn())
    }
}

/// The outputs of a model for samples along the first axis, with their targets: what [`metrics`](crate::metrics) are of.
///
/// [`Trainer::predict`](crate::Trainer::predict) makes it of a data set; outputs from elsewhere are given:
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Accuracy, Metric, Rmse};
///
/// let scores = array![[0.1, 2.0], [1.0, 0.5], [0.3, 0.2]];        // a column for each class
/// assert_eq!(Accuracy.of(&Predictions::new(scores, array![1, 0, 1])?)?, 2.0 / 3.0);
///
/// let numbers = Predictions::new(array![1.0, 2.0], array![1.0, 4.0])?;
/// assert_eq!(Rmse.of(&numbers)?, 2.0_f64.sqrt());
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    outputs: ArrayD<f64>,
    targets: Targets,
}

impl Predictions {
    /// Outputs and targets of as many samples, at least one.
    ///
    /// # Errors
    /// If there are no samples, or as many outputs as targets there are not, or an output or a target is NaN.
    pub fn new<D: Dimension>(
        outputs: Array<f64, D>,
        targets: impl Into<Targets>,
    ) -> Result<Self, MetricError> {
        let targets = match targets.into() {
            Targets::Labels(labels) => Targets::Labels(standard(labels)),
            Targets::Values(values) => Targets::Values(standard(values)),
        };
        Self::check(standard(outputs.into_dyn()), targets)
    }

    fn check(outputs: ArrayD<f64>, targets: Targets) -> Result<Self, MetricError> {
        let samples = outputs.shape().first().copied().unwrap_or(0);
        if outputs.is_empty() || targets.shape().first() != Some(&samples) {
            return Err(MetricError::unfit(
                "as many outputs as targets, and at least one",
                &Self { outputs, targets },
            ));
        }
        let values = match &targets {
            Targets::Values(values) => Some(values),
            Targets::Labels(_) => None,
        };
        for (what, values) in [("output", Some(&outputs)), ("target", values)] {
            let nan = values.and_then(|values| values.indexed_iter().find(|(_, x)| x.is_nan()));
            if let Some((place, _)) = nan {
                return Err(MetricError::NotANumber { what, sample: place[0] });
            }
        }
        Ok(Self { outputs, targets })
    }

    /// What the model answered, samples along the first axis.
    pub fn outputs(&self) -> &ArrayD<f64> {
        &self.outputs
    }

    /// What is true.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// A score of each class in a row for each label: outputs are `[…, classes]` and labels `[…]`, or `[…, 1]`.
    pub(crate) fn classified(&self) -> Result<(ArrayView2<'_, f64>, Vec<usize>), MetricError> {
        let unfit = || MetricError::unfit("labels […] and outputs […, classes]", self);
        let Targets::Labels(labels) = &self.targets else { return Err(unfit()) };
        let (&classes, places) = self.outputs.shape().split_last().ok_or_else(unfit)?;
        let one_each = labels.shape().strip_suffix(&[1]).filter(|shape| *shape == places);
        if labels.shape() != places && one_each.is_none() {
            return Err(unfit());
        }
        let label = |&label: &i64| match usize::try_from(label) {
            Ok(class) if class < classes => Ok(class),
            _ => Err(MetricError::Label { label, classes }),
        };
        let labels = labels.iter().map(label).collect::<Result<Vec<_>, _>>()?;
        let scores = self.outputs.view().into_shape_with_order((labels.len(), classes));
        Ok((scores.map_err(|_| unfit())?, labels))
    }

    /// Numbers and what they are to be, sample by sample in rows.
    pub(crate) fn measured(&self) -> Result<[ArrayView2<'_, f64>; 2], MetricError> {
        let unfit = || MetricError::unfit("real targets of the shape of the outputs", self);
        let Targets::Values(values) = &self.targets else { return Err(unfit()) };
        if values.shape() != self.outputs.shape() {
            return Err(unfit());
        }
        let samples = values.shape()[0];
        let table = |array: &'_ ArrayD<f64>| (samples, array.len() / samples);
        let outputs = self.outputs.view().into_shape_with_order(table(&self.outputs));
        let values = values.view().into_shape_with_order(table(values));
        outputs.and_then(|outputs| Ok([outputs, values?])).map_err(|_| unfit())
    }
}

/// In standard layout, so that it is read in other shapes.
fn standard<T: Clone>(array: ArrayD<T>) -> ArrayD<T> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}
