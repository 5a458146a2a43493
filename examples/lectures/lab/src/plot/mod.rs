//! Figures: lines, points, contours and heat maps on two axes, as SVG.
//!
//! Figures are drawn by plotters at four times their size, since it counts in whole pixels. A
//! line's colour decides its dashes too (`style`), so that figures survive colour-blindness and grey
//! printing. Keys stand above the data and never on it. A line that leaves the frame has an arrow where
//! it does; contour lines carry a few of their values.

use std::ops::Range;

mod animate;
mod arrow;
mod axis;
mod canvas;
mod clip;
mod draw;
mod figure;
mod grid;
mod heat;
mod key;
mod label;
mod marker;
mod style;

pub use axis::Axis;
pub use figure::Figure;
pub use grid::Grid;
use key::{Key, Mark};
pub use style::Hue;
pub(crate) use style::stylesheet;

/// How many units of the drawing make one of the figure.
const SCALE: i32 = 4;

/// The size of a figure.
const SIZE: (i32, i32) = (560, 400);

/// A figure in the making.
#[derive(Clone, Debug)]
pub struct Plot {
    name: String,
    caption: String,
    x: Axis,
    y: Axis,
    layers: Vec<Layer>,
    keys: Vec<Key>,
    /// What a heat map's colours measure.
    measure: String,
}

#[derive(Clone, Debug)]
enum Layer {
    Line {
        hue: Hue,
        points: Vec<(f64, f64)>,
        solid: bool,
        width: f64,
    },
    /// Markers; lone ones have arrows in place of those beyond the frame.
    Points {
        hue: Hue,
        points: Vec<(f64, f64)>,
        lone: bool,
    },
    Band {
        hue: Hue,
        edges: Vec<(f64, f64, f64)>,
    },
    Contours {
        grid: Grid,
        levels: Vec<f64>,
        hue: Hue,
    },
    Heat {
        grid: Grid,
        decimals: usize,
        range: Range<f64>,
    },
    Rule {
        hue: Hue,
        points: [(f64, f64); 2],
    },
    Note {
        at: (f64, f64),
        text: String,
    },
    Runner {
        hue: Hue,
        points: Vec<(f64, f64)>,
    },
}

impl Plot {
    /// An empty figure: the name of its file, its caption, its axes.
    pub fn new(name: &str, caption: &str, x: Axis, y: Axis) -> Self {
        let (name, caption) = (name.to_owned(), caption.to_owned());
        Self { name, caption, x, y, layers: Vec::new(), keys: Vec::new(), measure: String::new() }
    }

    /// A line, in the dashes of its colour. Where it leaves the frame stands an arrow.
    pub fn line(&mut self, hue: Hue, label: &str, points: impl Into<Vec<(f64, f64)>>) -> &mut Self {
        self.key(hue, label, Mark::Line);
        self.layer(Layer::Line { hue, points: points.into(), solid: false, width: 2.0 })
    }

    /// A thin solid line, for noisy data.
    pub fn trace(
        &mut self,
        hue: Hue,
        label: &str,
        points: impl Into<Vec<(f64, f64)>>,
    ) -> &mut Self {
        self.key(hue, label, Mark::Solid);
        self.layer(Layer::Line { hue, points: points.into(), solid: true, width: 1.0 })
    }

    /// A trajectory: a solid line with a marker at every point.
    pub fn steps(
        &mut self,
        hue: Hue,
        label: &str,
        points: impl Into<Vec<(f64, f64)>>,
    ) -> &mut Self {
        let points = points.into();
        self.layer(Layer::Line { hue, points: points.clone(), solid: true, width: 1.0 });
        self.key(hue, label, Mark::Points);
        self.layer(Layer::Points { hue, points, lone: false })
    }

    /// Markers alone. For those beyond the frame stand arrows at its edge.
    pub fn points(
        &mut self,
        hue: Hue,
        label: &str,
        points: impl Into<Vec<(f64, f64)>>,
    ) -> &mut Self {
        self.key(hue, label, Mark::Points);
        self.layer(Layer::Points { hue, points: points.into(), lone: true })
    }

    /// The area between two curves, given as (x, low, high).
    pub fn band(
        &mut self,
        hue: Hue,
        label: &str,
        edges: impl Into<Vec<(f64, f64, f64)>>,
    ) -> &mut Self {
        self.key(hue, label, Mark::Band);
        self.layer(Layer::Band { hue, edges: edges.into() })
    }

    /// The lines on which a function has these values, thin and grey.
    pub fn contours(&mut self, grid: &Grid, levels: impl Into<Vec<f64>>) -> &mut Self {
        let (grid, levels) = (grid.clone(), levels.into());
        self.layer(Layer::Contours { grid, levels, hue: Hue::Grey })
    }

    /// Contour lines to be compared with others, in a colour and its dashes.
    pub fn contours_in(
        &mut self,
        hue: Hue,
        label: &str,
        grid: &Grid,
        levels: impl Into<Vec<f64>>,
    ) -> &mut Self {
        self.key(hue, label, Mark::Line);
        self.layer(Layer::Contours { grid: grid.clone(), levels: levels.into(), hue })
    }

    /// A heat map: each value of the grid as a coloured cell around its point, printed with so many
    /// decimals; one that is not finite is crossed out. `measure` says what the colours show, darker
    /// being more, from the start of `range` to its end: maps to be compared have the same.
    pub fn heat(
        &mut self,
        measure: &str,
        grid: &Grid,
        decimals: usize,
        range: Range<f64>,
    ) -> &mut Self {
        self.measure = measure.to_owned();
        self.layer(Layer::Heat { grid: grid.clone(), decimals, range })
    }

    /// A few words within the plot, which begin at a point.
    pub fn note(&mut self, at: (f64, f64), text: &str) -> &mut Self {
        self.layer(Layer::Note { at, text: text.to_owned() })
    }

    /// A vertical line from bottom to top.
    pub fn rule_at_x(&mut self, hue: Hue, label: &str, x: f64) -> &mut Self {
        let all = self.y.whole();
        self.rule(hue, label, [(x, all.start), (x, all.end)])
    }

    /// A horizontal line from left to right.
    pub fn rule_at_y(&mut self, hue: Hue, label: &str, y: f64) -> &mut Self {
        let all = self.x.whole();
        self.rule(hue, label, [(all.start, y), (all.end, y)])
    }

    fn rule(&mut self, hue: Hue, label: &str, points: [(f64, f64); 2]) -> &mut Self {
        self.key(hue, label, Mark::Line);
        self.layer(Layer::Rule { hue, points })
    }

    /// A trajectory as an animation: a marker that runs along it and draws it. All runners of a figure
    /// take equally long for a step; the longest takes eight seconds.
    pub fn runner(
        &mut self,
        hue: Hue,
        label: &str,
        points: impl Into<Vec<(f64, f64)>>,
    ) -> &mut Self {
        self.key(hue, label, Mark::Runner);
        self.layer(Layer::Runner { hue, points: points.into() })
    }

    fn key(&mut self, hue: Hue, label: &str, mark: Mark) {
        if !label.is_empty() {
            self.keys.push(Key { hue, label: label.to_owned(), mark });
        }
    }

    fn layer(&mut self, layer: Layer) -> &mut Self {
        self.layers.push(layer);
        self
    }
}
