//! What became of the trials.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;

use super::Trial;

/// A trial, and its score or why it has none.
///
/// A [`RandomSearch`](super::RandomSearch) answers it.
#[derive(Debug)]
pub struct Outcome {
    /// The values.
    pub trial: Trial,
    /// What they are worth: a finite number.
    pub result: Result<f64, TrialError>,
}

/// Why a trial has no score.
///
/// A [`RandomSearch`](super::RandomSearch) answers it.
#[derive(thiserror::Error)]
pub enum TrialError {
    /// It answered an error.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// It answered a score that cannot be compared.
    #[error("the score is {score}")]
    NonFinite {
        /// The score.
        score: f64,
    },
    /// It panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// What it said, if it was a text.
        message: String,
    },
}

graph::debug_as_display!(TrialError);

/// Every trial of a search: the best first, those that failed last, and otherwise by number.
///
/// It is printed as a table.
///
/// A [`RandomSearch`](super::RandomSearch) answers it.
#[derive(Debug)]
pub struct Trials {
    /// All of them.
    pub outcomes: Vec<Outcome>,
}

impl Outcome {
    /// The score, if there is one.
    pub fn score(&self) -> Option<f64> {
        self.result.as_ref().ok().copied()
    }
}

impl Trials {
    pub(super) fn new(mut outcomes: Vec<Outcome>, maximize: bool) -> Self {
        let by_score = |a: &Outcome, b: &Outcome| match (a.score(), b.score()) {
            (Some(a), Some(b)) if maximize => b.total_cmp(&a),
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        let by_number = |a: &Outcome, b: &Outcome| a.trial.number.cmp(&b.trial.number);
        outcomes.sort_by(|a, b| match by_score(a, b) {
            Ordering::Equal => by_number(a, b),
            order => order,
        });
        Self { outcomes }
    }

    /// The trial of the best score, unless all failed.
    pub fn best(&self) -> Option<&Outcome> {
        self.outcomes.first().filter(|outcome| outcome.result.is_ok())
    }

    /// The trials without a score.
    pub fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.result.is_err())
    }
}

impl fmt::Display for Trials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.outcomes.first().map(|outcome| outcome.trial.settings.as_slice());
        let names = first.unwrap_or_default().iter().map(|setting| setting.0.clone());
        let header = ["trial".to_owned()].into_iter().chain(names).chain(["score".to_owned()]);
        let row = |Outcome { trial, result }: &Outcome| {
            let mut row = vec![trial.number.to_string()];
            row.extend(trial.settings.iter().map(|(_, setting)| setting.to_string()));
            row.push(match result {
                Ok(score) => format!("{score:.6}"),
                Err(error) => format!("failed: {error}"),
            });
            row
        };
        let rows: Vec<Vec<String>> =
            [header.collect()].into_iter().chain(self.outcomes.iter().map(row)).collect();
        let columns = rows[0].len();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for (i, row) in rows.iter().enumerate() {
            let mut cells = row.iter().zip(&widths).take(columns - 1);
            let newline = if i == 0 { "" } else { "\n" };
            f.write_str(newline)?;
            cells.try_for_each(|(cell, &width)| write!(f, "{cell:<width$}  "))?;
            f.write_str(&row[columns - 1])?;
        }
        Ok(())
    }
}
