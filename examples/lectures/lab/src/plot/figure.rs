//! A finished figure.

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
    /// The figure as a file of its own.
    pub fn document(&self) -> String {
        let (width, height) = SIZE;
        let style = stylesheet("", false);
        let head =
            format!("width=\"{width}\" height=\"{height}\" xmlns=\"http://www.w3.org/2000/svg\"");
        self.svg(
            &head,
            &format!(
                "<style>{style}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n"
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
        plot.heat("sum", &grid, 2);
        let svg = Figure::from(plot).document();
        for value in ["0.01", "0.10", "1.00", "1.01", "1.10", "2.00"] {
            assert!(svg.contains(&format!(">\n{value}\n</text>")), "{value}");
        }
        // Six cells, fifty parts of the bar, the paper.
        assert_eq!(elements(&svg, "rect"), 57);
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
