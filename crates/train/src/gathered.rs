//! The outputs of batches, put together.

use cotangent::ndarray::{ArrayD, ArrayViewD, Axis, concatenate};
use cotangent::{Feed, Precision, Scalar};

use crate::metrics::MetricError;
use crate::{Predictions, Targets};

/// Outputs and targets, batch by batch.
#[derive(Default)]
pub(crate) struct Gathered {
    outputs: Vec<ArrayD<f64>>,
    labels: Vec<ArrayD<i64>>,
    values: Vec<ArrayD<f64>>,
}

impl Gathered {
    pub(crate) fn push<T: Precision>(&mut self, output: ArrayViewD<'_, T>, target: Feed<'_, T>) {
        self.outputs.push(output.mapv(Scalar::to_f64));
        match target {
            Feed::Real(values) => self.values.push(values.mapv(Scalar::to_f64)),
            Feed::Index(labels) => self.labels.push(labels.to_array()),
        }
    }

    pub(crate) fn predictions(self) -> Result<Predictions, MetricError> {
        let targets = match self.labels.is_empty() {
            true => Targets::Values(joined(&self.values)?),
            false => Targets::Labels(joined(&self.labels)?),
        };
        Predictions::new(joined(&self.outputs)?, targets)
    }
}

fn joined<E: Clone>(batches: &[ArrayD<E>]) -> Result<ArrayD<E>, MetricError> {
    let views: Vec<_> = batches.iter().map(|batch| batch.view()).collect();
    concatenate(Axis(0), &views)
        .map_err(|_| MetricError::Samples { output: batches[0].shape().to_vec() })
}
