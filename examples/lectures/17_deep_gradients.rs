//! Vanishing and exploding gradients in a network of 24 hidden layers, and batch normalization.
//!
//! `cargo run --release --example gallery -- deep_gradients`

use cotangent::ndarray::{Array1, Array2};
use cotangent::nn::init::{Init, Kaiming, Xavier};
use cotangent::nn::{Loss, Module};
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Function, Gradient, Mode, Params};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Network, Plot, Result, Table, scientific,
};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Vanishing and exploding gradients",
    deck: Deck::Both,
    slides: "Vanishing and Exploding Gradients; Batch normalization: summary",
    quotes: &[
        "The Vanishing and Exploding gradients occurs when your derivatives become very small or \
         very big. So it is important how we initialize our weights.",
        "Improves gradient flow through the network",
        "Much more easily train a very deep network",
    ],
    formulas: &[
        r"\frac{\lVert \partial L / \partial a^{[l-1]} \rVert}{\lVert \partial L / \partial a^{[l]} \rVert} \approx \sqrt{n \, \sigma_W^2 / 2} \quad \text{(relu, } n \text{ units, weights of deviation } \sigma_W \text{)}",
    ],
    run,
};

const DEPTH: usize = 24;
const UNITS: usize = 64;

/// How the weights start: name, colour, initialiser, and the deviation that it gives them.
fn starts() -> [(&'static str, Hue, Init, f64); 5] {
    let units = UNITS as f64;
    let bound = 1.0 / units.sqrt();
    [
        ("normal, σ = 0.3", Hue::Vermillion, Init::normal(0.0, 0.3), 0.3),
        ("Kaiming", Hue::Green, Kaiming::normal().into(), (2.0 / units).sqrt()),
        ("Xavier", Hue::Purple, Xavier::normal().into(), (1.0 / units).sqrt()),
        ("uniform, ±1/√n", Hue::Orange, Init::uniform(-bound, bound), bound / 3f64.sqrt()),
        ("normal, σ = 0.05", Hue::Blue, Init::normal(0.0, 0.05), 0.05),
    ]
}

fn widths(depth: usize) -> Vec<usize> {
    let mut widths = vec![UNITS; depth + 1];
    widths.push(10);
    widths
}

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let rows: Vec<usize> = (0..512).collect();
    let batch = digits.train.select(&rows)?;
    let (x, labels) = (batch.features().mapv(f64::from), batch.labels());
    at_the_start(lab, &x, labels)?;
    training(lab, &digits)
}

/// The norm of the gradient with respect to what each hidden layer puts out.
fn by_layer(start: Init, norm: bool, x: &Array2<f64>, labels: &Array1<i64>) -> Result<Array1<f64>> {
    let mut params = Params::<f64>::with_seed(0);
    let widths = widths(DEPTH);
    let network = Network::new(&widths, Activation::Relu).init(start).batch_norm(norm);
    let model = network.build(&mut params.root());
    let mut norms = Function::new(move |graph, [x, labels]| {
        let (mut a, mut outputs) = (x, Vec::new());
        for layer in model.layers() {
            a = layer.forward(a, Mode::Train);
            if layer.downcast_ref::<Activation>().is_some() {
                outputs.push(a);
            }
        }
        let loss = a.cross_entropy(labels);
        let gradients = Gradient::of(loss).with_respect_to(&outputs).expect("all lead to the loss");
        let norms: Vec<_> = gradients.iter().map(|gradient| gradient.norm()).collect();
        graph.stack(&norms, 0)
    });
    Ok(norms.run(&params, (x, labels))?.to_owned().into_dimensionality()?)
}

