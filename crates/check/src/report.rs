//! The outcome of a check, and its table.

use std::fmt;
use std::panic::Location;

use crate::verdict::{Doubt, Verdict};

/// Rows of one verdict that the table shows at most.
const SHOWN: usize = 16;

/// The check of one derivative.
#[derive(Clone, Debug)]
pub struct Row {
    /// The order of the derivative: 1 for the gradient. The derivatives of order n + 1 are those of a
    /// random projection of the derivatives of order n.
    pub order: usize,
    /// The name of the variable, or of the random direction.
    pub input: String,
    /// The index of the element.
    pub index: Vec<usize>,
    /// What the reverse rules say.
    pub analytic: f64,
    /// What differences say.
    pub numeric: f64,
    /// How far the numeric derivative may be from the true one.
    pub bound: f64,
    /// The conclusion.
    pub verdict: Verdict,
}

/// A property that derivatives of every function have.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The order of the derivative it is about.
    pub order: usize,
    /// What it says.
    pub name: &'static str,
    /// Whether it holds; `None` if that cannot be told here.
    pub holds: Option<bool>,
    /// The numbers behind it.
    pub detail: String,
}

/// An operation whose reverse rule is wrong by itself, at the values it saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// The operation's name.
    pub operation: String,
    /// The line that recorded it.
    pub location: &'static Location<'static>,
    /// The input whose cotangent differs most.
    pub input: String,
    /// What the rule says there.
    pub analytic: f64,
    /// What differences say there.
    pub numeric: f64,
}

/// The outcome of a check. Prints as a table.
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) properties: Vec<Property>,
    pub(crate) suspects: Vec<Suspect>,
}

impl Report {
    /// The checked derivatives.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The checked properties: Taylor's remainder, the adjoint identity, the symmetry of the Hessian.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// The operations whose rules are wrong by themselves, the most likely first. Looked for only
    /// where something is wrong.
    pub fn suspects(&self) -> &[Suspect] {
        &self.suspects
    }

    /// Whether no derivative is wrong and no property is broken.
    pub fn is_right(&self) -> bool {
        self.count(is_wrong) == 0 && self.properties.iter().all(|p| p.holds != Some(false))
    }

    /// The number of derivatives that could not be judged.
    pub fn inconclusive(&self) -> usize {
        self.count(is_inconclusive)
    }

    /// The number of derivatives that are wrong.
    pub fn wrong(&self) -> usize {
        self.count(is_wrong)
    }

    fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| of(&row.verdict)).count()
    }
}

fn is_wrong(verdict: &Verdict) -> bool {
    *verdict == Verdict::Wrong
}

fn is_inconclusive(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Inconclusive(_))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(f)?;
        for property in &self.properties {
            writeln!(f, "{property}")?;
        }
        for (i, suspect) in self.suspects.iter().enumerate() {
            let label = if i == 0 { "most likely wrong" } else { "also wrong" };
            writeln!(f, "{label}: {suspect}")?;
        }
        let (wrong, inconclusive) = (self.wrong(), self.inconclusive());
        let right = self.rows.len() - wrong - inconclusive;
        write!(f, "{right} right, {wrong} wrong, {inconclusive} inconclusive")
    }
}

impl Report {
    /// The derivatives in which something is amiss first, then the others.
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = |verdict: &Verdict| *verdict == Verdict::Right;
        let sections: [&dyn Fn(&Verdict) -> bool; 3] = [&is_wrong, &is_inconclusive, &right];
        let mut lines =
            vec![["order", "input", "analytic", "numeric", "bound", "verdict"].map(str::to_owned)];
        let mut hidden = 0;
        for section in sections {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| section(&row.verdict)).collect();
            lines.extend(rows.iter().take(SHOWN).map(|row| row.cells()));
            hidden += rows.len().saturating_sub(SHOWN);
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
        let widths: Vec<usize> = (0..6).map(|column| width(column).unwrap_or(0)).collect();
        for line in &lines {
            let [order, input, analytic, numeric, bound, verdict] = line;
            writeln!(
                f,
                "{order:>0$}  {input:<1$}  {analytic:>2$}  {numeric:>3$}  {bound:>4$}  {verdict}",
                widths[0], widths[1], widths[2], widths[3], widths[4],
            )?;
        }
        match hidden {
            0 => Ok(()),
            _ => writeln!(f, "… and {hidden} more"),
        }
    }
}

impl Row {
    fn cells(&self) -> [String; 6] {
        let index = if self.index.is_empty() { String::new() } else { format!("{:?}", self.index) };
        [
            self.order.to_string(),
            format!("{}{index}", self.input),
            format!("{:.9e}", self.analytic),
            format!("{:.9e}", self.numeric),
            format!("{:.0e}", self.bound),
            self.verdict.to_string(),
        ]
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Right => f.write_str("right"),
            Verdict::Wrong => f.write_str("WRONG"),
            Verdict::Inconclusive(doubt) => write!(f, "inconclusive: {doubt}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Kink { left, right } => {
                write!(f, "kink, {left:.6} to the left and {right:.6} to the right")
            }
            Doubt::Cancellation => f.write_str("cancellation"),
            Doubt::NonFinite => f.write_str("not finite"),
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.holds {
            Some(true) => "holds",
            Some(false) => "BROKEN",
            None => "inconclusive",
        };
        write!(f, "{}, order {}: {verdict} ({})", self.name, self.order, self.detail)
    }
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, location, input, analytic, numeric } = self;
        write!(
            f,
            "the rule of {operation} at {location}: for {input} it says {analytic:.6}, differences \
             {numeric:.6}"
        )
    }
}
