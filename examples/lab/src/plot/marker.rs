//! Markers.

use plotters::prelude::*;

use super::canvas::{Area, Drawn, units};
use super::style::{Hue, Shape};

/// A marker, in units of the drawing.
pub(super) fn draw_marker(area: &Area<'_>, at: (i32, i32), hue: Hue, size: f64) -> Drawn {
    let (x, y) = at;
    let r = units(size);
    let fill = hue.color().filled();
    let stroke = hue.solid().stroke_width(units(1.5) as u32);
    let polygon = |corners: &[(f64, f64)]| {
        let corner =
            |&(a, b): &(f64, f64)| (x + (a * f64::from(r)) as i32, y + (b * f64::from(r)) as i32);
        area.draw(&Polygon::new(corners.iter().map(corner).collect::<Vec<_>>(), fill))
    };
    let stroke_line =
        |a: (i32, i32), b: (i32, i32)| area.draw(&PathElement::new(vec![a, b], stroke));
    match hue.shape() {
        Shape::Circle => area.draw(&Circle::new(at, r * 9 / 10, fill)),
        Shape::Square => polygon(&[(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]),
        Shape::Triangle => polygon(&[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8)]),
        Shape::TriangleDown => polygon(&[(0.0, 1.1), (1.0, -0.8), (-1.0, -0.8)]),
        Shape::Diamond => polygon(&[(0.0, -1.2), (1.0, 0.0), (0.0, 1.2), (-1.0, 0.0)]),
        Shape::Cross => {
            stroke_line((x - r, y - r), (x + r, y + r))?;
            stroke_line((x - r, y + r), (x + r, y - r))
        }
        Shape::Plus => {
            stroke_line((x - r, y), (x + r, y))?;
            stroke_line((x, y - r), (x, y + r))
        }
    }
}
