//! Drawing a plot.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Scale;
use super::clip::visible;
use super::style::Shape;
use super::{Grid, Hue, Key, Layer, Mark, Plot, SCALE, SIZE, animate};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The size of all text.
const TEXT: f64 = 15.0;
/// The height of a row of the key.
const ROW: i32 = 22;
/// The width of a line or a band in the key, and of a marker.
const SAMPLE: i32 = 34;
const MARKER: i32 = 12;

/// Units of the figure as units of the drawing.
fn units(x: f64) -> i32 {
    (x * f64::from(SCALE)).round() as i32
}

fn text(size: f64) -> TextStyle<'static> {
    // plotters divides font sizes by 1.24 on their way into SVG.
    ("sans-serif", size * 1.24 * f64::from(SCALE)).into_font().color(&Hue::Ink.color())
}

/// Roughly how wide a text is: fonts are not known here.
fn width(label: &str) -> i32 {
    (label.chars().count() as f64 * TEXT * 0.6) as i32
}

impl Plot {
    /// The elements of the drawing, as SVG.
    pub(super) fn draw(&self) -> String {
        let mut svg = String::new();
        let size = ((SIZE.0 * SCALE) as u32, (SIZE.1 * SCALE) as u32);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let runners = self.draw_on(&area).expect("drawing into a string cannot fail");
        area.present().expect("drawing into a string cannot fail");
        drop(area);
        let elements = svg.split_once('\n').map_or("", |(_, rest)| rest);
        elements.replace("</svg>\n", "") + &runners
    }

    /// Draws all that stands still, and answers the elements that move.
    fn draw_on<'a>(&self, area: &Area<'a>) -> Result<String, DrawingAreaErrorKind<std::io::Error>> {
        let rows = self.key_rows();
        let top = if rows.is_empty() { 0 } else { rows.len() as i32 * ROW + 6 };
        let (above, below) = area.split_vertically(top * SCALE);
        draw_keys(&above, &rows)?;
        let [x, y] = self.scales();
        let bar = if self.measure.is_empty() { 18.0 } else { 84.0 };
        let mut chart = ChartBuilder::on(&below)
            .margin_top(units(8.0))
            .margin_right(units(bar))
            .margin_left(units(4.0))
            .margin_bottom(units(4.0))
            .x_label_area_size(units(46.0))
            .y_label_area_size(units(74.0))
            .build_cartesian_2d(x.clone(), y.clone())?;
        let heat = !self.measure.is_empty();
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(
                Hue::Ink.solid().mix(if heat { 0.0 } else { 0.1 }).stroke_width(units(1.0) as u32),
            )
            .axis_style(Hue::Ink.solid().mix(0.6).stroke_width(units(1.0) as u32))
            .x_desc(self.x.label.as_str())
            .y_desc(self.y.label.as_str())
            .label_style(text(TEXT))
            .axis_desc_style(text(TEXT))
            .set_all_tick_mark_size(units(4.0))
            .draw()?;
        let mut pen = Pen { chart: &mut chart, x, y };
        for layer in &self.layers {
            pen.layer(layer)?;
        }
        if let Some(Layer::Heat { grid, .. }) =
            self.layers.iter().find(|l| matches!(l, Layer::Heat { .. }))
        {
            draw_bar(&below, grid, &self.measure)?;
        }
        Ok(animate::runners(&self.layers, |point| pen.backend(point)))
    }

    /// The scales of both axes, from all the data.
    fn scales(&self) -> [Scale; 2] {
        let mut all = Vec::new();
        for layer in &self.layers {
            match layer {
                Layer::Line { points, .. }
                | Layer::Points { points, .. }
                | Layer::Runner { points, .. } => {
                    all.extend_from_slice(points);
                }
                Layer::Band { edges, .. } => {
                    all.extend(edges.iter().flat_map(|&(x, low, high)| [(x, low), (x, high)]));
                }
                Layer::Contours { grid, .. } => all.extend(grid.points()),
                Layer::Heat { grid, .. } => {
                    all.extend(cells(grid).flat_map(|(from, to, _)| [from, to]))
                }
                Layer::Note { .. } => {}
            }
        }
        let x = self.x.scale(all.iter().map(|point| point.0));
        [x, self.y.scale(all.iter().map(|point| point.1))]
    }

    /// The key, broken into rows that fit.
    fn key_rows(&self) -> Vec<Vec<(i32, &Key)>> {
        let mut rows: Vec<Vec<(i32, &Key)>> = Vec::new();
        let mut x = SIZE.0;
        for key in &self.keys {
            let needed = key.sample() + 8 + width(&key.label) + 14;
            if x + needed > SIZE.0 + 14 {
                rows.push(Vec::new());
                x = 60;
            }
            rows.last_mut().expect("a row was begun").push((x, key));
            x += needed;
        }
        rows
    }
}

impl Key {
    fn sample(&self) -> i32 {
        if self.mark == Mark::Points { MARKER } else { SAMPLE }
    }
}

