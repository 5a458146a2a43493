//! The outcome of a check.

use std::panic::Location;

use crate::verdict::{Doubt, Verdict};

/// The check of one derivative.
///
/// [`Report::rows`] are these.
#[derive(Clone, Debug)]
pub struct Row {
    /// The order of the derivative: 1 for the gradient. The derivatives of order n + 1 are those of a
    /// random projection of the derivatives of order n.
    pub order: usize,
    /// The name of the variable, or of the random direction.
    pub input: String,
    /// The index of the element.
    pub index: Vec<usize>,
    /// What the checked gradient says: the reverse rules, or what was written by hand.
    pub analytic: f64,
    /// What differences say.
    pub numeric: f64,
    /// How far the numeric derivative may be from the true one.
    pub bound: f64,
    /// The conclusion.
    pub verdict: Verdict,
}

impl Row {
    /// The variable with the index of the element.
    pub(crate) fn place(&self) -> String {
        let index = if self.index.is_empty() { String::new() } else { format!("{:?}", self.index) };
        format!("{}{index}", self.input)
    }
}

/// A property that derivatives of every function have.
///
/// A [`Report`] holds them.
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
///
/// A [`Report`] holds them.
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

/// An operation that has a kink or a jump at the values it saw.
///
/// A [`Report`] holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Kink {
    /// The operation's name.
    pub operation: String,
    /// The name that its variable was given, if it was.
    pub name: Option<String>,
    /// The line that recorded it.
    pub location: &'static Location<'static>,
    /// The input in which it is.
    pub input: String,
    /// What it is: [`Doubt::Kink`] or [`Doubt::Jump`].
    pub doubt: Doubt,
}

/// The outcome of a check. Prints as a table.
///
/// ```
/// use cotangent::check::{Verdict, check_fn};
/// // A derivative that forgets the inner one.
/// let report = check_fn(|x| (2.0 * x[0]).sin(), |x| [(2.0 * x[0]).cos()], &[0.5]);
/// assert!(report.is_wrong());
/// assert!(matches!(report.rows()[0].verdict, Verdict::Wrong { .. }));
/// assert!(report.to_string().contains("wrong"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) properties: Vec<Property>,
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) kinks: Vec<Kink>,
    /// Names that were declared, and that nothing has.
    pub(crate) unmet: Vec<String>,
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

    /// The operations with a kink or a jump at the point. Looked for only where a derivative cannot be
    /// judged because of one.
    pub fn kinks(&self) -> &[Kink] {
        &self.kinks
    }

    /// Whether the derivatives are proven right: at least one is, none is wrong and none undecided, but
    /// at kinks that were allowed, and no property is broken. A property that cannot be told, as Taylor's
    /// remainder beside a kink, proves nothing and refutes nothing.
    pub fn is_right(&self) -> bool {
        self.refusal().is_none()
    }

    /// Whether a derivative is wrong or a property broken.
    pub fn is_wrong(&self) -> bool {
        self.wrong() > 0 || self.properties.iter().any(|p| p.holds == Some(false))
    }

    /// The number of derivatives that are right.
    pub fn right(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Right)
    }

    /// The number of derivatives that are wrong.
    pub fn wrong(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Wrong)
    }

    /// The number of derivatives that could not be judged, without those at kinks that were allowed.
    pub fn inconclusive(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Inconclusive(_)))
    }

    /// The number of derivatives that could not be judged, at kinks that were allowed.
    pub fn allowed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Allowed(_)))
    }

    /// Demands that the derivatives are proven right, as a test does.
    ///
    /// # Panics
    /// If [`is_right`](Self::is_right) is not true: with the reason and the report.
    #[track_caller]
    pub fn assert_right(&self) {
        if let Some(refusal) = self.refusal() {
            panic!("{refusal}\n{self}");
        }
    }

    fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| of(&row.verdict)).count()
    }

    /// Why the derivatives are not proven right, if they are not.
    fn refusal(&self) -> Option<String> {
        let (inconclusive, all) = (self.inconclusive(), self.rows.len());
        if self.is_wrong() {
            Some("wrong gradients".to_owned())
        } else if inconclusive > 0 {
            Some(format!(
                "undecided gradients: {inconclusive} of {all} could not be judged{}",
                self.remedy()
            ))
        } else if self.right() == 0 {
            Some("unproven gradients: no derivative was found right".to_owned())
        } else {
            None
        }
    }

    /// What to do about derivatives that could not be judged.
    fn remedy(&self) -> &'static str {
        if self.rows.iter().any(|row| row.verdict.is_rough()) {
            "; check at another point, or allow the kinks by name"
        } else {
            "; check at another point"
        }
    }
}
