//! What an experiment is, and how it is run.

use std::error::Error;

use crate::{Claim, Figure, Item, Outcome, Source, Table};

/// What goes wrong in an experiment, other than a claim that fails.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The result of something that may go wrong.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// The lecture that an experiment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deck {
    /// "Training neural networks: optimization (update rule)", M. Soleymani, Sharif, 2017.
    Optimization,
    /// "Batch normalization", S. S. Shylaja, PES University, UE21CS343BB2.
    BatchNormalization,
    /// Both.
    Both,
}

impl Deck {
    /// How the page cites it.
    pub fn citation(self) -> &'static str {
        match self {
            Deck::Optimization => "M. Soleymani, “Optimization (update rule)”, 2017",
            Deck::BatchNormalization => "S. S. Shylaja, “Batch normalization”, UE21CS343BB2",
            Deck::Both => {
                "M. Soleymani, “Optimization”, 2017, and S. S. Shylaja, “Batch normalization”"
            }
        }
    }
}

/// An experiment: claims of a lecture, and the run that bears them out or does not.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// What it is about.
    pub title: &'static str,
    /// Whose lecture.
    pub deck: Deck,
    /// The titles of the slides.
    pub slides: &'static str,
    /// What the slides say, word for word.
    pub quotes: &'static [&'static str],
    /// The mathematics, in LaTeX.
    pub formulas: &'static [&'static str],
    /// The run: all that it finds goes into the lab.
    pub run: fn(&mut Lab) -> Result,
}

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As long as the claims need.
    Full,
    /// A few steps, to see that everything runs; verdicts mean nothing.
    Quick,
}

impl Experiment {
    /// Runs it.
    ///
    /// # Errors
    /// Whatever stopped the run; a claim that fails is no error.
    pub fn perform(&self, pace: Pace) -> Result<Outcome> {
        let mut lab = Lab { pace, outcome: Outcome::default() };
        (self.run)(&mut lab)?;
        Ok(lab.outcome)
    }

    /// Runs it, and panics unless every claim has the verdict that is known: the experiment as a test.
    ///
    /// # Panics
    /// If the run fails, claims nothing, or a verdict is another than the known one.
    #[track_caller]
    pub fn verify(&self) {
        let outcome = match self.perform(Pace::Full) {
            Ok(outcome) => outcome,
            Err(error) => panic!("{}: {error}", self.title),
        };
        let surprises: Vec<String> = outcome
            .claims()
            .filter(|claim| claim.holds != claim.known)
            .map(Claim::verdict)
            .collect();
        assert!(outcome.claims().next().is_some(), "{} claims nothing", self.title);
        assert!(surprises.is_empty(), "{}:\n  {}", self.title, surprises.join("\n  "));
    }
}

/// Where an experiment puts what it finds.
#[derive(Debug)]
pub struct Lab {
    pace: Pace,
    outcome: Outcome,
}

impl Lab {
    /// The first at full pace, the second when only a few steps are wanted.
    pub fn pick<T>(&self, full: T, quick: T) -> T {
        match self.pace {
            Pace::Full => full,
            Pace::Quick => quick,
        }
    }

    /// Runs a part of the lecture that stands in a file of its own, whose text is shown with the
    /// lecture's: see [`parts!`](crate::parts).
    ///
    /// # Errors
    /// Those of the part.
    pub fn part(&mut self, source: Source, run: fn(&mut Lab) -> Result) -> Result {
        self.outcome.sources.push(source);
        run(self)
    }

