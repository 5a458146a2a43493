//! What a run of an experiment finds.

use std::fmt;

use crate::{Figure, Table};

/// What a run found, in the order in which it found it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// All of it.
    pub items: Vec<Item>,
    /// The files of the parts that were run.
    pub sources: Vec<Source>,
}

/// A file with its text.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its path, below the folder of the lectures.
    pub file: &'static str,
    /// Its text.
    pub code: &'static str,
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
    /// Whether it is known to: what the tests expect.
    pub known: bool,
    /// The numbers that decide.
    pub evidence: String,
}

impl Claim {
    /// The verdict with the statement and its numbers, as a line.
    pub fn verdict(&self) -> String {
        let verdict = if self.holds { "borne out" } else { "NOT borne out" };
        format!("{verdict}: {} ({})", self.statement, self.evidence)
    }
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
}

impl fmt::Display for Outcome {
    /// Everything but the figures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            match item {
                Item::Line(line) => writeln!(f, "{line}")?,
                Item::Table(table) => writeln!(f, "{table}")?,
                Item::Claim(claim) => writeln!(f, "{}", claim.verdict())?,
                Item::Figure(_) => {}
            }
        }
        Ok(())
    }
}

/// How many claims there are, and how many of them were borne out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that were borne out.
    pub borne_out: usize,
    /// All of them.
    pub claims: usize,
}

impl Tally {
    /// The claims of these runs.
    pub fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Self {
        let mut tally = Self::default();
        for claim in outcomes.into_iter().flat_map(Outcome::claims) {
            tally.claims += 1;
            tally.borne_out += usize::from(claim.holds);
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "claims: {} of {} borne out", self.borne_out, self.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_counted_not_experiments() {
        let claim = |holds| {
            let [statement, evidence] = ["more is more", "2 > 1"].map(str::to_owned);
            Item::Claim(Claim { statement, holds, known: holds, evidence })
        };
        let items = vec![claim(true), Item::Line("so".into()), claim(false)];
        let mixed = Outcome { items, sources: Vec::new() };
        let both = Tally::of([&mixed, &mixed]);
        assert_eq!(both, Tally { borne_out: 2, claims: 4 });
        assert_eq!(both.to_string(), "claims: 2 of 4 borne out");
        assert!(mixed.to_string().contains("NOT borne out: more is more (2 > 1)"));
    }
}
