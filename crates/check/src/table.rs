//! How a report prints.

use std::fmt;

use crate::digits::{apart, apart_in_words};
use crate::report::{Kink, Property, Report, Row, Suspect};
use crate::verdict::{Doubt, Verdict};

/// Rows of one verdict that the table shows at most.
const SHOWN: usize = 16;

/// Digits after the point in the table, where more are not needed to see a difference.
const DIGITS: usize = 9;

/// The same in sentences.
const FEW_DIGITS: usize = 6;

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
        for kink in &self.kinks {
            writeln!(f, "{kink}")?;
        }
        for name in &self.unmet {
            writeln!(
                f,
                "no operation and no variable is called {name:?}, which was declared as meant"
            )?;
        }
        let (right, wrong, inconclusive) = (self.right(), self.wrong(), self.inconclusive());
        write!(f, "{right} right, {wrong} wrong, {inconclusive} inconclusive")?;
        match self.allowed() {
            0 => Ok(()),
            allowed => write!(f, ", {allowed} at kinks that are allowed"),
        }
    }
}

impl Report {
    /// The derivatives in which something is amiss first, then the others.
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections: [fn(&Verdict) -> bool; 4] = [
            |verdict| *verdict == Verdict::Wrong,
            |verdict| matches!(verdict, Verdict::Inconclusive(_)),
            |verdict| matches!(verdict, Verdict::Allowed(_)),
            |verdict| *verdict == Verdict::Right,
        ];
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
        let Self { analytic, numeric, bound, verdict, .. } = *self;
        // Two right numbers differ by rounding, which nobody needs to see.
        let [analytic, numeric] = match verdict {
            Verdict::Wrong => apart(analytic, numeric, DIGITS),
            _ => [analytic, numeric].map(|x| format!("{x:.DIGITS$e}")),
        };
        let bound = format!("{bound:.0e}");
        [self.order.to_string(), self.place(), analytic, numeric, bound, verdict.to_string()]
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Right => f.write_str("right"),
            Verdict::Wrong => f.write_str("WRONG"),
            Verdict::Inconclusive(doubt) => write!(f, "inconclusive: {doubt}"),
            Verdict::Allowed(doubt) => write!(f, "allowed: {doubt}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Doubt::Kink { left, right } => {
                let [left, right] = apart_in_words(left, right, FEW_DIGITS);
                write!(f, "kink, {left} to the left and {right} to the right")
            }
            Doubt::Jump { left, right } => {
                let [left, right] = apart_in_words(left, right, FEW_DIGITS);
                write!(f, "jump, from {left} to {right}")
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
        let Self { operation, location, input, .. } = self;
        let [analytic, numeric] = apart_in_words(self.analytic, self.numeric, FEW_DIGITS);
        write!(
            f,
            "the rule of {operation} at {location}: for {input} it says {analytic}, differences \
             {numeric}"
        )
    }
}

impl fmt::Display for Kink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, name, location, input, doubt } = self;
        let name = name.as_ref().map_or(String::new(), |name| format!(" ({name:?})"));
        write!(f, "{operation}{name} at {location}: in {input} it has a {doubt}")
    }
}
