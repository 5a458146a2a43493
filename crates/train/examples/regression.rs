//! Prices of houses from a table of their features: read, standardised, learnt by a network, and by a line to compare with.
//!
//! `cargo run --release -p cotangent-train --example regression` writes `target/regression.svg`, and the table, in CSV, which is
//! made by a formula, as `target/houses.csv`.

use std::error::Error;
use std::fmt::Write;

use cotangent::data::CsvReader;
use cotangent::nn::loss::Huber;
use cotangent::prelude::*;
use cotangent::{Seed, write_atomically};
use cotangent_train::metrics::{Metric, R2};
use cotangent_train::{EarlyStopping, History, Predictions, Targets, Trainer};

const HOUSES: u64 = 1200;
const TABLE: &str = "target/houses.csv";

type Houses = Dataset<Array2<f64>, Array1<f64>>;

/// The table. A square metre is dear near the centre and cheap far out, where a garden is worth most; old houses lose value,
/// but the very old have charm; and no price is quite what it should be.
fn table() -> String {
    let mut csv = String::from("area,rooms,age,distance,garden,price\n");
    for house in 0..HOUSES {
        let draw = |stream| Seed { seed: 1, run: 0 }.uniform(stream, house);
        let area = 40.0 + 160.0 * draw(0) * draw(1).sqrt();
        let rooms = (area / 32.0 + 2.0 * draw(2)).round();
        let age = 120.0 * draw(3) * draw(4);
        let distance = 20.0 * draw(5);
        let garden = f64::from(draw(6) < 0.2 + 0.03 * distance);
        let metre = 1.4 + 4.0 * (-distance / 5.0).exp();
        let wear = 1.0 - 0.006 * age + 0.00005 * age * age;
        let garden_value = garden * (20.0 + 3.0 * distance);
        let noise = (0.16 * (draw(7) + draw(8) - 1.0)).exp();
        let price = (area * metre * wear + 8.0 * rooms + garden_value) * noise;
        csv += &format!("{area:.0},{rooms},{age:.0},{distance:.1},{garden},{price:.0}\n");
    }
    csv
}

/// What is trained on, selected on and tested on.
type Parts = [Houses; 3];

fn main() -> Result<(), Box<dyn Error>> {
    write_atomically(TABLE, table().as_bytes())?;
    let houses: Houses = CsvReader::new().read_regression(TABLE)?;
    let parts: Parts = houses.split([0.6, 0.2, 0.2], 0)?;
    // What is near 1 is learnt well; the scales are those of the houses that are trained on.
    let (features, prices) = (Standardizer::fit(&parts[0])?, Standardizer::of(parts[0].targets())?);
    let scaled = |part: &Houses| {
        let targets = prices.standardized(part.targets())?;
        features.apply(part)?.with_targets(targets)
    };
    let [train, validation, test] = &parts;
    let parts = [scaled(train)?, scaled(validation)?, scaled(test)?];

    let (line, _) = fitted(&[], &parts)?;
    let (network, history) = fitted(&[32, 32], &parts)?;
    let drawn = picture([&line, &network], &prices, &history)?;
    write_atomically("target/regression.svg", drawn.as_bytes())?;
    let best = history.best_epoch().expect("there was an epoch");
    println!("{} houses, the network of epoch {best} of {}", HOUSES, history.epochs());
    let [line, network] = [R2.of(&line)?, R2.of(&network)?];
    println!("R² on houses that were never seen: {line:.3} by a line, {network:.3} learnt");
    Ok(())
}

/// Trains a network with these hidden layers, a line if there is none, and answers what it says of the test part.
fn fitted(hidden: &[usize], parts: &Parts) -> Result<(Predictions, History), Box<dyn Error>> {
    let [train, validation, test] = parts;
    let mut params = Params::<f64>::with_seed(0);
    let (mut layers, mut width) = (Sequential::new(), train.width());
    for (i, &units) in hidden.iter().enumerate() {
        let layer = Linear::new(width, units).build(&mut params.root(), &format!("fc{i}"));
        (layers, width) = (layers.then(layer).then(Activation::Tanh), units);
    }
    let model = layers.then(Linear::new(width, 1).build(&mut params.root(), "head"));

    let mut trainer = Trainer::new(|_, [x, price], mode| {
        let predicted = model.forward(x, mode).index_axis(1, 0);
        (Huber::new(1.0).of(predicted, price), predicted)
    })
    .epochs(300)
    .metric(R2)
    .early_stopping(EarlyStopping::new(25))
    .restore_best();
    let history = trainer.fit(&mut params, &mut Adam::new(3e-3), train, validation)?;
    Ok((trainer.predict(&params, test)?, history))
}

/// The side of a plot.
const SIDE: f64 = 260.0;
const TOP: f64 = 50.0;

