//! What an experiment is, and how it is run.

use std::error::Error;

use crate::{Claim, Figure, Item, Outcome, Table};

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
