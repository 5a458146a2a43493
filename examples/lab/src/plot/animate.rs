//! Trajectories that draw themselves, by SMIL: no script, no network.

use super::style::Hue;
use super::{Layer, SCALE};

/// How long the longest trajectory takes, and how long all of it then stands still.
const SECONDS: f64 = 8.0;
const PAUSE: f64 = 2.0;

/// The moving elements of all runners, whose points lie at `place` in the drawing.
pub(super) fn runners(layers: &[Layer], place: impl Fn((f64, f64)) -> (i32, i32)) -> String {
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
    runners.iter().map(|(hue, points)| runner(*hue, points, longest)).collect()
}

/// One trajectory: its line, uncovered at the pace of the steps, and a disc at its head.
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
    let held = |values: Vec<f64>| {
        let last = values[values.len() - 1];
        list(values.into_iter().chain([last]))
    };
    let left = held(lengths.iter().map(|length| 1.0 - length / whole).collect());
    let (xs, ys) = (
        held(points.iter().map(|point| f64::from(point.0)).collect()),
        held(points.iter().map(|point| f64::from(point.1)).collect()),
    );
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let color = {
        let plotters::style::RGBColor(r, g, b) = hue.solid();
        format!("#{r:02X}{g:02X}{b:02X}")
    };
    let move_ = |attribute: &str, values: &str| {
        format!(
            "<animate attributeName=\"{attribute}\" dur=\"{}s\" repeatCount=\"indefinite\" \
             keyTimes=\"{times}\" values=\"{values}\"/>",
            SECONDS + PAUSE
        )
    };
    let (width, radius) = (5 * SCALE / 2, 5 * SCALE);
    format!(
        "<g class=\"runner\"><polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
         stroke-linejoin=\"round\" pathLength=\"1\" stroke-dasharray=\"1 1\" points=\"{}\">{}</polyline>\
         <circle r=\"{radius}\" fill=\"{color}\" cx=\"{}\" cy=\"{}\">{}{}</circle></g>\n",
        line.join(" "),
        move_("stroke-dashoffset", &left),
        points[points.len() - 1].0,
        points[points.len() - 1].1,
        move_("cx", &xs),
        move_("cy", &ys),
    )
}

fn list(values: impl Iterator<Item = f64>) -> String {
    let text: Vec<String> =
        values.map(|value| format!("{}", (value * 1e4).round() / 1e4)).collect();
    text.join(";")
}