    /// The run of a grid with the lowest score. At full pace it must not lie at an end of the grid,
    /// beyond which a better one may be; a score that is not finite is that of a run that failed.
    ///
    /// # Errors
    /// If all runs failed, or the best lies at an end.
    pub fn lowest<R>(&self, mut runs: Vec<R>, score: impl Fn(&R) -> f64) -> Result<R> {
        let scores: Vec<f64> = runs.iter().map(score).collect();
        let least = scores.iter().copied().filter(|x| x.is_finite()).fold(f64::INFINITY, f64::min);
        let best = |i: &usize| scores[*i] == least;
        let inner = (1..runs.len().saturating_sub(1)).find(best);
        let any = (0..runs.len()).find(best).filter(|_| least.is_finite());
        match inner.filter(|_| least.is_finite()).or(any) {
            Some(i) if inner == Some(i) || self.pace == Pace::Quick => Ok(runs.swap_remove(i)),
            None if self.pace == Pace::Quick && !runs.is_empty() => Ok(runs.swap_remove(0)),
            None => Err("every run of the grid failed".into()),
            Some(any) => Err(format!(
                "the best of a grid lies at its end, number {} of {}: widen it",
                any + 1,
                runs.len()
            )
            .into()),
        }
    }

    /// Says a line of text.
    pub fn say(&mut self, line: impl Into<String>) {
        self.outcome.items.push(Item::Line(line.into()));
    }

    /// Shows a table.
    pub fn table(&mut self, table: Table) {
        self.outcome.items.push(Item::Table(table));
    }

    /// Shows a figure.
    pub fn show(&mut self, figure: impl Into<Figure>) {
        self.outcome.items.push(Item::Figure(figure.into()));
    }

    /// Claims something that the run is known to bear out: whether it did, and the numbers that decide.
    pub fn claim(&mut self, statement: &str, holds: bool, evidence: impl Into<String>) {
        self.judge(statement, holds, true, evidence.into());
    }

    /// Claims something that the slides say and the run is known to contradict.
    pub fn contradicted(&mut self, statement: &str, holds: bool, evidence: impl Into<String>) {
        self.judge(statement, holds, false, evidence.into());
    }

    fn judge(&mut self, statement: &str, holds: bool, known: bool, evidence: String) {
        let statement = statement.to_owned();
        self.outcome.items.push(Item::Claim(Claim { statement, holds, known, evidence }));
    }
}

/// Runs the parts of a lecture, each in a file of the folder with a function `run`:
/// `lab::parts!(lab, "03_ravine": zigzag, iterations)`.
#[macro_export]
macro_rules! parts {
    ($lab:ident, $folder:literal: $($part:ident),+) => {{
        $(
            let source = $crate::Source {
                file: concat!($folder, "/", stringify!($part), ".rs"),
                code: include_str!(concat!($folder, "/", stringify!($part), ".rs")),
            };
            $lab.part(source, $part::run)?;
        )+
        Ok(())
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(pace: Pace) -> Lab {
        Lab { pace, outcome: Outcome::default() }
    }

    #[test]
    fn the_best_of_a_grid_lies_within_it() -> Result {
        let (full, itself) = (lab(Pace::Full), |x: &f64| *x);
        assert_eq!(full.lowest(vec![3.0, 1.0, 2.0], itself)?, 1.0);
        assert_eq!(full.lowest(vec![3.0, 1.0, f64::NAN], itself)?, 1.0);
        let error = full.lowest(vec![1.0, 2.0, 3.0], itself).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the best of a grid lies at its end, number 1 of 3: widen it"
        );
        assert!(full.lowest(vec![f64::NAN, f64::INFINITY], itself).is_err());
        let quick = lab(Pace::Quick);
        assert_eq!(quick.lowest(vec![1.0, 2.0], itself)?, 1.0);
        assert!(quick.lowest(vec![f64::NAN], itself)?.is_nan());
        Ok(())
    }

    #[test]
    fn a_verdict_other_than_the_known_one_fails() {
        let of = |run| {
            let (title, slides, deck) = ("", "", Deck::Both);
            Experiment { title, deck, slides, quotes: &[], formulas: &[], run }
        };
        let fails = |run| std::panic::catch_unwind(|| of(run).verify()).is_err();
        fn judge(lab: &mut Lab, holds: bool, known: bool) -> Result {
            lab.judge("", holds, known, String::new());
            Ok(())
        }
        assert!(!fails(|lab| judge(lab, true, true)) && !fails(|lab| judge(lab, false, false)));
        assert!(fails(|lab| judge(lab, false, true)) && fails(|lab| judge(lab, true, false)));
        assert!(fails(|_| Ok(())));
    }
}
