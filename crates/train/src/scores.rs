//! What an evaluation says.

use std::fmt;

/// The loss and the metrics of a model on a data set, by name.
///
/// [`Trainer::evaluate`](crate::Trainer::evaluate) answers it. It prints as a line: `loss 0.1234  accuracy 0.9876`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(Vec<(String, f64)>);

impl Scores {
    pub(crate) fn new(scores: Vec<(String, f64)>) -> Self {
        Self(scores)
    }

    /// The score of a name: `loss`, or that of a [metric](crate::metrics::Metric::name).
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|&(known, _)| known == name).map(|(_, score)| score)
    }

    /// All scores, the loss first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, score)| (name.as_str(), *score))
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(i, (name, score))| {
            write!(f, "{}{name} {score:.4}", if i > 0 { "  " } else { "" })
        })
    }
}
