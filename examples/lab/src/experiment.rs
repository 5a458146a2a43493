//! What an experiment is, and what a run of it finds.

use std::error::Error;

use crate::{Figure, Table};

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
    /// Its number in the gallery.
    pub number: usize,
    /// The name of its file.
    pub name: &'static str,
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
    /// Its own source.
    pub code: &'static str,
    /// The run: all that it finds goes into the lab.
    pub run: fn(&mut Lab) -> Result,
}

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As long as the claims need.
    Full,
    /// A few steps, to see that everything runs; claims need not hold.
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

    /// Runs it, and panics unless every claim is borne out: the experiment as a test.
    ///
    /// # Panics
    /// If the run fails, claims nothing, or a claim does not hold.
    #[track_caller]
    pub fn verify(&self) {
        let outcome = match self.perform(Pace::Full) {
            Ok(outcome) => outcome,
            Err(error) => panic!("{}: {error}", self.name),
        };
        let failed: Vec<String> = outcome
            .claims()
            .filter(|claim| !claim.holds)
            .map(|claim| format!("{}: {}", claim.statement, claim.evidence))
            .collect();
        assert!(outcome.claims().next().is_some(), "{} claims nothing", self.name);
        assert!(failed.is_empty(), "{}: not borne out\n  {}", self.name, failed.join("\n  "));
    }
}

/// What a run found, in the order in which it found it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// All of it.
    pub items: Vec<Item>,
}

/// A piece of what a run found.
#[derive(Clone, Debug)]
pub enum Item {
    /// A line of text.
    Line(String),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Figure),
    /// A claim with its verdict.
    Claim(Claim),
}

/// A statement that a run bore out, or did not.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What is claimed.
    pub statement: String,
    /// Whether the run bore it out.
    pub holds: bool,
    /// The numbers that decide.
    pub evidence: String,
}

impl Outcome {
    /// Every claim, in order.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.items.iter().filter_map(|item| match item {
            Item::Claim(claim) => Some(claim),
            _ => None,
        })
    }

    /// Every figure, in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.items.iter().filter_map(|item| match item {
            Item::Figure(figure) => Some(figure),
            _ => None,
        })
    }

    /// Whether every claim holds.
    pub fn borne_out(&self) -> bool {
        self.claims().all(|claim| claim.holds)
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

    /// Claims something: whether it holds, and the numbers that decide.
    pub fn claim(&mut self, statement: &str, holds: bool, evidence: impl Into<String>) {
        let (statement, evidence) = (statement.to_owned(), evidence.into());
        self.outcome.items.push(Item::Claim(Claim { statement, holds, evidence }));
    }
}
