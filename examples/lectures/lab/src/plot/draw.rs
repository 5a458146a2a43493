//! Drawing a plot.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::arrow::{Arrow, beyond, draw_arrow, exits};
use super::axis::Scale;
use super::canvas::{Area, Drawn, TEXT, text, units};
use super::clip::visible;
use super::heat::{cells, draw_bar, draw_cells};
use super::key::{ROW, draw_keys, rows};
use super::label::{labels, printed};
use super::marker::draw_marker;
use super::style::paper;
use super::{Grid, Hue, Layer, Plot, SCALE, SIZE, animate};

/// The size of the values on contour lines.
const LABEL: f64 = 11.0;

type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;

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
        let rows = rows(&self.keys);
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
        let taken = self.places(&x, &y);
        let mut pen = Pen { chart: &mut chart, x, y, taken };
        for layer in &self.layers {
            pen.layer(layer)?;
        }
        for layer in &self.layers {
            if let Layer::Heat { grid, range, .. } = layer {
                draw_bar(&below, grid, range, &self.measure)?;
            }
        }
        let (x, y) = pen.chart.plotting_area().get_pixel_range();
        Ok(animate::runners(&self.layers, [x, y], |point| pen.backend(point)))
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
                Layer::Rule { points, .. } => all.extend_from_slice(points),
                Layer::Note { .. } => {}
            }
        }
        // Lines do not touch the edges; the cells of a heat map fill the plot.
        let margin = if self.measure.is_empty() { 0.03 } else { 0.0 };
        let x = self.x.scale(all.iter().map(|point| point.0), margin);
        [x, self.y.scale(all.iter().map(|point| point.1), margin)]
    }

    /// The places of all that is drawn but contour lines: values of those keep away from them.
    fn places(&self, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
        let points = self.layers.iter().flat_map(|layer| match layer {
            Layer::Line { points, .. }
            | Layer::Points { points, .. }
            | Layer::Runner { points, .. } => points.as_slice(),
            _ => &[],
        });
        points.map(|point| (x.place(point.0), y.place(point.1))).collect()
    }
}

/// Draws the layers of a plot.
struct Pen<'c, 'a> {
    chart: &'c mut Chart<'a>,
    x: Scale,
    y: Scale,
    /// Where labels would stand in the way.
    taken: Vec<(f64, f64)>,
}

impl<'a> Pen<'_, 'a> {
    fn layer(&mut self, layer: &Layer) -> Drawn {
        match layer {
            Layer::Line { hue, points, solid, width } => {
                let color = if *solid { hue.solid() } else { hue.color() };
                self.line(points, color.stroke_width(units(*width) as u32))?;
                let exits = exits(&self.in_frame(points));
                self.arrows(exits, *hue)
            }
            Layer::Rule { hue, points } => {
                self.line(points, hue.color().stroke_width(units(2.0) as u32))
            }
            Layer::Runner { hue, points } => {
                self.line(points, hue.color().mix(0.45).stroke_width(units(1.2) as u32))?;
                let exits = exits(&self.in_frame(points));
                self.arrows(exits, *hue)
            }
            Layer::Contours { grid, levels, hue } => {
                let mix = if *hue == Hue::Grey { 0.55 } else { 1.0 };
                let style = hue.color().mix(mix).stroke_width(units(1.0) as u32);
                let mut lines = levels.iter().flat_map(|&level| grid.contour(level));
                lines.try_for_each(|line| self.line(&line, style))?;
                self.values(grid, levels, *hue)
            }
            Layer::Points { hue, points, lone } => {
                // Many markers are small ones.
                let size = if points.len() > 60 { 2.4 } else { 3.8 };
                let area = self.chart.plotting_area().strip_coord_spec();
                let (left, top) = area.get_base_pixel();
                for &point in points.iter().filter(|point| self.contains(**point)) {
                    let (x, y) = self.backend(point);
                    draw_marker(&area, (x - left, y - top), *hue, size)?;
                }
                let beyond = if *lone { beyond(&self.in_frame(points)) } else { Vec::new() };
                self.arrows(beyond, *hue)
            }
            Layer::Band { hue, edges } => {
                let inside = |value: f64| self.y.value(self.y.place(value).clamp(0.0, 1.0));
                let low = edges.iter().map(|&(x, low, _)| (x, inside(low)));
                let high = edges.iter().rev().map(|&(x, _, high)| (x, inside(high)));
                let outline: Vec<_> = low.chain(high).collect();
                let area = self.chart.plotting_area();
                area.draw(&Polygon::new(outline, hue.color().mix(0.25).filled()))
            }
            Layer::Heat { grid, decimals, range } => {
                draw_cells(self.chart.plotting_area(), grid, *decimals, range)
            }
            Layer::Note { at, text: words } => {
                let style = text(TEXT - 1.0).pos(Pos::new(HPos::Left, VPos::Center));
                self.chart.plotting_area().draw(&Text::new(words.clone(), *at, style))
            }
        }
    }

    fn line(&mut self, points: &[(f64, f64)], style: ShapeStyle) -> Drawn {
        let places = self.in_frame(points);
        let value = |&(x, y): &(f64, f64)| (self.x.value(x), self.y.value(y));
        for part in visible(&places) {
            let part: Vec<_> = part.iter().map(value).collect();
            self.chart.plotting_area().draw(&PathElement::new(part, style))?;
        }
        Ok(())
    }

    /// Where points lie in the frame, whose corners are (0, 0) and (1, 1).
    fn in_frame(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().map(|&(x, y)| (self.x.place(x), self.y.place(y))).collect()
    }

    /// Arrows at places of the frame, each with the direction in which it points.
    fn arrows(&self, arrows: Vec<Arrow>, hue: Hue) -> Drawn {
        let area = self.chart.plotting_area().strip_coord_spec();
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (f64::from(width), f64::from(height));
        arrows.into_iter().try_for_each(|((x, y), (dx, dy))| {
            let tip = ((x * width) as i32, ((1.0 - y) * height) as i32);
            draw_arrow(&area, tip, (dx * width, -dy * height), hue)
        })
    }

    /// The values of a few contour lines, on paper that covers the line.
    fn values(&mut self, grid: &Grid, levels: &[f64], hue: Hue) -> Drawn {
        let labels = labels(grid, levels, [&self.x, &self.y], &self.taken);
        let area = self.chart.plotting_area().strip_coord_spec();
        let (width, height) = area.dim_in_pixel();
        for (level, (x, y)) in labels {
            self.taken.push((x, y));
            let (x, y) = ((x * f64::from(width)) as i32, ((1.0 - y) * f64::from(height)) as i32);
            let words = printed(level);
            let half = units(LABEL * 0.3 * words.chars().count() as f64 + 1.0);
            let corners = [(x - half, y - units(7.0)), (x + half, y + units(7.0))];
            area.draw(&Rectangle::new(corners, paper().filled()))?;
            let color = if hue == Hue::Grey { Hue::Ink.color() } else { hue.color() };
            let style = text(LABEL).color(&color).pos(Pos::new(HPos::Center, VPos::Center));
            area.draw(&Text::new(words, (x, y), style))?;
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
