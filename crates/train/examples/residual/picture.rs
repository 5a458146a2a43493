//! Images with what they were taken for, and how it was learnt.

use std::fmt::Write;

use cotangent::ndarray::{Array4, ArrayView3};
use cotangent::prelude::*;
use cotangent_train::{History, Predictions};

use crate::images::byte;

const COLUMNS: usize = 6;
const ROWS: usize = 4;
/// The side of an image, and of the cell that it stands in with its class.
const SIDE: f64 = 72.0;
const CELL: [f64; 2] = [88.0, 98.0];
const TOP: f64 = 50.0;

/// The first test images, in red those that were taken for another class, and the curves of the training.
pub fn draw(
    test: &Dataset<Array4<f32>>,
    predictions: &Predictions,
    names: &[String],
    history: &History,
) -> Result<String, std::fmt::Error> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 900 460' font-family='sans-serif' \
         font-size='13' fill='#1d1f23'><rect width='900' height='460' fill='#fff'/>\
         <text x='20' y='30' font-size='15'>images that were never seen, and what they were taken for</text>",
    );
    let rows = test.features().outer_iter().zip(predictions.outputs().outer_iter());
    for (i, (image, scores)) in rows.take(COLUMNS * ROWS).enumerate() {
        let (x, y) = (20.0 + CELL[0] * (i % COLUMNS) as f64, TOP + CELL[1] * (i / COLUMNS) as f64);
        pixels(&mut svg, [x, y], image)?;
        let best = (0..names.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let (taken, label) = (best.unwrap_or(0), test.labels()[i] as usize);
        let (colour, note) = match taken == label {
            true => ("#1d1f23", String::new()),
            false => ("#d55e00", format!(", not {}", names[label])),
        };
        let below = y + SIDE + 16.0;
        writeln!(svg, "<text x='{x}' y='{below}' fill='{colour}'>{}{note}</text>", names[taken])?;
    }
    let curve = |name| history.curve(name).unwrap_or_default();
    let losses = [("training", curve("loss")), ("validation", curve("val_loss"))];
    panel(&mut svg, TOP, "loss", &losses)?;
    panel(&mut svg, TOP + 200.0, "accuracy", &[("validation", curve("val_accuracy"))])?;
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// An image, a path for each pixel.
fn pixels(svg: &mut String, [x, y]: [f64; 2], image: ArrayView3<'_, f32>) -> std::fmt::Result {
    let (height, width) = (image.shape()[1], image.shape()[2]);
    let pixel = SIDE / width as f64;
    writeln!(
        svg,
        "<g transform='translate({x} {y}) scale({pixel})' shape-rendering='crispEdges'>"
    )?;
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        let [red, green, blue] = [0, 1, 2].map(|channel| byte(image[[channel, row, column]]));
        write!(svg, "<path d='M{column} {row}h1v1h-1' fill='#{red:02x}{green:02x}{blue:02x}'/>")?;
    }
    writeln!(svg, "</g>")
}

const LEFT: f64 = 610.0;
const WIDTH: f64 = 270.0;
const HEIGHT: f64 = 140.0;
const COLOURS: [&str; 2] = ["#0072b2", "#d55e00"];

/// Curves from 0 to the next whole number, epoch by epoch.
fn panel(svg: &mut String, top: f64, title: &str, curves: &[(&str, &[f64])]) -> std::fmt::Result {
    let values = || curves.iter().flat_map(|(_, values)| values.iter().copied());
    let (high, bottom) = (values().fold(1.0, f64::max).ceil(), top + HEIGHT);
    let epochs = curves[0].1.len();
    writeln!(svg, "<text x='{LEFT}' y='{}' font-size='15'>{title}</text>", top - 8.0)?;
    for part in 0..=4 {
        let value = high * f64::from(part) / 4.0;
        let (x, y) = (LEFT - 6.0, bottom - HEIGHT * f64::from(part) / 4.0);
        writeln!(svg, "<path d='M{LEFT} {y}h{WIDTH}' stroke='#1d1f23' opacity='0.12'/>")?;
        writeln!(svg, "<text x='{x}' y='{}' text-anchor='end'>{value}</text>", y + 5.0)?;
    }
    let along = |epoch: usize| LEFT + WIDTH * epoch as f64 / (epochs.max(2) - 1) as f64;
    for ((name, values), (i, colour)) in curves.iter().zip(COLOURS.iter().enumerate()) {
        let at = |(epoch, &value): (usize, &f64)| {
            format!("{:.1},{:.1}", along(epoch), bottom - HEIGHT * value / high)
        };
        let points = values.iter().enumerate().map(at).collect::<Vec<_>>().join(" ");
        writeln!(
            svg,
            "<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'/>"
        )?;
        let (x, y) = (LEFT + WIDTH, top - 8.0);
        let x = x - 90.0 * (curves.len() - 1 - i) as f64;
        writeln!(svg, "<text x='{x}' y='{y}' text-anchor='end' fill='{colour}'>{name}</text>")?;
    }
    let (middle, below) = (LEFT + 0.5 * WIDTH, bottom + 18.0);
    writeln!(svg, "<text x='{middle}' y='{below}' text-anchor='middle'>{epochs} epochs</text>")
}
