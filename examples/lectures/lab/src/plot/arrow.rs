//! Arrows where lines leave the frame.

use plotters::prelude::*;

use super::canvas::{Area, Drawn, units};
use super::style::Hue;

/// A place at the edge of the unit square, and the direction of an arrow there.
pub(super) type Arrow = ((f64, f64), (f64, f64));

/// How close two arrows at the edge may come, as a share of the frame.
const CLOSE: f64 = 0.03;

/// The places at which a line leaves the unit square, each with its direction, and the one at which it
/// comes in if it begins outside. A point that is not finite ends the line without leaving; of places
/// close to each other only the first counts.
pub(super) fn exits(line: &[(f64, f64)]) -> Vec<Arrow> {
    let inside = |(x, y): (f64, f64)| (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
    let mut exits: Vec<Arrow> = Vec::new();
    let first = line.iter().position(|&place| inside(place)).unwrap_or(0);
    let begins = line.get(first.saturating_sub(1)..=first).filter(|_| first > 0);
    let begins = begins.map(|pair| (pair[1], pair[0]));
    let pairs = line.windows(2).map(|pair| (pair[0], pair[1]));
    for (from, to) in begins.into_iter().chain(pairs) {
        if !inside(from) || inside(to) || !(to.0.is_finite() && to.1.is_finite()) {
            continue;
        }
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let room = |at: f64, d: f64| match d {
            0.0 => f64::INFINITY,
            _ if d > 0.0 => (1.0 - at) / d,
            _ => -at / d,
        };
        let t = room(from.0, dx).min(room(from.1, dy)).min(1.0);
        let at = (from.0 + t * dx, from.1 + t * dy);
        add(&mut exits, (at, (dx, dy)));
    }
    exits
}

/// The places at the edge that points beyond it are nearest to, each with the way to them.
pub(super) fn beyond(points: &[(f64, f64)]) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for &(x, y) in points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let at = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
        // What lies on the edge is drawn there.
        if (x - at.0).abs().max((y - at.1).abs()) > 0.001 {
            add(&mut arrows, (at, (x - at.0, y - at.1)));
        }
    }
    arrows
}

/// Adds an arrow, unless there is one close to it.
fn add(arrows: &mut Vec<Arrow>, arrow: Arrow) {
    let (x, y) = arrow.0;
    if arrows.iter().all(|((a, b), _)| (a - x).abs().max((b - y).abs()) > CLOSE) {
        arrows.push(arrow);
    }
}

/// Draws an arrowhead with its tip at a place in units of the drawing.
pub(super) fn draw_arrow(
    area: &Area<'_>,
    tip: (i32, i32),
    (dx, dy): (f64, f64),
    hue: Hue,
) -> Drawn {
    let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
    let (ux, uy) = (dx / length, dy / length);
    let corner = |back: f64, side: f64| {
        let (x, y) = (-back * ux - side * uy, -back * uy + side * ux);
        (tip.0 + units(x), tip.1 + units(y))
    };
    let corners = vec![tip, corner(12.0, 5.0), corner(12.0, -5.0)];
    area.draw(&Polygon::new(corners, hue.color().filled()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leaves_where_it_crosses_the_edge_outward() {
        let line = [(0.5, 0.5), (0.5, 1.5), (0.5, 0.5), (2.5, 0.5), (f64::NAN, 0.5), (0.5, 0.5)];
        assert_eq!(exits(&line), [((0.5, 1.0), (0.0, 1.0)), ((1.0, 0.5), (2.0, 0.0))]);
        assert_eq!(exits(&[(0.5, 2.0), (0.5, 0.5)]), [((0.5, 1.0), (0.0, 1.5))]);
        assert!(exits(&[(0.5, 0.5), (0.5, f64::NAN)]).is_empty());
        assert_eq!(beyond(&[(0.5, 0.5), (0.5, -2.0)]), [((0.5, 0.0), (0.0, -2.0))]);
    }
}
