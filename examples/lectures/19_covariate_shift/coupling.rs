//! How much the gradient of later layers depends on the weights of earlier ones.

use cotangent::nn::init::{Init, Kaiming, Xavier};
use cotangent::optim::Sgd;
use cotangent::prelude::Activation;
use lab::{Axis, Classifier, Digits, Hue, Lab, Network, Plot, Result, normal, numbered};

/// The greatest change of the first layer’s weights, as a share of their norm.
const CHANGE: f64 = 0.1;

/// How far the gradient of all later weights turns, as a share of its norm, when the weights of the
/// first layer change by so much in a random direction; the mean over directions.
fn turn(model: &mut Classifier, digits: &Digits, directions: usize) -> Result<f64> {
    let (x, labels) = (digits.train.features(), digits.train.labels());
    let first = model.params.id("fc0.weight").ok_or("no first layer")?;
    let range = model.params.range(first);
    let later: Vec<_> = (1..4)
        .map(|i| model.params.id(&format!("fc{i}.weight")).map(|id| model.params.range(id)))
        .collect::<Option<_>>()
        .ok_or("no later layer")?;
    let gradient = |model: &mut Classifier| -> Result<Vec<f64>> {
        model.forward_backward(x, labels)?;
        let all = model.gradients().values().to_vec();
        Ok(later
            .iter()
            .flat_map(|range| all[range.clone()].iter().map(|&g| f64::from(g)))
            .collect())
    };
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let weights = model.params.trainable()[range.clone()].to_vec();
    let scale = norm(&mut weights.iter().map(|&w| f64::from(w)));
    let before = gradient(model)?;
    let mut rng = lab::rng(19);
    let mut sum = 0.0;
    for _ in 0..directions {
        let step: Vec<f64> = weights.iter().map(|_| normal(&mut rng)).collect();
        let length = CHANGE * scale / norm(&mut step.iter().copied());
        let moved = &mut model.params.trainable_mut()[range.clone()];
        for ((w, start), d) in moved.iter_mut().zip(&weights).zip(&step) {
            *w = start + (length * d) as f32;
        }
        let after = gradient(model)?;
        let off = norm(&mut after.iter().zip(&before).map(|(a, b)| a - b));
        sum += off / norm(&mut before.iter().copied());
    }
    model.params.trainable_mut()[range].copy_from_slice(&weights);
    Ok(sum / directions as f64)
}

/// The turn before training and after each epoch.
fn course(lab: &Lab, digits: &Digits, network: Network<'_>, rate: f64) -> Result<Vec<f64>> {
    let mut model = Classifier::new(0, 0.0, |scope| network.build(scope));
    let (mut sgd, mut rng) = (Sgd::new(rate), lab::rng(0));
    let mut turns = vec![turn(&mut model, digits, lab.pick(8, 1))?];
    for _ in 0..lab.pick(10, 1) {
        model.epoch(&digits.train, 64, &mut rng, &mut sgd)?;
        turns.push(turn(&mut model, digits, lab.pick(8, 1))?);
    }
    Ok(turns)
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let mut plot = Plot::new(
        "coupling",
        &format!(
            "How far the gradient of later layers turns when the first layer changes by {:.0} % of its norm: \
             sigmoid thick, relu thin",
            100.0 * CHANGE
        ),
        Axis::new("epoch"),
        Axis::log("change of the gradient / its norm"),
    );
    let mut means = Vec::new();
    let cases = [
        (Activation::Sigmoid, Init::from(Xavier::normal()), 0.5),
        (Activation::Relu, Kaiming::normal().into(), 0.1),
    ];
    for (activation, init, rate) in cases {
        for (name, hue, norm) in
            [("without batch norm", Hue::Vermillion, false), ("with batch norm", Hue::Blue, true)]
        {
            let network = Network::new(&[64, 100, 100, 100, 10], activation);
            let turns = course(lab, &digits, network.init(init).batch_norm(norm), rate)?;
            means.push(100.0 * lab::mean(&turns));
            match activation {
                Activation::Sigmoid => plot.line(hue, name, numbered(0, &turns)),
                _ => plot.trace(hue, "", numbered(0, &turns)),
            };
        }
    }
    lab.show(plot);
    lab.contradicted(
        "It weakens the coupling between earlier and later layers’ parameters",
        means[1] < means[0] && means[3] < means[2],
        format!(
            "on average over training, a change of the first layer by {:.0} % of its norm turns the gradient of the \
             later ones by {:.1} % of its norm with batch normalization and {:.1} % without between sigmoids, by \
             {:.1} % and {:.1} % between relus",
            100.0 * CHANGE,
            means[1],
            means[0],
            means[3],
            means[2]
        ),
    );
    Ok(())
}
