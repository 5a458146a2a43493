//! What is drawn on, and the units of it.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Hue, SCALE};

/// A rectangle of the drawing.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The size of all text.
pub(super) const TEXT: f64 = 15.0;

/// Units of the figure as units of the drawing.
pub(super) fn units(x: f64) -> i32 {
    (x * f64::from(SCALE)).round() as i32
}

/// The style of text of this size.
pub(super) fn text(size: f64) -> TextStyle<'static> {
    // plotters divides font sizes by 1.24 on their way into SVG.
    ("sans-serif", size * 1.24 * f64::from(SCALE)).into_font().color(&Hue::Ink.color())
}
