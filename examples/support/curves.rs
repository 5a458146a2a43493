//! Learning curves, as SVG.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use cotangent::write_atomically;

/// Colours of Okabe and Ito (2008), told apart by everybody, and their like on a dark page; in grey,
/// lines are told apart by their dashes.
const STYLE: &str = "\
text { font: 15px sans-serif; fill: #1d1f23 }
.paper { fill: #fff } .grid { stroke: #1d1f23; stroke-opacity: 0.12 }
.curve { fill: none; stroke-width: 2.5; stroke-linejoin: round }
.first { stroke: #0072b2 } .second { stroke: #d55e00; stroke-dasharray: 9 5 }
@media (prefers-color-scheme: dark) {
text { fill: #e8e6e1 } .paper { fill: #15171c } .grid { stroke: #e8e6e1 }
.first { stroke: #56a8e0 } .second { stroke: #f0803c }
}";

/// The width of a panel with its margins, and the edges of the plot in it.
const WIDTH: f64 = 450.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 434.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 310.0;

/// Loss and accuracies, epoch by epoch.
#[derive(Default)]
pub struct History {
    loss: Vec<f64>,
    train: Vec<f64>,
    validation: Vec<f64>,
}

impl History {
    pub fn push(&mut self, loss: f64, train: f64, validation: f64) {
        self.loss.push(loss);
        self.train.push(train);
        self.validation.push(validation);
    }

    /// Draws the loss and the accuracies against the epoch, side by side, into a file.
    pub fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        write_atomically(path, self.draw()?.as_bytes())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(())
    }

    fn draw(&self) -> Result<String, std::fmt::Error> {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 360\" width=\"900\" \
             height=\"360\">\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"900\" \
             height=\"360\"/>\n"
        );
        let accuracies = self.train.iter().chain(&self.validation);
        let low = accuracies.copied().fold(1.0, f64::min);
        panel(&mut svg, 0.0, 0.0, &[("training loss", &self.loss)])?;
        let accuracies = [("training accuracy", &self.train), ("validation", &self.validation)];
        panel(&mut svg, WIDTH, low, &accuracies)?;
        svg.push_str("</svg>\n");
        Ok(svg)
    }
}

/// One plot, from `x0` on: its curves from `low` up, each named above with its last value.
fn panel(svg: &mut String, x0: f64, low: f64, curves: &[(&str, &Vec<f64>)]) -> std::fmt::Result {
    let finite = curves.iter().flat_map(|(_, values)| values.iter()).filter(|y| y.is_finite());
    let high = finite.fold(low, |high, &y| high.max(y));
    let step = round_step((high - low).max(1e-6));
    let low = (low / step).floor() * step;
    let lines = ((high - low) / step - 1e-9).ceil().max(1.0);
    let y = |value: f64| BOTTOM - (value - low) / (lines * step) * (BOTTOM - TOP);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    for line in 0..=lines as usize {
        let value = low + line as f64 * step;
        let (from, to, at) = (x0 + LEFT, x0 + RIGHT, y(value));
        writeln!(svg, "<path class=\"grid\" d=\"M{from} {at:.1}H{to}\"/>")?;
        let (x, below) = (from - 8.0, at + 5.0);
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{below:.1}\" text-anchor=\"end\">{value:.decimals$}</text>"
        )?;
    }
    let epochs = curves[0].1.len();
    let x = |epoch: usize| {
        x0 + LEFT + (RIGHT - LEFT) * (epoch as f64 - 1.0) / (epochs as f64 - 1.0).max(1.0)
    };
    let every = round_step(epochs as f64).max(1.0) as usize;
    for epoch in [1].into_iter().chain((every..=epochs).step_by(every).filter(|&epoch| epoch > 1)) {
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"332\" text-anchor=\"middle\">{epoch}</text>",
            x(epoch)
        )?;
    }
    let middle = x0 + 0.5 * (LEFT + RIGHT);
    writeln!(svg, "<text x=\"{middle}\" y=\"352\" text-anchor=\"middle\">epoch</text>")?;
    for (i, (name, values)) in curves.iter().enumerate() {
        let class = ["first", "second"][i];
        let from = x0 + LEFT + 218.0 * i as f64;
        let last = values.last().copied().unwrap_or(f64::NAN);
        writeln!(svg, "<path class=\"curve {class}\" d=\"M{from} 22h26\"/>")?;
        writeln!(svg, "<text x=\"{}\" y=\"27\">{name} {last:.3}</text>", from + 34.0)?;
        let finite = values.iter().enumerate().filter(|(_, y)| y.is_finite());
        let points: Vec<String> =
            finite.map(|(i, &value)| format!("{:.1},{:.1}", x(i + 1), y(value))).collect();
        writeln!(svg, "<polyline class=\"curve {class}\" points=\"{}\"/>", points.join(" "))?;
    }
    Ok(())
}

/// A step of 1, 2 or 5 times a power of ten that divides the extent into at most five.
fn round_step(extent: f64) -> f64 {
    let rough = extent / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0]
        .map(|digit| digit * power)
        .into_iter()
        .find(|&step| step >= rough * 0.999)
        .unwrap_or(10.0 * power)
}
