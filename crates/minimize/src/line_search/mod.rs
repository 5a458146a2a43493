//! How far to go along a direction of descent.

mod interpolate;
mod more_thuente;

use super::MinimizeError;
use super::error::check_setting;
use graph::Domain;

/// A line search for the strong Wolfe conditions, by Moré and Thuente.
///
/// Of φ(t) = f(x + t·d), with φ′(0) < 0, it finds a t with
///
/// > φ(t) ≤ φ(0) + c₁·t·φ′(0) and |φ′(t)| ≤ c₂·|φ′(0)|.
///
/// Where φ is not finite it goes back, and does not go as far again. (Moré and Thuente, ACM TOMS
/// 20, 1994; their `dcsrch`.)
///
/// ```
/// use cotangent::minimize::LineSearch;
/// let found = LineSearch::default().search(1.0, (1.0, -2.0), |t| Ok(((t - 1.0).powi(2), 2.0 * (t - 1.0))))?;
/// assert_eq!(found.unwrap().step, 1.0);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineSearch {
    /// c₁: the share of the promised decrease that suffices. Default 10⁻⁴.
    pub decrease: f64,
    /// c₂: the share of the slope that may be left. Default 0.9.
    pub curvature: f64,
    /// The width, relative to its upper end, of an interval that is searched no further. Default 10⁻¹⁰.
    pub width: f64,
    /// At most as many evaluations. Default 40.
    pub evaluations: usize,
}

/// A step that was found.
///
/// [`LineSearch::search`] answers it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// t.
    pub step: f64,
    /// φ(t).
    pub value: f64,
    /// φ′(t).
    pub slope: f64,
    /// Whether the strong Wolfe conditions hold; if not, the value is still sufficiently lower.
    pub wolfe: bool,
}

impl Default for LineSearch {
    fn default() -> Self {
        Self { decrease: 1e-4, curvature: 0.9, width: 1e-10, evaluations: 40 }
    }
}

impl LineSearch {
    /// A search that stops nearer to the minimum along the line, as conjugate directions need:
    /// c₂ = 0.1.
    pub fn precise() -> Self {
        Self { curvature: 0.1, ..Self::default() }
    }

    /// Finds a step, beginning with `first`; `start` is φ(0) and φ′(0), and `phi` answers φ(t) and
    /// φ′(t). `None` if no sufficiently lower point was found, or φ′(0) is not below 0.
    ///
    /// # Errors
    /// If `phi` does, or a setting is outside of its domain.
    pub fn search(
        &self,
        first: f64,
        start: (f64, f64),
        phi: impl FnMut(f64) -> Result<(f64, f64), MinimizeError>,
    ) -> Result<Option<Found>, MinimizeError> {
        self.search_above(0.0, first, start, phi)
    }

    /// As [`search`](Self::search), where round-off may change φ by so much: a decrease that it may
    /// hide is judged by the slope alone.
    pub(crate) fn search_above(
        &self,
        round_off: f64,
        first: f64,
        start: (f64, f64),
        phi: impl FnMut(f64) -> Result<(f64, f64), MinimizeError>,
    ) -> Result<Option<Found>, MinimizeError> {
        self.validate()?;
        check_setting("line search", "first step", first, Domain::Positive)?;
        if start.1.is_nan() || start.1 >= 0.0 {
            return Ok(None);
        }
        more_thuente::search(self, round_off, first, start, phi)
    }

    pub(crate) fn validate(&self) -> Result<(), MinimizeError> {
        let check = |name, value, domain| check_setting("line search", name, value, domain);
        check("decrease", self.decrease, Domain::Decay)?;
        check("curvature", self.curvature, Domain::Decay)?;
        check("width", self.width, Domain::NonNegative)?;
        // Between the two there might be no step.
        check("curvature − decrease", self.curvature - self.decrease, Domain::Positive)
    }
}
