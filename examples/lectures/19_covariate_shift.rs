//! Internal covariate shift: the inputs of a hidden layer while a network trains.
//!
//! `cargo run --release --example gallery -- covariate_shift`

use cotangent::ndarray::{Array1, Array2, Axis as Along};
use cotangent::nn::init::Xavier;
use cotangent::nn::Module;
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Function, Mode};
use lab::{Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Network, Plot, Result, Table};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Internal covariate shift",
    deck: Deck::Both,
    slides: "Why Batch Normalization works?; Learning on shifting input distributions",
    quotes: &[
        "We define Internal Covariate Shift as the change in the distribution of network activations \
         due to the change in network parameters during training.",
        "Standardizing the activations of the prior layer essentially means that the assumptions the \
         subsequent layer makes about the spread and distribution of inputs during the weight update \
         will not change, at least not dramatically.",
        "This has the effect of stabilizing and speeding-up the training process",
    ],
    formulas: &[
        r"\text{shift at step } t = \frac{1}{n} \sum_{j=1}^{n} \frac{|\mu_j(t) - \mu_j(0)|}{\sigma_j(0)} \qquad \text{spread} = \frac{1}{n} \sum_{j=1}^{n} \frac{\sigma_j(t)}{\sigma_j(0)}",
    ],
    run,
};

/// The hidden layer that is watched, of three.
const LAYER: usize = 3;

/// What the watched layer received in the course of a training.
struct Record {
    /// The step of each look.
    steps: Vec<f64>,
    /// The inputs at each look: a row for each of the watched samples, a column for each unit.
    inputs: Vec<Array2<f64>>,
    /// The training loss by step.
    losses: Vec<f64>,
    accuracy: f64,
}

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let records = [watch(lab, &digits, false)?, watch(lab, &digits, true)?];
    bands(lab, &records[0], "plain", "without batch normalization");
    bands(lab, &records[1], "normed", "with batch normalization");
    shifts(lab, &records)
}

/// Trains three layers of 100 sigmoid units, as Ioffe and Szegedy (2015, figure 1) did, and looks at
/// what goes into the third layer’s sigmoid on 512 samples.
fn watch(lab: &Lab, digits: &Digits, norm: bool) -> Result<Record> {
    let network = Network::new(&[64, 100, 100, 100, 10], Activation::Sigmoid)
        .init(Xavier::normal())
        .batch_norm(norm);
    let mut classifier = Classifier::new(0, 0.0, |scope| network.build(scope));
    let model = classifier.model.clone();
    let mut look = Function::new(move |_, [x]| {
        let (mut z, mut layer) = (x, 0);
        for part in model.layers() {
            layer += usize::from(part.downcast_ref::<Activation>().is_some());
            if layer == LAYER {
                break;
            }
            z = part.forward(z, Mode::Train);
        }
        z
    });
    let watched = digits.train.select(&(0..512).collect::<Vec<_>>())?;
    let (mut sgd, mut rng) = (Sgd::new(0.5), lab::rng(0));
    let mut record =
        Record { steps: Vec::new(), inputs: Vec::new(), losses: Vec::new(), accuracy: 0.0 };
    for _ in 0..lab.pick(40, 2) {
        for (x, labels) in digits.train.batches(64)?.drop_last().shuffled(&mut rng) {
            if record.losses.len().is_multiple_of(10) {
                let inputs = look.run(&classifier.params, (watched.features(),))?;
                record.steps.push(record.losses.len() as f64);
                record.inputs.push(inputs.mapv(f64::from).into_dimensionality()?);
            }
            record.losses.push(classifier.learn(&x, &labels, &mut sgd)?);
        }
    }
    record.accuracy = classifier.accuracy(&digits.validation)?;
    Ok(record)
}

