//! Trajectories that draw themselves, by SMIL: no script, no network.

use std::ops::Range;

use super::marker::{hex, svg_marker};
use super::style::Hue;
use super::{Layer, SCALE};

/// How long the longest trajectory takes, and how long all of it then stands still.
const SECONDS: f64 = 8.0;
const PAUSE: f64 = 2.0;

/// The moving elements of all runners, whose points lie at `place` in the drawing, within the frame
/// from where to where it goes across and down.
pub(super) fn runners(
    layers: &[Layer],
    [across, down]: [Range<i32>; 2],
    place: impl Fn((f64, f64)) -> (i32, i32),
) -> String {
    let runners: Vec<(Hue, Vec<(i32, i32)>)> = layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Runner { hue, points } => {
                let finite = points.iter().take_while(|(x, y)| x.is_finite() && y.is_finite());
                Some((*hue, finite.map(|&point| place(point)).collect()))
            }
            _ => None,
        })
        .collect();
    let longest = runners.iter().map(|runner| runner.1.len()).max().unwrap_or(0);
    if runners.is_empty() {
        return String::new();
    }
    let moving: String =
        runners.iter().map(|(hue, points)| runner(*hue, points, longest)).collect();
    let (x, y, width, height) = (across.start, down.start, across.len(), down.len());
    // An SVG within another cuts what leaves it.
    format!(
        "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"{x} {y} {width} {height}\">\n{moving}</svg>\n"
    )
}

/// One trajectory: its line, uncovered at the pace of the steps, and a marker at its head.
fn runner(hue: Hue, points: &[(i32, i32)], longest: usize) -> String {
    if points.len() < 2 {
        return String::new();
    }
    let mut lengths = vec![0.0];
    for pair in points.windows(2) {
        let (dx, dy) = (f64::from(pair[1].0 - pair[0].0), f64::from(pair[1].1 - pair[0].1));
        lengths.push(lengths[lengths.len() - 1] + dx.hypot(dy));
    }
    let whole = lengths[lengths.len() - 1].max(1.0);
    let share = SECONDS / (SECONDS + PAUSE) / (longest - 1).max(1) as f64;
    let times = list((0..points.len()).map(|step| step as f64 * share).chain([1.0]));
    let left = list(lengths.iter().map(|length| 1.0 - length / whole).chain([0.0]));
    let place = |&(x, y): &(i32, i32)| format!("{x},{y}");
    let last = place(&points[points.len() - 1]);
    let places: Vec<String> = points.iter().map(place).collect();
    let timing =
        format!("dur=\"{}s\" repeatCount=\"indefinite\" keyTimes=\"{times}\"", SECONDS + PAUSE);
    let (color, width) = (hex(hue.solid()), 5 * SCALE / 2);
    format!(
        "<g class=\"runner\"><polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
         stroke-linejoin=\"round\" pathLength=\"1\" stroke-dasharray=\"1 1\" points=\"{}\">\
         <animate attributeName=\"stroke-dashoffset\" {timing} values=\"{left}\"/></polyline>\
         <g transform=\"translate({last})\"><animateTransform attributeName=\"transform\" \
         type=\"translate\" {timing} values=\"{};{last}\"/>{}</g></g>\n",
        places.join(" "),
        places.join(";"),
        svg_marker(hue, 5.5),
    )
}

fn list(values: impl Iterator<Item = f64>) -> String {
    let text: Vec<String> =
        values.map(|value| format!("{}", (value * 1e4).round() / 1e4)).collect();
    text.join(";")
}