fn draw_keys(area: &Area<'_>, rows: &[Vec<(i32, &Key)>]) -> Drawn {
    for (row, keys) in rows.iter().enumerate() {
        let y = (row as i32 * ROW + ROW / 2 + 4) * SCALE;
        for (x, key) in keys {
            let Key { hue, label, mark } = key;
            let (from, to) = (x * SCALE, (x + key.sample()) * SCALE);
            match mark {
                Mark::Points => draw_marker(area, ((from + to) / 2, y), *hue, 5.0)?,
                Mark::Line | Mark::Solid => {
                    let solid = *mark == Mark::Solid;
                    let color = if solid { hue.solid() } else { hue.color() };
                    let style = color.stroke_width(units(if solid { 1.2 } else { 2.2 }) as u32);
                    area.draw(&PathElement::new(vec![(from, y), (to, y)], style))?;
                }
                Mark::Band => {
                    let corners = [(from, y - units(5.0)), (to, y + units(5.0))];
                    area.draw(&Rectangle::new(corners, hue.color().mix(0.25).filled()))?;
                }
            }
            let style = text(TEXT).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(label.as_str(), (to + units(8.0), y), style))?;
        }
    }
    Ok(())
}

/// A marker, in units of the drawing.
fn draw_marker(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    at: (i32, i32),
    hue: Hue,
    size: f64,
) -> Drawn {
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
fn cells(grid: &Grid) -> impl Iterator<Item = ((f64, f64), (f64, f64), f64)> + '_ {
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
fn draw_bar(area: &Area<'_>, grid: &Grid, measure: &str) -> Drawn {
    let (low, high) = grid.extent();
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
        let label = format!("{:.2}", low + t * (high - low));
        let style = text(TEXT - 2.0).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(label, (right + units(5.0), y(t)), style))?;
    }
    let style = text(TEXT).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw(&Text::new(measure.to_owned(), (width as i32 - units(4.0), units(14.0)), style))
}

/// Draws the layers of a plot.
struct Pen<'c, 'a> {
    chart: &'c mut Chart<'a>,
    x: Scale,
    y: Scale,
}

impl<'a> Pen<'_, 'a> {
    fn layer(&mut self, layer: &Layer) -> Drawn {
        match layer {
            Layer::Line { hue, points, solid, width } => {
                let color = if *solid { hue.solid() } else { hue.color() };
                self.line(points, color.stroke_width(units(*width) as u32))
            }
            Layer::Runner { hue, points } => {
                self.line(points, hue.color().mix(0.45).stroke_width(units(1.2) as u32))
            }
            Layer::Contours { grid, levels, hue } => {
                let mix = if *hue == Hue::Grey { 0.55 } else { 1.0 };
                let style = hue.color().mix(mix).stroke_width(units(1.0) as u32);
                let lines = levels.iter().flat_map(|&level| grid.contour(level));
                lines.into_iter().try_for_each(|line| self.line(&line, style))
            }
            Layer::Points { hue, points } => {
                // Many markers are small ones.
                let size = if points.len() > 60 { 2.4 } else { 3.8 };
                let area = self.chart.plotting_area().strip_coord_spec();
                let (left, top) = area.get_base_pixel();
                for &point in points.iter().filter(|point| self.contains(**point)) {
                    let (x, y) = self.backend(point);
                    draw_marker(&area, (x - left, y - top), *hue, size)?;
                }
                Ok(())
            }
            Layer::Band { hue, edges } => {
                let inside = |value: f64| self.y.value(self.y.place(value).clamp(0.0, 1.0));
                let low = edges.iter().map(|&(x, low, _)| (x, inside(low)));
                let high = edges.iter().rev().map(|&(x, _, high)| (x, inside(high)));
                let outline: Vec<_> = low.chain(high).collect();
                let area = self.chart.plotting_area();
                area.draw(&Polygon::new(outline, hue.color().mix(0.25).filled()))
            }
            Layer::Heat { grid, decimals } => self.heat(grid, *decimals),
            Layer::Note { at, text: words } => {
                let style = text(TEXT - 1.0).pos(Pos::new(HPos::Left, VPos::Center));
                self.chart.plotting_area().draw(&Text::new(words.clone(), *at, style))
            }
        }
    }

    fn line(&mut self, points: &[(f64, f64)], style: ShapeStyle) -> Drawn {
        let places: Vec<_> =
            points.iter().map(|&(x, y)| (self.x.place(x), self.y.place(y))).collect();
        let value = |&(x, y): &(f64, f64)| (self.x.value(x), self.y.value(y));
        for part in visible(&places) {
            let part: Vec<_> = part.iter().map(value).collect();
            self.chart.plotting_area().draw(&PathElement::new(part, style))?;
        }
        Ok(())
    }

    fn heat(&mut self, grid: &Grid, decimals: usize) -> Drawn {
        let (low, high) = grid.extent();
        let area = self.chart.plotting_area();
        for (from, to, value) in cells(grid) {
            let t = (value - low) / (high - low).max(f64::MIN_POSITIVE);
            area.draw(&Rectangle::new([from, to], shade(t).filled()))?;
            let middle = |a: f64, b: f64, s: &Scale| s.value((s.place(a) + s.place(b)) / 2.0);
            let at = (middle(from.0, to.0, &self.x), middle(from.1, to.1, &self.y));
            // Neither black nor white turns over on a dark page here: cells keep their colours.
            let ink = if t > 0.55 { RGBColor(250, 250, 250) } else { RGBColor(20, 20, 20) };
            let style = text(TEXT - 2.0).color(&ink).pos(Pos::new(HPos::Center, VPos::Center));
            area.draw(&Text::new(format!("{value:.decimals$}"), at, style))?;
        }
        Ok(())
    }

    fn contains(&self, (x, y): (f64, f64)) -> bool {
        let within = |place: f64| (-0.001..=1.001).contains(&place);
        within(self.x.place(x)) && within(self.y.place(y))
    }

    /// A point in units of the whole drawing.
    fn backend(&self, point: (f64, f64)) -> (i32, i32) {
        self.chart.backend_coord(&point)
    }
}