/// The distribution of one unit’s input over the course of training.
fn bands(lab: &mut Lab, record: &Record, name: &str, which: &str) {
    let mut plot = Plot::new(
        name,
        &format!("Input of a sigmoid in hidden layer 3 during training, {which}"),
        Axis::new("step"),
        Axis::new("input z of the first unit").range(-3.5..3.5),
    );
    let quantile = |share: f64| -> Vec<(f64, f64)> {
        let of = |inputs: &Array2<f64>| {
            let mut column = inputs.column(0).to_vec();
            column.sort_by(f64::total_cmp);
            column[(share * (column.len() - 1) as f64).round() as usize]
        };
        record.steps.iter().copied().zip(record.inputs.iter().map(of)).collect()
    };
    let band = |low: f64, high: f64| -> Vec<(f64, f64, f64)> {
        let pairs = quantile(low).into_iter().zip(quantile(high));
        pairs.map(|((step, low), (_, high))| (step, low, high)).collect()
    };
    plot.band(Hue::Sky, "2 % … 98 %", band(0.02, 0.98));
    plot.band(Hue::Blue, "15 % … 85 %", band(0.15, 0.85));
    plot.line(Hue::Ink, "median", quantile(0.5));
    lab.show(plot);
}

/// Mean and standard deviation of each unit’s input.
fn moments(inputs: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let mean = inputs.sum_axis(Along(0)) / inputs.nrows() as f64;
    (mean, inputs.std_axis(Along(0), 0.0))
}

/// How far the inputs of all units went from where they began.
fn shifts(lab: &mut Lab, records: &[Record; 2]) -> Result {
    let mut moved = Plot::new(
        "shift",
        "How far the means of the 100 inputs moved, in deviations at the start",
        Axis::new("step"),
        Axis::new("shift, average over the units"),
    );
    let mut loss = Plot::new(
        "loss",
        "Training loss of the same runs, averaged over an epoch of 22 steps",
        Axis::new("step"),
        Axis::log("loss"),
    );
    let mut table = Table::new(
        "Inputs of hidden layer 3, 64-100-100-100-10 sigmoid, SGD of 0.5 in batches of 64",
        ["", "greatest shift", "greatest spread", "steps to loss 0.3", "validation accuracy"],
    );
    let mut found = Vec::new();
    for (record, (name, hue)) in
        records.iter().zip([("without", Hue::Vermillion), ("with batch norm", Hue::Blue)])
    {
        let (start, deviation) = moments(&record.inputs[0]);
        let (mut curve, mut spread) = (Vec::new(), 0f64);
        for (step, inputs) in record.steps.iter().zip(&record.inputs) {
            let (mean, std) = moments(inputs);
            let shift = ((mean - &start) / &deviation).mapv(f64::abs).mean().ok_or("no units")?;
            curve.push((*step, shift));
            spread = spread.max((std / &deviation).mean().ok_or("no units")?);
        }
        let shift = curve.iter().map(|point| point.1).fold(0.0, f64::max);
        moved.line(hue, name, curve);
        let smooth: Vec<(f64, f64)> = record
            .losses
            .windows(22)
            .enumerate()
            .map(|(step, window)| (step as f64 + 11.0, window.iter().sum::<f64>() / 22.0))
            .collect();
        let needed = smooth.iter().find(|point| point.1 < 0.3).map(|point| point.0);
        loss.line(hue, name, smooth);
        table.row([
            name.into(),
            format!("{shift:.2} σ"),
            format!("{spread:.2} σ"),
            needed.map_or("never".into(), |step| format!("{step:.0}")),
            format!("{:.1} %", 100.0 * record.accuracy),
        ]);
        found.push((shift, spread, needed.unwrap_or(f64::INFINITY)));
    }
    lab.show(moved);
    lab.show(loss);
    lab.table(table);
    let [plain, normed] = [found[0], found[1]];
    lab.claim(
        "Without batch normalization the distribution of a layer’s inputs changes while earlier layers learn",
        plain.0 > 1.0 && plain.1 > 2.0,
        format!(
            "the means move by {:.1} of their deviations at the start, which become {:.1} times as large",
            plain.0, plain.1
        ),
    );
    lab.claim(
        "With it the distribution does not change, at least not dramatically",
        3.0 * normed.0 < plain.0 && normed.1 < 0.7 * plain.1,
        format!(
            "the means move by {:.2} deviations, which become {:.2} times as large: that is β and γ learning",
            normed.0, normed.1
        ),
    );
    lab.claim(
        "This speeds up training",
        3.0 * normed.2 < plain.2,
        format!("a loss of 0.3 takes {:.0} steps with it, {:.0} without", normed.2, plain.2),
    );
    lab.say(
        "That both happen does not prove that one is the cause of the other: Santurkar et al. (2018) \
         hold that it is the smoother loss, not the steadier inputs, that speeds up training.",
    );
    Ok(())
}