/// The gradient, layer by layer, before any training.
fn at_the_start(lab: &mut Lab, x: &Array2<f64>, labels: &Array1<i64>) -> Result {
    let axis = || Axis::new("hidden layer, from the input").range(0.5..DEPTH as f64 + 0.5);
    let size = || Axis::log("norm of the gradient ∂L/∂a").range(1e-16..1e6);
    let (name, caption) = ("plain", "Norm of the gradient by layer, without batch normalization");
    let mut plain = Plot::new(name, caption, axis(), size());
    let (name, caption) = ("normed", "The same weights with batch normalization in every layer");
    let mut normed = Plot::new(name, caption, axis(), size());
    let mut table = Table::new(
        "First and last hidden layer before training, 512 digits, 24 layers of 64 relu units",
        ["weights", "factor per layer", "predicted", "‖∂L/∂a‖, first/last", "with batch norm"],
    );
    let (mut worst, mut ratios, mut flow) = (0f64, Vec::new(), Vec::new());
    for (name, hue, init, deviation) in starts() {
        let across = |norms: &Array1<f64>| norms[0] / norms[DEPTH - 1];
        let without = by_layer(init, false, x, labels)?;
        let with = by_layer(init, true, x, labels)?;
        let points = |norms: &Array1<f64>| -> Vec<(f64, f64)> {
            norms.iter().enumerate().map(|(layer, &norm)| (layer as f64 + 1.0, norm)).collect()
        };
        plain.steps(hue, name, points(&without));
        normed.steps(hue, name, points(&with));
        let factor = across(&without).powf(1.0 / (DEPTH - 1) as f64);
        let theory = (UNITS as f64 * deviation * deviation / 2.0).sqrt();
        worst = worst.max((factor / theory - 1.0).abs());
        table.row([
            name.into(),
            format!("{factor:.3}"),
            format!("{theory:.3}"),
            scientific(across(&without), 2),
            format!("{:.1}", across(&with)),
        ]);
        ratios.push(across(&without));
        flow.push(across(&with));
    }
    lab.show(plain);
    lab.show(normed);
    lab.table(table);

    let [least, most] = [ratios[4], ratios[0]];
    lab.claim(
        "Gradients vanish or explode with the depth, as the weights are initialised",
        least < 1e-9 && most > 1e3 && (0.05..20.0).contains(&ratios[1]),
        format!(
            "from the last of 24 layers to the first the norm changes by {} with σ = 0.05, by {} with σ = 0.3, by {:.2} with Kaiming’s",
            scientific(least, 1),
            scientific(most, 1),
            ratios[1]
        ),
    );
    lab.claim(
        "Each layer multiplies the gradient by √(n σ²/2)",
        worst < 0.1,
        format!("the measured factors are within {:.1} % of it", 100.0 * worst),
    );
    let across = || flow.iter();
    let spread = across().map(|ratio| (ratio / flow[1] - 1.0).abs()).fold(0.0, f64::max);
    lab.claim(
        "With batch normalization the scale of the initial weights does not touch the gradient’s flow",
        spread < 0.1 && flow[1] < 1e3,
        format!(
            "from last to first the norm changes by {:.0}, whatever the initialisation, to {:.1} %",
            flow[1],
            100.0 * spread
        ),
    );
    let growth = flow[1].powf(1.0 / (DEPTH - 1) as f64);
    lab.say(format!(
        "Not all is well with batch normalization: before training the gradient grows by {growth:.2} a layer \
         towards the input, in theory by √(π/(π − 1)) = 1.21 (Yang et al., 2019)."
    ));
    Ok(())
}

/// Training the 24 layers, with and without.
fn training(lab: &mut Lab, digits: &Digits) -> Result {
    let (epochs, widths) = (lab.pick(12, 1), widths(lab.pick(DEPTH, 4)));
    let mut plot = Plot::new(
        "training",
        "Training 24 hidden layers: thick with batch normalization, thin without",
        Axis::new("epoch"),
        Axis::new("validation accuracy").range(0.0..1.02),
    );
    let mut table = Table::new(
        "Validation accuracy after training, the better of two learning rates; 0 % is a burst to NaN",
        ["weights", "without", "α", "with batch norm", "α"],
    );
    let mut best = Vec::new();
    let [large, kaiming, _, small, _] = starts();
    for (name, hue, init, _) in [large, kaiming, small] {
        let mut pair = Vec::new();
        for norm in [false, true] {
            let mut runs: Vec<(f64, Vec<(f64, f64)>)> = Vec::new();
            for rate in lab.pick(&[0.03, 0.2][..], &[0.01][..]) {
                let network = Network::new(&widths, Activation::Relu).init(init).batch_norm(norm);
                let mut model = Classifier::new(0, 0.0, |scope| network.build(scope));
                let (mut sgd, mut rng) = (Sgd::new(*rate), lab::rng(0));
                let mut curve = vec![(0.0, model.accuracy(&digits.validation)?)];
                for epoch in 1..=epochs {
                    model.epoch(&digits.train, 64, &mut rng, &mut sgd)?;
                    curve.push((epoch as f64, model.accuracy(&digits.validation)?));
                }
                runs.push((*rate, curve));
            }
            let last = |run: &(f64, Vec<(f64, f64)>)| run.1[epochs].1;
            pair.push(runs.into_iter().max_by(|a, b| last(a).total_cmp(&last(b))).ok_or("no run")?);
        }
        let last = |i: usize| pair[i].1[epochs].1;
        table.row([
            name.into(),
            format!("{:.1} %", 100.0 * last(0)),
            format!("{}", pair[0].0),
            format!("{:.1} %", 100.0 * last(1)),
            format!("{}", pair[1].0),
        ]);
        best.push([last(0), last(1)]);
        plot.trace(hue, "", pair[0].1.clone());
        plot.line(hue, name, pair[1].1.clone());
    }
    lab.show(plot);
    lab.table(table);
    let worst = best.iter().map(|pair| pair[1]).fold(1.0, f64::min);
    let [large, kaiming, small] = [0, 1, 2].map(|i| 100.0 * best[i][0]);
    lab.claim(
        "With batch normalization a very deep network is much more easily trained",
        worst > 0.6 && large < 30.0 && small < 30.0,
        format!(
            "with it each initialisation comes to {:.1} % or more; without, σ = 0.3 to {large:.1} %, Kaiming’s to {kaiming:.1} %, ±1/√n to {small:.1} %",
            100.0 * worst
        ),
    );
    Ok(())
}
