//! Markers.

use plotters::prelude::*;

use super::canvas::{Area, Drawn, units};
use super::style::{Hue, Shape};

/// A point in units of the marker's radius.
type Corner = (f64, f64);

/// What a marker is drawn as.
enum Form {
    Disc,
    Filled(&'static [Corner]),
    Strokes([[Corner; 2]; 2]),
}

fn form(shape: Shape) -> Form {
    match shape {
        Shape::Circle => Form::Disc,
        Shape::Square => Form::Filled(&[(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]),
        Shape::Triangle => Form::Filled(&[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8)]),
        Shape::TriangleDown => Form::Filled(&[(0.0, 1.1), (1.0, -0.8), (-1.0, -0.8)]),
        Shape::Diamond => Form::Filled(&[(0.0, -1.2), (1.0, 0.0), (0.0, 1.2), (-1.0, 0.0)]),
        Shape::Cross => Form::Strokes([[(-1.0, -1.0), (1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]]),
        Shape::Plus => Form::Strokes([[(-1.2, 0.0), (1.2, 0.0)], [(0.0, -1.2), (0.0, 1.2)]]),
    }
}

/// Draws a marker at a place in units of the drawing, of a radius in units of the figure.
pub(super) fn draw_marker(area: &Area<'_>, (x, y): (i32, i32), hue: Hue, radius: f64) -> Drawn {
    let r = f64::from(units(radius));
    let at = |&(a, b): &Corner| (x + (a * r) as i32, y + (b * r) as i32);
    let fill = hue.color().filled();
    match form(hue.shape()) {
        Form::Disc => area.draw(&Circle::new((x, y), (0.9 * r) as i32, fill)),
        Form::Filled(corners) => {
            area.draw(&Polygon::new(corners.iter().map(at).collect::<Vec<_>>(), fill))
        }
        Form::Strokes(strokes) => strokes.iter().try_for_each(|stroke| {
            let style = hue.solid().stroke_width(units(1.5) as u32);
            area.draw(&PathElement::new(stroke.iter().map(at).collect::<Vec<_>>(), style))
        }),
    }
}

/// A marker around the origin, as an element of SVG.
pub(super) fn svg_marker(hue: Hue, radius: f64) -> String {
    let r = f64::from(units(radius));
    let list = |corners: &[Corner]| {
        let text: Vec<String> =
            corners.iter().map(|(a, b)| format!("{},{}", a * r, b * r)).collect();
        text.join(" ")
    };
    let color = hex(hue.solid());
    match form(hue.shape()) {
        Form::Disc => format!("<circle r=\"{r}\" fill=\"{color}\"/>"),
        Form::Filled(corners) => {
            format!("<polygon fill=\"{color}\" points=\"{}\"/>", list(corners))
        }
        Form::Strokes(strokes) => strokes
            .iter()
            .map(|stroke| {
                let (width, points) = (units(2.0), list(stroke));
                format!(
                    "<polyline stroke=\"{color}\" stroke-width=\"{width}\" points=\"{points}\"/>"
                )
            })
            .collect(),
    }
}

/// A colour as plotters writes it.
pub(super) fn hex(RGBColor(r, g, b): RGBColor) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}
