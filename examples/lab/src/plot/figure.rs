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
