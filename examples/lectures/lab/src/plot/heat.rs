//! Heat maps.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Scale;
use super::canvas::{Area, Drawn, TEXT, text, units};
use super::{Grid, Hue};

/// Draws the cells with their values.
pub(super) fn draw_cells(
    area: &DrawingArea<SVGBackend<'_>, Cartesian2d<Scale, Scale>>,
    grid: &Grid,
    decimals: usize,
    range: &Range<f64>,
) -> Drawn {
    let (x, y) = (area.as_coord_spec().x_spec(), area.as_coord_spec().y_spec());
    for (from, to, value) in cells(grid) {
        if !value.is_finite() {
            for ends in [[from, to], [(from.0, to.1), (to.0, from.1)]] {
                let style = Hue::Grey.solid().stroke_width(units(1.0) as u32);
                area.draw(&PathElement::new(ends, style))?;
            }
            continue;
        }
        let t = (value - range.start) / (range.end - range.start);
        area.draw(&Rectangle::new([from, to], shade(t).filled()))?;
        let middle = |a: f64, b: f64, s: &Scale| s.value((s.place(a) + s.place(b)) / 2.0);
        let at = (middle(from.0, to.0, x), middle(from.1, to.1, y));
        // Neither black nor white turns over on a dark page here: cells keep their colours.
        let ink = if t > 0.55 { RGBColor(250, 250, 250) } else { RGBColor(20, 20, 20) };
        let style = text(TEXT - 2.0).color(&ink).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(format!("{value:.decimals$}"), at, style))?;
    }
    Ok(())
}

/// Light to dark, so that more is darker in grey too.
fn shade(t: f64) -> RGBColor {
    const STOPS: [[f64; 3]; 4] =
        [[247.0, 251.0, 255.0], [158.0, 202.0, 225.0], [49.0, 130.0, 189.0], [8.0, 48.0, 107.0]];
    let place = t.clamp(0.0, 1.0) * 3.0;
    let i = (place as usize).min(2);
    let mix = |c: usize| (STOPS[i][c] + (place - i as f64) * (STOPS[i + 1][c] - STOPS[i][c])) as u8;
    RGBColor(mix(0), mix(1), mix(2))
}

/// The cells around the points of a grid: two corners and the value.
pub(super) fn cells(grid: &Grid) -> impl Iterator<Item = ((f64, f64), (f64, f64), f64)> + '_ {
    let (xs, ys) = (borders(&grid.xs), borders(&grid.ys));
    grid.values.iter().enumerate().map(move |(i, &value)| {
        let (row, column) = (i / (xs.len() - 1), i % (xs.len() - 1));
        ((xs[column], ys[row]), (xs[column + 1], ys[row + 1]), value)
    })
}

/// The borders between neighbours, halfway; geometrically so where they grow by a factor.
fn borders(points: &[f64]) -> Vec<f64> {
    let n = points.len();
    let growing = n > 2 && points[0] > 0.0 && {
        let (first, last) = (points[1] / points[0], points[n - 1] / points[n - 2]);
        (first / last - 1.0).abs() < 0.2 && first > 1.3
    };
    let (to, from): (fn(f64) -> f64, fn(f64) -> f64) =
        if growing { (f64::ln, f64::exp) } else { (|x| x, |x| x) };
    let p: Vec<f64> = points.iter().map(|&x| to(x)).collect();
    let first = if n > 1 { 1.5 * p[0] - 0.5 * p[1] } else { p[0] - 0.5 };
    let last = if n > 1 { 1.5 * p[n - 1] - 0.5 * p[n - 2] } else { p[0] + 0.5 };
    let inner = p.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    std::iter::once(first).chain(inner).chain([last]).map(from).collect()
}

/// The bar beside a heat map that says what its colours mean.
pub(super) fn draw_bar(
    area: &Area<'_>,
    grid: &Grid,
    Range { start, end }: &Range<f64>,
    measure: &str,
) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let (left, right) = (width as i32 - units(68.0), width as i32 - units(52.0));
    let (top, bottom) = (units(30.0), height as i32 - units(70.0));
    let y = |t: f64| bottom - ((bottom - top) as f64 * t) as i32;
    for i in 0..50 {
        let t = f64::from(i) / 50.0;
        let corners = [(left, y(t + 0.02)), (right, y(t))];
        area.draw(&Rectangle::new(corners, shade(t + 0.01).filled()))?;
    }
    for t in [0.0, 0.5, 1.0] {
        let label = format!("{:.2}", start + t * (end - start));
        let style = text(TEXT - 2.0).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(label, (right + units(5.0), y(t)), style))?;
    }
    if grid.values.iter().any(|value| !value.is_finite()) {
        let (from, to) = ((left, bottom + units(14.0)), (right, bottom + units(30.0)));
        for ends in [[from, to], [(from.0, to.1), (to.0, from.1)]] {
            let style = Hue::Grey.solid().stroke_width(units(1.0) as u32);
            area.draw(&PathElement::new(ends, style))?;
        }
        let style = text(TEXT - 4.0).pos(Pos::new(HPos::Left, VPos::Center));
        let at = (right + units(3.0), bottom + units(22.0));
        area.draw(&Text::new("missing", at, style))?;
    }
    let style = text(TEXT).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw(&Text::new(measure.to_owned(), (width as i32 - units(4.0), units(14.0)), style))
}
