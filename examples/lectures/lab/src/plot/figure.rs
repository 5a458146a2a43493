//! A finished figure.

use super::marker::hex;
use super::style::paper;
use super::{Plot, SCALE, SIZE, stylesheet};

/// A finished figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The name of its file, without the experiment's and the ending.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The elements of the drawing.
    elements: String,
}

impl From<Plot> for Figure {
    fn from(plot: Plot) -> Self {
        let elements = plot.draw();
        Self { name: plot.name, caption: plot.caption, elements }
    }
}

impl Figure {
    /// The figure as a file of its own, on light or dark paper as the reader's screen is.
    pub fn document(&self) -> String {
        let (width, height) = SIZE;
        let (light, dark) = (stylesheet("", false, "#ffffff"), stylesheet("", true, "#15171c"));
        let style = format!("{light}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}");
        let head =
            format!("width=\"{width}\" height=\"{height}\" xmlns=\"http://www.w3.org/2000/svg\"");
        let paper = hex(paper());
        self.svg(
            &head,
            &format!(
                "<style>{style}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n"
            ),
        )
    }

    /// The figure as a part of a page, which has the style sheet.
    pub fn inline(&self) -> String {
        self.svg("class=\"plot\" role=\"img\"", "")
    }

    fn svg(&self, attributes: &str, first: &str) -> String {
        let (width, height) = (SIZE.0 * SCALE, SIZE.1 * SCALE);
        let title = self.caption.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" {attributes}>\n<title>{title}</title>\n{first}{}</svg>\n",
            self.elements
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Grid, Hue};

    fn elements(svg: &str, tag: &str) -> usize {
        svg.matches(&format!("<{tag} ")).count()
    }

    #[test]
    fn a_figure_has_what_was_put_into_it() {
        let mut plot = Plot::new("a", "less < more", Axis::new("time in s"), Axis::log("loss"));
        plot.line(Hue::Vermillion, "falling", [(0.0, 1.0), (1.0, 0.1), (2.0, f64::NAN)]);
        plot.points(Hue::Blue, "measured", [(0.0, 1.0), (1.0, 0.5), (1.5, -1.0)]);
        plot.band(Hue::Green, "", [(0.0, 0.5, 2.0), (1.0, 0.05, 0.2)]);
        plot.rule_at_y(Hue::Grey, "bound", 0.3).note((0.5, 0.5), "here");
        let svg = Figure::from(plot).document();
        for text in ["time in s", "loss", "falling", "measured", "bound", "here"] {
            assert!(svg.contains(&format!(">\n{text}\n</text>")), "{text} in {svg}");
        }
        assert!(svg.contains("<title>less &lt; more</title>"));
        // Two that can be shown, and the one of the key.
        assert_eq!((elements(&svg, "circle"), elements(&svg, "polygon")), (3, 1));
        assert!(!svg.contains("NaN") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_heat_map_prints_every_value() {
        let grid = Grid::at(vec![0.01, 0.1, 1.0], vec![0.0, 1.0], |x, y| x + y);
        let mut plot = Plot::new("heat", "sums", Axis::log("x"), Axis::new("y"));
        plot.heat("sum", &grid, 2, 0.0..2.0);
        let svg = Figure::from(plot).document();
        for value in ["0.01", "0.10", "1.00", "1.01", "1.10", "2.00"] {
            assert!(svg.contains(&format!(">\n{value}\n</text>")), "{value}");
        }
        // Six cells, fifty parts of the bar, the paper.
        assert_eq!(elements(&svg, "rect"), 57);
    }

    #[test]
    fn a_missing_value_is_crossed_out() {
        let grid = Grid::at(vec![1.0, 2.0], vec![0.0, 1.0], |x, y| if y > x { 0.0 } else { x });
        let missing = Grid::at(vec![1.0, 2.0], vec![0.0, 1.0], |x, y| (1.0 - x * y).sqrt());
        let drawn = |grid: &Grid| {
            let mut plot = Plot::new("heat", "heat", Axis::new("x"), Axis::new("y"));
            plot.heat("value", grid, 2, 0.0..1.0);
            Figure::from(plot).document()
        };
        let lines = |grid| elements(&drawn(grid), "polyline");
        // Two for the cell, two for the key beside the map.
        assert_eq!(lines(&missing) - lines(&grid), 4);
        assert!(
            drawn(&missing).contains(">\nmissing\n</text>") && !drawn(&grid).contains("missing")
        );
    }

    #[test]
    fn paired_heat_maps_share_their_colours() {
        let drawn = |high: f64| {
            let grid = Grid::at(vec![1.0, 2.0], vec![0.0], |x, _| if x < 1.5 { 0.5 } else { high });
            let mut plot = Plot::new("heat", "heat", Axis::new("x"), Axis::new("y"));
            plot.heat("value", &grid, 2, 0.0..1.0);
            let svg = Figure::from(plot).document();
            let before = svg[..svg.find(">\n0.50\n</text>").unwrap()].to_owned();
            let cell = &before[before.rfind("<rect").unwrap()..];
            let fill = cell.find("fill=\"").unwrap();
            cell[fill..fill + 14].to_owned()
        };
        assert_eq!(drawn(0.6), drawn(1.0));
    }

    #[test]
    fn a_figure_follows_a_dark_screen() {
        let mut plot = Plot::new("a", "a", Axis::new("x"), Axis::new("y"));
        plot.line(Hue::Blue, "", [(0.0, 0.0), (1.0, 1.0)]);
        let svg = Figure::from(plot).document();
        let dark = svg.split_once("@media screen and (prefers-color-scheme: dark)").unwrap().1;
        assert!(dark.contains("[fill=\"#FFFFFE\"]{fill:#15171c}"));
        assert!(dark.contains("[stroke=\"#0072B2\"]{stroke:#56a8e0}"));
    }

    #[test]
    fn a_line_that_leaves_the_frame_has_an_arrow_there() {
        let arrows = |high: f64| {
            let mut plot = Plot::new("a", "a", Axis::new("x"), Axis::new("y").range(0.0..1.0));
            plot.line(Hue::Blue, "", [(0.0, 0.5), (1.0, high), (2.0, 0.5)]);
            elements(&Figure::from(plot).document(), "polygon")
        };
        assert_eq!([arrows(0.9), arrows(1.5)], [0, 1]);
    }

    #[test]
    fn contours_carry_a_few_values() {
        let bowl = Grid::of(-2.0..2.0, -2.0..2.0, 41, |x, y| x * x + y * y);
        let mut plot = Plot::new("a", "a", Axis::new("x"), Axis::new("y"));
        plot.contours(&bowl, [0.5, 1.0, 2.0, 3.0]);
        let svg = Figure::from(plot).document();
        let carried = |level: &&&str| svg.contains(&format!(">\n{level}\n</text>"));
        assert!(["0.5", "3"].iter().filter(carried).count() == 2, "{svg}");
    }

    #[test]
    fn a_runner_moves() {
        let mut plot = Plot::new("run", "a run", Axis::new("x"), Axis::new("y"));
        plot.runner(Hue::Ink, "one", [(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]);
        let svg = Figure::from(plot).inline();
        assert_eq!((elements(&svg, "animate"), elements(&svg, "animateTransform")), (1, 1));
        assert!(svg.contains("keyTimes=\"0;0.4;0.8;1\""));
    }
}
