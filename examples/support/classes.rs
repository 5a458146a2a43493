//! Accuracy and confusion of a classifier.

use std::fmt;

use cotangent::prelude::*;

/// How many samples are classified at a time.
const AT_ONCE: usize = 1000;

/// Calls `each` with the label and the predicted class of every sample.
fn classify(
    predict: &mut Function<'_, f32, 1>,
    params: &Params,
    samples: &Dataset,
    mut each: impl FnMut(usize, usize),
) -> Result<(), RunError> {
    let batches = samples.batches(AT_ONCE).expect("more than no samples at once");
    for (x, labels) in batches {
        let predicted = predict.run(params, (&x,))?;
        labels.iter().zip(predicted.iter()).for_each(|(&l, &p)| each(l as usize, p as usize));
    }
    Ok(())
}

/// The share of samples that are classified right.
pub fn accuracy(
    predict: &mut Function<'_, f32, 1>,
    params: &Params,
    samples: &Dataset,
) -> Result<f64, RunError> {
    let mut hits = 0;
    classify(predict, params, samples, |label, class| hits += usize::from(label == class))?;
    Ok(hits as f64 / samples.len() as f64)
}

/// How often each class was taken for each.
pub struct Confusion {
    counts: Array2<usize>,
}

impl Confusion {
    pub fn of(
        predict: &mut Function<'_, f32, 1>,
        params: &Params,
        samples: &Dataset,
    ) -> Result<Self, RunError> {
        let classes = samples.classes();
        let mut counts = Array2::zeros((classes, classes));
        classify(predict, params, samples, |label, class| counts[[label, class]] += 1)?;
        Ok(Self { counts })
    }

    pub fn accuracy(&self) -> f64 {
        self.counts.diag().sum() as f64 / self.counts.sum() as f64
    }
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "confusion on the test set (rows: label, columns: predicted)")?;
        write!(f, "     ")?;
        (0..self.counts.ncols()).try_for_each(|class| write!(f, "{class:>5}"))?;
        for (label, row) in self.counts.outer_iter().enumerate() {
            write!(f, "\n{label:>5}")?;
            for count in row {
                match count {
                    0 => write!(f, "    ·")?,
                    _ => write!(f, "{count:>5}")?,
                }
            }
        }
        Ok(())
    }
}