/// Predicted against true prices, of the line and of the network, and the network's losses, epoch by epoch.
fn picture(
    predictions: [&Predictions; 2],
    scale: &Standardizer,
    history: &History,
) -> Result<String, Box<dyn Error>> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1000 370' font-family='sans-serif' \
         font-size='14' fill='#1d1f23'><rect width='1000' height='370' fill='#fff'/>",
    );
    let titles = ["prices by a line", "prices by the network", "loss, epoch by epoch"];
    let left = |panel: usize| 56.0 + 325.0 * panel as f64;
    for (panel, title) in titles.into_iter().enumerate() {
        let x = left(panel);
        writeln!(svg, "<text x='{x}' y='30'>{title}</text>")?;
        writeln!(
            svg,
            "<rect x='{x}' y='{TOP}' width='{SIDE}' height='{SIDE}' fill='none' stroke='#999'/>"
        )?;
    }
    for (panel, predictions) in predictions.into_iter().enumerate() {
        scatter(&mut svg, left(panel), predictions, scale)?;
    }
    losses(&mut svg, left(2), history)?;
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// A dot for each house of the test part; on the diagonal, it would be right.
fn scatter(
    svg: &mut String,
    left: f64,
    predictions: &Predictions,
    scale: &Standardizer,
) -> Result<(), Box<dyn Error>> {
    const MOST: f64 = 800.0;
    let (right, bottom) = (left + SIDE, TOP + SIDE);
    writeln!(svg, "<path d='M{left} {bottom}L{right} {TOP}' stroke='#999'/>")?;
    let Targets::Values(targets) = predictions.targets() else { unreachable!("they are prices") };
    let (targets, outputs) = (scale.restored(targets)?, scale.restored(predictions.outputs())?);
    let along = |price: f64| price.clamp(0.0, MOST) / MOST * SIDE;
    for (&target, &output) in targets.iter().zip(&outputs) {
        let (x, y) = (left + along(target), bottom - along(output));
        writeln!(svg, "<circle cx='{x:.1}' cy='{y:.1}' r='2.5' fill='#0072b2' opacity='0.5'/>")?;
    }
    for price in [0.0, 400.0, 800.0] {
        let (x, y) = (left + along(price), bottom - along(price) + 5.0);
        let below = bottom + 18.0;
        writeln!(svg, "<text x='{x}' y='{below}' text-anchor='middle'>{price}</text>")?;
        writeln!(svg, "<text x='{}' y='{y}' text-anchor='end'>{price}</text>", left - 6.0)?;
    }
    let (middle, below) = (left + 0.5 * SIDE, bottom + 38.0);
    writeln!(svg, "<text x='{middle}' y='{below}' text-anchor='middle'>true price</text>")?;
    Ok(())
}

/// Losses of training and validation by powers of ten, with the epoch whose parameters were kept.
fn losses(svg: &mut String, left: f64, history: &History) -> Result<(), Box<dyn Error>> {
    let bottom = TOP + SIDE;
    let height = |loss: f64| bottom - SIDE * (loss.clamp(1e-2, 1.0).log10() + 2.0) / 2.0;
    let along = |epoch: usize| left + SIDE * epoch as f64 / history.epochs() as f64;
    for (loss, label) in [(1.0, "1"), (0.1, "0.1"), (0.01, "0.01")] {
        let y = height(loss);
        writeln!(svg, "<path d='M{left} {y}h{SIDE}' stroke='#1d1f23' opacity='0.12'/>")?;
        writeln!(svg, "<text x='{}' y='{}' text-anchor='end'>{label}</text>", left - 6.0, y + 5.0)?;
    }
    let curves = [("loss", "training", "#0072b2"), ("val_loss", "validation", "#d55e00")];
    for (i, (name, label, colour)) in curves.into_iter().enumerate() {
        let curve = history.curve(name).unwrap_or_default().iter().zip(1..);
        let points = curve.map(|(&loss, epoch)| format!("{:.1},{:.1}", along(epoch), height(loss)));
        let points = points.collect::<Vec<_>>().join(" ");
        writeln!(svg, "<polyline points='{points}' fill='none' stroke='{colour}'/>")?;
        let (x, y) = (left + SIDE - 8.0, TOP + 22.0 + 20.0 * i as f64);
        writeln!(svg, "<text x='{x}' y='{y}' text-anchor='end' fill='{colour}'>{label}</text>")?;
    }
    let best = along(history.best_epoch().unwrap_or(0));
    writeln!(svg, "<path d='M{best:.1} {TOP}v{SIDE}' stroke='#999' stroke-dasharray='4 3'/>")?;
    let below = bottom + 18.0;
    writeln!(svg, "<text x='{best:.1}' y='{below}' text-anchor='middle'>the best</text>")?;
    Ok(())
}
